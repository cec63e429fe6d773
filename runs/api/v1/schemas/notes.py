"""What people write on a run."""

from datetime import datetime

from pydantic import ConfigDict, Field

from runs.api.v1.schemas.base import In, Out, shown

TEXT = "Failed because of the *provider's* outage: `503` from 10:02 to 10:40."


class NoteOut(Out):
    """A run's notes."""

    model_config = shown(
        {"text": TEXT, "revision": 2, "by": "mira", "at": "2026-11-21T10:04:07.412Z"}
    )

    text: str = Field(description="Markdown; empty when there are none.")
    revision: int = Field(description="How often they were written; 0: never.")
    by: str | None
    at: datetime | None


class NoteIn(In):
    """What the notes are to read."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"text": TEXT, "revision": 1}},
    )

    text: str = Field(
        max_length=20_000, description="Markdown, at most 20,000 characters; empty: no notes."
    )
    revision: int | None = Field(
        None,
        ge=0,
        description="The one that was read: 409 when somebody has written since. Null: whatever.",
    )


class LabelsIn(In):
    """What the labels are to be."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"labels": {"team": "docs", "env": "staging"}}},
    )

    labels: dict[str, str] = Field(
        description="All of them: a label that is not named is taken away."
    )
