"""No secret is written, whatever it is wrapped in."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.masking import MASK, Masker, SecretNames

SECRET = "s3cr3t-pa55"
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=6) | st.just(SECRET) | st.just(f"x{SECRET}y"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4) | st.just(SECRET), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(JSON)
def test_a_secret_is_found_at_any_depth(value: Any) -> None:
    masked = Masker([SECRET]).value(value)
    assert SECRET not in json.dumps(masked, ensure_ascii=False)


def test_everything_else_stays() -> None:
    value = {"a": [1, 2.5, None, True, "text"], "b": {"c": "d"}}
    assert Masker([SECRET]).value(value) == value


def test_the_longer_secret_goes_first() -> None:
    assert Masker(["abcd", "abcdef"]).text("abcdef abcd") == f"{MASK} {MASK}"


def test_secrets_inside_lists_and_mappings_are_learned() -> None:
    masker = Masker([{"user": "someone", "tokens": ["first-token", "second-token"]}])
    assert masker.text("first-token/second-token/someone") == f"{MASK}/{MASK}/{MASK}"


def test_a_number_that_is_a_secret_is_taken_out() -> None:
    assert Masker([123456]).value({"pin": 123456, "n": 7}) == {"pin": MASK, "n": 7}


def test_what_is_too_short_would_blank_out_everything() -> None:
    assert Masker(["a", "", None, True]).text("a banana is true") == "a banana is true"


@pytest.mark.parametrize(
    "key",
    ["password", "DB_PASSWORD", "api_key", "apiKey", "api-key", "client_secret", "Authorization"],
)
def test_some_keys_are_secret_by_name(key: str) -> None:
    assert Masker().value({key: "anything", "list": [{key: 5}]}) == {
        key: MASK,
        "list": [{key: MASK}],
    }


@pytest.mark.parametrize("key", ["passwords_changed", "secretary", "tokens", "key", "author"])
def test_other_keys_are_not(key: str) -> None:
    assert Masker().value({key: "anything"}) == {key: "anything"}


def test_a_secret_that_is_asked_for_is_known_from_then_on() -> None:
    masker = Masker()
    names = SecretNames({"TOKEN": SECRET, "OTHER": "never-asked"}, masker)
    assert names["TOKEN"] == SECRET
    assert masker.text(f"{SECRET} never-asked") == f"{MASK} never-asked"
    with pytest.raises(KeyError):
        names["NOBODY"]
