"""What had not begun, beside the decisions of a plan."""

import pytest

from runs.projections.plan_beside import later, rows_beside

COUNTED = {"path": "each", "run": 4, "unknown": 1, "because": "never ran", "is_open": False}
OPEN = {"path": "until", "run": 0, "unknown": 0, "because": "its condition", "is_open": True}
BOTH = {"path": "call", "run": 2, "unknown": 3, "because": "a list", "is_open": True}


@pytest.mark.parametrize(
    ("action", "rows"),
    [
        ("run", [("each", "never ran: 4 steps"), ("call", "a list: 2 steps")]),
        ("unknown", [("each", "never ran: 1 step"), ("until", "its condition"),
                     ("call", "a list")]),
        ("reuse", []),
    ],
)  # fmt: skip
def test_each_stands_in_its_group_and_what_is_open_without_a_number(
    action: str, rows: list[tuple[str, str]]
) -> None:
    assert list(rows_beside([COUNTED, OPEN, BOTH], action)) == rows


def test_what_is_open_is_more_that_nobody_can_count() -> None:
    assert later([COUNTED]) == ""
    assert later([COUNTED, OPEN]) == "and more in `until`"
    assert later([OPEN, BOTH]) == "and more in 2 places"
