"""Meaning: names, references, and what exists around a workflow."""

from __future__ import annotations

import pytest

from runs.actions import Action
from runs.definition import Known, Loaded, Problem, WorkflowSpec, load_workflow


def load(
    steps: str, *, inputs: str = "{}", outputs: str = "{}", known: Known | None = None
) -> Loaded:
    """A workflow whose `steps:` are on lines 5 and following."""
    text = f'version: "1.0"\nname: demo\ninputs: {inputs}\nsteps:\n{steps.strip(chr(10))}\noutputs: {outputs}\n'
    return load_workflow(text, known=known)


def only(loaded: Loaded) -> Problem:
    (problem,) = loaded.problems
    return problem


def py(name: str, reads: str = "", more: str = "") -> str:
    value = f'"${{{{ {reads} }}}}"' if reads else "1"
    return f"  - {{name: {name}, type: python, action: x, kwargs: {{v: {value}}}{more}}}\n"


def test_a_step_reads_what_stands_before_it() -> None:
    loaded = load(py("a") + py("my-step", "steps.a.output") + py("c", "steps.my-step.output"))
    assert loaded.problems == ()


def test_a_step_cannot_read_what_comes_after_it() -> None:
    problem = only(load(py("a", "steps.c.output.x") + py("b") + py("c")))
    assert (problem.code, problem.line) == ("D205", 5)
    assert "needs: [c]" in problem.hint


def test_a_step_that_needs_less_reads_less() -> None:
    steps = py("a") + py("b") + py("c", "steps.b.output", ", needs: [a]")
    problem = only(load(steps))
    assert (problem.code, problem.line) == ("D205", 7)
    assert "`c`" in problem.message
    assert "needs: [a, b]" in problem.hint
    assert load(steps.replace("needs: [a]", "needs: [a, b]")).ok


def test_needs_reach_through_other_steps_and_may_point_forward() -> None:
    steps = (
        py("a", "steps.c.output", ", needs: [b]")
        + py("b", "steps.c.output", ", needs: [c]")
        + py("c", "", ", needs: []")
        + py("d", "steps.c.output")
    )
    assert load(steps).problems == ()


def test_a_step_after_one_with_needs_depends_on_that_one_only() -> None:
    steps = py("a") + py("b", "", ", needs: []") + py("c", "steps.a.output")
    problem = only(load(steps))
    assert (problem.code, "needs: [b, a]" in problem.hint) == ("D205", True)


def test_a_step_cannot_read_itself() -> None:
    assert only(load(py("a", "steps.a.output"))).code == "D205"


def test_a_name_that_does_not_exist_gets_a_suggestion() -> None:
    problem = only(load(py("plan") + py("b", "steps.plam.output")))
    assert (problem.code, problem.line, problem.hint) == ("D204", 6, "did you mean `plan`?")


def test_needs_name_steps_of_their_own_list() -> None:
    problem = only(load(py("plan") + py("b", "", ", needs: [plam]")))
    assert (problem.code, problem.line, problem.column) == ("D204", 6, 64)


def test_steps_that_need_each_other_are_named_once() -> None:
    steps = py("a", "", ", needs: [c]") + py("b") + py("c", "steps.a.output")
    problem = only(load(steps))
    assert problem.code == "D208"
    assert all(name in problem.message for name in "abc")
    assert only(load(py("a", "", ", needs: [a]"))).code == "D208"


LOOP = """
  - {name: before, type: python, action: x}
  - name: l
    type: loop
    KIND
    steps:
      - {name: one, type: python, action: x, when: "FIRST"}
      - {name: two, type: python, action: x, when: "SECOND"}
  - {name: after, type: python, action: x, when: "AFTER"}
"""


def loop(
    kind: str = "for_each: [1]", first: str = "true", second: str = "true", after: str = "true"
) -> Loaded:
    steps = LOOP.replace("KIND", kind).replace("FIRST", first)
    return load(steps.replace("SECOND", second).replace("AFTER", after))


