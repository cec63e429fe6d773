"""Shape: what each field may be, and what its short forms mean."""

from __future__ import annotations

from typing import Any

import pytest

from runs.definition import CODES, Loaded, load_workflow
from runs.definition.spec import BranchStep, LoopStep, PythonStep


def load_step(body: str) -> Loaded:
    """A workflow with one step before (`first`), and this one, whose lines are given."""
    lines = "\n".join("    " + line for line in body.strip("\n").splitlines())
    return load_workflow(
        f'version: "1.0"\nname: demo\nsteps:\n  - {{name: first, type: python, action: x}}\n'
        f"  -\n{lines}\n"
    )


def step_of(body: str) -> Any:
    loaded = load_step(body)
    assert loaded.ok, [str(problem) for problem in loaded.problems]
    assert loaded.spec is not None
    return loaded.spec.steps[1]


def codes(loaded: Loaded) -> list[str]:
    return [problem.code for problem in loaded.problems]


@pytest.mark.parametrize("version", ['"1.0"', '"1.7"', "1.0", "1", "'1.12'"])
def test_version_one_is_read(version: str) -> None:
    text = f"version: {version}\nname: x\nsteps: [{{name: a, type: python, action: b}}]"
    assert load_workflow(text).ok


@pytest.mark.parametrize("version", ['"2.0"', "2", "x", "[1]", "true", '"1"', "1e300"])
def test_other_versions_are_refused(version: str) -> None:
    text = f"version: {version}\nname: x\nsteps: [{{name: a, type: python, action: b}}]"
    assert codes(load_workflow(text)) == ["D104"]


@pytest.mark.parametrize(
    ("written", "attempts", "backoff", "factor", "longest"),
    [
        ("3", 3, 1.0, 2.0, 300.0),
        ("{max_attempts: 5}", 5, 1.0, 2.0, 300.0),
        ("{max_attempts: 2, backoff: 10s}", 2, 10.0, 2.0, 300.0),
        ("{max_attempts: 2, backoff: {initial: 2m, factor: 3, max: 1h}}", 2, 120.0, 3.0, 3600.0),
        ("{max_attempts: 2, backoff: 0.5, factor: 1, max_backoff: 9}", 2, 0.5, 1.0, 9.0),
    ],
)
def test_retry_has_short_forms(
    written: str, attempts: int, backoff: float, factor: float, longest: float
) -> None:
    retry = step_of(f"name: a\ntype: python\naction: x\nretry: {written}").retry
    assert (retry.max_attempts, retry.backoff) == (attempts, backoff)
    assert (retry.factor, retry.max_backoff) == (factor, longest)


def test_the_key_on_of_retry_is_a_key() -> None:
    step = step_of("name: a\ntype: python\naction: x\nretry: {max_attempts: 2, on: timeout}")
    assert step.retry.on == ("timeout",)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("250ms", 0.25), ("1.5", 1.5), ("2d", 172800)],
)
def test_durations_are_written_as_people_write_them(written: str, seconds: float) -> None:
    assert step_of(f"name: a\ntype: shell\nrun: x\ntimeout: {written}").timeout == seconds


