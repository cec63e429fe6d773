"""How large an expression, its work and its results may be.

An expression is written by whoever can hand in a workflow, so nothing about it may take long or
grow large: every limit is checked before the work is done, not after.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs.expressions.errors import ExpressionError

MAX_SOURCE = 4_000  # characters of one expression
MAX_DEPTH = 40  # nesting of its tree
MAX_NODES = 500  # nodes of its tree
MAX_STEPS = 200_000  # units of work of one evaluation: nodes visited, items made or compared
MAX_TEXT = 1_000_000  # characters of a text that an expression makes
MAX_ITEMS = 100_000  # items of a list that an expression makes
MAX_INTEGER_BITS = 1_024
CHARACTERS_PER_STEP = 100  # making text costs work too
MAX_VALUE_DEPTH = 100  # nesting of a value that is turned into text, compared or copied


class Budget:
    """The work that one evaluation has left."""

    __slots__ = ("left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Take `steps` units; ExpressionError when there are not that many left."""
        self.left -= steps
        if self.left < 0:
            raise ExpressionError(
                f"The expression takes more than {MAX_STEPS} steps.",
                hint="let an action do the heavy work",
            )

    def spend_text(self, length: int) -> None:
        """Pay for a text of `length` characters that is about to be made."""
        if length > MAX_TEXT:
            raise ExpressionError(f"The text would have more than {MAX_TEXT} characters.")
        self.spend(1 + length // CHARACTERS_PER_STEP)

    def spend_items(self, count: int) -> None:
        """Pay for a list of `count` items that is about to be made."""
        if count > MAX_ITEMS:
            raise ExpressionError(f"The list would have more than {MAX_ITEMS} items.")
        self.spend(1 + count)


def checked_integer(value: int) -> int:
    """The same integer, or ExpressionError if it is too large to be worked with."""
    if value.bit_length() > MAX_INTEGER_BITS:
        raise ExpressionError(f"The number has more than {MAX_INTEGER_BITS} bits.")
    return value


def measure(value: Any, budget: Budget) -> tuple[int, int]:
    """(items at every depth, characters at every depth) of a value, paying for each item.

    Counted as if written out: a list that is contained twice counts twice.
    """
    items = characters = 0
    todo = [value]
    while todo:
        current = todo.pop()
        items += 1
        budget.spend()
        if isinstance(current, str):
            characters += len(current)
        elif isinstance(current, Mapping):
            for key in current:
                characters += len(str(key))
                todo.append(current[key])
        elif isinstance(current, list | tuple):
            budget.spend(len(current))
            todo.extend(current)
    return items, characters
