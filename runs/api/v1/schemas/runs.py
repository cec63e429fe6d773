"""Runs: what starts and restarts them, and what is told of them."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from runs.api.v1.schemas.base import In, Out
from runs.states import RunStatus

RUN_EXAMPLE: Any = {
    "id": "run_0pkx3m7q2a9f4c",
    "workflow": "release-notes",
    "status": "succeeded",
    "status_reason": "",
    "kind": "restart",
    "source_run_id": "run_0pkx2b1c8d7e6f",
    "golden": {"name": "release-notes", "tags": ["nightly"], "note": ""},
    "counts": {
        "total": 6,
        "pending": 0,
        "running": 0,
        "succeeded": 6,
        "failed": 0,
        "skipped": 0,
        "reused": 4,
    },
    "inputs": {"tag": "v1.4.0"},
    "labels": {"team": "docs"},
    "created_at": "2026-11-21T04:45:53.120000Z",
    "started_at": "2026-11-21T04:45:53.160000Z",
    "finished_at": "2026-11-21T04:45:55.410000Z",
    "duration_ms": 2250,
}

PLAN_EXAMPLE: Any = {
    "plan_id": "plan_5c81e09be27f4a6d8f0b3c1d",
    "counts": {"reuse": 1, "run": 7, "unknown": 1},
    "saved_ms": 48120,
    "saved_cost": 0.0312,
    "confirm": [],
    "items": [
        {
            "path": "plan",
            "action": "reuse",
            "because": "input and definition are unchanged",
            "source_execution_id": "exec_0pkx2b1c8d7e70",
            "saved_ms": 48120,
            "expected_ms": None,
        },
        {
            "path": "draft",
            "action": "run",
            "because": "failed last time",
            "source_execution_id": None,
            "saved_ms": None,
            "expected_ms": 52210,
        },
        {
            "path": "check",
            "action": "unknown",
            "because": "depends on `draft`, which runs again; its condition decides",
            "source_execution_id": None,
            "saved_ms": None,
            "expected_ms": None,
        },
    ],
    "not_begun": [
        {
            "path": "publish",
            "turns": 3,
            "run": 6,
            "unknown": 0,
            "because": "3 turns that had not begun",
            "is_open": False,
        }
    ],
}

Labels = dict[str, str]


class GoldenOut(Out):
    """The run is kept as a baseline."""

    name: str
    tags: list[str] = []
    note: str = ""


class CountsOut(Out):
    """How many nodes stand where. Reused ones are among the succeeded."""

    total: int
    pending: int
    running: int
    succeeded: int
    failed: int
    skipped: int
    reused: int


class RunOut(Out):
    """One attempt at a workflow."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": RUN_EXAMPLE})

    id: str
    workflow: str
    status: RunStatus
    status_reason: str = Field(description="One stable word, then an optional `: detail`.")
    kind: Literal["restart", "fork", "resume"] | None
    source_run_id: str | None = Field(description="The run that this one was started from.")
    golden: GoldenOut | None
    counts: CountsOut
    inputs: dict[str, Any] = Field(description="Secrets are masked.")
    labels: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None = Field(description="Null until the run is over.")


class OneRunOut(RunOut):
    """A run by itself: with what it gave."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {**RUN_EXAMPLE, "outputs": {"notes": "What is new in v1.4.0"}}
        },
    )

    outputs: Any = Field(
        description="Null before it has succeeded, and when the workflow declares none."
    )


class RunPageOut(Out):
    """Runs, newest first."""

    items: list[RunOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page.")


class RunIn(In):
    """Start a known workflow by name, or a workflow by its YAML text."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"workflow": "release-notes", "inputs": {"tag": "v1.4.0"}},
                {
                    "definition": "version: '1.0'\nname: hello\nsteps:\n  - name: greet\n"
                    "    type: shell\n    run: echo hello\n",
                    "inputs": {},
                },
            ]
        },
    )

    workflow: str | None = Field(None, min_length=1, max_length=200)
    definition: str | None = Field(None, min_length=1, description="The YAML text of a workflow.")
    inputs: dict[str, JsonValue] = Field(default_factory=dict)
    labels: Labels = Field(default_factory=dict)

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        """Exactly one of `workflow` and `definition`."""
        if (self.workflow is None) == (self.definition is None):
            raise ValueError("Name either `workflow` or `definition`.")
        return self


