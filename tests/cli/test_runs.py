"""`maverick runs …`, `checkpoint …`, `workflow …`, `token …`."""

import json
import stat

from tests.cli.conftest import Maverick
from tests.cli.flows import FAILS_UNTIL_OK, flow


def test_runs_are_listed_by_status_and_workflow(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("list-a", FAILS_UNTIL_OK))
    first = maverick("run", "a.yaml", "--json").json["id"]
    maverick.write("ok", "")
    second = maverick("run", "a.yaml", "--json").json["id"]

    def ids(*options: str) -> list[str]:
        done = maverick("runs", "list", "--workflow", "list-a", *options, "--json")
        return [run["id"] for run in done.json["items"]]

    assert ids() == [second, first]
    assert ids("--status", "failed") == [first]
    assert ids("--filter", "status:failed by:me -workflow:other-* started:<1h") == [first]
    wrong = maverick("runs", "list", "--filter", "status:faild")
    assert wrong.code == 2
    assert "status is one of queued" in wrong.out + wrong.err
    assert ids("--limit", "1") == [second]
    assert ids("--golden") == []
    table = maverick("runs", "list", "--workflow", "list-a").out.splitlines()
    assert table[0].split()[:3] == ["RUN", "WORKFLOW", "STATUS"]
    assert table[1].startswith(second)


def test_a_run_is_shown_with_its_steps_errors_and_log(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("show-a", "for n in $(seq 100); do echo line $n; done; exit 7"))
    maverick("run", "a.yaml")
    done = maverick("runs", "show", "@last", "--log", "three", "--tail", "2")
    assert done.code == 0
    assert "✗ three: exit code 7" in done.out
    assert done.out.splitlines()[-2:] == ["line 99", "line 100"]
    document = maverick("runs", "show", "@last", "--log", "three", "--json").json
    steps = {step["path"]: step for step in document["steps"]}
    assert list(steps) == ["one", "two", "save", "three"]
    assert steps["three"]["error"]["code"] == "command-failed"
    assert len(document["log"]) == 50
    assert maverick("runs", "show", "@last", "--log", "thre").code == 2


def test_turns_of_a_loop_stand_below_it(maverick: Maverick) -> None:
    maverick.write(
        "l.yaml",
        "version: '1.0'\nname: show-loop\nsteps:\n  - name: each\n    type: loop\n"
        "    for_each: [1, 2]\n    steps:\n      - {name: b, type: shell, run: 'true'}\n"
        "      - {name: a, type: shell, run: 'true'}\n  - {name: end, type: shell, run: 'true'}\n",
    )
    assert maverick("run", "l.yaml").code == 0
    out = maverick("runs", "show", "@last").out
    steps = out[out.index("STEP") :].splitlines()[1:]
    labels = [line.split("  ✓")[0].rstrip() for line in steps]
    assert labels == ["each", "  [0] b", "  [0] a", "  [1] b", "  [1] a", "end"]


def test_watching_a_run_that_is_over_tells_how_it_went(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("watch-a", FAILS_UNTIL_OK))
    maverick("run", "a.yaml")
    done = maverick("runs", "watch", "@last")
    assert done.code == 1
    assert "✓ one" in done.out
    assert "✗ three" in done.out


def test_checkpoints_are_listed_and_shown(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("checkpoint-a", FAILS_UNTIL_OK))
    run = maverick("run", "a.yaml", "--json").json["id"]
    (one,) = maverick("checkpoint", "list", run, "--json").json["items"]
    assert (one["name"], one["run_id"], one["retired"]) == ("save", run, False)
    newest = maverick("checkpoint", "list", "--workflow", "checkpoint-a", "--json").json["items"]
    assert newest == [one]
    for how in ([one["id"]], ["save", "--run", run], [one["file"]]):
        shown = maverick("checkpoint", "show", *how, "--json")
        assert shown.code == 0, shown.err
        assert shown.json["content"]["run_id"] == run
    assert "checkpoint-a" in maverick("checkpoint", "show", one["id"]).out
    assert maverick("checkpoint", "show", "nothing").code == 2


def test_workflows_are_listed_shown_and_validated(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("catalogue-a"))
    maverick.write("bad.yaml", "name: Bad Name\nsteps: []\n")
    items = maverick("workflow", "list", "--json").json["items"]
    assert "catalogue-a" in [one["name"] for one in items]
    shown = maverick("workflow", "show", "catalogue-a")
    assert shown.code == 0
    assert "topic" in shown.out
    assert maverick("workflow", "show", "a.yaml", "--json").json["name"] == "catalogue-a"
    assert maverick("workflow", "validate", "a.yaml").code == 0
    both = maverick("workflow", "validate", "a.yaml", "bad.yaml", "--json")
    assert both.code == 2
    assert [one["valid"] for one in both.json["files"]] == [True, False]
    assert maverick("workflow", "validate", "bad.yaml").err.startswith("bad.yaml:")
    assert maverick("workflow", "validate", "missing.yaml").code == 2
    assert json.loads(maverick("workflow", "schema").out)["type"] == "object"


def test_a_token_is_shown_once_and_can_be_revoked(maverick: Maverick) -> None:
    made = maverick("token", "create", "ci", "--role", "viewer", "--days", "7", "--json").json
    assert made["token"].startswith("mvk_")
    listed = maverick("token", "list", "--json")
    assert made["token"] not in listed.out
    assert [one["role"] for one in listed.json["items"] if one["name"] == "ci"] == ["viewer"]
    assert maverick("token", "revoke", "ci").code == 0
    assert maverick("token", "revoke", "ci").code == 2
    names = [one["name"] for one in maverick("token", "list", "--json").json["items"]]
    assert "ci" not in names


def test_the_home_is_for_its_owner_only(maverick: Maverick) -> None:
    maverick("runs", "list")
    secret = maverick.home / "secret_key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
