"""The JSON Schema for editors takes what the loader takes, and underlines what it refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from runs.definition import load_workflow, workflow_json_schema
from runs.definition.load import load_document
from runs.schemas import schema_fault, violations

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
FILES = [
    file
    for folder in (TESTS / "corpus", TESTS / "shapes", ROOT / "runs/library")
    for file in sorted(folder.rglob("*.yaml"))
    if "VICTIM" not in file.name and "fuzz" not in file.parts
]
SCHEMA = workflow_json_schema()


def faults(text: str) -> list[str]:
    return violations(load_document(text, "x.yaml").value, SCHEMA)


def test_it_is_a_schema() -> None:
    assert schema_fault(SCHEMA) is None
    assert SCHEMA["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_file_that_is_shipped_or_that_people_have_is_right(file: Path) -> None:
    # As an editor reads it, and as our own loader does.
    assert violations(yaml.safe_load(file.read_text()), SCHEMA) == []
    assert faults(file.read_text()) == []


@pytest.mark.parametrize("file", sorted((ROOT / "docs").rglob("*.md")), ids=lambda file: file.stem)
def test_every_example_of_the_docs_is_right(file: Path) -> None:
    for example in re.findall(r"```yaml\n(.*?)```", file.read_text(), re.DOTALL):
        assert faults(example) == []


@pytest.mark.parametrize("file", sorted((ROOT / "runs/library/templates").iterdir()), ids=str)
def test_every_template_is_right(file: Path) -> None:
    assert faults(file.read_text().replace("NAME", "a-name")) == []


HEAD = 'version: "1.0"\nname: demo\nsteps:\n  -\n'


def step(body: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in body.splitlines())


SHORT_FORMS = [
    "name: a\ntype: shell\nrun: x\nretry: 3\ntimeout: 1h30m\nneeds: b\nwhen: true",
    "name: a\ntype: shell\nrun: x\nretry: {max_attempts: 2, backoff: {initial: 1s, max: 5}, on: timeout}",
    "name: a\ntype: shell\nrun: x\non_error: skip\nrollback: undo\nrequires: git\noutputs: {a: 1}",
    "name: a\ntype: shell\nrun: x\non_error: {name: b, type: wait, seconds: 5}\neffect: once",
    "name: a\ntype: shell\nrun: x\nrollback: {action: u, kwargs: {n: 1}}\nmetadata: {x: [1]}",
    "name: a\ntype: agent\nagent: x\ncontext: builder\nexecutor_config: {model: m}",
    "name: a\ntype: agent\nagent: x\nconfig: {model: m, temperature: '${{ inputs.t }}', timeout: 5m}",
    "name: a\ntype: validate\nstages: lint\nretry: 0\nfail: true",
    "name: a\ntype: validate\nstages: [a, {name: b, run: c, timeout: 5s}]\nretry: '${{ inputs.n }}'",
    "name: a\ntype: validate\nstages: [a]\nrounds: 2\nretry: {max_attempts: 2}",
    "name: a\ntype: wait\nuntil: '2026-01-01T00:00:00Z'",
    "name: a\ntype: approval\nprompt: p\napprovers: admin\nform: {f: {type: string}}",
    "name: a\ntype: parallel\nsteps: [{name: b, type: shell, run: x}]\nmax_concurrency: '${{ inputs.n }}'",
    "name: a\ntype: loop\nparallel: true\nfor_each: [1]\nsteps: [{name: b, type: shell, run: x}]",
    "name: a\ntype: branch\noptions: [{when: false, step: {name: b, type: shell, run: x}}]\n"
    "else: {name: c, type: checkpoint}",
]


@pytest.mark.parametrize("body", SHORT_FORMS)
def test_every_way_of_writing_that_the_loader_takes_is_taken(body: str) -> None:
    assert not {problem.code for problem in load_workflow(step(body)).errors} & {"D101", "D102"}
    assert faults(step(body)) == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("name: a\ntype: shell\nrun: x\ncolour: red", "steps[0]"),
        ("name: a\ntype: shell\nrun: x\ntimeout: soon", "steps[0].timeout"),
        ("name: a b\ntype: shell\nrun: x", "steps[0].name"),
        ("name: a\ntype: shel\nrun: x", "steps[0].type"),
        ("name: a\ntype: shell", "steps[0]"),
        ("name: a\ntype: shell\nrun: x\neffect: twice", "steps[0].effect"),
        ("name: a\ntype: loop\nsteps: [{name: b, type: shell, run: 5}]", "steps[0].steps[0].run"),
        ("name: a\ntype: agent\nagent: x\nconfig: {temperature: 2}", "steps[0].config.temperature"),
        ("name: a\ntype: validate\nstages: [a]\nretry: -1", "steps[0].retry"),
        ("name: a\ntype: approval\nprompt: p\nform: {f: {type: text}}", "steps[0].form.f.type"),
        ("name: a\ntype: loop\nsteps: []", "steps[0].steps"),
    ],
)
def test_what_is_wrong_is_underlined_where_it_stands(body: str, place: str) -> None:
    assert load_workflow(step(body)).problems
    assert [fault.partition(":")[0] for fault in faults(step(body))] == [place]


def test_the_head_of_a_file_is_judged_as_the_loader_does() -> None:
    rest = "name: demo\nsteps: [{name: a, type: shell, run: x}]\n"
    for version in ('"1.0"', "1.0", "1", '"1.7"'):
        assert faults(f"version: {version}\n{rest}") == []
    wrong: list[Any] = ['"2.0"', "2", "x", "true"]
    for version in wrong:
        assert faults(f"version: {version}\n{rest}") != []
    assert faults(f'version: "1.0"\ninputs:\ndescription:\n{rest}') == []
    assert faults(f'version: "1.0"\ncolour: red\n{rest}') != []
