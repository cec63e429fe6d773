"""Why a run or a step is as it is."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from runs.api.v1.schemas.base import Out
from runs.api.v1.schemas.executions import DecisionOut, ReuseOut

WHY_EXAMPLE: Any = {
    "run_id": "run_0pkx3m7q2a9f4c",
    "path": "publish",
    "execution_id": None,
    "status": "pending",
    "verdict": "not-reached",
    "sentences": ["It did not run because `test`, which it depends on, failed."],
    "decision": None,
    "reuse": None,
    "condition": "",
    "values": [],
    "waits_for": [],
    "root": {
        "path": "test",
        "execution_id": "exec_0pkx3m7q2a9f4c1b2",
        "status": "failed",
        "code": "command-failed",
        "message": "exit code 1",
        "hint": "",
    },
    "consequences": [],
    "consequence_count": 0,
}


class SeenValueOut(Out):
    """What a condition read, and what it got; secrets are masked."""

    name: str = Field(examples=["steps.plan.output.size"])
    value: Any


class WaitsOut(Out):
    """One thing that is waited for."""

    kind: Literal[
        "step", "container", "turn", "worker", "lease", "timer", "retry", "approval", "pause"
    ]
    on: str = Field(description="A step path, or a worker.")
    until: datetime | None
    hint: str


class RootOut(Out):
    """The failure that a failure comes from."""

    path: str
    execution_id: str
    status: str
    code: str
    message: str
    hint: str


class WhyOut(Out):
    """Sentences for people, and the same as facts."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": WHY_EXAMPLE})

    run_id: str
    path: str | None = Field(description="Null: it is told of the run.")
    execution_id: str | None
    status: str
    verdict: Literal[
        "ran", "runs", "reused", "waits", "skipped", "failed", "cancelled", "not-reached"
    ]
    sentences: list[str]
    decision: DecisionOut | None
    reuse: ReuseOut | None
    condition: str
    values: list[SeenValueOut]
    waits_for: list[WaitsOut]
    root: RootOut | None
    consequences: list[str] = Field(description="At most 50 paths, in graph order.")
    consequence_count: int
