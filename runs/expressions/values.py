"""What values are, and how one becomes text. Only JSON's kinds exist; nothing else is reached."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from runs.expressions.errors import ExpressionError
from runs.expressions.limits import MAX_TEXT, MAX_VALUE_DEPTH, Budget


def kind(value: Any) -> str:
    """The word for a value's kind in messages. ExpressionError for what is no JSON value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, Mapping):
        return "a mapping"
    raise ExpressionError(f"A value of the type {type(value).__name__} cannot be used here.")


def is_number(value: Any) -> bool:
    """A number that can be counted with; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def plain(value: Any, depth: int = 0) -> Any:
    """The value as dict, list and scalars: lazy mappings and tuples are read out.

    A dict or a list is handed on as it is, without a copy: what is in a JSON value is JSON.
    """
    if value is None or isinstance(value, str | int | float | dict | list):
        return value
    if depth > MAX_VALUE_DEPTH:
        raise ExpressionError(f"The value is nested more than {MAX_VALUE_DEPTH} deep.")
    if isinstance(value, Mapping):
        return {str(key): plain(value[key], depth + 1) for key in value}
    if isinstance(value, tuple):
        return [plain(item, depth + 1) for item in value]
    kind(value)
    raise AssertionError("kind() refuses what is not handled above")


def json_text(value: Any, budget: Budget) -> str:
    """Compact JSON with keys in their order; ExpressionError if too large or not JSON."""
    pieces: list[str] = []
    _write(value, pieces, budget, 0)
    text = "".join(pieces)
    budget.spend_text(len(text))
    return text


def _write(value: Any, pieces: list[str], budget: Budget, depth: int) -> None:
    budget.spend()
    if depth > MAX_VALUE_DEPTH:
        raise ExpressionError(f"The value is nested more than {MAX_VALUE_DEPTH} deep.")
    if value is None or isinstance(value, bool | int | float | str):
        if isinstance(value, float) and not math.isfinite(value):
            raise ExpressionError(f"{value} has no JSON form.")
        if isinstance(value, str):
            budget.spend_text(len(value))
        pieces.append(_scalar(value))
    elif isinstance(value, Mapping):
        pieces.append("{")
        for number, key in enumerate(value):
            pieces.append(f"{',' if number else ''}{_scalar(str(key))}:")
            _write(value[key], pieces, budget, depth + 1)
        pieces.append("}")
    elif isinstance(value, list | tuple):
        pieces.append("[")
        for number, item in enumerate(value):
            if number:
                pieces.append(",")
            _write(item, pieces, budget, depth + 1)
        pieces.append("]")
    else:
        kind(value)


def _scalar(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except ValueError:  # an integer with more digits than Python will write out
        raise ExpressionError("The number is too large to be written out.") from None


def as_text(value: Any, budget: Budget) -> str:
    """How a value looks inside a text: null is empty, true is `true`, lists are compact JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            budget.spend_text(len(value))
        return str(value)
    return json_text(value, budget)


def same(left: Any, right: Any, budget: Budget, depth: int = 0) -> bool:
    """Deep equality as Python has it (`1 == 1.0 == true`), at a price per element."""
    budget.spend()
    if depth > MAX_VALUE_DEPTH:
        raise ExpressionError(f"The value is nested more than {MAX_VALUE_DEPTH} deep.")
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        if len(left) != len(right):
            return False
        return all(key in right and same(left[key], right[key], budget, depth + 1) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        if len(left) != len(right):
            return False
        return all(same(a, b, budget, depth + 1) for a, b in zip(left, right, strict=True))
    if kind(left) in ("a list", "a mapping") or kind(right) in ("a list", "a mapping"):
        return False
    return bool(left == right)
