"""What is named here and lives elsewhere; and what results can never hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runs.actions import Action
from runs.definition import Known, Loaded, WorkflowSpec, load_workflow

HEAD = 'version: "1.0"\nname: demo\n'


def load(
    steps: str, *, known: Known | None = None, inputs: str = "{}", lenient: bool = False
) -> Loaded:
    text = f"{HEAD}inputs: {inputs}\nsteps:\n{steps}"
    return load_workflow(text, known=known, lenient=lenient)


def told(loaded: Loaded) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.line) for problem in loaded.problems]


def by_name(**texts: str) -> Callable[[str], WorkflowSpec | None]:
    """Workflows by name, loaded without looking further."""

    def find(name: str) -> WorkflowSpec | None:
        text = texts.get(name)
        return load_workflow(text).spec if text else None

    return find


NAMING = """\
  - {name: a, type: python, action: sumarise, rollback: undo}
  - {name: b, type: agent, agent: coder, context: builder}
  - {name: c, type: generate, generator: titles}
  - {name: d, type: subworkflow, workflow: nobody}
  - {name: e, type: shell, run: x, rollback: {action: undone}, on_error: {name: f, type: agent, agent: rescuer}}
"""
NOTHING = Known(
    actions=["summarise"], agents=["coders"], generators=[], workflows=lambda name: None
)


def test_each_kind_of_unknown_name_has_its_own_code_and_line() -> None:
    loaded = load(NAMING, known=NOTHING)
    assert told(loaded) == [
        ("D301", 5), ("D301", 5), ("D305", 6), ("D307", 6), ("D306", 7), ("D302", 8), ("D301", 9),
        ("D305", 9),
    ]  # fmt: skip
    assert not loaded.ok
    hints = {problem.message.split("`")[1]: problem.hint for problem in loaded.problems}
    assert hints["sumarise"] == "did you mean `summarise`?"
    assert hints["coder"] == "did you mean `coders`?"


def test_with_lenience_they_are_warnings_and_the_rest_stays_as_it_is() -> None:
    loaded = load(NAMING, known=NOTHING, lenient=True)
    assert loaded.ok
    assert told(loaded) == told(load(NAMING, known=NOTHING))
    broken = load(NAMING + "  - {name: a, type: shell}\n", known=NOTHING, lenient=True)
    assert {problem.code for problem in broken.errors} == {"D101", "D201"}


def test_what_is_not_known_is_not_checked() -> None:
    assert load(NAMING).problems == ()


def test_a_templated_agent_is_looked_up_when_the_step_runs() -> None:
    step = "  - {name: a, type: agent, agent: '${{ run.id }}_reviewer'}"
    assert load(step, known=NOTHING).problems == ()


def test_the_arguments_of_a_roll_back_are_checked() -> None:
    def undo(number: int) -> None: ...

    known = Known(actions={"undo": Action("undo", undo)})
    step = "  - {name: a, type: shell, run: x, rollback: {action: undo, kwargs: {n: 1}}}"
    assert {code for code, _ in told(load(step, known=known))} == {"D304"}


CALLS = 'version: "1.0"\nname: {0}\nsteps: [{{name: s, type: subworkflow, workflow: {1}}}]\n'


@pytest.mark.parametrize(
    ("others", "circle"),
    [
        ({}, "demo → demo"),
        ({"b": CALLS.format("b", "demo")}, "demo → b → demo"),
        ({"b": CALLS.format("b", "c"), "c": CALLS.format("c", "b")}, "b → c → b"),
        ({"b": CALLS.format("b", "b")}, "b → b"),
    ],
)
def test_a_workflow_that_comes_to_call_itself_is_told(others: dict[str, str], circle: str) -> None:
    name = "b" if others else "demo"
    step = f"  - {{name: s, type: loop, steps: [{{name: t, type: subworkflow, workflow: {name}}}]}}"
    loaded = load(step, known=Known(workflows=by_name(**others)))
    assert told(loaded) == [("D308", 5)]
    assert circle in loaded.problems[0].message


def test_many_calls_of_one_workflow_are_no_circle() -> None:
    leaf = HEAD.replace("demo", "leaf") + "steps: [{name: x, type: shell, run: x}]"
    known = Known(workflows=by_name(b=CALLS.format("b", "leaf"), leaf=leaf))
    steps = "".join(
        f"  - {{name: s{n}, type: subworkflow, workflow: {name}}}\n"
        for n, name in enumerate(["b", "leaf", "b"])
    )
    assert load(steps, known=known).problems == ()


CALLEE = """\
version: "1.0"
name: callee
inputs:
  n: {type: integer}
  mode: {type: string, default: fast, enum: [fast, slow]}
  pr: {type: integer, required: false}
steps: [{name: x, type: python, action: x, kwargs: {i: "${{ inputs }}"}}]
outputs: {total: 1}
"""


@pytest.mark.parametrize(
    ("inputs", "codes"),
    [
        ("{n: 3}", []), ("{n: '3'}", []), ("{n: '${{ run.id }}'}", []),
        ("{n: 3, pr: null}", []), ("{n: three}", ["D309"]), ("{n: 1, mode: medium}", ["D309"]),
        ("{n: null}", ["D309"]), ("{n: 1, pr: x}", ["D309"]), ("{}", ["D303"]),
        ("{n: 1, m: 2}", ["W004"]),
    ],
)  # fmt: skip
def test_what_is_given_to_a_sub_workflow_fits_what_it_declares(
    inputs: str, codes: list[str]
) -> None:
    step = f"  - {{name: s, type: subworkflow, workflow: callee, inputs: {inputs}}}"
    loaded = load(step, known=Known(workflows=by_name(callee=CALLEE)))
    assert [problem.code for problem in loaded.problems] == codes


READS = """\
  - {{name: sh, type: shell, run: x}}
  - {{name: out, type: shell, run: x, outputs: {{first: "${{{{ output.stdout }}}}"}}}}
  - {{name: each, type: loop, for_each: [1], steps: [{{name: in, type: shell, run: x}}]}}
  - {{name: sub, type: subworkflow, workflow: callee, inputs: {{n: 1}}}}
  - name: br
    type: branch
    options: [{{when: "true", step: {{name: one, type: shell, run: x}}}}]
    else: {{name: two, type: checkpoint}}
  - {{name: py, type: python, action: x}}
  - {{name: may, type: shell, run: x, on_error: {{name: h, type: python, action: x}}}}
  - {{name: read, type: shell, run: x, when: {0}}}
