"""One action for many runs."""

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from runs.api.v1.schemas.base import In, Out, shown

Action = Literal["restart", "cancel", "pause", "resume", "golden", "label", "delete"]


class BulkFilterIn(In):
    """Which runs: as the filters of the list, which add up."""

    status: list[str] = []
    workflow: str = Field("", max_length=200)
    text: str = Field("", max_length=200)
    golden: bool | None = None
    tag: str = Field("", max_length=50)

    @property
    def is_empty(self) -> bool:
        """Whether it narrows nothing down: then it finds every run."""
        words = (self.workflow, self.text, self.tag)
        return not self.status and self.golden is None and not any(w.strip() for w in words)


class BulkIn(In):
    """What to do, and to which runs: `ids`, what a `filter` finds, or `all` of them."""

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
    all: bool = Field(False, description="Every run there is; a filter that is empty needs it.")
    dry_run: bool = False
    reason: str = Field("", max_length=2000)
    labels: dict[str, str | None] | None = Field(
        None, description="For `label`: what is set; null takes a label away; the others stay."
    )

    @model_validator(mode="after")
    def one_of_both(self) -> Self:
        """Exactly one of `ids`, a `filter` that narrows something down, and `all`."""
        empty = self.filter is None or self.filter.is_empty
        if self.filter is not None and empty and not self.all and self.ids is None:
            raise ValueError("The filter is empty and would mean every run: say so with `all`.")
        if [self.ids is not None, not empty, self.all].count(True) != 1:
            raise ValueError("Give either `ids`, a `filter`, or `all`.")
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

    model_config = shown(
        {
            "action": "restart",
            "dry_run": False,
            "counts": {"done": 1, "unchanged": 0, "refused": 1},
            "items": [
                {
                    "run_id": "run_0pkx3m7q2a9f4c",
                    "outcome": "done",
                    "new_run_id": "run_0pkx3n1v7c2d8e",
                    "code": "",
                    "message": "",
                },
                {
                    "run_id": "run_0pkx3mc04b7h2s",
                    "outcome": "refused",
                    "new_run_id": None,
                    "code": "run-not-over",
                    "message": "run_0pkx3mc04b7h2s is running.",
                },
            ],
        }
    )

    action: str
    dry_run: bool
    counts: dict[str, int]
    items: list[BulkItemOut]
