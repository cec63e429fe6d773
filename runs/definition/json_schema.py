"""A JSON Schema of workflow files, for editors, made from the classes that check them."""

from __future__ import annotations

from typing import Any

from runs.definition.fields import DURATION_PATTERN, NAME_PATTERN
from runs.definition.settings import OLD_NAMES, PREREQUISITES, config_schema
from runs.definition.spec import STEP_CLASSES, InputSpec, WorkflowSpec

_INTERNAL = ("mark", "has_default", "file")
_EXPRESSION = {"type": "string", "pattern": r"\$\{\{"}
_STEP = {"$ref": "#/$defs/Step"}


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
    schema = _with_one_step(schema)
    definitions = schema["$defs"]
    definitions["Step"] = _step()
    definitions["Config"] = {
        "type": "object",
        "properties": config_schema(),
        "additionalProperties": False,
    }
    _inputs(schema, definitions["InputSpec"])
    retry = definitions["Retry"]
    definitions["Retry"] = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 100}, retry]}
    _backoff(retry)
    for kind, model in STEP_CLASSES.items():
        _common(definitions[model.__name__])
        if kind in _OWN:
            _OWN[kind](definitions[model.__name__])
    schema["properties"]["version"] = {
        "anyOf": [
            {"type": "string", "pattern": r"^1\.\d{1,4}$"},
            {"type": "number", "minimum": 1, "exclusiveMaximum": 2},
        ],
        "title": "Version",
        "default": "1.0",
    }
    schema["properties"]["metadata"] = True  # never read
    schema["properties"]["description"] = {"type": ["string", "null"]}
    schema["required"] = ["version", "name", "steps"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Maverick workflow",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def _as_written(definition: dict[str, Any]) -> None:
    """Take away what only the program knows."""
    properties = definition.get("properties", {})
    for name in _INTERNAL:
        properties.pop(name, None)
    if properties:
        definition["additionalProperties"] = False


def _with_one_step(value: Any) -> Any:
    """Every "one of all kinds of step" as a reference to one definition."""
    if isinstance(value, dict):
        if "discriminator" in value:  # OpenAPI's word, unknown to JSON Schema
            return dict(_STEP)
        return {key: _with_one_step(each) for key, each in value.items()}
    return [_with_one_step(each) for each in value] if isinstance(value, list) else value


def _step() -> dict[str, Any]:
    """A step is judged by its type, so that an editor underlines the key that is wrong in it."""
    kinds = {**STEP_CLASSES, "parallel": STEP_CLASSES["loop"]}
    return {
        "type": "object",
        "required": ["name", "type"],
        "properties": {"type": {"enum": list(kinds)}},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
                "then": {"$ref": f"#/$defs/{model.__name__}"},
            }
            for kind, model in kinds.items()
        ],
    }


def _inputs(schema: dict[str, Any], definition: dict[str, Any]) -> None:
    properties = definition["properties"]
    properties.pop("name", None)
    definition["required"] = ["type"]
    properties["required"]["default"] = InputSpec.model_fields["required"].default
    properties["description"] = {"type": ["string", "null"]}
    schema["properties"]["inputs"] = {"anyOf": [_declared(), {"type": "null"}], "title": "Inputs"}


def _declared() -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": {"pattern": NAME_PATTERN},
        "additionalProperties": {"$ref": "#/$defs/InputSpec"},
    }


def _backoff(retry: dict[str, Any]) -> None:
    time = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": DURATION_PATTERN}]}
    mapping = {
        "type": "object",
        "properties": {"initial": time, "factor": {"type": "number"}, "max": time},
        "additionalProperties": False,
    }
    backoff = retry["properties"]["backoff"]
    backoff["anyOf"] = [*backoff["anyOf"], mapping]
    retry["properties"]["on"] = _one_or_more({"type": "string"})


def _one_or_more(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"type": "array", "items": item}, item]}


def _common(definition: dict[str, Any]) -> None:
    """What every step may say in more than one way."""
    properties = definition["properties"]
    required = [name for name in definition.get("required", []) if name not in ("name", "type")]
    definition["required"] = ["name", "type", *required]
    properties["needs"] = {"anyOf": [*_one_or_more({"type": "string"})["anyOf"], {"type": "null"}]}
    # Others are possible, and are a warning: `examples` is what an editor offers.
    properties["requires"] = _one_or_more({"type": "string", "examples": list(PREREQUISITES)})
    properties["metadata"] = {"type": ["object", "null"]}
    properties["config"] = {"$ref": "#/$defs/Config"}


def _loop(definition: dict[str, Any]) -> None:
    properties = definition["properties"]
    properties["type"] = {"enum": ["loop", "parallel"], "title": "Type"}
    properties["parallel"] = {
        "type": "boolean",
        "description": "true: all turns at once (max_concurrency 0).",
    }


def _validate(definition: dict[str, Any]) -> None:
    rounds = {"type": "integer", "minimum": 0, "description": "Rounds after the first."}
    definition["properties"]["retry"]["anyOf"] = [
        rounds,
        _EXPRESSION,
        {"$ref": "#/$defs/Retry"},
        {"type": "null"},
    ]


def _approval(definition: dict[str, Any]) -> None:
    definition["properties"]["approvers"] = _one_or_more({"type": "string"})
    definition["properties"]["form"] = _declared()


def _old_config(definition: dict[str, Any]) -> None:
    definition["properties"]["executor_config"] = {
        "type": "object",
        "deprecated": True,
        "description": f"The old spelling of config ({', '.join(OLD_NAMES)} in it as well).",
    }


_OWN = {
    "agent": _old_config,
    "python": _old_config,
    "loop": _loop,
    "validate": _validate,
    "approval": _approval,
}
