"""A workflow survives JSON and YAML, and what the loader takes the schema takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from runs.definition import Loaded, WorkflowSpec, load_workflow, workflow_json_schema
from runs.definition.drawing import mermaid, tree
from runs.definition.walk import walk
from runs.planning.graph import compile_workflow
from runs.schemas import violations
from tests.thorough import examples
from tests.unit.workflow_documents import DOCUMENTS, Document, as_written, raw_steps, without_marks

SCHEMA = workflow_json_schema()
# Big values take time to make, and this machine may be busy.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
often = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)  # fmt: skip


def text_of(document: Document) -> str:
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def loaded(text: str) -> Loaded:
    result = load_workflow(text)
    assert result.ok, [str(problem) for problem in result.problems]
    return result


def spec_of(text: str) -> WorkflowSpec:
    spec = loaded(text).spec
    assert spec is not None
    return spec


def meaning(spec: WorkflowSpec) -> Any:
    return without_marks(spec.model_dump(mode="json"))


@often
@given(DOCUMENTS)
def test_a_workflow_survives_json(document: Document) -> None:
    spec = spec_of(text_of(document))
    assert WorkflowSpec.model_validate(spec.model_dump(mode="json")) == spec
    assert WorkflowSpec.model_validate_json(spec.model_dump_json()) == spec


@often
@given(DOCUMENTS)
def test_a_workflow_survives_being_written_out_again(document: Document) -> None:
    spec = spec_of(text_of(document))
    again = spec_of(text_of(as_written(spec)))
    assert meaning(again) == meaning(spec)
    # JSON is YAML: the same file as JSON means the same.
    assert meaning(spec_of(json.dumps(as_written(spec)))) == meaning(spec)


@often
@given(DOCUMENTS)
def test_every_step_is_there_and_has_its_line(document: Document) -> None:
    text = text_of(document)
    spec = spec_of(text)
    lines = text.splitlines()
    sites = walk(spec).sites
    assert len(sites) == len(list(raw_steps(document)))
    for site in sites:
        line = lines[site.step.mark.line - 1]
        assert line[site.step.mark.column - 1 :] == f"name: {site.step.name}"


@often
@given(DOCUMENTS)
def test_the_schema_takes_what_the_loader_takes(document: Document) -> None:
    loaded(text_of(document))
    assert violations(document, SCHEMA) == []


@often
@given(DOCUMENTS)
def test_whatever_loads_can_be_drawn_and_laid_out(document: Document) -> None:
    spec = spec_of(text_of(document))
    assert tree(spec)
    assert mermaid(spec).startswith("flowchart TD")
    called = {
        step["workflow"]: spec_of("version: '1.0'\nname: called\nsteps: [{name: a, type: wait, seconds: 1}]")
        for step in raw_steps(document)
        if step["type"] == "subworkflow"
    }  # fmt: skip
    compiled = compile_workflow(spec, called)
    assert len(compiled.nodes) >= len(list(raw_steps(document)))
