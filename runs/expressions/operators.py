"""Arithmetic and comparison, for numbers, texts and lists only, each result bounded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from runs.expressions.errors import ExpressionError
from runs.expressions.limits import MAX_ITEMS, MAX_TEXT, Budget, checked_integer, measure
from runs.expressions.values import is_number, kind, same


def binary(operator: str, left: Any, right: Any, budget: Budget) -> Any:
    """`left operator right`; ExpressionError for kinds that do not go together."""
    if is_number(left) and is_number(right):
        return number(operator, left, right)
    if operator == "+":
        if isinstance(left, str) and isinstance(right, str):
            budget.spend_text(len(left) + len(right))
            return left + right
        if isinstance(left, list | tuple) and isinstance(right, list | tuple):
            budget.spend_items(len(left) + len(right))
            return [*left, *right]
    if operator == "*":
        for many, times in ((left, right), (right, left)):
            if isinstance(times, int) and not isinstance(times, bool):
                if isinstance(many, str):
                    return _repeat_text(many, times, budget)
                if isinstance(many, list | tuple):
                    return _repeat_list(many, times, budget)
    hint = ""
    if operator == "+" and "text" in (kind(left), kind(right)):
        hint = "write `${{ a }}${{ b }}` to join a text and something else"
    elif left is None or right is None:
        hint = "write `default(x, 0)` where a value may be missing"
    raise ExpressionError(f"`{operator}` cannot take {kind(left)} and {kind(right)}.", hint=hint)


def number(operator: str, left: float, right: float) -> Any:
    """Arithmetic on two numbers; ExpressionError for a division by 0 or a result too large."""
    for operand in (left, right):
        if isinstance(operand, int):
            checked_integer(operand)
    if operator in ("/", "//", "%") and right == 0:
        raise ExpressionError(f"`{operator}` by zero.")
    result: Any
    try:
        match operator:
            case "+":
                result = left + right
            case "-":
                result = left - right
            case "*":
                result = left * right
            case "/":
                result = left / right
            case "//":
                result = left // right
            case _:
                result = left % right
    except OverflowError:
        raise ExpressionError("The number is too large.") from None
    if isinstance(result, int):
        return checked_integer(result)
    if not math.isfinite(result):
        raise ExpressionError("The number is too large.")
    return result


def _repeat_text(text: str, times: int, budget: Budget) -> str:
    if text and times > MAX_TEXT:
        raise ExpressionError(f"The text would have more than {MAX_TEXT} characters.")
    budget.spend_text(len(text) * max(times, 0))
    return text * times


def _repeat_list(items: Any, times: int, budget: Budget) -> list[Any]:
    if not items or times <= 0:
        return []
    # What the items hold counts too: a list of lists grows by multiplication, not by addition.
    inside, characters = measure(items, budget)
    if times > MAX_ITEMS or inside * times > MAX_ITEMS + times:
        raise ExpressionError(f"The list would have more than {MAX_ITEMS} items.")
    if characters * times > MAX_TEXT:
        raise ExpressionError(f"The list would have more than {MAX_TEXT} characters.")
    budget.spend_items(len(items) * times)
    return list(items) * times


def compare(operator: str, left: Any, right: Any, budget: Budget) -> bool:
    """Does `left operator right` hold? Order exists between numbers and between texts."""
    match operator:
        case "==":
            return same(left, right, budget)
        case "!=":
            return not same(left, right, budget)
        case "in":
            return inside(left, right, budget)
        case "not in":
            return not inside(left, right, budget)
    both = (left, right)
    ordered = all(map(is_number, both)) or all(isinstance(value, str) for value in both)
    if not ordered:
        missing = left is None or right is None
        hint = "write `default(x, 0)` where a value may be missing" if missing else ""
        raise ExpressionError(
            f"`{operator}` cannot compare {kind(left)} and {kind(right)}.", hint=hint
        )
    match operator:
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case _:
            return bool(left >= right)


def inside(needle: Any, haystack: Any, budget: Budget) -> bool:
    """Is it a part of a text, an item of a list, a key of a mapping?"""
    if isinstance(haystack, str):
        if not isinstance(needle, str):
            raise ExpressionError(f"A text cannot contain {kind(needle)}.")
        budget.spend(1 + len(haystack) // 1000)
        return needle in haystack
    if isinstance(haystack, Mapping):
        return isinstance(needle, str) and needle in haystack
    if isinstance(haystack, list | tuple):
        return any(same(needle, item, budget) for item in haystack)
    raise ExpressionError(
        f"Nothing can be in {kind(haystack)}.",
        hint="write `default(x, [])` where a value may be missing" if haystack is None else "",
    )
