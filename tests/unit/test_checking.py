"""Assertions: read with their faults' places, and held against outputs."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.definition.assertions import (
    Assertions,
    Rule,
    parse_assertions,
    parse_place,
    place_text,
    stored_assertions,
)
from runs.planning.checking import check_output, same


def test_the_example_of_the_docs_reads_without_a_fault() -> None:
    page = (Path(__file__).parents[2] / "docs" / "golden.md").read_text()
    example = page.partition("```yml\n")[2].partition("```")[0]
    parsed = parse_assertions(example)
    assert parsed.problems == ()
    assert len(parsed.rules) == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-3, 3) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


def rule(text: str) -> Rule:
    parsed = parse_assertions("nodes:\n  a:\n" + text)
    assert parsed.problems == ()
    found = parsed.rule_for("a")
    assert found is not None
    return found


def told(expected, actual, text: str | None = None) -> list[str]:
    findings = check_output(expected, actual, None if text is None else rule(text))
    return [f"{one.kind} {one.at} {one.message}" for one in findings]


def test_without_a_rule_outputs_must_be_equal() -> None:
    base = {"a": 1, "b": [{"c": "x"}], "gone": True}
    now = {"a": 1.0, "b": [{"c": "y"}], "new": 0}
    assert told(base, base) == []
    assert told(base, now) == [
        "equal b.0.c is not equal", "equal gone is missing", "equal new is not in the baseline",
    ]  # fmt: skip
    assert told([1], [1, 2]) == ["equal  has 2 items, not 1"]
    assert told(1, True) == ["equal  is not equal"]


def test_ignored_places_do_not_count() -> None:
    base = {"at": 1, "rows": [{"id": 1, "v": "x"}, {"id": 2, "v": "y"}]}
    now = {"at": 2, "rows": [{"id": 8, "v": "x"}, {"id": 9, "v": "z"}]}
    assert told(base, now, "    ignore: [at, rows.*.id]\n") == ["equal rows.1.v is not equal"]
    assert told(base, now, "    ignore: [at, rows]\n") == []


def test_equal_may_name_places() -> None:
    base, now = {"v": 1, "w": 2}, {"v": 1, "w": 3}
    assert told(base, now, "    equal: [v]\n") == []
    assert told(base, now, "    equal: [w]\n") == ["equal w is not equal"]
    assert told(base, {"w": 2}, "    equal: v\n") == ["equal v is missing"]


def test_a_subset_may_have_more() -> None:
    base = {"a": 1, "rows": [1]}
    assert told(base, {"a": 1, "b": 2, "rows": [1, 2]}, "    subset: true\n") == []
    assert told(base, {"b": 2, "rows": []}, "    subset: true\n") == [
        "subset a is missing", "subset rows.0 is missing",
    ]  # fmt: skip
    assert told(base, {"ok": True, "x": 1}, "    subset: {ok: true}\n") == []


def test_a_schema_a_pattern_and_a_band() -> None:
    assert told(None, {"n": 1}, "    schema: {type: object, required: [n]}\n") == []
    assert told(None, {}, "    schema: {type: object, required: [n]}\n") == [
        'schema  the value: "n" is a required property'
    ]
    assert told(None, {"s": "Fixed it"}, '    regex: {s: "^Fixed"}\n') == []
    assert told(None, {"s": "Broke it"}, '    regex: {s: "^Fixed"}\n') == [
        "regex s does not match ^Fixed"
    ]
    assert told(None, {"s": 1}, '    regex: {s: "x"}\n') == ["regex s is no text"]
    assert told(None, {}, '    regex: {s: "x"}\n') == ["regex s is missing"]
    assert told({"n": 100}, {"n": 109}, "    band: {n: 10%}\n") == []
    assert told({"n": 100}, {"n": 111}, "    band: {n: 10%}\n") == [
        "band n is not within 90 to 110"
    ]
    assert told({"n": 100}, {"n": 98}, "    band: {n: 3}\n") == []
    assert told({}, {"n": 0.7}, "    band: {n: [0.8, null]}\n") == ["band n is not within 0.8 to …"]
    assert told({}, {"n": 5}, "    band: {n: 1}\n") == [
        "band n has no number in the baseline to be near to"
    ]
    assert told({"l": [1, 2]}, {"l": [1, 9]}, "    band: {l.*: 1}\n") == [
        "band l.1 is not within 1 to 3"
    ]


def test_who_asserts_something_particular_does_not_ask_for_equality() -> None:
    assert told({"n": 1, "x": 1}, {"n": 1, "x": 2}, "    band: {n: 1}\n") == []
    assert told({"n": 1, "x": 1}, {"n": 1, "x": 2}, "    {band: {n: 1}, equal: true}\n") == [
        "equal x is not equal"
    ]


def test_the_exact_path_comes_before_the_first_pattern_that_fits() -> None:
    parsed = parse_assertions(
        'nodes:\n  "fix[*]/review": ignore\n  "fix[1]/review": {equal: [v]}\n  "**": {subset: true}\n'
    )
    found = [parsed.rule_for(path) for path in ("fix[0]/review", "fix[1]/review", "fix[0]/x/y")]
    assert [one.pattern for one in found if one] == ["fix[*]/review", "fix[1]/review", "**"]
    assert parse_assertions("nodes: {a*: ignore}").rule_for("b/a1") is None


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("nodes:\n  a:\n    equals: true\n", (3, 5), "D601"),
        ("nodes:\n  a:\n    regex: {s: '['}\n", (3, 16), "D603"),
        ("nodes:\n  a:\n    regex: {s: '(?=a)b'}\n", (3, 16), "D603"),
        ("nodes:\n  a:\n    regex: {s: '(a)\\1'}\n", (3, 16), "D603"),
        ("nodes:\n  a:\n    regex: {s: '((a{99}){99}){99}'}\n", (3, 16), "D603"),
        ("nodes:\n  a:\n    band: {s: [2, 1]}\n", (3, 15), "D604"),
        ("nodes:\n  a:\n    band: {s: yes}\n", (3, 15), "D604"),
        ("nodes:\n  a:\n    schema: {type: nothing}\n", (3, 13), "D602"),
        ("nodes:\n  a: 5\n", (2, 6), "D602"),
        ("nodes:\n  a:\n    ignore: {x: 1}\n", (3, 13), "D602"),
        ("steps: {}\n", (1, 1), "D601"),
        ("[]", (1, 1), "D602"),
        ("nodes: []\n", (1, 8), "D602"),
        ("nodes:\n  a: ignore\n  a: equal\n", (3, 3), "D004"),
        ("nodes: {a: [", (2, 1), "D002"),
        ("version: 2\n", (1, 10), "D602"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_its_place(text: str, place: tuple[int, int], code: str) -> None:
    problem = parse_assertions(text, file="a.yaml").problems[0]
    assert (problem.code, (problem.line, problem.column), problem.file) == (code, place, "a.yaml")
    assert parse_assertions(text).document is None


def test_what_is_kept_reads_as_what_was_given() -> None:
    text = '{"nodes": {"a": {"ignore": ["x"], "band": {"n": "5%"}}, "b": "ignore"}}'
    first = parse_assertions(text)
    assert stored_assertions(first.document).rules == first.rules
    assert stored_assertions(None) == Assertions()


def test_a_dot_in_a_name_is_escaped() -> None:
    assert parse_place("a.b\\.c.*") == ("a", "b.c", "*")
    assert place_text(("a", "b.c")) == "a.b\\.c"
    assert parse_place(".") == ()


@given(JSON)
def test_a_value_is_equal_to_itself_and_its_own_subset(value) -> None:
    assert check_output(value, value, None) == []
    assert check_output(value, value, rule("    subset: true\n")) == []


@given(JSON, JSON)
def test_equality_holds_exactly_when_nothing_is_found(a, b) -> None:
    assert same(a, b) == same(b, a)
    assert (check_output(a, b, None) == []) == same(a, b)


# Each of them keeps an engine that tries one way after another busy for longer than the sun shines,
# or (the last two) for minutes; the time is for a machine that has other things to do as well.
@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("^(a+)+$", "a" * 50_000 + "b"),
        ("^(a|a)*$", "a" * 50_000 + "b"),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 100_000),
        ("(.*)(.*)(.*)x", "a" * 100_000),
        ("(?:a|b)*a(?:a|b){500}c", "aababbbaba" * 10_000),
    ],
)
def test_no_pattern_takes_longer_than_its_text_is_long(expression: str, text: str) -> None:
    started = time.monotonic()
    assert told(None, text, f"    regex: '{expression}'\n") == [
        f"regex  does not match {expression}"
    ]
    assert time.monotonic() - started < 10


def test_patterns_look_at_so_much_text_and_no_more() -> None:
    long = {"s": "a" * 150_000 + "b"}
    assert told(None, long, "    regex: {s: b}\n") == ["regex s does not match b"]
    many = {"s": ["a" * 100_000] * 11}
    assert told(None, many, "    regex: {'s.*': a}\n") == [
        "regex s.10 is not looked at: the texts are longer than 1,000,000 characters together"
    ]


def test_a_step_path_full_of_stars_is_held_against_a_path_at_once() -> None:
    started = time.monotonic()
    for star in ("*", "**"):
        pattern = f"{star}a" * 60 + "b"
        assert not Rule(pattern).fits("a" * 4000)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("pattern", "fits", "not_"),
    [
        ("fix[*]/review", ["fix[1]/review", "fix[]/review"], ["fix[1/2]/review", "xfix[1]/review"]),
        ("**/a b", ["x/y/a b", "/a b"], ["a b", "x/a bc"]),
        ("a.b|c^d$", ["a.b|c^d$"], ["axb", "c^d$"]),
        ("**", ["", "a\nb", "a/b"], []),
        ("*", ["", "a\nb", "ä{#}&&~-\\"], ["a/b"]),
    ],
)
def test_stars_of_a_step_path(pattern: str, fits: list[str], not_: list[str]) -> None:
    assert [path for path in fits if not Rule(pattern).fits(path)] == []
    assert [path for path in not_ if Rule(pattern).fits(path)] == []


@given(st.text(max_size=20), st.text(max_size=5))
def test_a_step_path_without_stars_fits_itself_alone(path: str, more: str) -> None:
    path = path.replace("*", "")
    assert Rule(path).fits(path)
    assert Rule(path).fits(path + more) == (more == "")
