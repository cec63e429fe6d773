"""A reasoner's result as JSON."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any


class NotJson(ValueError):
    """A value has no JSON form; the text says which one, and where."""


def json_form(value: Any, place: str = "result") -> Any:
    """The value as JSON has it. Raises NotJson."""
    if isinstance(value, Enum):
        return json_form(value.value, place)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise NotJson(f"{place} is {value}, which is not JSON")
    if isinstance(value, Mapping):
        return {_key(key, place): json_form(one, f"{place}.{key}") for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [json_form(one, f"{place}[{n}]") for n, one in enumerate(value)]
    if is_dataclass(value) and not isinstance(value, type):
        told = ((one.name, getattr(value, one.name)) for one in fields(value))
        return {name: json_form(one, f"{place}.{name}") for name, one in told}
    if hasattr(value, "model_dump"):  # pydantic's
        return value.model_dump(mode="json")
    raise NotJson(f"{place} is of the type {type(value).__name__}, which is not JSON")


def _key(key: Any, place: str) -> str:
    if not isinstance(key, str):
        raise NotJson(f"a key of {place} is {key!r:.60}, not a text")
    return key
