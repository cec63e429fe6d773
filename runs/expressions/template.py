"""Texts, lists and mappings with expressions inside, at any depth.

`${{ expression }}` is replaced by its value; `$${{` is a literal `${{`. What an expression
answered is never looked at again, whatever it contains.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from runs.expressions.errors import ExpressionError
from runs.expressions.evaluate import evaluate_within
from runs.expressions.limits import MAX_VALUE_DEPTH, Budget
from runs.expressions.values import as_text

Location = tuple[str | int, ...]
OPEN = "${{"


@dataclass(frozen=True, slots=True)
class Slot:
    """One expression in a text. `offset`: where its `${{` stands."""

    source: str
    offset: int


def split(text: str) -> tuple[str | Slot, ...]:
    """The literal pieces and the expressions of a text, in order.

    Raises ExpressionError when a `${{` is never closed.
    """
    return (text,) if OPEN not in text else _split(text)


@lru_cache(maxsize=2048)
def _split(text: str) -> tuple[str | Slot, ...]:
    parts: list[str | Slot] = []
    position = 0
    while (start := text.find(OPEN, position)) >= 0:
        if start > position and text[start - 1] == "$":
            parts += [text[position : start - 1], OPEN]
            position = start + len(OPEN)
            continue
        if start > position:
            parts.append(text[position:start])
        end = _end(text, start)
        parts.append(Slot(text[start + len(OPEN) : end].strip(), start))
        position = end + 2
    if position < len(text):
        parts.append(text[position:])
    return tuple(parts)


def _end(text: str, start: int) -> int:
    """Where the `}}` of an expression stands: not in a quoted text, nor closing a mapping."""
    quote, depth, position = "", 0, start + len(OPEN)
    while position < len(text):
        char = text[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        elif text.startswith("}}", position):
            return position
        position += 1
    raise ExpressionError(
        "`${{` is never closed.",
        hint="close it with `}}`, or write `$${{` for the characters themselves",
        offset=start,
        source=text[start : start + 200],
    )


def whole(text: str) -> str | None:
    """The source, when a text is exactly one expression but for the white space around it."""
    stripped = text.strip()
    if not stripped.startswith(OPEN):
        return None
    parts = split(stripped)
    return parts[0].source if len(parts) == 1 and isinstance(parts[0], Slot) else None


def render(value: Any, names: Mapping[str, Any], *, lenient: bool = False) -> Any:
    """The value with every expression in it replaced, in texts, lists and mappings.

    A text that is exactly one expression becomes its native value; inside a longer text null is
    empty, true is `true`, lists and mappings are compact JSON. Keys stay as they are. `lenient`
    as for `evaluate`. Raises ExpressionError.
    """
    return _render(value, names, lenient, 0)


def _render(value: Any, names: Mapping[str, Any], lenient: bool, depth: int) -> Any:
    if isinstance(value, str):
        return _render_text(value, names, lenient) if OPEN in value else value
    if depth > MAX_VALUE_DEPTH:
        raise ExpressionError(f"The value is nested more than {MAX_VALUE_DEPTH} deep.")
    if isinstance(value, Mapping):
        return {key: _render(value[key], names, lenient, depth + 1) for key in value}
    if isinstance(value, list | tuple):
        return [_render(item, names, lenient, depth + 1) for item in value]
    return value


def _render_text(text: str, names: Mapping[str, Any], lenient: bool) -> Any:
    budget = Budget()
    source = whole(text)
    if source is not None:
        return evaluate_within(source, names, budget, lenient=lenient)
    pieces = []
    for part in split(text):
        if isinstance(part, Slot):
            found = evaluate_within(part.source, names, budget, lenient=lenient)
            pieces.append(as_text(found, budget))
        else:
            pieces.append(part)
    return "".join(pieces)


def texts(value: Any, location: Location = ()) -> Iterator[tuple[Location, str]]:
    """Every text at any depth of a value, with where it stands; keys are not texts."""
    if isinstance(value, str):
        yield location, value
    elif len(location) > MAX_VALUE_DEPTH:
        return
    elif isinstance(value, Mapping):
        for key in value:
            yield from texts(value[key], (*location, str(key)))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from texts(item, (*location, number))


def find_expressions(value: Any) -> list[tuple[Location, str]]:
    """Where each expression of a value stands, and its source. ExpressionError if one is open."""
    return [
        (location, part.source)
        for location, text in texts(value)
        for part in split(text)
        if isinstance(part, Slot)
    ]
