"""The checkpoints of a run, newest first, and one of them with its content."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from runs.errors import UnknownCheckpoint
from runs.models import Checkpoint
from runs.projections.api_runs import require_run

_COLUMNS = (
    "id",
    "run_id",
    "name",
    "path",
    "execution_id",
    "digest",
    "file",
    "n_steps",
    "retired",
    "created_at",
    "ref",
)


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """One saved state of a run."""

    id: str
    run_id: str
    name: str
    path: str  # of the checkpoint step
    execution_id: str
    digest: str  # SHA-256 of the content
    file: str
    n_steps: int  # finished steps that it holds
    retired: bool  # its run succeeded: `--resume` passes it over
    created_at: datetime
    ref: str = ""  # the git reference of the workspace's snapshot, while there is one


@dataclass(frozen=True, slots=True)
class CheckpointDetail:
    """A checkpoint and what it holds."""

    checkpoint: CheckpointFacts
    content: Any


def list_checkpoints(run_id: str) -> tuple[CheckpointFacts, ...]:
    """A run's checkpoints, newest first. Raises UnknownRun."""
    rows = Checkpoint.objects.filter(run_id=run_id).order_by("-created_at", "-id")
    items = tuple(CheckpointFacts(**row) for row in rows.values(*_COLUMNS))
    if not items:
        require_run(run_id)
    return items


def get_checkpoint(run_id: str, name_or_id: str) -> CheckpointDetail:
    """One checkpoint by id or name. Raises UnknownRun, UnknownCheckpoint."""
    rows = Checkpoint.objects.filter(run_id=run_id)
    for known in (rows.filter(pk=name_or_id), rows.filter(name=name_or_id)):
        row = known.values(*_COLUMNS, "content").first()
        if row is not None:
            content = row.pop("content")
            return CheckpointDetail(CheckpointFacts(**row), content)
    require_run(run_id)
    raise UnknownCheckpoint(f"Run {run_id} has no checkpoint {name_or_id!r}.")


def checkpoint_file(run_id: str, name_or_id: str) -> tuple[str, str]:
    """A checkpoint as its file: the file's name, and what stands in it.

    Raises UnknownRun, UnknownCheckpoint.
    """
    found = get_checkpoint(run_id, name_or_id)
    name = PurePath(found.checkpoint.file).name or f"{found.checkpoint.id}.json"
    return name, json.dumps(found.content, ensure_ascii=False, indent=1) + "\n"
