"""Golden runs, what checks against them mind, and a check."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from runs import ids
from runs.api.v1.schemas.base import In, Out, shown

ASSERTIONS: Any = {
    "nodes": {
        "plan": "ignore",
        "fix[*]/review": {"ignore": ["duration"], "band": {"score": [0.8, 1.0]}},
    }
}


def _example(value: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": value})


class GoldenIn(In):
    """Under which name the run is kept, and what else is known of it."""

    model_config = _example(
        {"name": "release-notes", "tags": ["nightly"], "note": "checked by Ann"}
    )

    name: str = Field("", max_length=200, description="The workflow's name when empty.")
    tags: list[str] | None = Field(None, max_length=20, description="Null: as they are.")
    note: str | None = Field(None, max_length=4000, description="Null: as it is.")
    replace: bool = Field(
        False, description="Take the name, and its assertions, from the run that has it."
    )


class AssertionsIn(In):
    """What checks mind: as an object under `nodes`, or as the text of a YAML or JSON file."""

    model_config = _example(ASSERTIONS)

    version: Literal[1] = 1
    nodes: dict[str, JsonValue] | None = None
    text: str | None = Field(None, max_length=1_000_000)
    file: str = Field("", max_length=1000, description="The text's file, for messages.")

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        """Exactly one of `nodes` and `text`."""
        if (self.nodes is None) == (self.text is None):
            raise ValueError("Give either `nodes` or `text`.")
        return self


class AcceptIn(In):
    """Which value checks expect from now on, and why."""

    model_config = ConfigDict(
        extra="forbid", strict=True, populate_by_name=True,
        json_schema_extra={
            "example": {"from": "run_0pkx3m7q2a9f4c", "path": "draft", "reason": "new wording"}
        },
    )  # fmt: skip

    from_: str = Field(
        alias="from", max_length=ids.MOST, description="The run that gave the value."
    )
    path: str = Field(max_length=4000)
    reason: str = Field(min_length=1, max_length=1000)


class CheckIn(In):
    """What the run is checked against."""

    model_config = _example({"against": "golden:release-notes"})

    against: str = Field(max_length=300, description="`golden:NAME`, or the id of a run.")
    assertions: str | None = Field(
        None, max_length=1_000_000,
        description="YAML or JSON; instead of those that are kept with the golden run. "
        "For operators.",
    )  # fmt: skip
    file: str = Field("", max_length=1000, description="The text's file, for messages.")


class AcceptedOut(Out):
    """A value that checks expect instead of the golden run's own."""

    path: str
    from_run_id: str
    reason: str
    by: str
    at: datetime


class GoldenRunOut(Out):
    """One golden run."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "name": "release-notes",
                "run_id": "run_0pkx3m7q2a9f4c",
                "workflow": "release-notes",
                "tags": ["nightly"],
                "note": "",
                "assertions": ASSERTIONS,
                "accepted": [],
                "created_by": "ann",
                "created_at": "2026-11-21T04:45:55.410000Z",
            }
        },
    )

    name: str
    run_id: str
    workflow: str
    tags: list[str]
    note: str
    assertions: dict[str, Any] | None = Field(description="Null: all outputs are to be equal.")
    accepted: list[AcceptedOut]
    created_by: str
    created_at: datetime


class GoldenPageOut(Out):
    """Golden runs, by name."""

    items: list[GoldenRunOut]
    next_cursor: str | None


class FindingOut(Out):
    """One assertion that does not hold."""

    kind: str = Field(description="`equal`, `subset`, `schema`, `regex`, `band` or `status`.")
    at: str = Field(description="The place in the output; empty is the whole of it.")
    message: str
    expected: Any
    actual: Any


class NodeVerdictOut(Out):
    """How one node stands against the baseline."""

    path: str
    type: str
    verdict: Literal["passed", "failed", "missing", "extra", "ignored"]
    because: str
    accepted: bool = Field(description="What was expected is a value that was accepted later.")
    findings: list[FindingOut]
    acceptable: bool = Field(description="Whether the new value can be accepted.")


class BaselineOut(Out):
    """What was checked against."""

    run_id: str
    name: str | None = Field(description="Null: it is not golden.")


class CheckOut(Out):
    """A run against a baseline, node by node."""

    model_config = shown(
        {
            "run_id": "run_0pkx3n1v7c2d8e",
            "workflow": "release-notes",
            "baseline": {"run_id": "run_0pkx3m7q2a9f4c", "name": "release-notes"},
            "passed": False,
            "counts": {"passed": 11, "failed": 1, "missing": 0, "extra": 0, "ignored": 0},
            "nodes": [
                {
                    "path": "draft",
                    "type": "agent",
                    "verdict": "failed",
                    "because": "an assertion does not hold",
                    "accepted": False,
                    "findings": [
                        {
                            "kind": "equal",
                            "at": "title",
                            "message": "It is another value.",
                            "expected": "v1.4.0",
                            "actual": "v1.4.1",
                        }
                    ],
                    "acceptable": True,
                }
            ],
        }
    )

    run_id: str
    workflow: str
    baseline: BaselineOut
    passed: bool
    counts: dict[str, int]
    nodes: list[NodeVerdictOut]
