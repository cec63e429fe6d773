"""The kinds of step that let others work, wait and ask, and the fields that every step may have."""

from __future__ import annotations

from typing import Any

import pytest

from runs.definition import Loaded, WorkflowSpec, load_workflow
from runs.definition.pending import NOT_RUN_YET, not_run_yet
from runs.definition.spec import (
    AgentStep,
    ApprovalStep,
    GenerateStep,
    LoopStep,
    PythonStep,
    RollbackCall,
    ShellStep,
    StageCommand,
    ValidateStep,
    WaitStep,
)

HEAD = """\
version: "1.0"
name: demo
steps:
  - {name: first, type: python, action: x}
  -
"""


def load_step(body: str) -> Loaded:
    """A workflow with one step before (`first`); the given lines begin on line 6."""
    return load_workflow(HEAD + "".join(f"    {line}\n" for line in body.strip("\n").splitlines()))


def step_of(body: str) -> Any:
    loaded = load_step(body)
    assert loaded.problems == (), [str(problem) for problem in loaded.problems]
    assert loaded.spec is not None
    return loaded.spec.steps[1]


def told(body: str) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.line) for problem in load_step(body).problems]


def test_an_agent_step_is_read() -> None:
    step = step_of("""
name: a
type: agent
agent: ${{ run.id }}_reviewer
context: {plan: "${{ steps.first.output }}", deep: [{n: "${{ 1 + 1 }}"}]}
output_schema: {type: object}
config: {model_id: m, temperature: 0.5, max_tokens: 100, timeout: 5m, allowed_tools: [edit]}
""")
    assert isinstance(step, AgentStep)
    assert step.agent == "${{ run.id }}_reviewer"
    assert step.context["deep"] == [{"n": "${{ 1 + 1 }}"}]
    assert step.output_schema == {"type": "object"}
    assert step.config["timeout"] == "5m"


def test_a_context_may_be_the_name_of_what_builds_it() -> None:
    assert step_of("name: a\ntype: agent\nagent: b\ncontext: builder").context == "builder"
    generate = step_of("name: a\ntype: generate\ngenerator: b\ncontext: builder")
    assert isinstance(generate, GenerateStep)
    assert (generate.generator, generate.context) == ("b", "builder")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("name: a\ntype: agent", [("D101", 6)]),
        ("name: a\ntype: agent\nagent: x\ncontext: [1]", [("D102", 9)]),
        ("name: a\ntype: agent\nagent: x\ncontext: '${{ inputs }}'", []),
        ("name: a\ntype: generate\ngenerator: x\ncontext: '${{ inputs }}'", [("D209", 9)]),
        ("name: a\ntype: agent\nagent: x\noutput_schema: 3", [("D102", 9)]),
        ("name: a\ntype: agent\nagent: x\noutput_schema: a.b.C", [("W007", 9)]),
        ("name: a\ntype: agent\nagent: x\noutput_schema: {type: objekt}", [("D310", 9)]),
        ("name: a\ntype: agent\nagent: '${{ steps.no.output }}'", [("D204", 8)]),
        ("name: a\ntype: generate\ngenerator: '${{ run.id }}'", [("D209", 8)]),
        ("name: a\ntype: generate", [("D101", 6)]),
    ],
)
def test_what_is_wrong_with_an_agent_has_its_line(body: str, expected: list[Any]) -> None:
    assert told(body) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("{colour: red}", "W001"),
        ("{temperature: 2}", "D102"),
        ("{temperature: true}", "D102"),
        ("{max_tokens: 0}", "D102"),
        ("{max_tokens: 200001}", "D102"),
        ("{max_retries: -1}", "D102"),
        ("{timeout: 0}", "D102"),
        ("{mode: both}", "D102"),
        ("{autonomy: full}", "D102"),
        ("{provider: 3}", "D102"),
        ("{allowed_tools: edit}", "D102"),
        ("{prompt_suffix: a, prompt_file: b}", "D105"),
        ("{max_retries: 1, retry_policy: {max_attempts: 2}}", "D105"),
        ("{model: a}", "W003"),
        ("{model: a, model_id: b}", "D105"),
        ("{retry_policy: {max_attempts: 2, colour: 1}}", "D102"),
        ("[1]", "D102"),
        ("{temperature: null}", "W006"),
    ],
)
def test_settings_are_checked_when_the_file_is_read(config: str, expected: str) -> None:
    found = told(f"name: a\ntype: agent\nagent: x\nconfig: {config}")
    assert (expected, 9) in found


