"""The inputs of a run against their declarations, and the schema for editors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.definition import WorkflowSpec, bind_inputs, load_workflow, workflow_json_schema

TEXT = """\
version: "1.0"
name: demo
inputs:
  topic: {type: string}
  count: {type: integer, default: 3}
  flag: {type: boolean, default: false}
  share: {type: float, required: false}
  items: {type: array, default: [1]}
  extra: {type: object, default: {}}
  mode: {type: string, default: fast, enum: [fast, slow]}
  key: {type: integer, secret: true, default: 0}
steps: [{name: s, type: python, action: x, kwargs: {i: "${{ inputs }}"}}]
"""


def spec() -> WorkflowSpec:
    loaded = load_workflow(TEXT)
    assert loaded.spec is not None
    return loaded.spec


def test_what_is_not_given_takes_its_default_or_null() -> None:
    bound, problems = bind_inputs(spec(), {"topic": "x"})
    assert problems == []
    assert bound == {"topic": "x", "count": 3, "flag": False, "share": None, "items": [1],
                     "extra": {}, "mode": "fast", "key": 0}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "given_", "bound_"),
    [
        ("count", "7", 7), ("count", " -7 ", -7), ("count", 7, 7), ("count", 7.0, 7),
        ("flag", "true", True), ("flag", "YES", True), ("flag", "0", False), ("flag", "no", False),
        ("share", "0.5", 0.5), ("share", 2, 2.0), ("share", None, None),
        ("items", '[1, "a"]', [1, "a"]), ("items", [2], [2]),
        ("extra", '{"a": {"b": null}}', {"a": {"b": None}}), ("topic", "5", "5"), ("topic", "", ""),
        ("mode", "slow", "slow"),
    ],
)  # fmt: skip
def test_a_text_becomes_the_declared_type(name: str, given_: Any, bound_: Any) -> None:
    bound, problems = bind_inputs(spec(), {"topic": "x", name: given_})
    assert problems == []
    assert bound[name] == bound_
    assert type(bound[name]) is type(bound_)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("count", "x", "D502"), ("count", 1.5, "D502"), ("count", True, "D502"),
        ("count", "9" * 5000, "D502"), ("flag", "maybe", "D502"), ("flag", 1, "D502"),
        ("share", "nan", "D502"), ("share", "inf", "D502"), ("items", "{}", "D502"),
        ("items", "[NaN]", "D502"), ("items", "[" * 100_000, "D502"), ("extra", "[", "D502"),
        ("topic", 5, "D502"), ("topic", None, "D502"), ("mode", "medium", "D504"),
        ("topik", "x", "D503"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(name: str, value: Any, code: str) -> None:
    _, problems = bind_inputs(spec(), {"topic": "x", name: value})
    assert [problem.code for problem in problems] == [code]
    assert name in problems[0].message


def test_everything_wrong_is_told_at_once() -> None:
    _, problems = bind_inputs(spec(), {"topik": "x", "count": "y", "mode": "z"})
    assert [problem.code for problem in problems] == ["D501", "D502", "D504", "D503"]
    assert problems[-1].hint == "did you mean `topic`?"


def test_the_value_of_a_secret_is_in_no_message() -> None:
    _, problems = bind_inputs(spec(), {"topic": "x", "key": "hunter2"})
    assert "hunter2" not in str(problems[0])


@given(st.dictionaries(st.sampled_from([*"abc", "topic", "count", "extra", "items", "flag", "mode"]),
                       st.none() | st.text() | st.floats() | st.integers() | st.lists(st.text())))  # fmt: skip
def test_no_inputs_make_binding_raise_and_bound_ones_bind_again(given_: dict[str, Any]) -> None:
    bound, problems = bind_inputs(spec(), given_)
    json.dumps(bound)
    if not problems:
        assert bind_inputs(spec(), bound) == (bound, [])


def test_the_schema_knows_every_key_as_it_is_written() -> None:
    schema = workflow_json_schema()
    text = json.dumps(schema)
    assert schema["required"] == ["version", "name", "steps"]
    assert {"else", "parallel", "when"} <= {
        key for each in schema["$defs"].values() for key in each.get("properties", {})
    }
    for internal in ('"otherwise"', '"mark"', '"has_default"', '"Mark"', "discriminator"):
        assert internal not in text
    for reference in {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}:
        assert reference in schema["$defs"]