@pytest.mark.parametrize(
    "case",
    [
        {"first": "steps.before.output"},
        {"second": "steps.one.output and steps.before.output"},
        {"after": "steps.l.output and steps.before.output"},
        {"second": "item and index == 0"},
        {"kind": "until: steps.two.output.done", "first": "index"},
        {"kind": "for_each: steps.before.output"},
        {"kind": 'for_each: ["${{ steps.before.output }}", 1]'},
    ],
)
def test_a_body_sees_its_siblings_and_what_stands_before_the_loop(case: dict[str, str]) -> None:
    assert loop(**case).problems == ()


@pytest.mark.parametrize(
    ("case", "code", "line", "words"),
    [
        ({"first": "steps.two.output"}, "D205", 10, "move `two` before `one`"),
        ({"first": "steps.after.output"}, "D205", 10, "`l` the line `needs: [before, after]`"),
        ({"first": "steps.l.output"}, "D205", 10, ""),
        ({"after": "steps.one.output"}, "D204", 12, "`steps.l.output`"),
        ({"after": "item"}, "D207", 12, ""),
        ({"after": "index"}, "D207", 12, ""),
        ({"kind": "for_each: item"}, "D207", 8, ""),
        ({"kind": "for_each: steps.one.output"}, "D204", 8, ""),
        ({"kind": "until: item", "first": "index"}, "D207", 8, ""),
        ({"kind": "parallel: true", "first": "index"}, "D207", 10, ""),
    ],
)
def test_a_body_sees_nothing_else(case: dict[str, str], code: str, line: int, words: str) -> None:
    problem = only(loop(**case))
    assert (problem.code, problem.line) == (code, line)
    assert words in problem.hint


def test_a_loop_in_a_loop_sees_all_of_its_ancestors() -> None:
    loaded = load("""
  - {name: a, type: python, action: x}
  - name: outer
    type: loop
    for_each: [1]
    steps:
      - {name: b, type: python, action: x}
      - name: inner
        type: loop
        until: steps.c.output and steps.b.output and steps.a.output
        steps:
          - {name: c, type: python, action: x, when: "steps.b.output and item and index"}
""")
    assert loaded.problems == ()


def test_a_branch_sees_what_stands_before_it() -> None:
    loaded = load("""
  - {name: a, type: python, action: x}
  - name: b
    type: branch
    options:
      - when: steps.a.output
        step: {name: c, type: python, action: x, when: steps.c.output}
      - when: steps.b.output
        step: {name: d, type: python, action: x, needs: [a]}
""")
    assert [(p.code, p.line) for p in loaded.problems] == [("D204", 10), ("D205", 11), ("D204", 12)]


def test_the_outputs_see_every_step_and_no_item() -> None:
    loaded = load(
        py("a") + py("b", "", ", needs: []"),
        outputs='{x: "${{ steps.a.output }}", y: "${{ steps.b.output }}"}',
    )
    assert loaded.problems == ()
    assert only(load(py("a"), outputs='{x: "${{ item }}"}')).code == "D207"


def test_an_input_that_is_read_is_declared() -> None:
    loaded = load(py("a", "inputs.topik"), inputs="{topic: {type: string, default: x}}")
    (problem,) = loaded.errors
    assert (problem.code, problem.line, problem.hint) == ("D206", 5, "did you mean `topic`?")


def test_an_input_that_is_never_read_is_a_warning() -> None:
    loaded = load(py("a"), inputs="{topic: {type: string}}")
    assert (only(loaded).code, only(loaded).line, loaded.ok) == ("W002", 3, True)


@pytest.mark.parametrize(
    "steps",
    [
        py("a", "inputs.topic"),
        py("a", "json(inputs)"),
        "  - {name: l, type: loop, for_each: inputs.topic, steps: [{name: c, type: checkpoint}]}",
        "  - {name: l, type: loop, until: inputs.topic, steps: [{name: c, type: checkpoint}]}",
        "  - {name: c, type: checkpoint, checkpoint_id: 'x_${{ inputs.topic }}'}",
        "  - {name: c, type: checkpoint, metadata: {a: ['${{ inputs.topic }}']}}",
        "  - {name: s, type: subworkflow, workflow: w, inputs: {t: '${{ inputs.topic }}'}}",
        "  - {name: s, type: shell, run: x, env: {A: '${{ inputs.topic }}'}}",
    ],
)
def test_an_input_is_read_wherever_expressions_stand(steps: str) -> None:
    assert load(steps, inputs="{topic: {type: string}}").problems == ()