"""


@pytest.mark.parametrize(
    ("condition", "missing"),
    [
        ("steps.sh.output.stdout", ""), ("steps.sh.output.stdot", "stdot"),
        ("steps.sh.output['exit-code'] == 0", "exit-code"), ("steps.sh.status", ""),
        ("steps.out.output.first + steps.out.output.stdout", ""),
        ("steps.out.output.second", "second"),
        ("steps.each.output[0][0].stdout", ""), ("steps.each.output.length", ""),
        ("steps.each.output.in", "each"),
        ("steps.sub.output.success and steps.sub.output.passed", ""),
        ("steps.sub.output.total", ""), ("steps.sub.output.totl", "totl"),
        ("steps.br.output.stdout or steps.br.output.file", ""), ("steps.br.output.nope", "nope"),
        ("steps.py.output.anything", ""), ("steps.may.output.anything", ""),
        ("run.workspace", ""), ("run.cwd", "run"), ("inputs.count.x", "count"),
        ("inputs.who[0]", ""), ("inputs.who.first", "who"), ("inputs.who.length", ""),
        ("inputs.all.first", "all"), ("inputs.map.first", ""), ("inputs.flag.x", "flag"),
    ],
)  # fmt: skip
def test_a_field_that_can_never_be_there_is_a_warning(condition: str, missing: str) -> None:
    inputs = (
        "{count: {type: integer}, who: {type: string}, all: {type: array}, map: {type: object},"
        " flag: {type: boolean}}"
    )
    text = f"{HEAD}inputs: {inputs}\nsteps:\n" + READS.format(f'"{condition}"')
    loaded = load_workflow(text, known=Known(workflows=by_name(callee=CALLEE)))
    found = [problem for problem in loaded.problems if problem.code != "W002"]
    assert [(problem.code, problem.line, problem.severity) for problem in found] == (
        [("W008", 15, "warning")] if missing else []
    )
    assert not missing or f"`{missing}`" in found[0].message


def test_of_an_error_there_is_code_and_message() -> None:
    step = (
        "  - {{name: a, type: shell, run: x, on_error: "
        "{{name: b, type: shell, run: '${{{{ error.{0} }}}}'}}}}"
    )
    assert load(step.format("message")).problems == ()
    assert told(load(step.format("text"))) == [("W008", 5)]


def test_the_steps_of_a_loop_over_nothing_run_at_once_when_it_has_a_bound() -> None:
    body = "steps: [{name: a, type: shell, run: x}, {name: b, type: shell, run: '%s'}]"
    loaded = load(f"  - {{name: l, type: parallel, {body % 'x'}}}\n")
    assert loaded.spec is not None
    (loop,) = loaded.spec.steps
    assert [step.needs for step in getattr(loop, "steps", ())] == [(), ()]
    reading = body % "${{ steps.a.output.stdout }}"
    assert load(f"  - {{name: l, type: loop, {reading}}}\n").ok
    assert told(load(f"  - {{name: l, type: loop, parallel: true, {reading}}}\n")) == [("D205", 5)]
    bound = load(f"  - {{name: l, type: loop, max_concurrency: 2, {body % 'x'}}}\n")
    assert told(bound) == [("W005", 5)]


@pytest.mark.parametrize("field", ["shell: '${{ inputs.s }}'", "needs: ['${{ inputs.s }}']"])
def test_names_that_are_looked_at_before_anything_runs_are_literal(field: str) -> None:
    loaded = load(f"  - {{name: a, type: shell, run: x, {field}}}", inputs="{s: {type: string}}")
    assert "D209" in {problem.code for problem in loaded.errors}


def test_who_waits_is_not_tried_again() -> None:
    assert told(load("  - {name: a, type: wait, seconds: 1, retry: 2}")) == [("W005", 5)]


def test_a_stage_that_does_not_exist_is_told_as_it_would_count_as_passed() -> None:
    known = Known(stages=["format", "lint", "docs"])
    step = "  - {{name: v, type: validate, stages: {}}}"
    assert load(step.format("[lint, docs, {name: own, run: x}]"), known=known).problems == ()
    assert load(step.format("'${{ [1] }}'"), known=known).problems == ()
    loaded = load(step.format("[format, lnt]"), known=known)
    assert told(loaded) == [("W007", 5)]
    assert loaded.problems[0].hint == "did you mean `lint`?"
    assert told(load(step.format("lnt"), known=known)) == [("W007", 5)]


def test_what_the_project_is_to_set_up_is_a_warning_until_it_has() -> None:
    known = Known(agents=["a"], generators=[], expected=["fixer", "poet"])
    agent = "  - {{name: v, type: agent, agent: {}}}"
    loaded = load(agent.format("fixer"), known=known)
    assert told(loaded) == [("W007", 5)]
    assert loaded.problems[0].hint == "set it up: [agents.fixer] in maverick.toml"
    assert told(load(agent.format("fixr"), known=known)) == [("D305", 5)]
    assert told(load("  - {name: v, type: generate, generator: poet}", known=known)) == [
        ("W007", 5)
    ]
