"""Canonical JSON: equal values have one digest, other values another; what is not JSON is named."""

import json
from decimal import Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.canonical import canonical, digest, to_json_value
from runs.errors import NotJson

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(VALUES)
def test_json_is_a_round_trip_with_one_digest(value: Any) -> None:
    plain = to_json_value(value)
    back = json.loads(json.dumps(plain))
    assert back == plain
    assert digest(back) == digest(plain)
    assert to_json_value(plain) == plain


@given(st.dictionaries(st.text("abcdef", max_size=4), st.integers(), max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), ([1.0, 2], [1, 2.0]), ({"a": 0.0}, {"a": 0}), ({"b": 1, "a": 2}, {"a": 2, "b": 1})],
)
def test_the_same_value_has_one_digest(one: Any, other: Any) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        ("1", 1),
        (None, "null"),
        ([], {}),
        ([1, 2], [2, 1]),
        ("\u00e9", "e\u0301"),
    ],
)
def test_other_values_have_other_digests(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)


def test_no_white_space_and_utf_8() -> None:
    assert canonical({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'.encode()


class Colour(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


def test_what_behaves_like_json_becomes_json() -> None:
    given_ = {"a": (1, 2), "b": MappingProxyType({"c": Colour.RED}), "n": Number.ONE}
    plain = to_json_value(given_)
    assert plain == {"a": [1, 2], "b": {"c": "red"}, "n": 1}
    assert type(plain["b"]) is dict
    assert type(plain["b"]["c"]) is str
    assert type(plain["n"]) is int


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({1, 2}, "output"),
        ({"rows": [1, 2, object()]}, "output.rows[2]"),
        ({"a": {"b": b"bytes"}}, "output.a.b"),
        ([float("nan")], "output[0]"),
        ([float("inf")], "output[0]"),
        ({"a": {1: "x"}}, "output.a"),
        ("nul \0", "output"),
        ("lone \ud800", "output"),
    ],
)
def test_what_is_not_json_is_named_by_its_path(value: Any, where: str) -> None:
    with pytest.raises(NotJson) as caught:
        to_json_value(value)
    assert caught.value.where == where
    assert caught.value.message.startswith(f"{where} is ")


def test_a_list_inside_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NotJson, match="nested deeper"):
        to_json_value(endless)


@pytest.mark.parametrize("number", [1e16, -3e16, 1e22, 1.5e300, 2.0**60, 1.7976931348623157e308])
def test_a_large_float_has_the_digest_of_what_jsonb_makes_of_it(number: float) -> None:
    assert digest(number) == digest(int(Decimal(repr(number))))
