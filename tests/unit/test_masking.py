"""No secret is written, whatever it is wrapped in."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.masking import MASK, Masker, SecretNames, StreamMasker

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


def test_secrets_that_overlap_leave_nothing_of_either() -> None:
    assert Masker(["12abcd", "abcd34"]).text("_12abcd34_") == f"_{MASK}_"


def test_each_line_of_a_secret_of_many_lines_is_one() -> None:
    key = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\n-----END KEY-----\n"
    masker = Masker([key])
    assert masker.text(key) == MASK
    assert masker.text("  MIIEpAIBAAKCAQEA\r\n") == f"  {MASK}\r\n"
    assert masker.value({"lines": key.splitlines()}) == {"lines": [MASK, MASK, MASK]}


def test_a_secret_is_known_without_the_line_end_of_the_file_it_came_from() -> None:
    assert Masker(["t0ken\n"]).text("t0ken; t0ken\n") == f"{MASK}; {MASK}"


def test_short_lines_of_a_secret_would_blank_out_ordinary_words() -> None:
    assert Masker(["{\n  true\n}"]).text("true") == "true"


# Few letters, so that secrets begin in each other, overlap, and stand at every border.
LETTERS = st.text("ab\n", min_size=4, max_size=7)


@given(st.lists(LETTERS, max_size=3), st.lists(st.text("ab\nc", max_size=9), max_size=9))
def test_a_text_in_pieces_is_masked_as_if_it_came_at_once(
    secrets: list[str], pieces: list[str]
) -> None:
    masker = Masker(secrets)
    stream = StreamMasker(masker)
    fed = [stream.feed(piece) for piece in pieces]
    assert "".join([*fed, stream.end()]) == masker.text("".join(pieces))


@given(st.lists(st.text("ab", min_size=4, max_size=7), max_size=3), st.lists(st.text("abc")))
def test_no_more_is_held_back_than_could_begin_a_secret(
    secrets: list[str], pieces: list[str]
) -> None:
    stream = StreamMasker(Masker(secrets))
    for piece in pieces:
        stream.feed(piece)
        begun = [one for one in secrets if one.startswith(stream.held) and one != stream.held]
        assert begun or not stream.held


def test_ordinary_output_is_not_held_back() -> None:
    stream = StreamMasker(Masker([SECRET]))
    for line in ("compiling\n", "3 of 7 done\n", "no line end"):
        assert stream.feed(line) == line


def test_what_only_looked_like_a_secret_comes_when_it_is_clear_or_at_the_end() -> None:
    stream = StreamMasker(Masker([SECRET]))
    assert stream.feed("it is s3cr") == "it is "
    assert stream.feed("ewed s3cr") == "s3crewed "
    assert stream.end() == "s3cr"


def test_a_long_row_of_one_letter_is_masked_without_delay() -> None:
    stream = StreamMasker(Masker(["xxxx"]))
    text = "".join([*(stream.feed("x" * 65536) for _ in range(16)), stream.end()])
    assert text == MASK


@given(st.text("abc", max_size=60), st.integers(1, 30), st.integers(0, 60))
def test_the_end_of_a_text_has_no_part_of_a_secret_that_was_cut(
    text: str, most: int, cut_at: int
) -> None:
    masker = Masker(["abab", "bcbcbc"])
    kept = text[cut_at:]
    shown = masker.end_of(kept, most, cut=cut_at > 0)
    assert len(shown) <= most
    # Nothing is shown but the end of what a mask over the whole text shows, or a bit less of it.
    assert masker.text(text).endswith(shown)
