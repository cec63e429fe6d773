"""Signs of life of the processes that run steps."""

import os
import socket
from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Now

from runs.models import WorkerProcess

FORGET_AFTER = timedelta(days=1)


def worker_id() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def beat(id: str | None = None, kind: str = "celery") -> None:
    """This process lives. One statement; a row of a process that had our number is taken over."""
    WorkerProcess.objects.bulk_create(
        [
            WorkerProcess(
                id=id or worker_id(),
                host=socket.gethostname(),
                pid=os.getpid(),
                kind=kind,
                started_at=Now(),
                seen_at=Now(),
            )
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["seen_at"],
    )


def gone(id: str | None = None) -> None:
    """This process ends in good order; the long dead are forgotten with it."""
    WorkerProcess.objects.filter(id=id or worker_id()).delete()
    WorkerProcess.objects.filter(seen_at__lt=Now() - FORGET_AFTER).delete()


def living(silence: float) -> list[WorkerProcess]:
    recently = Now() - timedelta(seconds=silence)
    return list(WorkerProcess.objects.filter(seen_at__gte=recently).order_by(F("started_at")))
