"""Texts, lists and mappings with expressions inside."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.expressions import ExpressionError, evaluate, find_expressions, render, split

NAMES = {"inputs": {"l": [1, {"a": "ü"}], "n": None, "t": True, "s": "text", "f": 1.5}}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("${{ inputs.l }}", [1, {"a": "ü"}]),
        ("  ${{ inputs.l }}\n", [1, {"a": "ü"}]),
        ("${{ inputs.n }}", None),
        ("${{\n  inputs.t\n}}\n", True),
        ("<${{ inputs.n }}>", "<>"),
        ("<${{ inputs.t }}|${{ inputs.f }}>", "<true|1.5>"),
        ("l=${{ inputs.l }}", 'l=[1,{"a":"ü"}]'),
        ("${{ inputs.s }}${{ inputs.s }}", "texttext"),
        ("a ${{ inputs.s\n  + '!' }} b", "a text! b"),
        ("$${{ inputs.s }}", "${{ inputs.s }}"),
        ("$${{ a }} ${{ inputs.s }}", "${{ a }} text"),
        ("${{ '}}' }}", "}}"),
        ("x${{ '}} ${{ y }}' }}", "x}} ${{ y }}"),
        ("${{ {'a': {'b': 1}}}}", {"a": {"b": 1}}),
        ("{{ inputs.s }} ${ inputs.s } $", "{{ inputs.s }} ${ inputs.s } $"),
        ("", ""),
        (
            {"k": ["${{ inputs.s }}", 1, None], "${{ x }}": True},
            {"k": ["text", 1, None], "${{ x }}": True},
        ),
        (("${{ inputs.s }}",), ["text"]),
    ],
)
def test_a_template_is_filled_in(template: Any, expected: Any) -> None:
    assert render(template, NAMES) == expected


@given(st.text(), st.text(), st.text())
def test_what_an_expression_answered_is_never_evaluated_again(
    value: str, before: str, after: str
) -> None:
    before, after = before.replace("$", ""), after.replace("$", "")
    names = {"inputs": {"x": value + "${{ inputs.secret }}", "secret": "!!"}}
    assert render(f"{before}<${{{{ inputs.x }}}}>{after}", names) == (
        f"{before}<{value}${{{{ inputs.secret }}}}>{after}"
    )


@given(st.text(alphabet="ab$ }'\"\n"))
def test_a_text_without_an_opening_stays_as_it_is(text: str) -> None:
    assert render(text, {}) == text


@given(st.text())
def test_an_escaped_text_comes_out_as_it_went_in(text: str) -> None:
    text = text.replace("$", "")
    assert render(f"{text}$${{{{{text}", {}) == f"{text}${{{{{text}"


@given(st.text(alphabet="${}'\\ ai.", max_size=40))
def test_any_text_splits_or_is_refused(text: str) -> None:
    try:
        split(text)
    except ExpressionError as error:
        assert "never closed" in error.message  # noqa: PT017


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(_JSON)
def test_json_and_fromjson_are_a_round_trip(value: Any) -> None:
    assert evaluate("fromjson(json(inputs.x))", {"inputs": {"x": value}}) == value


@given(_JSON)
def test_a_whole_value_keeps_its_type(value: Any) -> None:
    assert render("${{ inputs.x }}", {"inputs": {"x": value}}) == value


def test_expressions_are_found_with_their_places() -> None:
    value = {"a": ["x ${{ inputs.a }} ${{ b }}", {"c": "${{ d }}"}], "e": "$${{ f }}", "g": 1}
    assert find_expressions(value) == [
        (("a", 0), "inputs.a"),
        (("a", 0), "b"),
        (("a", 1, "c"), "d"),
    ]


def test_an_expression_that_is_never_closed_is_an_error() -> None:
    for text in ("${{ inputs.a", "${{ '}}", "${{ {'a': 1 }}"):
        with pytest.raises(ExpressionError, match="never closed"):
            render(text, NAMES)
