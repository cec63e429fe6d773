"""A JSON Schema of workflow files, for editors, made from the classes that check them."""

from __future__ import annotations

from typing import Any

from runs.definition.spec import (
    NAME_PATTERN,
    InputSpec,
    WorkflowSpec,
)

_INTERNAL = ("mark", "has_default", "file")


def workflow_json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of a workflow file as it is written.

    Editors use it to complete and to underline; the loader stays the judge, as a schema cannot
    say which step may read which.
    """
    schema = WorkflowSpec.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    definitions.pop("Mark", None)
    for definition in [schema, *definitions.values()]:
        _as_written(definition)
    _inputs(schema, definitions["InputSpec"])
    retry = definitions["Retry"]
    definitions["Retry"] = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 100}, retry]}
    _backoff(retry)
    loop = definitions["LoopStep"]
    loop["properties"]["type"] = {"enum": ["loop", "parallel"], "title": "Type"}
    loop["properties"]["parallel"] = {
        "type": "boolean",
        "description": "true: all turns at once (max_concurrency 0).",
    }
    for name, definition in definitions.items():
        if name.endswith("Step"):
            definition["required"] = ["name", "type", *_without(definition, "name", "type")]
            needs = definition["properties"]["needs"]
            needs["anyOf"] = [*needs["anyOf"], {"type": "string"}]
    _drop_discriminators(schema)
    schema["properties"]["version"] = {
        "anyOf": [{"type": "string", "pattern": r"^1\.\d{1,4}$"}, {"type": "number", "const": 1.0}],
        "title": "Version",
    }
    schema["properties"]["metadata"] = {"type": "object"}
    schema["required"] = ["version", "name", "steps"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Maverick workflow",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def _without(definition: dict[str, Any], *names: str) -> list[str]:
    return [name for name in definition.get("required", []) if name not in names]


def _as_written(definition: dict[str, Any]) -> None:
    """Take away what only the program knows."""
    properties = definition.get("properties", {})
    for name in _INTERNAL:
        properties.pop(name, None)
    if properties:
        definition["additionalProperties"] = False


def _inputs(schema: dict[str, Any], definition: dict[str, Any]) -> None:
    definition["properties"].pop("name", None)
    definition["required"] = ["type"]
    defaults = InputSpec.model_fields["required"].default
    definition["properties"]["required"]["default"] = defaults
    schema["properties"]["inputs"] = {
        "anyOf": [
            {
                "type": "object",
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": {"$ref": "#/$defs/InputSpec"},
            },
            {"type": "null"},
        ],
        "title": "Inputs",
    }


def _backoff(retry: dict[str, Any]) -> None:
    backoff = retry["properties"]["backoff"]
    mapping = {
        "type": "object",
        "properties": {
            "initial": {"type": ["number", "string"]},
            "factor": {"type": "number"},
            "max": {"type": ["number", "string"]},
        },
        "additionalProperties": False,
    }
    backoff["anyOf"] = [*backoff["anyOf"], mapping]
    retry["properties"]["on"] = {
        "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}],
        "title": "On",
    }


def _drop_discriminators(value: Any) -> None:
    """OpenAPI's word, unknown to JSON Schema, and its mapping would not name `parallel`."""
    if isinstance(value, dict):
        value.pop("discriminator", None)
        for each in value.values():
            _drop_discriminators(each)
    elif isinstance(value, list):
        for each in value:
            _drop_discriminators(each)
