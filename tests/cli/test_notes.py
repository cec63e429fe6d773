"""`maverick runs note` and `maverick runs label`."""

from tests.cli.conftest import Maverick

FLOW = """\
version: "1.0"
name: noted
steps:
  - {name: say, type: shell, run: "true"}
"""


def test_notes_and_labels_of_a_run(maverick: Maverick) -> None:
    maverick.write("a.yaml", FLOW)
    run = maverick("run", "a.yaml", "--json").json["id"]
    assert "has no notes" in maverick("runs", "note", run).err
    assert maverick("runs", "note", run, "*first*").code == 0
    assert maverick("runs", "note", run, "--file", "-", "--append", stdin="second\n").code == 0
    assert maverick("runs", "note", "@last").out == "*first*\n\nsecond\n"
    assert maverick("runs", "note", run, "--json").json["revision"] == 2
    both = maverick("runs", "note", run, "text", "--clear")
    assert both.code == 2
    assert "Give one of TEXT, --file and --clear." in both.err
    assert maverick("runs", "note", run, "--clear").out == f"{run}: notes taken away.\n"

    assert maverick("runs", "label", run, "env=staging", "team=docs").code == 0
    changed = maverick("runs", "label", run, "env-", "pr=17", "--json")
    assert changed.json["labels"] == {"team": "docs", "pr": "17"}
    wrong = maverick("runs", "label", run, "nonsense")
    assert wrong.code == 2
    assert "neither KEY=VALUE nor KEY-" in wrong.err
