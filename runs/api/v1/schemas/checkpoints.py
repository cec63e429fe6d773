"""Checkpoints."""

from datetime import datetime
from typing import Any

from pydantic import Field

from runs.api.v1.schemas.base import Out


class CheckpointOut(Out):
    """A saved state of a run."""

    id: str
    run_id: str
    name: str
    path: str = Field(description="The path of the checkpoint step.")
    execution_id: str
    digest: str = Field(description="SHA-256 of the content.")
    file: str
    n_steps: int = Field(description="How many finished steps it holds.")
    retired: bool = Field(description="Its run succeeded: `--resume` passes it over.")
    created_at: datetime


class CheckpointPageOut(Out):
    """Checkpoints, newest first."""

    items: list[CheckpointOut]
    next_cursor: str | None = None


class CheckpointDetailOut(Out):
    """A checkpoint and what it holds."""

    checkpoint: CheckpointOut
    content: Any