@pytest.mark.parametrize(
    ("line", "column", "text"),
    [
        (6, 13, 'when: "inputs.b &&"'),
        (6, 16, 'when: "${{ inputs.b && 1 }}"'),
        (6, 12, "run2: 1\n    when: '${{ && }}'"),
    ],
)
def test_a_bad_expression_is_told_where_it_stands(line: int, column: int, text: str) -> None:
    loaded = load(f"  - name: a\n    {text}\n    type: shell\n    run: x")
    (problem,) = [each for each in loaded.problems if each.code == "D203"]
    raw = f"    {text}".splitlines()
    at = next(n for n, each in enumerate(raw) if "&&" in each)
    assert problem.line == line + at
    assert problem.column == raw[at].index("&&") + 1
    assert "`and`" in problem.hint


def test_a_bad_expression_in_a_block_of_text_is_told_where_it_stands() -> None:
    loaded = load("""
  - name: a
    type: shell
    run: |
      echo $${{ not this }} ${{ 1 }}
      echo ${{ 'fine' }}  ${{ 1 +
         * 2 }}
""")
    problem = only(loaded)
    assert (problem.code, problem.line, problem.column) == ("D203", 9, 27)


def test_an_expression_in_the_wrong_place_is_told() -> None:
    for step in (
        "{name: a, type: python, action: '${{ inputs.x }}'}",
        "{name: a, type: subworkflow, workflow: 'x-${{ inputs.x }}'}",
    ):
        assert only(load(f"  - {step}")).code == "D209"


def test_actions_are_looked_up_when_they_are_known() -> None:
    known = Known(actions={"summarise": None, "other": None})
    loaded = load("  - {name: a, type: python, action: sumarise}", known=known)
    assert (only(loaded).code, only(loaded).hint) == ("D301", "did you mean `summarise`?")
    assert load("  - {name: a, type: python, action: other}", known=known).ok
    assert load("  - {name: a, type: python, action: anything}").ok
    assert load("  - {name: a, type: python, action: b}", known=Known(actions=["b"])).ok


def test_arguments_are_checked_when_the_function_is_known() -> None:
    def function(a: int, b: int = 1) -> None: ...

    known = Known(actions={"f": Action("f", function)})
    step = "  - {{name: a, type: python, action: f, kwargs: {}}}"
    assert load(step.format("{a: 1}"), known=known).ok
    assert only(load(step.format("{b: 1}"), known=known)).code == "D304"
    assert only(load(step.format("{a: 1, c: 1}"), known=known)).code == "D304"


def callee() -> WorkflowSpec:
    loaded = load_workflow("""\
version: "1.0"
name: callee
inputs: {message: {type: string}, push: {type: boolean, default: true}}
steps: [{name: a, type: python, action: x, kwargs: {i: "${{ inputs }}"}}]
""")
    assert loaded.spec is not None
    return loaded.spec


def test_a_subworkflow_exists_and_gets_what_it_requires() -> None:
    known = Known(workflows=lambda name: callee() if name == "callee" else None)
    step = "  - {{name: s, type: subworkflow, workflow: {}, inputs: {}}}"
    assert load(step.format("callee", "{message: m}"), known=known).problems == ()
    assert only(load(step.format("nobody", "{}"), known=known)).code == "D302"
    assert only(load(step.format("callee", "{}"), known=known)).code == "D303"
    loaded = load(step.format("callee", "{message: m, commit_message: x}"), known=known)
    assert (only(loaded).code, loaded.ok) == ("W004", True)


@pytest.mark.parametrize(
    ("declaration", "code"),
    [
        ("{type: integer, default: x}", "D106"),
        ("{type: array, default: {}}", "D106"),
        ("{type: boolean, default: 1}", "D106"),
        ("{type: string, default: c, enum: [a, b]}", "D106"),
        ("{type: string, default: '${{ env.X }}'}", "W005"),
    ],
)
def test_a_default_fits_its_type(declaration: str, code: str) -> None:
    loaded = load(py("a", "inputs.v"), inputs=f"{{v: {declaration}}}")
    assert (only(loaded).code, only(loaded).line) == (code, 3)
