"""What expressions answer, and what they can never reach, use up or break."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.expressions import (
    ExpressionError,
    MissingValueError,
    evaluate,
    evaluate_condition,
    judge,
    parse,
)

NAMES: dict[str, Any] = {
    "inputs": {
        "a": 1,
        "b": 0,
        "c": "str",
        "l": [10, 20],
        "d": {"my-key": 5, "k": {"m": 1}, "0": "zero"},
        "n": None,
        "if": 3,
        "not": 4,
        "item": 5,
        "output": 6,
        "length": 7,
        "größe": 8,
    },
    "steps": {
        "my-step": {"output": {"f": [1, 2]}, "status": "succeeded", "skipped": False},
        "s": {"output": None, "status": "skipped", "skipped": True},
    },
    "index": 1,
    "item": {"x": "y"},
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("inputs.a and inputs.b", 0),
        ("inputs.b or inputs.c", "str"),
        ("not inputs.a and inputs.b", False),
        ("not not inputs.a", True),
        ("inputs.b or inputs.a and inputs.c", "str"),
        ("inputs.a if inputs.b else inputs.c", "str"),
        ("1 if false else 2 if false else 3", 3),
        ("inputs.l[0]", 10),
        ("inputs.l[-1]", 20),
        ("inputs.l[index]", 20),
        ("inputs.d['my-key']", 5),
        ("inputs.d[0]", "zero"),
        ("inputs.c[1]", "t"),
        ("inputs.n", None),
        ("inputs.if + inputs.not + inputs.item + inputs.output", 18),
        ("inputs.größe", 8),
        ("inputs.length", 7),
        ("inputs.l.length + inputs.c.length", 5),
        ("steps.my-step.output.f", [1, 2]),
        ("steps['my-step'].output.f[0]", 1),
        ("steps.my-step.status", "succeeded"),
        ("steps.s.skipped", True),
        ("steps.s.output", None),
        ("item.x + '!'", "y!"),
        ("1 < 2 <= 2 != 3", True),
        ("'a' < 'b'", True),
        ("1 in [1, 2] and 'k' in inputs.d and 'tr' in inputs.c", True),
        ("3 not in [1, 2]", True),
        ("[1] + [2] * 2", [1, 2, 2]),
        ("'ab' * 2", "abab"),
        ("7 // 2 + 7 % 4 - -1", 7),
        ("1 / 4", 0.25),
        ("{'a': {'b': [true, false, null]}}", {"a": {"b": [True, False, None]}}),
        (r"'it\'s' + \"\u00e9\n\"".replace('\\"', '"'), "it'sé\n"),
        ("len('abc') + len([1]) + len(inputs.d)", 7),
        ("lower('ÄB') + upper('c')", "äbC"),
        ("default(inputs.zz, 1)", 1),
        ("default(inputs.n, 1)", 1),
        ("default(inputs.n.x.y, 1)", 1),
        ("default(steps.nope.output.x, 1)", 1),
        ("default(inputs.l[9], 1)", 1),
        ("default(inputs.b, 1)", 0),
        ("contains([1, 2], 2) and contains('abc', 'b') and contains({'a': 1}, 'a')", True),
        ("contains(null, 1)", False),
        ("join(['a', 1, null, true, [1]], '-')", "a-1--true-[1]"),
        ("join([1, 2])", "1,2"),
        ("json({'b': 1, 'a': [1.5, 'x\"']})", '{"b":1,"a":[1.5,"x\\""]}'),
        ("fromjson('{\"a\": [1, 2.5, null]}').a", [1, 2.5, None]),
        ("range(3)", [0, 1, 2]),
        ("range(1, 6, 2)", [1, 3, 5]),
        ("keys(inputs.d.k)", ["m"]),
        ("\n inputs.a\n +\n 1 ", 2),
    ],
)
def test_an_expression_answers(source: str, expected: Any) -> None:
    assert evaluate(source, NAMES) == expected
    assert type(evaluate(source, NAMES)) is type(expected)


@pytest.mark.parametrize(
    "source",
    [
        "inputs.zz", "steps.nope.output", "inputs.n.x", "inputs.l[5]", "inputs.d.zz", "run.id",
        "1 / 0", "1 // 0", "1 % 0", "'a' + 1", "true + 1", "-'a'", "1 < 'a'", "null < 1",
        "[1] < [2]", "1 in 2", "1 in 'a'", "'%s' % 1", "inputs.a.x", "inputs.d[null]",
        "{1: 2}", "len(1)", "lower(1)", "join(1)", "keys([1])", "range('a')", "range(1, 2, 0)",
        "range(true)", "fromjson('nope')", "fromjson('NaN')", "fromjson(1)", "1e308 * 10",
        "inputs.l.append", "inputs.l['0']", "inputs.c.x",
    ],
)  # fmt: skip
def test_what_has_no_value_is_an_error(source: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, NAMES)
    assert caught.value.source == parse(source).source
    assert caught.value.offset is not None


def test_a_missing_key_lists_what_there_is() -> None:
    with pytest.raises(MissingValueError, match="there are: a, b"):
        evaluate("inputs.x", {"inputs": {"b": 1, "a": 2}})
    many = {f"k{n:02}": n for n in range(30)}
    with pytest.raises(MissingValueError) as caught:
        evaluate("inputs.x", {"inputs": many})
    assert caught.value.hint.endswith("k09 and 20 more")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("steps.nope.output", False),
        ("steps.nope.output.x.y", False),
        ("not steps.s.output.passed", True),
        ("inputs.n.x == null", True),
        ("${{ steps.my-step.output.f }}", True),
        ("true", True),
        ("'false'", True),
        ("[]", False),
    ],
)
def test_a_missing_step_result_reads_as_null_in_a_condition(source: str, expected: bool) -> None:
    assert evaluate_condition(source, NAMES) is expected


@pytest.mark.parametrize(
    ("source", "expected", "missing"),
    [
        ("steps.my-step.output.nope", False, ["steps.my-step.output.nope"]),
        ("not steps.my-step.output['a b'].x", True, ["steps.my-step.output['a b']"]),
        ("steps.my-step.output.f[7] or inputs.d.zz", False,
         ["steps.my-step.output.f[7]", "inputs.d.zz"]),
        ("inputs.l[inputs.a + 5] == null", True, ["inputs.l[…]"]),
        ("inputs.d.no or inputs.d.no", False, ["inputs.d.no"]),
        ("default(steps.my-step.output.nope, true)", True, []),
        ("steps.nope.output.x or steps.s.output.y", False, []),
    ],
)  # fmt: skip
def test_what_is_missing_in_a_condition_reads_as_null_and_is_told(
    source: str, expected: bool, missing: list[str]
) -> None:
    judged = judge(source, NAMES)
    assert judged.holds is expected
    assert [note.split("`")[1] for note in judged.notes] == missing
    assert all(note.endswith(".") and "reads as null" in note for note in judged.notes)


def test_a_note_says_what_there_is() -> None:
    (note,) = judge("steps.my-step.output.g", NAMES).notes
    assert note == "`steps.my-step.output.g` is not there and reads as null (there are: f)."


def test_notes_have_an_end() -> None:
    source = " or ".join(f"inputs.d.k{number}" for number in range(50))
    assert len(judge(source, NAMES).notes) == 10


def test_outside_a_condition_what_is_missing_is_an_error() -> None:
    with pytest.raises(MissingValueError):
        evaluate("steps.my-step.output.nope", NAMES, lenient=True)


@pytest.mark.parametrize("source", ["nope", "inputs.a.b", "inputs.a < 'x'", "1/0"])
def test_a_condition_that_cannot_be_answered_is_not_false(source: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate_condition(source, NAMES)


def test_only_what_is_needed_is_evaluated() -> None:
    assert evaluate("false and 1/0", {}) is False
    assert evaluate("1 or 1/0", {}) == 1
    assert evaluate("1 if true else 1/0", {}) == 1
    assert evaluate("default(1, 1/0)", {}) == 1
    assert evaluate("2 < 1 < 1/0", {}) is False


@pytest.mark.parametrize(
    "key", ["__class__", "__dict__", "__init__", "keys", "items", "get", "_lazy", "append", "upper"]
)
@pytest.mark.parametrize("root", ["inputs", "inputs.l", "inputs.c", "inputs.a", "inputs.d"])
def test_no_attribute_of_an_object_is_ever_reached(root: str, key: str) -> None:
    for source in (f"{root}.{key}", f"{root}['{key}']"):
        with pytest.raises(ExpressionError):
            evaluate(source, NAMES)


@pytest.mark.parametrize("thing", [datetime(2020, 1, 1), Path("/"), object(), {1}, b"x", print])
def test_what_is_not_json_cannot_come_out(thing: Any) -> None:
    for source in ("inputs.t", "inputs.t.x", "json(inputs.t)", "inputs.t == 1", "[inputs.t]"):
        with pytest.raises(ExpressionError):
            evaluate(source, {"inputs": {"t": thing}})


class _Lazy(Mapping[str, Any]):
    def __init__(self, **values: Any) -> None:
        self.values_read: list[str] = []
        self._values = values

    def __getitem__(self, key: str) -> Any:
        self.values_read.append(key)
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def test_mappings_may_be_lazy_and_only_what_is_read_is_fetched() -> None:
    steps = _Lazy(a=_Lazy(output=(1, 2)), b=_Lazy(output=3))
    assert evaluate("steps.a.output", {"steps": steps}) == [1, 2]
    assert steps.values_read == ["a"]
    assert evaluate("inputs", {"inputs": _Lazy(x=_Lazy(y=1))}) == {"x": {"y": 1}}


@pytest.mark.parametrize(
    "source",
    [
        "'x' * 10000000",
        "'x' * 999999 + 'yy'",
        "[0] * 100001",
        "[[0] * 1000] * 1000",
        "['x' * 100000] * 1000",
        "[range(100000)] * 3",
        "range(10000000000000000000000000)",
        "range(100000) + [1]",
        "[range(90000), range(90000), range(90000)]",
        "join(range(100000), 'xxxxxxxxxxxx')",
        "json(['x' * 900000, 'x' * 900000])",
        "(2 * 10000000000 // 1)" + " * 99999999999999999999" * 30,
        "fromjson('[' * 100000)",
        "fromjson('1' * 100000)",
        "[range(99999)] == [range(99999)]",
        "inputs.huge == inputs.other",
        "inputs.other in [inputs.huge]",
        "json(inputs.huge)",
        "inputs.deep == inputs.deeper",
        "json(inputs.deep)",
    ],
)
def test_work_and_size_are_bounded(source: str) -> None:
    deep: Any = []
    deeper: Any = []
    for _ in range(2000):
        deep, deeper = [deep], [deeper]
    names = {"inputs": {"huge": [[0] * 2000] * 2000, "other": [[0] * 2000] * 2000,
                        "deep": deep, "deeper": deeper}}  # fmt: skip
    began = time.process_time()
    with pytest.raises(ExpressionError):
        evaluate(source, names)
    assert time.process_time() - began < 30  # CPU seconds


def test_a_large_value_passes_through_without_a_copy() -> None:
    value = list(range(500_000))
    assert evaluate("inputs.x", {"inputs": {"x": value}}) is value


_LEAVES = st.one_of(
    st.integers(-50, 50).map(str),
    st.sampled_from(["True", "False", "None", "'a'", "'bc'", "1.5", "[]", "[1, 2]", "{'k': 1}"]),
)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.sampled_from(
        [
            "+",
            "-",
            "*",
            "/",
            "//",
            "%",
            "==",
            "!=",
            "<",
            "<=",
            ">",
            ">=",
            "and",
            "or",
            "in",
            "not in",
        ]
    )
    return st.one_of(
        st.tuples(inner, binary, inner).map(lambda each: f"({each[0]} {each[1]} {each[2]})"),
        st.tuples(inner, binary, inner, binary, inner).map(" ".join).map(lambda s: f"({s})"),
        inner.map(lambda each: f"(not {each})"),
        inner.map(lambda each: f"(-{each})"),
        st.tuples(inner, inner, inner).map(lambda each: f"({each[0]} if {each[1]} else {each[2]})"),
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]"),
        inner.map(lambda each: f"len({each})"),
    )


@given(st.recursive(_LEAVES, _compound, max_leaves=8))
def test_what_is_answered_is_what_python_answers(source: str) -> None:
    try:
        ours = evaluate(source, {})
    except ExpressionError:
        return  # stricter than Python: true is no number, lists have no order
    try:
        theirs = eval(source, {"__builtins__": {"len": len}})
    except TypeError as refused:
        if "unhashable" not in str(refused):
            raise
        return  # Python cannot even ask whether a list is a key
    assert ours == theirs
    assert type(ours) is type(theirs)


@pytest.mark.parametrize("what", ["[]", "[1]", "{}", "{'k': 1}"])
def test_a_list_or_an_object_is_no_key(what: str) -> None:
    assert evaluate(f"{what} in {{'k': 1}}", {}) is False
    assert evaluate(f"{what} not in {{'k': 1}}", {}) is True
