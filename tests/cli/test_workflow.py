"""`maverick workflow …`: list, show, draw, check and begin."""

import json
import time
from pathlib import Path

import pytest

from runs.operations.check_workflow import inspect_workflow
from tests.cli.conftest import Maverick

PARTS = """\
version: "1.0"
name: needs-parts
steps:
  - {name: a, type: python, action: no_such_action}
  - {name: b, type: agent, agent: nobody}
  - {name: c, type: subworkflow, workflow: nowhere}
"""


def workflow(name: str, run: str = "true", description: str = "") -> str:
    return (
        f'version: "1.0"\nname: {name}\ndescription: "{description}"\n'
        f"steps:\n  - {{name: one, type: shell, run: '{run}'}}\n"
    )


def test_a_hundred_steps_are_checked_in_much_less_than_a_second_of_work(maverick: Maverick) -> None:
    steps = "".join(
        f"  - {{name: s{n}, type: shell, when: inputs.a != 'x', run: 'echo ${{{{ inputs.a }}}}'}}\n"
        for n in range(100)
    )
    maverick.write(
        "hundred.yaml",
        f'version: "1.0"\nname: hundred\ninputs: {{a: {{type: string}}}}\nsteps:\n{steps}',
    )
    done = maverick("workflow", "validate", "hundred.yaml", "--json")
    assert done.code == 0
    (file,) = done.json["files"]
    assert (file["valid"], file["steps"], file["problems"]) == (True, 100, [])
    # Half a second by the clock, most of it Python's start; but the clock of a busy machine says
    # nothing. The work itself is a tenth of a second.
    began = time.process_time()
    assert not inspect_workflow((maverick.project / "hundred.yaml").read_text()).errors
    assert time.process_time() - began < 1


def test_checking_opens_no_database_and_loads_no_framework(maverick: Maverick) -> None:
    maverick.write("a.yaml", workflow("checked-a"))
    done = maverick.anew("workflow", "validate", "a.yaml", PYTHONPROFILEIMPORTTIME="1")
    assert done.code == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "runs.definition.spec" in loaded
    assert not {"django", "psycopg", "networkx", "httpx", "rich", "celery"} & loaded


def test_what_does_not_exist_yet_is_an_error_or_with_lenience_a_warning(maverick: Maverick) -> None:
    maverick.write("parts.yaml", PARTS)
    strict = maverick("workflow", "validate", "parts.yaml")
    assert strict.code == 2
    assert [line.split()[1] for line in strict.err.splitlines()] == ["D301", "D305", "D302"]
    assert strict.err.startswith("parts.yaml:4:")
    lenient = maverick("workflow", "validate", "parts.yaml", "--lenient")
    assert lenient.code == 0
    assert [line.split()[1] for line in lenient.err.splitlines()] == ["warning"] * 3
    assert "needs-parts is valid (3 steps)" in lenient.out
    assert maverick("workflow", "viz", "parts.yaml").code == 0
    assert maverick("workflow", "validate", "parts.yaml", "--lenient", "--strict").code == 2


def test_what_this_version_does_not_run_is_told_before_it_is_tried(maverick: Maverick) -> None:
    step = "type: approval, prompt: P, form: {pin: {type: string, secret: true}}"
    calls = "type: subworkflow, workflow: WHOM"
    text = 'version: "1.0"\nname: NAME\nsteps:\n  - {{name: a, {}}}\n'.format
    maverick.write("inner.yaml", text(step).replace("NAME", "inner"))
    maverick.write("outer.yaml", text(calls).replace("NAME", "outer").replace("WHOM", "inner"))
    for file in ("inner.yaml", "outer.yaml"):
        done = maverick("workflow", "validate", file)
        assert done.code == 2
        assert "D401 `a`: the secret field `pin`" in done.err


def test_what_the_project_has_is_known(maverick: Maverick) -> None:
    maverick.write("parts.yaml", PARTS.replace("nowhere", "callee"))
    maverick.write("workflows/callee.yaml", workflow("callee"))
    maverick.write("maverick.toml", '[agents.nobody]\ncommand = ["true"]\n')
    maverick.write(
        "maverick_actions.py",
        "from runs.actions import action\n\n@action('no_such_action')\ndef f(): return 1\n",
    )
    assert maverick("workflow", "validate", "parts.yaml").code == 0


def test_actions_that_cannot_be_imported_are_told_with_their_line(maverick: Maverick) -> None:
    maverick.write("a.yaml", workflow("import-a"))
    maverick.write("maverick_actions.py", "x = 1\nimport nothing_of_that_name\n")
    done = maverick("workflow", "validate", "a.yaml")
    assert done.code == 2
    assert done.err.startswith("maverick_actions.py:2: D311 ")
    assert maverick("workflow", "validate", "a.yaml", "--lenient").code == 0


def test_without_a_name_every_file_is_checked(maverick: Maverick) -> None:
    nothing = maverick("workflow", "validate")
    assert nothing.code == 2
    assert "[nothing-to-check]" in nothing.err
    maverick.write("a.yaml", workflow("all-a"))
    maverick.write("workflows/deep/b.yaml", workflow("all-b"))
    maverick.write(".maverick/workflows/fragments/c.yaml", workflow("all-c"))
    good = maverick("workflow", "validate", "--json")
    assert good.code == 0
    names = {one["name"] for one in good.json["files"]}
    assert names >= {"all-a", "all-b", "all-c"}
    assert "changelog" not in names  # one that ships with Maverick
    maverick.write("workflows/bad.yaml", "name: all-bad\nsteps: []\n")
    bad = maverick("workflow", "validate")
    assert bad.code == 2
    assert "workflows/bad.yaml:2:1: D101" in bad.err
    assert "1 of them with problems" in bad.out


