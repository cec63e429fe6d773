"""What waits for a decision, and the decision."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field, JsonValue

from runs.api.v1.schemas.base import In, Out, shown


class FormFieldOut(Out):
    """One thing to fill in when the step is approved."""

    name: str
    type: str = Field(description="string, integer, boolean, float, object or array.")
    required: bool
    default: Any = Field(description="Null when there is none, or when it is secret.")
    description: str
    enum: list[Any] | None
    secret: bool


class ApprovalOut(Out):
    """A step that waits for a decision."""

    model_config = shown(
        {
            "execution_id": "exec_0pkx3m7q2a9f4d",
            "path": "confirm",
            "prompt": "Publish v1.4.0?",
            "form": [
                {
                    "name": "channel",
                    "type": "string",
                    "required": False,
                    "default": "stable",
                    "description": "Where it is published.",
                    "enum": ["stable", "beta"],
                    "secret": False,
                }
            ],
            "approvers": ["operator"],
            "since": "2026-11-21T04:45:55.410000Z",
            "due": None,
            "may_decide": True,
        }
    )

    execution_id: str
    path: str
    prompt: str
    form: list[FormFieldOut]
    approvers: list[str] = Field(
        description="Who may decide: names of users, and roles (which every higher role has)."
    )
    since: datetime | None
    due: datetime | None = Field(description="When nobody can decide any more; null: never.")
    may_decide: bool = Field(description="Whether you may.")


class ApprovalPageOut(Out):
    """What waits, in the order in which it began to wait."""

    items: list[ApprovalOut]
    next_cursor: str | None = Field(description="Always null: all of them are here.")


class DecisionIn(In):
    """Yes or no."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"approve": True, "values": {"channel": "beta"}, "comment": "after the call"},
                {"approve": False, "comment": "not on a Friday"},
            ]
        },
    )

    approve: bool
    comment: str = Field("", max_length=2000)
    values: dict[str, JsonValue] = Field(
        default_factory=dict, description="What the form is filled with; only when approving."
    )
