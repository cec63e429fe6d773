"""One control for each declared input: of a workflow that is to be started, of a step's form."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runs import environment
from runs.definition.spec import InputSpec
from runs.projections.approvals import FormField

KINDS = {
    "string": "text",
    "integer": "whole number",
    "float": "number",
    "number": "number",  # as a JSON schema calls it
    "boolean": "yes or no",
    "object": "object, JSON",
    "array": "list, JSON",
}
LONG = 80  # a default that is longer, or of several lines, has a field of several lines


@dataclass(frozen=True, slots=True)
class FormInput:
    """A control as it is drawn."""

    id: str
    name: str  # as it is sent
    label: str
    kind: str
    control: str  # text, number, select, area, secret
    step: str  # of a number: "1" or "any"
    description: str
    required: bool
    value: str
    options: tuple[tuple[str, str], ...]
    problem: str


def form_inputs(
    fields: Iterable[FormField],
    *,
    prefix: str,
    at: str,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> tuple[FormInput, ...]:
    """The controls, called ``prefix`` + name, with ids that begin with ``at``; ``typed`` is what
    they were sent with before. A secret that was typed is not sent back."""
    return tuple(
        _one(field, prefix, at, typed, (problems or {}).get(field.name, "")) for field in fields
    )


def sent_values(post: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """What was filled in; what is left empty takes its default."""
    return {
        name.removeprefix(prefix): str(value)
        for name, value in post.items()
        if name.startswith(prefix) and value != ""
    }


def secret_in(declared: Mapping[str, InputSpec], document: Any) -> str:
    """The name of a secret that a document gives a value for, at any depth; "" when none is.

    Its value would be shown with the document: a secret has a field of its own.
    """
    if isinstance(document, list):
        return next((name for one in document if (name := secret_in({}, one))), "")
    if not isinstance(document, dict):
        return ""
    for name, value in document.items():
        if environment.is_secret_key(name) or (name in declared and declared[name].secret):
            return str(name)
        if inside := secret_in({}, value):
            return inside
    return ""


def _one(
    field: FormField, prefix: str, at: str, typed: Mapping[str, str] | None, problem: str
) -> FormInput:
    name = prefix + field.name
    value = _text(field.default) if typed is None else str(typed.get(name, ""))
    options = _options(field)
    return FormInput(
        id=f"{at}-{field.name}",
        name=name,
        label=field.name,
        kind="secret"
        if field.secret
        else f"one of {len(options)}"
        if field.enum
        else KINDS[field.type],
        control=_control(field, value, bool(options)),
        step="1" if field.type == "integer" else "any",
        description=field.description,
        required=field.required,
        value="" if field.secret else value,
        options=options if field.required or not options else (("", "its default"), *options),
        problem=problem,
    )


def _control(field: FormField, value: str, choice: bool) -> str:
    if field.secret:
        return "secret"
    if choice:
        return "select"
    if field.type in ("object", "array") or "\n" in value or len(value) > LONG:
        return "area"
    return "number" if field.type in ("integer", "float") else "text"


def _options(field: FormField) -> tuple[tuple[str, str], ...]:
    if field.enum is not None:
        return tuple((_text(one), _text(one)) for one in field.enum)
    return (("true", "yes"), ("false", "no")) if field.type == "boolean" else ()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    return json.dumps(
        value, ensure_ascii=False, indent=2 if isinstance(value, dict | list) else None
    )
