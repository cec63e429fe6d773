"""Where two JSON values differ: laws for all of them, and how a few are told."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runs.json_diff import Difference, differences, same

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text('ab. "[', max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
TURNED = {"added": "removed", "removed": "added", "changed": "changed"}


@given(JSON)
def test_a_value_differs_nowhere_from_itself(value: Any) -> None:
    assert list(differences(value, value)) == []


@given(JSON, JSON)
def test_the_other_way_round_it_is_the_same_list_turned(before: Any, after: Any) -> None:
    there = {(d.path, d.kind) for d in differences(before, after)}
    back = {(d.path, TURNED[d.kind]) for d in differences(after, before)}
    assert there == back
    assert same(before, after) is not bool(there)


@given(JSON, JSON)
def test_no_path_is_told_twice(before: Any, after: Any) -> None:
    told = [(d.path, d.kind) for d in differences(before, after)]
    assert len(told) == len(set(told))


def test_paths_are_told_as_expressions_write_them() -> None:
    before = {"config": {"region": "eu", "old": 1}, "list": [1, 2, 3], "odd key": 1}
    after = {"config": {"region": "us", "new": 2}, "list": [0, 1, 2, 3], "odd key": 1.0}
    assert list(differences(before, after)) == [
        Difference("config.new", "added", None, 2),
        Difference("config.old", "removed", 1, None),
        Difference("config.region", "changed", "eu", "us"),
        Difference("list[0]", "added", None, 0),
        Difference('["odd key"]', "changed", 1, 1.0),
    ]


def test_a_value_is_compared_as_deep_as_it_is() -> None:
    deep: Any = [1, 1]
    other: Any = [2, 2]
    for _ in range(200):
        deep, other = [0, deep], [0, other]
    assert [d.path for d in differences(deep, other)] == ["[1]" * 200 + "[0]", "[1]" * 201]
