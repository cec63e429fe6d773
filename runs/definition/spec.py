"""What a workflow file means: frozen models, one class for each kind of step.

The same classes check a file (`build.py`), travel as JSON with a stored plan
(`model_dump(mode="json")` and `model_validate` are a round trip) and make the JSON Schema for
editors. Values that hold expressions stay as they were written; nothing is evaluated here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from runs.definition.fields import (
    NAME_PATTERN,
    START,
    WORKFLOW_NAME_PATTERN,
    Condition,
    CountFrom0,
    CountFrom1,
    DurationOrExpression,
    Effect,
    Frozen,
    InputSpec,
    Mark,
    MomentOrExpression,
    PositiveSeconds,
    Retry,
    RollbackCall,
    StageCommand,
)

__all__ = [
    "NAME_PATTERN",
    "START",
    "STEP_CLASSES",
    "WORKFLOW_NAME_PATTERN",
    "AgentStep",
    "ApprovalStep",
    "BranchOption",
    "BranchStep",
    "CheckpointStep",
    "GenerateStep",
    "InputSpec",
    "LoopStep",
    "Mark",
    "PythonStep",
    "Retry",
    "RollbackCall",
    "ShellStep",
    "StageCommand",
    "Step",
    "StepBase",
    "SubworkflowStep",
    "ValidateStep",
    "WaitStep",
    "WorkflowSpec",
    "called_workflows",
    "nested",
]


class StepBase(Frozen):
    """What every step may say.

    `on_error`: what happens when the last attempt has failed. A step: it runs, sees `error`
    (`code`, `message`), and its output becomes this step's. `continue`: the step counts as
    succeeded with null. `skip`: as skipped.
    `rollback`: when the run fails after this step succeeded; the name of an action is called with
    this step's own resolved arguments.
    `outputs`: expressions that also see `output`. The recorded output becomes
    `{**output, **outputs}` if the output is a mapping, else `{"result": output, **outputs}`.
    `config`: settings of the agent that does the step (`runs.definition.config`).
    """

    name: str = Field(pattern=NAME_PATTERN)
    type: str
    when: Condition | None = None
    needs: tuple[str, ...] | None = None  # None: depends on the step before it in its list
    retry: Retry | None = None
    timeout: PositiveSeconds | None = None  # seconds for one attempt
    effect: Effect = "idempotent"
    on_error: Step | Literal["continue", "skip"] | None = None
    rollback: str | RollbackCall | None = None
    outputs: dict[str, Any] = Field(default_factory=dict)
    requires: tuple[str, ...] = ()  # prerequisites, checked before the run starts
    config: dict[str, Any] = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)  # kept, never evaluated
    mark: Mark = START

    @field_validator("needs", "requires", mode="before")
    @classmethod
    def _one_need(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("metadata", mode="before")
    @classmethod
    def _no_metadata(cls, value: Any) -> Any:
        return {} if value is None else value


class PythonStep(StepBase):
    """Call a registered action (`runs.actions`)."""

    type: Literal["python"] = "python"
    action: str = Field(min_length=1)
    kwargs: dict[str, Any] = Field(default_factory=dict)
    args: list[Any] = Field(default_factory=list)


class ShellStep(StepBase):
    """Run a command; a non-zero exit status fails the step."""

    type: Literal["shell"] = "shell"
    run: str = Field(min_length=1)
    cwd: str | None = None
    env: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    shell: str | None = None  # the program that reads `run`; None: the default of the runner


class LoopStep(StepBase):
    """Run `steps` for each item, or until a condition holds, or (with neither) once.

    A bound that is a text is an expression, evaluated when the loop opens.
    """

    type: Literal["loop"] = "loop"
    steps: tuple[Step, ...] = Field(min_length=1)
    for_each: str | list[Any] | None = None
    until: Condition | None = None
    max_concurrency: CountFrom0 = 1  # turns at once; 0: no bound
    max_iterations: CountFrom1 = 30  # of an `until` loop

    @model_validator(mode="after")
    def _one_kind_of_loop(self) -> LoopStep:
        if self.for_each is not None and self.until is not None:
            raise ValueError("a loop has either for_each or until, not both")
        return self


class BranchOption(Frozen):
    """One arm: its step runs when its condition is the first that holds."""

    when: Condition
    step: Step


class BranchStep(StepBase):
    """Run the step of the first option whose condition holds; else `otherwise`; else null."""

    type: Literal["branch"] = "branch"
    options: tuple[BranchOption, ...] = Field(min_length=1)
    otherwise: Step | None = Field(default=None, alias="else")


class CheckpointStep(StepBase):
    """Save the state of the run. Without an id, the name of the step is the id."""

    type: Literal["checkpoint"] = "checkpoint"
    checkpoint_id: str | None = None


class SubworkflowStep(StepBase):
    """Run another workflow as a child run."""

    type: Literal["subworkflow"] = "subworkflow"
    workflow: str = Field(min_length=1)
    inputs: dict[str, Any] = Field(default_factory=dict)


class AgentStep(StepBase):
    """Let an agent work. `context`: what it is told, or the action that builds it.

    `agent` may hold expressions. `output_schema`: a mapping is the JSON Schema that the answer
    must fit; a text names a class of the original program and is not checked.
    """

    type: Literal["agent"] = "agent"
    agent: str = Field(min_length=1)
    context: dict[str, Any] | str = Field(default_factory=dict)
    output_schema: str | dict[str, Any] | None = None
    cwd: str | None = None  # where it works; None: the workspace


class GenerateStep(StepBase):
    """Let a generator write a text, or JSON that fits `output_schema`."""

    type: Literal["generate"] = "generate"
    generator: str = Field(min_length=1)
    context: dict[str, Any] | str = Field(default_factory=dict)
    output_schema: str | dict[str, Any] | None = None
    cwd: str | None = None


class ValidateStep(StepBase):
    """Run checks. While they fail: `on_failure`, then the checks again, up to `rounds` times.

    `stages`: names, commands, or an expression that answers a list of them. `fail` says whether
    a validation that has not passed in the end is a failed step; else its output says so.
    """

    type: Literal["validate"] = "validate"
    stages: str | list[str | StageCommand]
    # A number as `retry` means this. None: 3 with `on_failure`, else 0, as checks that nobody
    # mends would only fail again.
    rounds: CountFrom0 | None = None
    on_failure: Step | None = None  # sees `output`, the result of the checks
    fail: bool = Field(default=False, strict=True)
    cwd: str | None = None


class WaitStep(StepBase):
    """Wait: some time (`seconds`), or until a moment (ISO 8601; UTC where no zone is given)."""

    type: Literal["wait"] = "wait"
    seconds: DurationOrExpression | None = None
    until: MomentOrExpression | None = None

    @model_validator(mode="after")
    def _one_end(self) -> WaitStep:
        if (self.seconds is None) == (self.until is None):
            raise ValueError("a wait has either seconds or until")
        return self


class ApprovalStep(StepBase):
    """Ask people. `approvers`: names of users, or viewer, operator, admin; empty: any operator."""

    type: Literal["approval"] = "approval"
    prompt: str = Field(min_length=1)
    approvers: tuple[str, ...] = ()
    form: dict[str, InputSpec] = Field(default_factory=dict)

    @field_validator("approvers", mode="before")
    @classmethod
    def _one_approver(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


Step = Annotated[
    PythonStep
    | ShellStep
    | LoopStep
    | BranchStep
    | CheckpointStep
    | SubworkflowStep
    | AgentStep
    | GenerateStep
    | ValidateStep
    | WaitStep
    | ApprovalStep,
    Field(discriminator="type"),
]

STEP_CLASSES: dict[str, type[StepBase]] = {
    "python": PythonStep,
    "shell": ShellStep,
    "agent": AgentStep,
    "generate": GenerateStep,
    "validate": ValidateStep,
    "subworkflow": SubworkflowStep,
    "branch": BranchStep,
    "loop": LoopStep,
    "checkpoint": CheckpointStep,
    "wait": WaitStep,
    "approval": ApprovalStep,
}


class WorkflowSpec(Frozen):
    """A whole file. `file` says where it came from, for messages only."""

    version: str = Field(default="1.0", pattern=r"^1\.\d{1,4}$")
    name: str = Field(pattern=WORKFLOW_NAME_PATTERN)
    description: str = ""
    inputs: dict[str, InputSpec] = Field(default_factory=dict)
    steps: tuple[Step, ...] = Field(min_length=1)
    outputs: dict[str, Any] = Field(default_factory=dict)
    file: str = "<text>"


def nested(step: StepBase) -> Iterator[tuple[tuple[str | int, ...], StepBase]]:
    """The steps directly inside a step, each with where it stands in it."""
    match step:
        case LoopStep():
            for number, each in enumerate(step.steps):
                yield ("steps", number), each
        case BranchStep():
            for number, option in enumerate(step.options):
                yield ("options", number, "step"), option.step
            if step.otherwise is not None:
                yield ("else",), step.otherwise
        case ValidateStep() if step.on_failure is not None:
            yield ("on_failure",), step.on_failure
    if isinstance(step.on_error, StepBase):
        yield ("on_error",), step.on_error


def called_workflows(steps: Iterable[StepBase]) -> list[str]:
    """The workflows that these steps call, at any depth, in file order."""
    names: list[str] = []
    for step in steps:
        if isinstance(step, SubworkflowStep):
            names.append(step.workflow)
        names += called_workflows(inner for _, inner in nested(step))
    return names
