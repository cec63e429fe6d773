"""Checkpoints."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field, JsonValue

from runs.api.v1.schemas.base import In, Out, shown
from runs.api.v1.schemas.runs import RunOut


class CheckpointOut(Out):
    """A saved state of a run."""

    model_config = shown(
        {
            "id": "ckpt_4f0d1c2b3a49",
            "run_id": "run_0pkx3m7q2a9f4c",
            "name": "implemented",
            "path": "implemented",
            "execution_id": "exec_0pkx3m7q2a9f4d",
            "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "file": ".maverick/checkpoints/run_0pkx3m7q2a9f4c/implemented.json",
            "n_steps": 12,
            "retired": False,
            "created_at": "2026-11-21T04:45:55.410000Z",
            "ref": "refs/maverick/run_0pkx3m7q2a9f4c/implemented",
        }
    )

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

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{}, {"accept_changes": True, "restore_workspace": True}]},
    )

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
