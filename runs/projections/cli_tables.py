"""What only the command line asks: the newest checkpoints, and whether anybody works."""

from dataclasses import fields
from datetime import timedelta

from django.db.models.functions import Now

from runs import conf
from runs.models import Checkpoint, WorkerProcess
from runs.projections.checkpoints import CheckpointFacts

_COLUMNS = [field.name for field in fields(CheckpointFacts)]


def newest_checkpoints(workflow: str = "", limit: int = 50) -> tuple[CheckpointFacts, ...]:
    """The newest checkpoints of all runs, or of one workflow's."""
    rows = Checkpoint.objects.order_by("-created_at", "-id")
    if workflow:
        rows = rows.filter(run__workflow_name=workflow)
    return tuple(CheckpointFacts(**row) for row in rows.values(*_COLUMNS)[:limit])


def checkpoint_run(checkpoint_id: str) -> str | None:
    """The run that saved a checkpoint."""
    return Checkpoint.objects.filter(pk=checkpoint_id).values_list("run_id", flat=True).first()


def somebody_works() -> bool:
    """Whether a worker process was heard of lately."""
    since = Now() - timedelta(seconds=conf.worker_silence_seconds())
    return WorkerProcess.objects.filter(kind="celery", seen_at__gt=since).exists()