@pytest.mark.parametrize(
    "line",
    [
        "timeout: 0", "timeout: -1", "timeout: true", "timeout: 5x", "timeout: s", "timeout: [1]",
        "timeout: 1e300", "timeout: 9999d", "retry: 0", "retry: 101", "retry: true", "retry: 2.5",
        "retry: {max_attempts: 2, backoff: {x: 1}}", "retry: {}", "effect: often", "needs: 1",
        "needs: [[a]]", "metadata: 1", "when: 1", "when: ''", "kwargs: [1]", "args: 1", "action: ''",
        "action: 1",
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_told_with_its_line(line: str) -> None:
    base = "name: a\ntype: python\n" + ("" if line.startswith("action") else "action: x\n")
    loaded = load_step(base + line)
    assert set(codes(loaded)) <= {"D101", "D102", "D203"}
    assert loaded.errors[0].line == (8 if line.startswith("action") else 9)


def test_when_takes_a_truth_value() -> None:
    assert step_of("name: a\ntype: python\naction: x\nwhen: false").when == "false"


def test_nothing_behind_a_key_is_no_key() -> None:
    step = step_of("name: a\ntype: python\naction: x\nwhen:\nkwargs:\nneeds:\nretry:\nmetadata:")
    assert (step.when, step.kwargs, step.needs, step.retry, step.metadata) == (
        None,
        {},
        None,
        None,
        {},
    )


def test_no_needs_at_all_is_not_the_same_as_an_empty_list() -> None:
    assert step_of("name: a\ntype: python\naction: x").needs is None
    assert step_of("name: a\ntype: python\naction: x\nneeds: []").needs == ()
    assert step_of("name: a\ntype: python\naction: x\nneeds: first").needs == ("first",)


LOOP = "name: l\ntype: {}\nsteps: [{{name: b, type: python, action: x}}]\n{}"


@pytest.mark.parametrize(
    ("kind", "more", "bound"),
    [
        ("loop", "", 1),
        ("loop", "max_concurrency: 3", 3),
        ("loop", "parallel: true", 0),
        ("loop", "parallel: false", 1),
        ("loop", "{parallel: true, max_concurrency: 0}", 0),
        ("parallel", "", 0),
        ("parallel", "max_concurrency: 2", 2),
    ],
)
def test_loops_are_bounded_as_they_say(kind: str, more: str, bound: int) -> None:
    more = more.strip("{}").replace(", ", "\n")
    step = step_of(LOOP.format(kind, more))
    assert isinstance(step, LoopStep)
    assert (step.type, step.max_concurrency) == ("loop", bound)


def test_the_old_name_of_a_loop_is_a_warning() -> None:
    loaded = load_step(LOOP.format("parallel", ""))
    assert loaded.ok
    assert codes(loaded) == ["W003"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("for_each: [1]\nuntil: 'true'", "D105"),
        ("parallel: true\nuntil: 'true'", "D105"),
        ("parallel: true\nmax_concurrency: 3", "D105"),
        ("parallel: maybe", "D102"),
        ("max_concurrency: -1", "D102"),
        ("max_concurrency: true", "D102"),
        ("until: 'true'\nmax_concurrency: 3", "W005"),
        ("max_iterations: 3", "W005"),
        ("until: 'true'\nmax_iterations: 0", "D102"),
    ],
)
def test_a_loop_that_contradicts_itself_is_told(more: str, code: str) -> None:
    assert codes(load_step(LOOP.format("loop", more))) == [code]


def test_a_branch_may_have_an_else() -> None:
    step = step_of("""
name: b
type: branch
options:
  - when: true
    step: {name: s, type: python, action: x}
else: {name: t, type: python, action: y}
""")
    assert isinstance(step, BranchStep)
    assert isinstance(step.otherwise, PythonStep)
    assert step.otherwise.action == "y"


@pytest.mark.parametrize(("kind", "said"), [("shell", "a shell"), ("approval", "an approval")])
def test_a_kind_of_step_has_its_article(kind: str, said: str) -> None:
    text = f'version: "1.0"\nname: d\nsteps:\n  - {{name: s, type: {kind}, mesage: x}}\n'
    found = [one.message for one in load_workflow(text).problems if one.code == "W001"]
    assert found == [f"`mesage` is no key of {said} step and has no effect."]


def test_an_unknown_key_is_a_warning_with_its_line() -> None:
    loaded = load_workflow("""\
version: "1.0"
name: demo
stepz: []
inputs:
  a: {type: string, defualt: 1}
steps:
  - {name: a, type: python, action: x, kwarg: {}, args: ["${{ inputs.a }}"]}
""")
    assert [(p.code, p.line) for p in loaded.problems] == [("W001", 3), ("W001", 5), ("W001", 7)]
    assert "`steps`" in loaded.problems[0].hint
    assert "`default`" in loaded.problems[1].hint
    assert "`kwargs`" in loaded.problems[2].hint
    assert loaded.ok


def test_metadata_and_outputs_are_known() -> None:
    loaded = load_workflow("""\
version: "1.0"
name: demo
metadata: {a: 1}
outputs: {o: "${{ steps.a.output }}"}
steps:
  - {name: a, type: python, action: x, metadata: {progress: {stage: s}}}
""")
    assert loaded.problems == ()


@pytest.mark.parametrize("name", ["Demo", "demo_x", "1demo", "", "a" * 65, "[a]", "5", "a b"])
def test_a_workflow_name_has_its_pattern(name: str) -> None:
    text = f"version: '1.0'\nname: {name}\nsteps: [{{name: a, type: python, action: b}}]"
    assert not load_workflow(text).ok


@pytest.mark.parametrize(
    "name", ["a b", "a/b", "1a", "a[0]", "'${{ x }}'", "5", "ä", "''", "__missing__"]
)
def test_a_step_name_has_its_pattern(name: str) -> None:
    loaded = load_step(f"name: {name}\ntype: python\naction: x")
    assert loaded.errors[0].line == 6


def test_a_name_that_yaml_takes_for_something_else_is_shown_as_it_is_written() -> None:
    (problem,) = load_step("name: no\ntype: python\naction: x").problems
    assert (problem.code, problem.line, problem.message) == ("D202", 6, "'no' is no name.")
    assert "quotes" in problem.hint


def test_a_default_makes_an_input_not_required() -> None:
    loaded = load_workflow("""\
version: "1.0"
name: demo
inputs:
  a: {type: boolean, default: false}
  b: {type: string, required: true, default: x}
  c: {type: string, default: null}
  d: {type: string, required: true, default: null}
  e: {type: string}
  f: {type: string, required: false}
steps: [{name: s, type: python, action: x, kwargs: {i: "${{ inputs }}"}}]
""")
    assert loaded.problems == ()
    assert loaded.spec is not None
    inputs = loaded.spec.inputs
    assert {n: (i.required, i.has_default) for n, i in inputs.items()} == {
        "a": (False, True), "b": (False, True), "c": (False, True), "d": (True, False),
        "e": (True, False), "f": (False, False),
    }  # fmt: skip


def test_all_problems_come_at_once() -> None:
    loaded = load_workflow("""\
name: Demo
inputs: {a: string, b: {type: text}}
steps:
  - {name: a, type: python}
  - {name: a, type: shel, run: x}
  - {type: shell, run: "${{ inputs.zz }} ${{ 1 + }}", timeout: x}
  - 5
  - {name: l, type: loop, steps: []}
  - {name: br, type: branch, options: [{step: {name: q, type: python, action: "${{ item }}"}}]}
outputs: {o: "${{ steps.nope.output }}"}
""")
    found = {(problem.code, problem.line) for problem in loaded.problems}
    assert found >= {
        ("D101", 1), ("D202", 1), ("D102", 2), ("D101", 4), ("D103", 5), ("D201", 5), ("D101", 6),
        ("D206", 6), ("D203", 6), ("D102", 6), ("D102", 7), ("D101", 8), ("D101", 9), ("D209", 9),
        ("D204", 10),
    }  # fmt: skip


def test_a_problem_says_where_and_what_in_one_line() -> None:
    loaded = load_workflow(
        "version: 3\nname: x\nsteps: [{name: a, type: python, action: b}]", file="f.yaml"
    )
    assert (
        str(loaded.problems[0]) == 'f.yaml:1:10: D104 Version 3.0 is not supported. (write "1.0")'
    )


def test_every_code_has_its_meaning() -> None:
    assert all(meaning.endswith(".") for meaning in CODES.values())
