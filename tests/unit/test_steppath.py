"""Step paths, taken apart and put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs import steppath

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,5}", fullmatch=True)
SEGMENTS = st.tuples(NAMES, st.none() | st.integers(0, 120))


@given(st.lists(SEGMENTS, max_size=4), NAMES)
def test_a_path_is_the_way_that_leads_to_it(way: list[tuple[str, int | None]], name: str) -> None:
    scope = ""
    pattern = ""
    for container, index in way:
        inner = steppath.child(scope, container)
        pattern = steppath.child(pattern, container)
        scope = inner if index is None else steppath.turn(inner, index)
        assert steppath.split_turn(scope) == (inner, index)
    path = steppath.child(scope, name)
    assert steppath.scope_of(path) == scope
    assert steppath.is_path(path)
    assert steppath.name_of(path) == name
    assert steppath.depth(path) == len(way)
    assert steppath.pattern(path) == steppath.child(pattern, name)
    assert steppath.parent_of(path) == steppath.split_turn(scope)[0]


@pytest.mark.parametrize(
    ("path", "parent", "pattern"),
    [
        ("a", "", "a"),
        ("fix[2]/review", "fix", "fix/review"),
        ("fix[2]/try[0]/x", "fix[2]/try", "fix/try/x"),
        ("call/x", "call", "call/x"),
    ],
)
def test_examples(path: str, parent: str, pattern: str) -> None:
    assert steppath.parent_of(path) == parent
    assert steppath.pattern(path) == pattern


def test_turn_ten_comes_after_turn_nine() -> None:
    paths = [f"l[{n}]/x" for n in (10, 9, 1, 0)] + ["l"]
    assert sorted(paths, key=steppath.sort_key) == [
        "l",
        "l[0]/x",
        "l[1]/x",
        "l[9]/x",
        "l[10]/x",
    ]


ODD = [
    "/",
    "a/",
    "/a",
    "a//b",
    "../a",
    "a/./b",
    "a[x]/b",
    "a[1]",
    "a[]/b",
    "[1]/b",
    "a[-1]/b",
    "a[1234567890]/b",
]


@pytest.mark.parametrize(
    "text", [*ODD, "", "a\nb", "a\0", "a[\u0661]/b", "a/" * 200 + "a", "a" * 5000]
)
def test_what_is_no_path_is_told(text: str) -> None:
    assert not steppath.is_path(text)
