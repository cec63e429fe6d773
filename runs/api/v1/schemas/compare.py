"""Two runs side by side."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from runs.api.v1.schemas.base import Out
from runs.states import RunStatus, StepStatus

_CHANGED: Any = {
    "items": [{"path": "topic", "kind": "changed", "a": "rain", "b": "snow", "is_cut": False}],
    "more": False,
    "note": "",
}
_NOTHING: Any = {"items": [], "more": False, "note": ""}


def _run(run_id: str, took: int, **more: Any) -> Any:
    return {
        "id": run_id,
        "workflow": "release-notes",
        "version": 3,
        "status": "succeeded",
        "status_reason": "",
        "kind": None,
        "source_run_id": None,
        "created_at": "2026-11-21T04:45:53.120000Z",
        "duration_ms": took,
        **more,
    }


def _step(execution_id: str, took: int) -> Any:
    return {
        "execution_id": execution_id,
        "path": "write",
        "status": "succeeded",
        "status_reason": "",
        "duration_ms": took,
        "reused": False,
    }


COMPARISON_EXAMPLE: Any = {
    "a": _run("run_0pkx2b1c8d7e6f", 4100),
    "b": _run("run_0pkx3m7q2a9f4c", 2250, kind="fork", source_run_id="run_0pkx2b1c8d7e6f"),
    "same": False,
    "counts": {"same": 0, "changed": 1, "only_a": 0, "only_b": 0, "reused": 5},
    "first_divergence": "write",
    "because": "input `topic` changed",
    "duration_difference_ms": -1850,
    "inputs": _CHANGED,
    "context": _NOTHING,
    "outputs": _NOTHING,
    "definition": None,
    "nodes": [
        {
            "path": "write",
            "name": "write",
            "type": "generate",
            "verdict": "changed",
            "differs": ["input", "output"],
            "role": "cause",
            "because": "input `topic` changed",
            "root": "write",
            "a": _step("exec_0pkx2b1c8d7e6f1a2", 1900),
            "b": _step("exec_0pkx3m7q2a9f4c1b2", 2100),
            "duration_difference_ms": 200,
            "input": _CHANGED,
            "output": _CHANGED,
            "error": None,
        }
    ],
}


class ComparedRunOut(Out):
    """One of the two runs."""

    id: str
    workflow: str
    version: int
    status: RunStatus
    status_reason: str
    kind: str | None
    source_run_id: str | None
    created_at: datetime
    duration_ms: int | None


class PlaceOut(Out):
    """One place where two values differ."""

    path: str = Field(examples=["config.region"], description="Empty: the whole value.")
    kind: Literal["added", "removed", "changed"]
    a: Any = Field(description="Null where it was added.")
    b: Any = Field(description="Null where it was removed.")
    is_cut: bool = Field(description="A value is long and only its beginning is told, as text.")


class PlacesOut(Out):
    """Where two values differ."""

    items: list[PlaceOut]
    more: bool = Field(description="There are more places than are told.")
    note: str


class ComparedStepOut(Out):
    """One execution on one side."""

    execution_id: str
    path: str
    status: StepStatus
    status_reason: str
    duration_ms: int | None
    reused: bool


class ComparedNodeOut(Out):
    """One step of both runs, or of one of them."""

    path: str = Field(description="Where it stands in B, or in A if only that has it.")
    name: str
    type: str
    verdict: Literal["same", "changed", "only_a", "only_b", "reused"] = Field(
        description="`reused`: it is the same work; one has it from the other, or both from a third."
    )
    differs: list[str] = Field(
        description="Of what changed: definition, condition, status, input, output, error."
    )
    role: Literal["cause", "consequence"] | None
    because: str
    root: str | None = Field(description="The path of the cause that it follows from.")
    a: ComparedStepOut | None
    b: ComparedStepOut | None
    duration_difference_ms: int | None = Field(
        description="B's less A's; null unless both did their own work."
    )
    input: PlacesOut | None = Field(description="Null where it does not differ, or is not told.")
    output: PlacesOut | None
    error: PlacesOut | None


class DefinitionChangeOut(Out):
    """What differs between the texts that the two runs ran."""

    a_version: int
    b_version: int
    steps: list[str] = Field(examples=[["plan changed"]])
    text: str = Field(description="A unified diff.")
    is_cut: bool


class TallyOut(Out):
    """How many steps are what."""

    same: int
    changed: int
    only_a: int
    only_b: int
    reused: int


class ComparisonOut(Out):
    """Two runs side by side: A is the first of the address, B the second."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"example": COMPARISON_EXAMPLE}
    )

    a: ComparedRunOut
    b: ComparedRunOut
    same: bool = Field(description="Status, inputs, outputs and every step are the same.")
    counts: TallyOut
    first_divergence: str | None = Field(description="The path of the first cause, in graph order.")
    because: str
    duration_difference_ms: int | None
    inputs: PlacesOut
    context: PlacesOut
    outputs: PlacesOut
    definition: DefinitionChangeOut | None = Field(description="Null: both ran one version.")
    nodes: list[ComparedNodeOut]
