"""The functions of the language, except `default`, which must not evaluate what it replaces."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from runs.expressions.errors import ExpressionError
from runs.expressions.limits import MAX_ITEMS, Budget, checked_integer
from runs.expressions.operators import inside
from runs.expressions.values import as_text, json_text, kind


def call(name: str, arguments: list[Any], budget: Budget) -> Any:
    """The answer of a function; ExpressionError for a value of the wrong kind."""
    return _TABLE[name](budget, *arguments)


def _wrong(function: str, wanted: str, value: Any) -> NoReturn:
    hint = "write `default(x, …)` where a value may be missing" if value is None else ""
    raise ExpressionError(f"{function}() takes {wanted}, not {kind(value)}.", hint=hint)


def _len(budget: Budget, value: Any) -> int:
    if not isinstance(value, str | list | tuple | Mapping):
        _wrong("len", "a text, a list or a mapping", value)
    return len(value)


def _lower(budget: Budget, value: Any) -> str:
    if not isinstance(value, str):
        _wrong("lower", "a text", value)
    budget.spend_text(len(value))
    return value.lower()


def _upper(budget: Budget, value: Any) -> str:
    if not isinstance(value, str):
        _wrong("upper", "a text", value)
    budget.spend_text(len(value))
    return value.upper()


def _contains(budget: Budget, haystack: Any, needle: Any) -> bool:
    return haystack is not None and inside(needle, haystack, budget)


def _join(budget: Budget, items: Any, separator: Any = ",") -> str:
    if not isinstance(items, list | tuple):
        _wrong("join", "a list and a text", items)
    if not isinstance(separator, str):
        _wrong("join", "a list and a text", separator)
    budget.spend_text(len(separator) * len(items))
    pieces = []
    length = len(separator) * len(items)
    for item in items:
        pieces.append(as_text(item, budget))
        length += len(pieces[-1])
        budget.spend_text(length if length > 1_000_000 else len(pieces[-1]))
    return separator.join(pieces)


def _json(budget: Budget, value: Any) -> str:
    return json_text(value, budget)


def _fromjson(budget: Budget, text: Any) -> Any:
    if not isinstance(text, str):
        _wrong("fromjson", "a text", text)
    budget.spend_text(len(text))
    try:
        return json.loads(
            text, parse_constant=_no_constant, parse_float=_finite, parse_int=_integer
        )
    except RecursionError:
        raise ExpressionError("fromjson(): the JSON is nested too deep.") from None
    except json.JSONDecodeError as error:
        raise ExpressionError(
            f"fromjson(): the text is not JSON: {error.msg} at character {error.pos + 1}."
        ) from None


def _no_constant(text: str) -> NoReturn:
    raise ExpressionError(f"fromjson(): {text} is not JSON.")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ExpressionError("fromjson(): a number is too large.")
    return value


def _integer(text: str) -> int:
    if len(text) > 400:
        raise ExpressionError("fromjson(): a number is too large.")
    return checked_integer(int(text))


def _range(budget: Budget, *bounds: Any) -> list[int]:
    for bound in bounds:
        if not isinstance(bound, int) or isinstance(bound, bool):
            _wrong("range", "whole numbers", bound)
        checked_integer(bound)
    if len(bounds) == 3 and bounds[2] == 0:
        raise ExpressionError("range(): the step must not be 0.")
    numbers = range(*bounds)
    try:
        count = len(numbers)
    except OverflowError:
        count = MAX_ITEMS + 1
    budget.spend_items(count)
    return list(numbers)


def _keys(budget: Budget, value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        _wrong("keys", "a mapping", value)
    budget.spend_items(len(value))
    return [str(key) for key in value]


_TABLE: dict[str, Callable[..., Any]] = {
    "len": _len,
    "lower": _lower,
    "upper": _upper,
    "contains": _contains,
    "join": _join,
    "json": _json,
    "fromjson": _fromjson,
    "range": _range,
    "keys": _keys,
}