def test_the_old_spelling_of_settings_is_understood_with_a_warning() -> None:
    loaded = load_step("name: a\ntype: agent\nagent: x\nexecutor_config: {model: m}")
    assert [(p.code, p.line) for p in loaded.problems] == [("W003", 9), ("W003", 9)]
    assert loaded.spec is not None
    assert loaded.spec.steps[1].config == {"model_id": "m"}
    both = told("name: a\ntype: agent\nagent: x\nconfig: {}\nexecutor_config: {}")
    assert both == [("D105", 10)]


def test_an_old_retry_policy_is_the_retry_of_the_step() -> None:
    body = "name: a\ntype: agent\nagent: x\nconfig:\n  retry_policy: {max_attempts: 4, wait_min: 2}"
    loaded = load_step(body)
    assert [(p.code, p.line) for p in loaded.problems] == [("W003", 10)]
    assert loaded.spec is not None
    step = loaded.spec.steps[1]
    assert step.retry is not None
    assert (step.retry.max_attempts, step.retry.backoff, step.config) == (4, 2.0, {})
    assert ("D105", 10) in told(body + "\nretry: 2")


def test_settings_have_no_effect_where_no_agent_works() -> None:
    assert told("name: a\ntype: shell\nrun: x\nconfig: {model_id: m}") == [("W005", 9)]
    assert told("name: a\ntype: python\naction: x\nconfig: {mode: agent}") == [("D105", 9)]


def test_a_validate_step_is_read() -> None:
    step = step_of("""
name: a
type: validate
stages: [format, {name: own, run: make check, timeout: 1m, cwd: sub}]
retry: 2
on_failure: {name: mend, type: agent, agent: fixer, context: {failed: "${{ output.stages }}"}}
fail: true
cwd: src
""")
    assert isinstance(step, ValidateStep)
    assert step.stages == [
        "format", StageCommand(name="own", run="make check", timeout=60, cwd="sub"),
    ]  # fmt: skip
    assert (step.rounds, step.retry, step.fail, step.cwd) == (2, None, True, "src")
    assert isinstance(step.on_failure, AgentStep)


