"""JSON Schema: what is wrong with a value, or with a schema, in sentences.

Nothing is ever fetched: a `$ref` that leads out of the schema is a fault of the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST = 20  # sentences; the thousandth wrong row of a list tells nothing new
_SHOWN = 200  # characters of a sentence


class SchemaFault(ValueError):
    """The schema itself is no JSON Schema."""


def violations(value: Any, schema: Mapping[str, Any] | bool) -> list[str]:
    """How `value` (JSON data) breaks the schema, each with its place; empty when it fits.

    Raises SchemaFault.
    """
    import jsonschema_rs  # a tenth of a second that only those pay who use a schema

    try:
        validator = jsonschema_rs.validator_for(_plain(schema), retriever=_nothing_is_fetched)
    except (ValueError, RecursionError) as error:
        raise SchemaFault(_first_line(error)) from None
    found = []
    for wrong in validator.iter_errors(value):
        found.append(f"{_place(wrong.instance_path)}: {wrong.message}"[:_SHOWN])
        if len(found) == MOST:
            break
    return found


def schema_fault(schema: Any) -> str | None:
    """What is wrong with a schema, in a sentence; None when it can be used."""
    if not isinstance(schema, Mapping | bool):
        return "a JSON Schema is a mapping"
    try:
        violations(None, schema)
    except SchemaFault as fault:
        return str(fault)
    return None


def _plain(schema: Mapping[str, Any] | bool) -> dict[str, Any] | bool:
    return schema if isinstance(schema, bool) else dict(schema)


def _nothing_is_fetched(uri: str) -> Any:
    raise ValueError(f"{uri} lies outside the schema, and nothing is fetched")


def _place(path: list[str | int]) -> str:
    place = "the value"
    for part in path:
        place += f"[{part}]" if isinstance(part, int) else f".{part}"
    return place.removeprefix("the value.")


def _first_line(error: BaseException) -> str:
    return (str(error).partition("\n")[0] or type(error).__name__)[:_SHOWN]
