"""What a workflow file means: frozen models, one class for each kind of step.

The same classes check a file (`build.py`), travel as JSON with a stored plan
(`model_dump(mode="json")` and `model_validate` are a round trip) and make the JSON Schema for
editors. Values that hold expressions stay as they were written; nothing is evaluated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from runs.definition.durations import parse_duration

Effect = Literal["pure", "idempotent", "once", "ask"]
InputType = Literal["string", "integer", "boolean", "float", "object", "array"]

NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
WORKFLOW_NAME_PATTERN = r"^[a-z][a-z0-9-]{0,63}$"

# A year: longer is a slip of the pen, and a timer that long helps nobody.
MAX_SECONDS = 366 * 24 * 3600.0

Seconds = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(ge=0, le=MAX_SECONDS),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d))+$"},
            ],
            "description": 'Seconds, or a text such as "30s", "5m", "1h30m".',
        }
    ),
]
PositiveSeconds = Annotated[Seconds, Field(gt=0)]


def _text(value: Any) -> Any:
    """A YAML truth value where a condition is expected: `when: true` is the text "true"."""
    return ("true" if value else "false") if isinstance(value, bool) else value


Condition = Annotated[
    str,
    BeforeValidator(_text),
    Field(min_length=1),
    WithJsonSchema({"type": ["string", "boolean"]}),
]


class _Frozen(BaseModel):
    # `extra` is ignored: build.py has already told about every unknown key, with its line.
    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="ignore")


class Mark(_Frozen):
    """A place in a file. Both numbers begin with 1."""

    line: int
    column: int


START = Mark(line=1, column=1)


class Retry(_Frozen):
    """How often a failed attempt is repeated, and how long to wait before.

    The wait before attempt n (n ≥ 2) is `backoff * factor ** (n - 2)` seconds, at most
    `max_backoff`. `on` names error codes; empty means any error that may be retried.
    """

    max_attempts: int = Field(ge=1, le=100, strict=True)
    backoff: Seconds = 1.0
    factor: float = Field(default=2.0, ge=1, le=100)
    max_backoff: Seconds = 300.0
    on: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        """`retry: 3`; `backoff: {initial, factor, max}`; `on: one-code`."""
        if isinstance(value, int) and not isinstance(value, bool):
            return {"max_attempts": value}
        if not isinstance(value, Mapping):
            return value
        flat = dict(value)
        backoff = flat.get("backoff")
        if isinstance(backoff, Mapping):
            unknown = sorted(set(map(str, backoff)) - {"initial", "factor", "max"})
            if unknown:
                raise ValueError(f"backoff has initial, factor and max, not {', '.join(unknown)}")
            flat["backoff"] = backoff.get("initial", 1.0)
            for ours, theirs in (("factor", "factor"), ("max_backoff", "max")):
                if theirs in backoff:
                    flat[ours] = backoff[theirs]
        if isinstance(flat.get("on"), str):
            flat["on"] = (flat["on"],)
        return flat


class InputSpec(_Frozen):
    """One declared input. `default` counts only when `has_default` is true."""

    name: str = Field(pattern=NAME_PATTERN)
    type: InputType
    required: bool = True
    default: Any = None
    has_default: bool = False
    description: str = ""
    secret: bool = False
    enum: list[Any] | None = None

    @field_validator("description", mode="before")
    @classmethod
    def _null_is_empty(cls, value: Any) -> Any:
        return "" if value is None else value


class StepBase(_Frozen):
    """What every step may say."""

    name: str = Field(pattern=NAME_PATTERN)
    type: str
    when: Condition | None = None
    needs: tuple[str, ...] | None = None  # None: depends on the step before it in its list
    retry: Retry | None = None
    timeout: PositiveSeconds | None = None  # seconds for one attempt
    effect: Effect = "idempotent"
    metadata: dict[str, Any] = Field(default_factory=dict)  # kept, never evaluated
    mark: Mark = START

    @field_validator("needs", mode="before")
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
    """Run `steps` for each item, or until a condition holds, or (with neither) once."""

    type: Literal["loop"] = "loop"
    steps: tuple[Step, ...] = Field(min_length=1)
    for_each: str | list[Any] | None = None
    until: Condition | None = None
    max_concurrency: int = Field(default=1, ge=0, strict=True)  # turns at once; 0: no bound
    max_iterations: int = Field(default=30, ge=1, strict=True)  # of an `until` loop

    @model_validator(mode="after")
    def _one_kind_of_loop(self) -> LoopStep:
        if self.for_each is not None and self.until is not None:
            raise ValueError("a loop has either for_each or until, not both")
        return self


class BranchOption(_Frozen):
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


Step = Annotated[
    PythonStep | ShellStep | LoopStep | BranchStep | CheckpointStep | SubworkflowStep,
    Field(discriminator="type"),
]

STEP_CLASSES: dict[str, type[StepBase]] = {
    "python": PythonStep,
    "shell": ShellStep,
    "loop": LoopStep,
    "branch": BranchStep,
    "checkpoint": CheckpointStep,
    "subworkflow": SubworkflowStep,
}


class WorkflowSpec(_Frozen):
    """A whole file. `file` says where it came from, for messages only."""

    version: str = Field(default="1.0", pattern=r"^1\.\d{1,4}$")
    name: str = Field(pattern=WORKFLOW_NAME_PATTERN)
    description: str = ""
    inputs: dict[str, InputSpec] = Field(default_factory=dict)
    steps: tuple[Step, ...] = Field(min_length=1)
    outputs: dict[str, Any] = Field(default_factory=dict)
    file: str = "<text>"


for _model in (LoopStep, BranchOption, BranchStep, WorkflowSpec):
    _model.model_rebuild()