def test_a_number_is_the_rounds_of_a_validation_and_a_mapping_is_a_retry() -> None:
    assert step_of("name: a\ntype: validate\nstages: [lint]").rounds is None
    assert step_of("name: a\ntype: validate\nstages: [lint]\nretry: 0").rounds == 0
    expression = step_of("name: a\ntype: validate\nstages: [lint]\nretry: ${{ 1 + 1 }}")
    assert expression.rounds == "${{ 1 + 1 }}"
    both = step_of(
        "name: a\ntype: validate\nstages: '${{ [1] }}'\nrounds: 5\nretry: {max_attempts: 2}"
    )
    assert (both.rounds, both.retry.max_attempts) == (5, 2)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("retry: -1", "D102"), ("retry: true", "D102"), ("retry: two", "D102"),
        ("rounds: -1", "D102"), ("retry: 1\nrounds: 1", "D105"), ("fail: maybe", "D102"),
        ("on_failure: fix", "D102"), ("on_failure: {name: x, type: pyton}", "D103"),
        ("retry: {max_attempts: 0}", "D102"), ("retry: {max_attempt: 2}", "W001"),
        ("on_failure: {name: x, type: shell, run: '${{ steps.a.output }}'}", "D205"),
        ("on_failure: {name: x, type: shell, run: y, needs: [first]}", "D204"),
        ("when: output.passed", "D207"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_validation_has_its_line(line: str, code: str) -> None:
    found = told(f"name: a\ntype: validate\nstages: [lint]\n{line}")
    assert (code, 9) in found


@pytest.mark.parametrize("stages", ["[]", "3", "[3]", "[{name: x}]", "[{run: x}]", "''", "null"])
def test_stages_are_names_or_commands(stages: str) -> None:
    loaded = load_step(f"name: a\ntype: validate\nstages: {stages}")
    assert not loaded.ok
    assert {problem.line for problem in loaded.errors} <= {6, 8}


def test_a_wait_is_some_time_or_a_moment() -> None:
    step = step_of("name: a\ntype: wait\nseconds: 1h30m")
    assert isinstance(step, WaitStep)
    assert step.seconds == 5400
    assert step_of("name: a\ntype: wait\nseconds: ${{ 1 }}m").seconds == "${{ 1 }}m"
    moment = step_of("name: a\ntype: wait\nuntil: 2026-03-01T04:00:00Z")
    assert moment.until == "2026-03-01T04:00:00Z"


@pytest.mark.parametrize(
    "lines",
    ["", "seconds: 1\nuntil: 2026-03-01", "seconds: soon", "seconds: -1", "seconds: 400d",
     "until: tomorrow", "until: 5", "seconds: true", "seconds: [1]"],
)  # fmt: skip
def test_a_wait_that_ends_nowhere_is_refused(lines: str) -> None:
    loaded = load_step(f"name: a\ntype: wait\n{lines}")
    assert {problem.code for problem in loaded.errors} == {"D102"}
    assert all("``" not in problem.message for problem in loaded.errors)


def test_an_approval_has_a_question_approvers_and_a_form() -> None:
    step = step_of("""
name: a
type: approval
prompt: Ship ${{ steps.first.output }}?
approvers: admin
form:
  channel: {type: string, enum: [stable, beta], default: stable}
timeout: 2d
""")
    assert isinstance(step, ApprovalStep)
    assert step.approvers == ("admin",)
    assert step.form["channel"].default == "stable"
    assert not step.form["channel"].required
    assert step.timeout == 172800


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("form: {c: {type: text}}", ("D102", 9)),
        ("form: {c: {type: integer, default: x}}", ("D106", 9)),
        ("form: [1]", ("D102", 9)),
        ("approvers: [1]", ("D102", 9)),
        ("approvers: ['${{ inputs.x }}']", ("D209", 9)),
        ("prompt: 3", ("D102", 9)),
    ],
)
def test_what_is_wrong_with_an_approval_has_its_line(line: str, expected: Any) -> None:
    first = "" if line.startswith("prompt") else "prompt: q\n"
    body = (
        f"name: a\ntype: approval\n{first}{line}" if first else f"name: a\ntype: approval\n\n{line}"
    )
    assert expected in told(body)


def test_what_happens_on_an_error() -> None:
    assert step_of("name: a\ntype: shell\nrun: x\non_error: continue").on_error == "continue"
    assert step_of("name: a\ntype: shell\nrun: x\non_error: skip").on_error == "skip"
    step = step_of(
        "name: a\ntype: shell\nrun: x\n"
        "on_error: {name: b, type: shell, run: 'echo ${{ error.message }}', on_error: skip}"
    )
    assert isinstance(step.on_error, ShellStep)
    assert step.on_error.on_error == "skip"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("on_error: ignore", ("D102", 9)),
        ("on_error: [1]", ("D102", 9)),
        ("on_error: {name: b, type: shell}", ("D101", 9)),
        ("on_error: {name: b, type: shell, run: '${{ steps.a.output }}'}", ("D205", 9)),
        ("on_error: {name: b, type: shell, run: '${{ output }}'}", ("D207", 9)),
        ("when: error.code", ("D207", 9)),
        ("outputs: {x: '${{ error.code }}'}", ("D207", 9)),
        ("outputs: [1]", ("D102", 9)),
        ("outputs: {x: '${{ steps.a.output }}'}", ("D205", 9)),
        ("on_error: {name: first, type: shell, run: x}", ("D201", 9)),
        ("on_error: {name: a, type: shell, run: x}", ("D201", 9)),
        (
            "on_error: {name: b, type: shell, run: x, on_error: {name: c, type: shell, run: x}}",
            ("D105", 9),
        ),
        ("rollback: 3", ("D102", 9)),
        ("rollback: '${{ run.id }}'", ("D209", 9)),
        ("rollback: {kwargs: {}}", ("D101", 9)),
        ("rollback: {action: x, args: []}", ("W001", 9)),
        ("rollback: {action: x, kwargs: {n: '${{ error }}'}}", ("D207", 9)),
        ("requires: [git, gti]", ("W007", 9)),
        ("requires: 3", ("D102", 9)),
        ("when:", ("W006", 9)),
    ],
)
def test_what_is_wrong_with_a_field_of_any_step_has_its_line(line: str, expected: Any) -> None:
    assert expected in told(f"name: a\ntype: shell\nrun: x\n{line}")


