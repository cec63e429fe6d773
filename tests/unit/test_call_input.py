"""The input of a reasoner: fields by its schema, and texts as values. Schemas come from agents, so
anything may stand in them."""

from typing import Any

import pytest

from runs.call_input import fields_of, from_texts, missing

SCHEMA = {
    "type": "object",
    "properties": {
        "flag": {"type": "boolean"},
        "n": {"type": "integer"},
        "x": {"type": ["number", "null"]},
        "name": {"type": "string"},
        "some": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "more": {"type": "object"},
    },
    "required": ["name", "n", "gone"],
}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("flag", "yes", True), ("flag", "False", False), ("flag", "perhaps", "perhaps"),
        ("n", "3", 3), ("n", "three", "three"), ("n", "1" * 400, "1" * 400),
        ("x", "1.5", 1.5), ("x", "NaN", "NaN"),
        ("name", "12", "12"), ("name", "[1]", "[1]"), ("some", "[1]", "[1]"),
        ("either", "12", "12"), ("either", '"12"', "12"),
        ("more", '{"a": 1}', {"a": 1}), ("more", "1.10", "1.10"), ("more", "{", "{"),
        ("unknown", "[1, 2]", [1, 2]), ("unknown", "1.10", "1.10"),
    ],
)  # fmt: skip
def test_a_text_becomes_what_the_schema_says_and_else_stays(
    name: str, text: str, value: Any
) -> None:
    (found,) = from_texts(SCHEMA, {name: text}).values()
    assert found == value
    assert type(found) is type(value)


def test_what_is_needed_stands_first() -> None:
    fields = fields_of(SCHEMA)
    assert [field.name for field in fields][:2] == ["name", "n"]
    assert {field.name: field.type for field in fields}["either"] == ""
    assert [field.choices for field in fields if field.name == "flag"] == [("true", "false")]
    assert missing(SCHEMA, {"name": None}) == ["n", "gone"]


@pytest.mark.parametrize(
    "schema",
    [
        None, True, [], "x", 3, {"properties": []}, {"properties": {"a": 1}},
        {"properties": {"a": {"type": [1, None]}}}, {"required": "a"}, {"required": [1, None]},
        {"properties": {"a": {"anyOf": [1, {"type": []}], "enum": "x", "title": 4}}},
    ],
)  # fmt: skip
def test_a_schema_that_is_none_breaks_nothing(schema: Any) -> None:
    fields_of(schema)
    missing(schema, {})
    assert from_texts(schema, {"a": "1"}) == {"a": "1"}
