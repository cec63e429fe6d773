"""The forms that call an agent's reasoners, made from their input schemas."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from runs import environment
from runs.call_input import CallField, as_text, fields_of, from_texts
from runs.errors import InvalidFields
from runs.projections.agents import Reasoner
from runs.web.form_input import KINDS

WHOLE = "json"  # the name of the one box, where the schema names no fields


@dataclass(frozen=True, slots=True)
class TypedField:
    """One field with what stands in it, and what is wrong with that."""

    field: CallField
    value: str
    wrong: str

    @property
    def secret(self) -> bool:
        """Whether its value is never shown again."""
        return _is_secret(self.field)

    @property
    def kind(self) -> str:
        """What it takes, in the words of a workflow's form."""
        if self.secret:
            return "secret"
        if self.field.choices and self.field.type != "boolean":
            return f"one of {len(self.field.choices)}"
        return KINDS.get(self.field.type, "text or JSON")

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """What may be chosen, and the word for it."""
        words = {"true": "yes", "false": "no"} if self.field.type == "boolean" else {}
        return tuple((one, words.get(one, one)) for one in self.field.choices)

    @property
    def is_long(self) -> bool:
        """Whether it takes several lines: anything that may be JSON."""
        return self.field.type not in ("string", "integer", "number", "boolean")


@dataclass(frozen=True, slots=True)
class CallForm:
    """A reasoner and the form that calls it."""

    reasoner: Reasoner
    fields: tuple[TypedField, ...]
    whole: str  # the text of the one box
    error: str
    is_open: bool


def empty_form(reasoner: Reasoner, *, is_open: bool = False) -> CallForm:
    """As nobody has typed anything yet."""
    fields = tuple(
        TypedField(field, _shown(field), "") for field in fields_of(reasoner.input_schema)
    )
    return CallForm(reasoner, fields, "{}", "", is_open)


def typed_form(
    reasoner: Reasoner, sent: QueryDict, error: str, problems: dict[str, str]
) -> CallForm:
    """As it was sent, with what is wrong. A secret is typed again."""
    fields = tuple(
        TypedField(
            field,
            "" if _is_secret(field) else sent.get(f"input.{field.name}", "")[:100_000],
            problems.get(f"input.{field.name}", ""),
        )
        for field in fields_of(reasoner.input_schema)
    )
    return CallForm(reasoner, fields, sent.get(WHOLE, "{}")[:100_000], error, True)


def given_by(reasoner: Reasoner, sent: QueryDict) -> dict[str, Any]:
    """The input that a form holds; a field left empty is not given. Raises InvalidFields."""
    if not fields_of(reasoner.input_schema):
        return _object(sent.get(WHOLE, "").strip() or "{}")
    texts = {
        name.removeprefix("input."): str(value)
        for name, value in sent.items()
        if name.startswith("input.") and value != ""
    }
    return from_texts(reasoner.input_schema, texts)


def _is_secret(field: CallField) -> bool:
    return environment.is_secret_key(field.name)


def _shown(field: CallField) -> str:
    return "" if field.default is None or _is_secret(field) else as_text(field.default)


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidFields([_wrong(f"This is no JSON: {error}.")]) from None
    if not isinstance(value, dict):
        raise InvalidFields([_wrong("The input is a JSON object, with braces.")])
    return value


def _wrong(message: str) -> dict[str, str]:
    return {"code": "invalid-json", "message": message, "path": "input", "hint": ""}
