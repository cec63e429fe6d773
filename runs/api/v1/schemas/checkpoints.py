"""Checkpoints."""

from datetime import datetime
from typing import Any

from pydantic import Field, JsonValue

from runs.api.v1.schemas.base import In, Out
from runs.api.v1.schemas.runs import RunOut


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
    ref: str = Field(
        "", description="The git reference of the workspace's snapshot; empty without one."
    )


class CheckpointPageOut(Out):
    """Checkpoints, newest first."""

    items: list[CheckpointOut]
    next_cursor: str | None = None


class CheckpointDetailOut(Out):
    """A checkpoint and what it holds."""

    checkpoint: CheckpointOut
    content: Any


class ResumeIn(In):
    """How a run is resumed. Everything is optional."""

    inputs: dict[str, JsonValue] = Field(
        default_factory=dict, description="Those of the run; without any, what it recorded."
    )
    accept_changes: bool = Field(
        False, description="Go on although the workflow has changed; reuse what is unchanged."
    )
    restore_workspace: bool = Field(
        False, description="Bring the files back to the checkpoint's snapshot."
    )
    force: bool = Field(False, description="Restore also over changes that no snapshot holds.")


class ImportedOut(Out):
    """A checkpoint file, taken in."""

    run: RunOut = Field(description="The run that saved it, as it was then.")
    checkpoint: CheckpointOut
    is_new: bool = Field(description="Whether the run was not known here before.")
