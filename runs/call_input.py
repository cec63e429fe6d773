"""What a reasoner takes, by its input schema: the fields of a form, texts as values, what lacks.

Types are taken as a hint and never enforced: the published package says `object` of everything
that it has no word for (`Any`, `Literal`, unions), so its schemas refuse what its agents take. The
agent itself checks its input, and answers 422.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_LONGEST_NUMBER = 300


@dataclass(frozen=True, slots=True)
class CallField:
    """One field of a reasoner's input."""

    name: str
    type: str  # string, integer, number, boolean, object, array; empty: not said
    description: str
    required: bool
    default: Any
    choices: tuple[str, ...]


def fields_of(schema: Any) -> tuple[CallField, ...]:
    """The fields that a schema names, those that are needed first; none when it names none.

    PostgreSQL keeps the order of a list and not that of an object's keys.
    """
    needed = required(schema)
    known = _properties(schema)
    found = []
    for name in [*(one for one in needed if one in known), *(k for k in known if k not in needed)]:
        one = known[name]
        about = one if isinstance(one, Mapping) else {}
        kind = type_of(about)
        choices = about.get("enum")
        if not isinstance(choices, list):
            choices = [True, False] if kind == "boolean" else []
        found.append(
            CallField(
                name=str(name),
                type=kind,
                description=str(about.get("description") or about.get("title") or ""),
                required=name in needed,
                default=about.get("default"),
                choices=tuple(as_text(choice) for choice in choices),
            )
        )
    return tuple(found)


def type_of(about: Mapping[str, Any]) -> str:
    """The one type of a field; empty when it has several, or none that is said here."""
    kinds = about.get("type")
    if kinds is None and isinstance(about.get("anyOf"), list):
        kinds = [one.get("type") for one in about["anyOf"] if isinstance(one, Mapping)]
    named = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    real = [kind for kind in named if kind != "null"]
    return str(real[0]) if len(real) == 1 and isinstance(real[0], str) else ""


def required(schema: Any) -> list[str]:
    """The names that have to be given."""
    names = schema.get("required") if isinstance(schema, Mapping) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def missing(schema: Any, given: Mapping[str, Any]) -> list[str]:
    """The names that have to be given and are not."""
    return [name for name in required(schema) if name not in given]


def from_texts(schema: Any, texts: Mapping[str, Any]) -> dict[str, Any]:
    """Texts of a form or a command line as the values that the schema speaks of.

    What cannot be turned stays a text, and so does what is no field: the agent says what it minds.
    """
    known = _properties(schema)
    return {
        name: _value(type_of(known[name]) if isinstance(known.get(name), Mapping) else "", value)
        if isinstance(value, str)
        else value
        for name, value in texts.items()
    }


def as_text(value: Any) -> str:
    """A value as it is typed into a field."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _properties(schema: Any) -> Mapping[str, Any]:
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _value(kind: str, text: str) -> Any:
    stripped = text.strip()
    if kind == "string":
        return text
    if kind == "boolean":
        word = stripped.lower()
        return True if word in _TRUE else False if word in _FALSE else text
    # Elsewhere only what is plainly JSON: a version that is called 1.10 stays a text.
    plain = kind in ("integer", "number") and len(stripped) <= _LONGEST_NUMBER
    if not plain and not stripped.startswith(("{", "[", '"')):
        return text
    try:
        return json.loads(stripped, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
