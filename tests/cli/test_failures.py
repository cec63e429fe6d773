"""Failures that were handled, undone work, rounds of a validation, and what agents used."""

from tests.cli.conftest import Maverick
from tests.fakes.model_server import ModelServer, says

FLOW = """\
version: "1.0"
name: failures-ok
steps:
  - {name: may, type: shell, run: exit 3, on_error: continue}
  - name: risky
    type: shell
    run: exit 4
    on_error: {name: mend, type: shell, run: echo mended}
  - name: calm
    type: shell
    run: "true"
    on_error: {name: unused, type: shell, run: "true"}
  - name: check
    type: validate
    stages: [{name: size, run: test -e fixed}]
    on_failure: {name: fix, type: shell, run: touch fixed}
"""
UNDONE = """\
version: "1.0"
name: failures-undone
steps:
  - {name: a, type: python, action: undo, rollback: undo}
  - {name: bad, type: shell, run: exit 1}
"""
ACTION = """\
from runs.actions import action

@action("undo")
def undo():
    return {}
"""
AGENT = """\
version: "1.0"
name: failures-agent
steps:
  - {name: ask, type: generate, generator: poet, context: {prompt: hi}}
  - {name: again, type: generate, generator: poet, context: {prompt: hi}}
"""
POET = '[generators.poet]\nbase_url = "{url}"\nmodel = "m"\nprice_in = 1.0\nprice_out = 2.0\n'


def test_a_handled_failure_does_not_look_like_the_reason_of_anything(maverick: Maverick) -> None:
    maverick.write("a.yaml", FLOW)
    done = maverick("run", "a.yaml")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert "! may  failed: exit code 3; the run goes on" in lines
    assert "! risky  failed: exit code 4; mend handles it" in lines
    assert "– unused  skipped: `calm` did not fail" in lines
    assert any("2 failed and handled" in line for line in lines if "succeeded in" in line)
    shown = maverick("runs", "show", "@last").out
    assert "failures-ok succeeded" in shown
    assert ", 2 failed and handled" in shown.splitlines()[0]
    table = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert "! failed (handled)" in table["may"]
    assert "on error of risky" in table["mend"]
    assert "`calm` did not fail" in table["unused"]
    assert "✗" not in shown
    assert "! risky: exit code 4 [command-failed] (handled)" in shown
    rounds = [line.split("  ")[1] for line in shown.splitlines() if line.startswith("  [")]
    assert rounds == ["[0] check", "[0] fix", "[1] check", "[1] fix"]


def test_what_was_undone_stands_below_the_step(maverick: Maverick) -> None:
    maverick.write("maverick_actions.py", ACTION)
    maverick.write("a.yaml", UNDONE)
    done = maverick("run", "a.yaml")
    assert done.code == 1
    assert any(line.startswith("✓ a/rollback  ") for line in done.out.splitlines())
    (row,) = [
        line for line in maverick("runs", "show", "@last").out.splitlines() if "undoes a" in line
    ]
    assert row.startswith("  rollback")


def test_what_agents_used_is_told_for_each_and_for_the_run(maverick: Maverick) -> None:
    with ModelServer([says("a"), says("b")]) as model:
        maverick.write("maverick.toml", POET.format(url=model.base_url))
        maverick.write("a.yaml", AGENT)
        done = maverick("run", "a.yaml")
        assert done.code == 0, done.out + done.err
    shown = maverick("runs", "show", "@last").out
    assert "  agents  fake-1, 20 in, 10 out, cost 0.000040" in shown.splitlines()
    assert shown.count("fake-1, 10 in, 5 out, cost 0.000020") == 2
    steps = maverick("runs", "show", "@last", "--json").json["steps"]
    assert steps[0]["usage"] == {
        "model": "fake-1",
        "tokens_in": 10,
        "tokens_out": 5,
        "cost": 2e-05,
    }