def test_the_list_says_what_overrides_what(maverick: Maverick) -> None:
    mine = maverick.write(".maverick/workflows/my_changelog.yaml", workflow("changelog"))
    users = maverick.home / "workflows" / "over.yaml"
    users.parent.mkdir(parents=True, exist_ok=True)
    users.write_text(workflow("list-over", description="the user's"))
    try:
        maverick.write("over.yaml", workflow("list-over", description="the project's"))
        maverick.write("broken.yaml", "name: list-broken\nsteps: []\n")
        items = {one["name"]: one for one in maverick("workflow", "list", "--json").json["items"]}
    finally:
        users.unlink()
    over = items["list-over"]
    assert (over["origin"], over["file"], over["description"]) == (
        "project", "over.yaml", "the project's",
    )  # fmt: skip
    assert over["overrides"] == [str(users)]
    changelog = items["changelog"]
    assert changelog["file"] == str(mine.relative_to(maverick.project))
    assert [Path(path).name for path in changelog["overrides"]] == ["changelog.yaml"]
    assert items["list-broken"]["valid"] is False
    table = maverick("workflow", "list").out
    assert "OVERRIDES" in table.splitlines()[0]
    assert "maverick workflow validate broken.yaml" in table
    only = maverick("workflow", "list", "--source", "built-in", "--json").json["items"]
    assert {one["origin"] for one in only} == {"built-in"}


def test_two_files_with_one_name_in_one_place_are_told_and_neither_is_taken(
    maverick: Maverick,
) -> None:
    maverick.write("workflows/a.yaml", workflow("same-name"))
    maverick.write("workflows/b.yaml", workflow("same-name"))
    assert "workflows/b.yaml" in maverick("workflow", "list").out
    refused = maverick("workflow", "show", "same-name")
    assert refused.code == 2
    assert "[workflow-ambiguous]" in refused.err
    assert maverick("workflow", "show", "workflows/b.yaml").code == 0
    # Only this name is not to be had; the others are.
    assert maverick("workflow", "show", "changelog").code == 0


def test_a_workflow_is_drawn_as_text_and_as_a_flowchart(maverick: Maverick) -> None:
    maverick.write("a.yaml", workflow("drawn-a", run="make all"))
    text = maverick("workflow", "viz", "a.yaml")
    assert "└─ 1 one  [shell make all]" in text.out
    plain = maverick("workflow", "viz", "a.yaml", PYTHONIOENCODING="ascii")
    assert "`- 1 one  [shell make all]" in plain.out
    chart = maverick("workflow", "viz", "a.yaml", "--format", "mermaid", "--direction", "LR")
    assert chart.out.startswith("flowchart LR\n")
    written = maverick("workflow", "viz", "a.yaml", "--format", "mermaid", "--output", "a.mmd")
    assert written.code == 0
    assert (maverick.project / "a.mmd").read_text().startswith("flowchart TD\n")
    assert maverick("workflow", "viz", "a.yaml", "--output", "no/such/a.mmd").code == 2


def test_a_new_workflow_is_whole_and_runs(maverick: Maverick) -> None:
    made = maverick("workflow", "new", "begun", "--description", 'NAME: "kites" & more')
    assert (made.code, made.out.splitlines()[0]) == (0, "workflows/begun.yaml is written.")
    assert maverick("workflow", "validate", "begun", "--strict").code == 0
    shown = maverick("workflow", "show", "begun", "--json").json
    assert shown["description"] == 'NAME: "kites" & more'
    run = maverick("run", "begun", "-i", "topic=boats", "--json")
    assert (run.code, run.json["status"]) == (0, "succeeded")
    assert (maverick.project / "begun.txt").read_text().strip() == "All about boats"


def test_a_file_that_is_there_is_only_replaced_when_asked_for(maverick: Maverick) -> None:
    maverick.write("workflows/kept.yaml", "mine")
    refused = maverick("workflow", "new", "kept", "-t", "loop")
    assert refused.code == 2
    assert "[file-exists]" in refused.err
    assert (maverick.project / "workflows/kept.yaml").read_text() == "mine"
    assert maverick("workflow", "new", "kept", "-t", "loop", "--overwrite").code == 0
    run = maverick("run", "kept", "--json")
    assert (run.code, run.json["counts"]["skipped"]) == (0, 1)


@pytest.mark.parametrize("template", ["basic", "full", "loop", "agent"])
def test_every_template_is_right_but_for_its_agents(maverick: Maverick, template: str) -> None:
    made = maverick("workflow", "new", "from-template", "-t", template, "--preview")
    assert made.code == 0
    assert not (maverick.project / "workflows").exists()
    maverick.write("x.yaml", made.out)
    checked = maverick("workflow", "validate", "x.yaml", "--lenient", "--json")
    assert checked.code == 0
    assert {one["code"] for one in checked.json["files"][0]["problems"]} <= {"D305", "W007"}


@pytest.mark.parametrize("name", ["Bad", "a/b", "../x", "-x", ""])
def test_a_bad_name_writes_nothing(maverick: Maverick, name: str) -> None:
    assert maverick("workflow", "new", "--", name).code == 2
    assert list(maverick.project.iterdir()) == []


def test_the_schema_is_printed(maverick: Maverick) -> None:
    schema = json.loads(maverick("workflow", "schema").out)
    assert schema["title"] == "Maverick workflow"
