"""One action for many runs."""

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from runs.api.v1.schemas.base import In, Out

Action = Literal["restart", "cancel", "pause", "resume", "golden", "delete"]


class BulkFilterIn(In):
    """Which runs: as the filters of the list, which add up."""

    status: list[str] = []
    workflow: str = Field("", max_length=200)
    text: str = Field("", max_length=200)
    golden: bool | None = None
    tag: str = Field("", max_length=50)


class BulkIn(In):
    """What to do, and to which runs: `ids`, or everything that a `filter` finds."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "example": {"action": "cancel", "filter": {"status": ["queued"]}, "dry_run": True}
        },
    )

    action: Action
    ids: list[str] | None = Field(None, max_length=1000)
    filter: BulkFilterIn | None = None
    dry_run: bool = False
    reason: str = Field("", max_length=2000)

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        """Exactly one of `ids` and `filter`."""
        if (self.ids is None) == (self.filter is None):
            raise ValueError("Give either `ids` or `filter`.")
        return self


class BulkItemOut(Out):
    """What became of one run."""

    run_id: str
    outcome: Literal["done", "unchanged", "refused"]
    new_run_id: str | None = Field(description="The run that a restart made.")
    code: str
    message: str


class BulkOut(Out):
    """What became of all of them."""

    action: str
    dry_run: bool
    counts: dict[str, int]
    items: list[BulkItemOut]
