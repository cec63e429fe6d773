"""Executions, the graph that they form, and what they logged."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from runs.api.v1.schemas.base import Out
from runs.states import RunStatus, StepStatus

EXECUTION_EXAMPLE: Any = {
    "id": "exec_0pkx3m7q2a9f4c1b2",
    "run_id": "run_0pkx3m7q2a9f4c",
    "parent_id": None,
    "path": "fix[2]/review",
    "name": "review",
    "type": "python",
    "status": "succeeded",
    "status_reason": "",
    "attempts": [
        {
            "n": 1,
            "outcome": "succeeded",
            "reason": "",
            "worker": "worker-1",
            "started_at": "2026-11-21T04:45:53.160000Z",
            "finished_at": "2026-11-21T04:45:53.410000Z",
            "usage": None,
        }
    ],
    "input": {"text": "draft"},
    "output": {"passed": True},
    "error": None,
    "started_at": "2026-11-21T04:45:53.160000Z",
    "finished_at": "2026-11-21T04:45:53.410000Z",
    "duration_ms": 250,
    "reuse": None,
    "decision": {"action": "run", "because": "failed last time"},
}


class AttemptOut(Out):
    """One try."""

    n: int
    outcome: str | None = Field(description="Null while it runs.")
    reason: str
    worker: str
    started_at: str | None
    finished_at: str | None
    usage: dict[str, Any] | None = Field(
        description="Of an agent: agent, model, tokens_in, tokens_out, cost. Null for others."
    )


class ReuseOut(Out):
    """Where a reused output came from, and who really did the work."""

    source_execution_id: str
    source_run_id: str | None = Field(description="Null: that run was deleted.")
    origin_execution_id: str
    origin_run_id: str | None = Field(description="Null: that run was deleted.")


class DecisionOut(Out):
    """What the planner decided, and why."""

    action: str = Field(examples=["reuse"])
    because: str = Field(examples=["input `topic` changed"])


class ExecutionOut(Out):
    """One node of a run."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"example": EXECUTION_EXAMPLE}
    )

    id: str
    run_id: str
    parent_id: str | None
    path: str
    name: str
    type: str
    status: StepStatus
    status_reason: str
    attempts: list[AttemptOut]
    input: Any
    output: Any
    error: dict[str, Any] | None
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None
    reuse: ReuseOut | None
    decision: DecisionOut | None


class ExecutionPageOut(Out):
    """Executions in path order, turn 10 behind turn 9."""

    items: list[ExecutionOut]
    next_cursor: str | None


class LogPartOut(Out):
    """Some lines."""

    id: int
    attempt: int
    stream: str = Field(examples=["stdout"])
    level: str
    text: str
    at: datetime


class LogPageOut(Out):
    """A part of an execution's log."""

    items: list[LogPartOut]
    last_id: int = Field(description="Send it as `after` for what follows.")


# Comes as text from the database, which writes 1,000 of them faster than Python reads them.
Moment = Annotated[
    str | None,
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
]


class UsageOut(Out):
    """What an agent used; null is what nobody said."""

    model: str
    tokens_in: int | None
    tokens_out: int | None
    cost: float | None = Field(description="In the currency of the configured prices.")


class GraphNodeOut(Out):
    """One node; `id` is null when it has not started."""

    id: str | None
    path: str
    name: str
    type: str
    parent: str | None = Field(description="The path of the container around it.")
    status: StepStatus
    status_reason: str
    attempts: int
    started_at: Moment
    finished_at: Moment
    duration_ms: int | None
    reused: bool
    reuse: ReuseOut | None
    decision: DecisionOut | None
    file: str
    line: int | None
    on_error: Literal["", "continue", "skip", "handle"] = Field(
        description="What a failure of it means: nothing (the run fails), that the run goes on, "
        "that it counts as skipped, or that another step handles it."
    )
    handled: bool = Field(description="It failed, and the run went on from that.")
    undoes: str | None = Field(description="The path of the step that it undid.")
    usage: UsageOut | None = Field(description="Of all attempts of an agent in this run.")


class GraphEdgeOut(Out):
    """How two nodes belong together; `source` and `target` are paths."""

    source: str
    target: str
    kind: Literal["needs", "on_error", "undoes"] = Field(
        description="`target` needs `source`; `target` runs if `source` fails; `target` undid "
        "`source` when the run had failed."
    )


class GraphOut(Out):
    """A run as a graph: what was executed, and the steps that never started."""

    run_id: str
    status: RunStatus
    seq: int = Field(description="Follow the events behind this number to stay up to date.")
    nodes: list[GraphNodeOut]
    edges: list[GraphEdgeOut]
