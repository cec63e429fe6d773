"""What the checks say that outputs look like is what they look like.

A warning that a field is never there, where it is, would be worse than none.
"""

from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.definition import load_workflow
from runs.definition.elsewhere import Callees
from runs.definition.shapes import OUTPUT_FIELDS, ROOT_FIELDS, output_shape
from runs.engine import driver
from runs.operations.decide_approval import decide_approval

from .here import do, start, steps

pytestmark = pytest.mark.django_db(transaction=True)

CALLED = """
version: "1.0"
name: called
steps: [{name: x, type: shell, run: "true"}]
outputs: {n: 1}
"""
EVERY = """
version: "1.0"
name: every-kind
steps:
  - {name: shell, type: shell, run: "true", outputs: {more: "${{ output.exit_code }}"}}
  - {name: checkpoint, type: checkpoint}
  - {name: wait, type: wait, seconds: 0}
  - {name: validate, type: validate, stages: [{name: ok, run: "true"}]}
  - {name: failing, type: validate, stages: [{name: bad, run: "false"}], retry: 1}
  - {name: subworkflow, type: subworkflow, workflow: called}
  - {name: loop, type: loop, for_each: [1], steps: [{name: in, type: shell, run: "true"}]}
  - name: branch
    type: branch
    options: [{when: "true", step: {name: one, type: shell, run: "true"}}]
    else: {name: other, type: wait, seconds: 0}
  - {name: names, type: python, action: mark, kwargs: {value: "${{ run }}"}}
  - name: failure
    type: shell
    run: exit 3
    on_error: {name: seen, type: python, action: mark, kwargs: {value: "${{ error }}"}}
  - {name: wrong, type: shell, run: exit 4, on_error: continue}
  - {name: later, type: python, action: mark, kwargs: {value: "${{ steps.wrong.error }}"}}
  - name: approval
    type: approval
    prompt: Well?
    form: {why: {type: string, default: because}}
"""


def test_every_kind_of_step_gives_the_fields_that_it_is_said_to_give(project: Path) -> None:
    (project / "called.yaml").write_text(CALLED)
    run = start(project, EVERY)
    while driver.work(run.pk, placement=run.placement):
        pass
    decide_approval(run.pk, "approval", approve=True, by=SYSTEM)
    assert do(run).status == "succeeded"
    outputs = {path: row.output for path, row in steps(run).items()}

    spec = load_workflow(EVERY).spec
    called = load_workflow(CALLED).spec
    assert spec is not None
    callees = Callees(lambda name: called)
    proven: dict[str, set[str]] = {}
    for step in spec.steps:
        shape = output_shape(step, callees)
        if shape is None or step.on_error is not None:
            continue
        if shape.is_list:
            assert isinstance(outputs[step.name], list)
            continue
        assert set(outputs[step.name]) <= shape.fields, step.name
        proven.setdefault(step.type, set()).update(outputs[step.name])
    fields = {kind: OUTPUT_FIELDS[kind] | proven[kind] for kind in OUTPUT_FIELDS}
    assert proven.keys() == {*OUTPUT_FIELDS, "subworkflow", "branch"}
    assert {kind: proven[kind] for kind in fields} == fields
    assert proven["subworkflow"] == {"success", "passed", "n"}
    assert set(outputs["names"]["value"]) == ROOT_FIELDS["run"]
    assert set(outputs["seen"]["value"]) == ROOT_FIELDS["error"]
    assert set(outputs["later"]["value"]) == ROOT_FIELDS["error"]
    assert outputs["later"]["value"]["detail"]["exit_code"] == 4
