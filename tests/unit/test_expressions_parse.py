"""What may be said in an expression, and how a mistake is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.expressions import ExpressionError, Reference, condition_references, parse, references


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("inputs.a && inputs.b", "`and`"),
        ("inputs.a || inputs.b", "`or`"),
        ("!inputs.a", "`not`"),
        ("inputs.a = 1", "`==`"),
        ("inputs.a is null", "`==`"),
        ("2 ** 8", "power"),
        ("inputs.a | upper", "filters"),
        ("inputs.my-name", "['my-name']"),
        ("inputs.list.0", "[0]"),
        ("steps.plan", "steps.plan.output"),
        ("steps.plan.result", "steps.plan.output"),
        ("steps['my step']", "steps['my step'].output"),
        ("${{ inputs.a }} and ${{ inputs.b }}", "one `${{ … }}`"),
        ("workflow.cwd", "run"),
    ],
)
def test_a_common_mistake_gets_a_hint(source: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert hint in caught.value.hint
    assert caught.value.offset is not None


@pytest.mark.parametrize(
    "source",
    [
        "",
        "   ",
        "lambda: 1",
        "[x for x in inputs.l]",
        "inputs.l[1:2]",
        "inputs.x()",
        "len.x",
        "len(*inputs.l)",
        "default(x=1)",
        "f'{inputs.a}'",
        "b'x'",
        "{1, 2}",
        "inputs.a, inputs.b",
        "(yield)",
        "inputs.a := 1",
        "...",
        "__import__('os')",
        "open('x')",
        "'unclosed",
        "(1",
        "1)",
        "[1}",
        "len()",
        "len(1, 2)",
        "range(1, 2, 3, 4)",
        "steps",
        "secrets",
        "steps[inputs.a].output",
        "secrets[inputs.a]",
        "index.x",
        "1e999",
        "9" * 400,
        "{**inputs.d}",
        "inputs.a if inputs.b",
        "inputs.",
        ".a",
        "inputs.a inputs.b",
        "notinputs.a",
    ],
)
def test_what_is_not_in_the_language_is_refused(source: str) -> None:
    with pytest.raises(ExpressionError):
        parse(source)


@pytest.mark.parametrize(
    "source",
    [
        "(" * 60 + "1" + ")" * 60,
        "not " * 900 + "1",
        "-" * 3000 + "1",
        "[" * 41 + "]" * 41,
        "+".join(["1"] * 600),
        "1 if 1 else " * 300 + "1",
        "inputs" + ".a" * 1900,
        "x" * 4001,
        ",".join(["[1"] * 100) + "]" * 100,
    ],
)
def test_depth_size_and_length_are_bounded(source: str) -> None:
    with pytest.raises(ExpressionError):
        parse(source)


@given(st.text(max_size=80))
def test_any_text_parses_or_is_refused(source: str) -> None:
    try:
        parse(source)
    except ExpressionError as error:
        assert error.message  # noqa: PT017
        assert error.offset is None or 0 <= error.offset <= len(source)  # noqa: PT017


@given(
    st.lists(
        st.sampled_from(
            [
                "inputs",
                "steps",
                ".",
                "a",
                "output",
                "[",
                "]",
                "(",
                ")",
                "{",
                "}",
                "not",
                "if",
                "else",
                "1",
                "'x'",
                ",",
                ":",
                "+",
                "-",
                "<",
                "in",
                "len",
                "default",
                "index",
                "item",
                "secrets",
            ]
        ),
        max_size=25,
    )
)
def test_any_row_of_tokens_parses_or_is_refused(tokens: list[str]) -> None:
    try:
        parse(" ".join(tokens))
    except ExpressionError as error:
        assert error.message  # noqa: PT017


def test_parsing_is_remembered() -> None:
    assert parse("inputs.a + 1") is parse("${{ inputs.a + 1 }}")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("inputs.topic.x", {("inputs", ("topic", "x"))}),
        ("inputs['topic']['x y']", {("inputs", ("topic", "x y"))}),
        ("steps.plan.output.n[0].m", {("steps", ("plan", "output", "n", 0, "m"))}),
        ("steps.my-step.output", {("steps", ("my-step", "output"))}),
        ("steps.a.status == 'x'", {("steps", ("a", "status"))}),
        ("inputs.l[index].x", {("inputs", ("l",)), ("index", ())}),
        ("inputs.l[inputs.i]", {("inputs", ("l",)), ("inputs", ("i",))}),
        ("inputs.l.length", {("inputs", ("l",))}),
        ("keys(inputs)", {("inputs", ())}),
        (
            "default(inputs.a, item.b) if env.C else [secrets.D, {'k': run.id}]",
            {
                ("inputs", ("a",)),
                ("item", ("b",)),
                ("env", ("C",)),
                ("secrets", ("D",)),
                ("run", ("id",)),
            },
        ),
        ("1 < inputs.a < inputs.b", {("inputs", ("a",)), ("inputs", ("b",))}),
    ],
)
def test_references_are_as_deep_as_can_be_known(source: str, expected: set[object]) -> None:
    assert condition_references(source) == {Reference(*each) for each in expected}  # type: ignore[misc]


def test_references_are_found_at_every_depth_of_a_value() -> None:
    value = {"a": ["x ${{ inputs.a }} ${{ inputs.b }}", {"c": "${{ steps.s.output }}"}], "d": 1}
    assert references(value) == {
        Reference("inputs", ("a",)),
        Reference("inputs", ("b",)),
        Reference("steps", ("s", "output")),
    }
