"""Saved views of the run list."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from runs.api.v1.schemas.base import In, Out, shown

Column = Literal["id", "progress", "duration", "started", "ended", "by", "labels"]
_SEARCH = "As in the search of the run list, and in `filter` of `GET /runs`."


class ViewIn(In):
    """A view to be saved."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "example": {
                "name": "Failed today",
                "search": "status:failed started:today",
                "shared": True,
            }
        },
    )

    name: str = Field(min_length=1, max_length=80)
    search: str = Field("", max_length=2000, description=_SEARCH)
    columns: list[Column] = Field([], description="Empty: the reader's own.")
    shared: bool = Field(False, description="Everybody sees it. For operators.")
    default: bool = Field(False, description="The list opens with it, for who asks.")


class ViewChangeIn(In):
    """What is to be different; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"name": "Failed this week", "default": True}},
    )

    name: str | None = Field(None, min_length=1, max_length=80)
    search: str | None = Field(None, max_length=2000, description=_SEARCH)
    columns: list[Column] | None = None
    shared: bool | None = None
    default: bool | None = Field(None, description="False: the list opens with all runs again.")


class ViewOut(Out):
    """A saved view, as who asks sees it."""

    model_config = shown(
        {
            "id": 7,
            "name": "Failed today",
            "search": "status:failed started:today",
            "columns": [],
            "shared": True,
            "owner": "ann",
            "mine": True,
            "default": False,
            "created_at": "2026-11-21T04:45:55.410000Z",
            "changed_at": "2026-11-21T04:45:55.410000Z",
        }
    )

    id: int
    name: str
    search: str = Field(description=_SEARCH)
    columns: list[str] = Field(description="Empty: the reader's own.")
    shared: bool
    owner: str
    mine: bool
    default: bool = Field(description="The list opens with it, for who asks.")
    created_at: datetime
    changed_at: datetime


class ViewPageOut(Out):
    """Who asks's own views, then what others share."""

    items: list[ViewOut]
    next_cursor: str | None
