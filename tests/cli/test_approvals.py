"""`maverick approvals`, `approve` and `reject`: here while `maverick run` waits, and by server."""

import json
from collections.abc import Callable

from tests.cli.conftest import Maverick
from tests.cli.test_by_server import server as server
from tests.cli.test_by_server import token as token

ASKS = """\
version: "1.0"
name: {name}
steps:
  - name: ask
    type: approval
    prompt: Ship it?
    form:
      where: {{type: string, enum: [here, there]}}
      times: {{type: integer, default: 1, description: How often}}
  - name: go
    type: shell
    env: {{TIMES: "${{{{ steps.ask.output.times }}}}", WHERE: "${{{{ steps.ask.output.where }}}}"}}
    run: echo "$WHERE-$TIMES" >> calls
"""
Until = Callable[[Callable[[], bool]], None]


def waiting(maverick: Maverick, until: Until, name: str) -> str:
    """The id of a run that waits for a decision; its command has been left to it."""
    found: list[str] = []

    def waits() -> bool:
        done = maverick("runs", "list", "--workflow", name, "--status", "waiting", "--json")
        found[:] = [one["id"] for one in done.json["items"]]
        return bool(found)

    until(waits)
    return found[0]


def test_a_run_that_waits_is_answered_in_another_terminal(maverick: Maverick, until: Until) -> None:
    maverick.write("a.yaml", ASKS.format(name="cli-ask"))
    command = maverick.start("run", "a.yaml")
    run = waiting(maverick, until, "cli-ask")
    shown = maverick("approvals", run)
    assert shown.code == 0
    assert "ask  Ship it?" in shown.out
    assert "may     operator, so you" in shown.out
    assert "here | there" in shown.out
    assert f"maverick approve {run} ask -i where=…" in shown.out
    (item,) = maverick("approvals", run, "--json").json["items"]
    assert (item["path"], item["may_decide"]) == ("ask", True)

    refused = maverick("approve", run, "ask", "-i", "where=nowhere", "--json")
    assert refused.code == 2
    assert refused.json["error"]["code"] == "invalid-inputs"
    assert "must be one of" in refused.err
    assert maverick("approve", run, "nobody").code == 2

    done = maverick("approve", run, "ask", "-i", "where=there", "-i", "times=3", "--comment", "ok")
    assert done.code == 0, done.err
    assert "ask approved." in done.out
    assert "No worker" not in done.err  # the command that waits goes on with it
    out, err = command.communicate(timeout=60)
    assert command.returncode == 0, err
    assert maverick.calls() == ["there-3"]
    lines = out.splitlines()
    assert f"… ask  waits for a decision: Ship it?  [maverick approve {run} ask]" in lines
    assert any(line.startswith("→ ask  approved by ") for line in lines)
    again = maverick("approve", run, "ask", "-i", "where=here")
    assert again.code == 2
    assert "does not wait" in again.err


def test_a_rejection_fails_the_run_with_the_comment(maverick: Maverick, until: Until) -> None:
    maverick.write("a.yaml", ASKS.format(name="cli-no"))
    command = maverick.start("run", "a.yaml", "--json")
    run = waiting(maverick, until, "cli-no")
    done = maverick("reject", run, "ask", "--comment", "not on a Friday", "--json")
    assert (done.code, done.json["id"]) == (0, run)
    out, _err = command.communicate(timeout=60)
    assert command.returncode == 1
    assert "not on a Friday" in json.loads(out.splitlines()[-1])["status_reason"]
    assert maverick.calls() == []
    assert "Nothing waits" in maverick("approvals", run).out


def test_a_decision_by_server_says_the_same(
    maverick: Maverick, until: Until, server: str, token: str
) -> None:
    maverick.write("a.yaml", ASKS.format(name="cli-there"))
    command = maverick.start("run", "a.yaml")
    run = waiting(maverick, until, "cli-there")
    by = {"MAVERICK_SERVER": server, "MAVERICK_TOKEN": token}
    here = maverick("approvals", run, "--json").json
    assert maverick("approvals", run, "--json", **by).json == here
    refused = maverick("approve", run, "ask", "--json", **by)
    assert (refused.code, refused.json["error"]["code"]) == (2, "invalid-inputs")
    done = maverick("approve", run, "ask", "-i", "where=here", "--json", **by)
    assert (done.code, done.json["id"]) == (0, run)
    command.communicate(timeout=60)
    assert command.returncode == 0
    assert maverick.calls() == ["here-1"]
    said = maverick("runs", "show", run, "--json").json
    assert said["status"] == "succeeded"
