"""Expressions answer what Python answers to the same text, over the names of a workflow.

The texts are made by kind, so that nearly all of them have a value: Python's own `eval` is the
reference, with our functions and names as its names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from runs.expressions import ExpressionError, evaluate, judge, render
from tests.thorough import examples

often = settings(
    max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

LIST = [3, "a", None, True, [1], {"k": 2}]
NAMES: dict[str, Any] = {
    "inputs": {"n": 7, "m": -2, "t": "Hello", "e": "", "yes": True, "no": False, "l": LIST,
               "d": {"a": 1, "b": [10, 20]}, "nothing": None},
    "steps": {"plan": {"output": {"count": 3, "name": "Bob", "ok": False, "list": [5, 6]},
                       "status": "succeeded", "skipped": False}},
    "item": {"id": 42, "tags": ["x", "y"]},
    "index": 2,
}  # fmt: skip


class Seen(dict[str, Any]):
    """A mapping whose keys Python reads behind a dot, as our language does."""

    def __getattr__(self, key: str) -> Any:
        return self[key]


def seen(value: Any) -> Any:
    if isinstance(value, dict):
        return Seen({key: seen(each) for key, each in value.items()})
    return [seen(each) for each in value] if isinstance(value, list) else value


def contains(whole: Any, part: Any) -> bool:
    return whole is not None and part in whole


REFERENCE: dict[str, Any] = {
    **{name: seen(value) for name, value in NAMES.items()},
    "__builtins__": {},
    "true": True, "false": False, "null": None,
    "len": len, "lower": str.lower, "upper": str.upper, "contains": contains,
    "join": lambda items, separator=",": separator.join(map(str, items)),
    "json": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    "fromjson": json.loads,
    "range": lambda *bounds: list(range(*bounds)),
    "keys": list,
    "default": lambda value, other: other if value is None else value,
}  # fmt: skip


def calls(name: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*arguments).map(lambda given: f"{name}({', '.join(given)})")


def joined(left: Any, operators: str, right: Any) -> st.SearchStrategy[str]:
    signs = st.sampled_from(operators.split())
    return st.tuples(left, signs, right).map(lambda three: f"({' '.join(three)})")


def ternary(value: Any) -> st.SearchStrategy[str]:
    return st.tuples(value, TRUTHS, value).map(lambda v: f"({v[0]} if {v[1]} else {v[2]})")


NUMBERS: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.integers(-20, 20).map(lambda n: f"({n})" if n < 0 else str(n)),
        st.sampled_from(
            ["1.5", "0.25", "inputs.n", "inputs.m", "steps.plan.output.count", "item.id", "index",
             "inputs.d.a", "inputs.d['b'][1]", "inputs.l[0]", "inputs['n']", "inputs.d.b[-1]",
             "steps['plan'].output.list[index - 1]"]
        ),
        joined(NUMBERS, "+ - * // % /", NUMBERS),
        NUMBERS.map(lambda n: f"(-{n})"),
        calls("len", TEXTS | LISTS),
        calls("default", st.just("inputs.nothing") | NUMBERS, st.just("4")),
        ternary(NUMBERS),
    )
)  # fmt: skip
TEXTS: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.sampled_from(
            ["'a'", '"b c"', "''", "'it\\'s'", "'ä\\n'", "inputs.t", "inputs.e", "inputs.l[1]",
             "steps.plan.output.name", "steps.plan.status", "inputs.t[0]", "item.tags[1]"]
        ),
        joined(TEXTS, "+", TEXTS),
        calls("lower", TEXTS),
        calls("upper", TEXTS),
        calls("join", st.lists(TEXTS, max_size=2).map(listed), TEXTS),
        calls("json", VALUES),
        ternary(TEXTS),
        st.tuples(TEXTS, st.integers(-1, 3)).map(lambda both: f"({both[0]} * {both[1]})"),
    )
)  # fmt: skip
TRUTHS: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.sampled_from(
            ["true", "false", "True", "inputs.yes", "inputs.no", "steps.plan.output.ok",
             "steps.plan.skipped"]
        ),
        joined(NUMBERS, "< <= > >= == !=", NUMBERS),
        joined(TEXTS, "< <= > >= == !=", TEXTS),
        st.tuples(NUMBERS, NUMBERS, NUMBERS).map(lambda n: f"({n[0]} < {n[1]} <= {n[2]})"),
        joined(VALUES, "== !=", VALUES),
        joined(VALUES, "in", LISTS),
        st.tuples(TEXTS, TEXTS).map(lambda both: f"({both[0]} not in {both[1]})"),
        calls("contains", LISTS, VALUES),
        calls("contains", TEXTS, TEXTS),
        VALUES.map(lambda value: f"(not {value})"),
    )
)  # fmt: skip
LISTS: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["inputs.l", "inputs.d.b", "item.tags", "steps.plan.output['list']", "[]"]),
        st.lists(VALUES, max_size=3).map(listed),
        joined(LISTS, "+", LISTS),
        calls("range", st.integers(-3, 6).map(str)),
        calls("range", st.integers(0, 3).map(str), st.integers(0, 9).map(str), st.sampled_from("123")),
        calls("keys", st.just("inputs.d") | st.just("{'x': 1, 'y': 2}")),
        ternary(LISTS),
    )
)  # fmt: skip
VALUES: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        NUMBERS,
        TEXTS,
        TRUTHS,
        LISTS,
        st.sampled_from(["null", "None", "inputs.nothing", "inputs.d", "{'k': [1, {'z': null}]}"]),
        joined(VALUES, "and or", VALUES),
        st.tuples(TEXTS, VALUES).map(lambda pair: f"{{{pair[0]}: {pair[1]}}}"),
        calls("fromjson", calls("json", VALUES)),
    )
)


def listed(items: list[str]) -> str:
    return f"[{', '.join(items)}]"


def python(source: str) -> Any:
    """What Python answers; ExpressionError stands for every way of not answering."""
    try:
        return eval(source, dict(REFERENCE))
    except (ZeroDivisionError, OverflowError, TypeError, IndexError, KeyError) as error:
        raise ExpressionError(str(error)) from None


def plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def both_answer(source: str) -> Any:
    """Ours and Python's answer are one; or neither has one."""
    try:
        expected = plain(python(source))
    except ExpressionError:
        expected = ExpressionError
    told = ""
    try:
        found = evaluate(source, NAMES)
    except ExpressionError as error:
        told = str(error)
    if told:
        # Stricter than Python: truth is no number, order is between like and like, bounds.
        strict = ("a truth value", "cannot compare", "cannot contain", "too large", "more than")
        assert expected is ExpressionError or any(part in told for part in strict), (source, told)
        assume(False)
    assert expected is not ExpressionError, (source, found)
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True), source
    return found