Reuse = Literal["succeeded-before", "all-succeeded", "unaffected", "checkpoint", "none"]


class RestartIn(In):
    """What a restart takes over and what it changes. Everything is optional."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {},
                {"from": "draft", "reuse": "unaffected", "reason": "new template"},
                {"fork": True, "input_patch": {"tag": "v1.4.1"}, "confirm": ["publish"]},
                {"plan_id": "plan_5c81e09be27f4a6d8f0b3c1d"},
            ]
        },
    )

    scope: Literal["workflow", "execution"] = "workflow"
    reuse: Reuse | None = None
    from_: str | None = Field(
        None, alias="from", max_length=4000, description="An execution id or a step path."
    )
    input: dict[str, JsonValue] | None = Field(None, description="Replaces the inputs.")
    input_patch: dict[str, JsonValue] | None = Field(
        None, description="An RFC 7396 merge patch of the inputs."
    )
    context: dict[str, JsonValue] | None = None
    context_patch: dict[str, JsonValue] | None = None
    fork: bool = False
    reason: str = Field("", max_length=2000)
    plan_id: str | None = Field(
        None, max_length=200, description="From a preview; 409 when it no longer holds."
    )
    confirm: list[str] = Field(
        [], max_length=10_000, description="Step paths whose effect `ask` may happen again."
    )


class CancelIn(In):
    """Why the run is cancelled."""

    reason: str = Field("", max_length=2000, examples=["wrong branch"])


class ImportedRunOut(Out):
    """A run that was imported, and what is to be known of it."""

    run: RunOut
    notes: list[str]


class PlanCountsOut(Out):
    """How many steps for each action, those of `not_begun` included."""

    reuse: int
    run: int
    unknown: int


class PlanItemOut(Out):
    """The decision about one step, and why."""

    path: str
    action: Literal["reuse", "run", "unknown"]
    because: str
    source_execution_id: str | None
    saved_ms: int | None = Field(description="Of what is reused: what it took when it ran.")
    expected_ms: int | None = Field(
        description="Of what is not: what it took last time; null when nobody knows."
    )


class NotBegunOut(Out):
    """What runs inside a container of which nothing was recorded, so that no item decides it."""

    path: str = Field(description="The container; without turns where it stands in several.")
    turns: int | None = Field(
        description="Turns that had not begun; null: it is no loop, or nobody knows how many."
    )
    run: int = Field(description="Steps in it that will run.")
    unknown: int = Field(description="Steps in it whose condition decides.")
    because: str
    is_open: bool = Field(description="How much it is, is known when it runs: it is not counted.")


class PlanOut(Out):
    """What a restart would do; nothing was started."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": PLAN_EXAMPLE})

    plan_id: str = Field(description="Name it in the restart to commit exactly this.")
    counts: PlanCountsOut
    saved_ms: int = Field(description="Work that need not be done again.")
    saved_cost: float | None = Field(
        description="What the reused agents cost when they ran; null when nobody knows."
    )
    confirm: list[str] = Field(
        description="Steps with the effect `ask` that would happen again: name them in the "
        "restart's `confirm`."
    )
    items: list[PlanItemOut]
    not_begun: list[NotBegunOut]


class FieldChangeOut(Out):
    """A field of inputs or context that is another than in the source; secrets are masked."""

    field: str = Field(examples=["inputs.topic"])
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class ChangeOut(Out):
    """What makes a run another than its source."""

    words: str = Field(examples=['forked: input `topic` changed "rain" → "snow"'])
    source_deleted: bool
    from_step: str | None = Field(description="The step that it was restarted from.")
    alone: bool = Field(description="That step ran and nothing else.")
    reuse: str | None
    checkpoint: str | None
    fields: list[FieldChangeOut]


class RelativeOut(Out):
    """One run of a family."""

    run: RunOut
    generation: int = Field(description="0 is the first ancestor.")
    reason: str = Field(description="Why a person started it.")
    by: str
    change: ChangeOut | None = Field(description="Null: it has no source.")


class LineageOut(Out):
    """A run's family over all generations, oldest first."""

    run_id: str
    root_run_id: str
    ancestors: list[str] = Field(description="From the direct source back to the root.")
    more: bool = Field(description="The family has members that are not told.")
    items: list[RelativeOut]
