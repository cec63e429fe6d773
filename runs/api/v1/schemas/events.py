"""A run's journal."""

from datetime import datetime
from typing import Any

from pydantic import Field

from runs.api.v1.schemas.base import Out
from runs.states import RunStatus


class EventOut(Out):
    """One entry."""

    seq: int
    kind: str = Field(examples=["step.succeeded"])
    execution_id: str | None
    path: str | None
    data: dict[str, Any]
    at: datetime


class EventPageOut(Out):
    """Entries in order."""

    items: list[EventOut]
    last_seq: int = Field(description="Send it as `after` for what follows.")
    status: RunStatus
    over: bool = Field(description="The run has ended and nothing follows.")