@often
@given(VALUES)
def test_a_value_is_what_python_makes_of_the_same_text(source: str) -> None:
    both_answer(source)


@often
@given(TRUTHS)
def test_a_condition_holds_where_python_says_true(source: str) -> None:
    answer = both_answer(source)
    assert judge(source, NAMES).holds is bool(answer)
    assert judge(f"${{{{ {source} }}}}", NAMES) == judge(source, NAMES)


@often
@given(TEXTS, VALUES)
def test_a_text_with_expressions_is_made_of_their_values(text: str, value: str) -> None:
    first, second = both_answer(text), both_answer(value)
    rendered = render({"whole": [f"${{{{ {value} }}}}"], "in": f"<${{{{ {text} }}}}>"}, NAMES)
    assert json.dumps(rendered["whole"][0]) == json.dumps(second)
    assert rendered["in"] == f"<{first}>"


@given(st.sampled_from(["inputs", "steps.plan.output", "item", "inputs.l", "inputs.t", "1.5"]),
       st.sampled_from(["__class__", "__dict__", "mro", "format", "keys", "append", "real", "x"]))  # fmt: skip
def test_nothing_of_python_is_behind_a_dot(owner: str, name: str) -> None:
    try:
        evaluate(f"({owner}).{name}", NAMES)
    except ExpressionError:
        return
    raise AssertionError(f"{owner}.{name} has a value")


def test_no_attribute_of_an_object_is_reached() -> None:
    try:
        evaluate("item.secret", {"item": SimpleNamespace(secret=1)})
    except ExpressionError:
        return
    raise AssertionError("an attribute was read")