def test_outputs_roll_back_and_prerequisites_are_read() -> None:
    step = step_of("""
name: a
type: python
action: x
outputs: {title: "${{ output.issue.title }}"}
rollback: {action: undo, kwargs: {id: "${{ output.id }}"}}
requires: git
""")
    assert step.outputs == {"title": "${{ output.issue.title }}"}
    assert step.rollback == RollbackCall(action="undo", kwargs={"id": "${{ output.id }}"})
    assert step.requires == ("git",)
    assert step_of("name: a\ntype: python\naction: x\nrollback: undo").rollback == "undo"


def test_bounds_of_a_loop_may_be_expressions() -> None:
    step = step_of("""
name: l
type: loop
for_each: [1]
max_concurrency: ${{ 1 + 1 }}
steps: [{name: b, type: shell, run: x}]
""")
    assert isinstance(step, LoopStep)
    assert step.max_concurrency == "${{ 1 + 1 }}"
    body = "name: l\ntype: loop\nsteps: [{name: b, type: shell, run: x}]\n"
    assert ("D204", 9) in told(body + "max_concurrency: ${{ steps.no.output }}\nfor_each: [1]")
    for wrong in ("-1", "1.5", "true", "many", "[1]"):
        assert ("D102", 9) in told(body + f"max_concurrency: {wrong}\nfor_each: [1]")
    assert ("D102", 9) in told(body + "max_iterations: 0\nuntil: 'true'")
    assert ("D209", 9) in told(body + "max_iterations: 1${{ index }}\nuntil: 'true'")


def test_what_stands_inside_is_looked_at_at_every_depth() -> None:
    found = told("""
name: out
type: loop
for_each: [1]
steps:
  - name: v
    type: validate
    stages: [lint]
    on_failure:
      name: choose
      type: branch
      options:
        - when: item == 1
          step:
            name: w
            type: wait
            seconds: 1
            colour: red
            on_error:
              name: deep
              type: shell
              run: ${{ inputs.nope }} ${{ error.code }} ${{ output }} ${{ index }}
      else: {name: w, type: shell, run: x}
""")
    assert found == [("W001", 22), ("D206", 26), ("D201", 27)]


def test_what_the_engine_cannot_do_yet_is_refused_by_who_starts_it_and_not_by_the_loader() -> None:
    loaded = load_step("""
name: a
type: loop
for_each: [1]
retry: 2
timeout: 60
rollback: undo
steps:
  - name: b
    type: approval
    prompt: P
    form: {pin: {type: string, secret: true}}
  - {name: d, type: validate, stages: [lint], retry: 1, rollback: undo}
""")
    assert isinstance(loaded.spec, WorkflowSpec)
    assert loaded.problems == ()
    named = [problem.message.split(":")[0].strip("`") for problem in not_run_yet(loaded.spec)]
    assert named == [name for word, name in [("secret field", "b")] if word in NOT_RUN_YET]


def test_a_plain_workflow_needs_nothing_that_is_missing() -> None:
    loaded = load_step("name: a\ntype: shell\nrun: x\nretry: 2\ntimeout: 1m")
    assert loaded.spec is not None
    assert list(not_run_yet(loaded.spec)) == []
    assert isinstance(loaded.spec.steps[0], PythonStep)
