"""How much of the large walks one session does: `make matrix` does all of it.

`make test` has to end within ten minutes on two cores, so it walks every row and every column of a
matrix, but only every second pair of them, and tries fewer examples of a property.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

Row = TypeVar("Row")
Column = TypeVar("Column")
ALL = os.environ.get("MAVERICK_TEST_ALL") == "1"


def pairs(
    rows: Sequence[Row], columns: Sequence[Column], every: int = 2
) -> list[tuple[Row, Column]]:
    """All pairs, or every second one like the fields of one colour of a chess-board."""
    return [
        (row, column)
        for i, row in enumerate(rows)
        for j, column in enumerate(columns)
        if ALL or (i + j) % every == 0
    ]


def many(number: int, fewer: int) -> int:
    """How many there are of what is dear: the figure that is promised, or fewer."""
    return number if ALL else fewer


def examples(number: int) -> int:
    """How many examples Hypothesis tries of a property that is dear."""
    return number if ALL else max(25, number // 3)
