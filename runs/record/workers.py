"""Signs of life of the processes that run steps: workers, and commands that drive one run.

A command (`maverick run` without a server) drives its run alone, and the run's ``placement`` names
it: ``here:HOST:PID:NONCE``, which is also the id of its row here. A run may wait for an hour with
no lease on any of its steps; this row is what says that it is still in good hands.
"""

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db.models import F
from django.db.models.functions import Now

from runs import conf
from runs.models import WorkerProcess

FORGET_AFTER = timedelta(days=1)
WORKER, COMMAND = "celery", "here"
# The placement of direct calls' runs: their agents drive them, and no worker does. Nobody adopts
# them, as there is no process that could die.
AGENTS = "agents"

# Process ids come again, in a container even at once: what a dead process of our number held
# must not look as if we held it.
_nonces: dict[int, str] = {}


def worker_id() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def command_id() -> str:
    """The placement of the runs that this process drives itself."""
    nonce = _nonces.setdefault(os.getpid(), secrets.token_hex(3))
    return f"{COMMAND}:{socket.gethostname()[:64]}:{os.getpid()}:{nonce}"


def beat(id: str | None = None, kind: str = WORKER) -> None:
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
    """The workers, which take any run, that were heard of in the last ``silence`` seconds."""
    recently = Now() - timedelta(seconds=silence)
    found = WorkerProcess.objects.filter(kind=WORKER, seen_at__gte=recently)
    return list(found.order_by(F("started_at")))


@dataclass(frozen=True, slots=True)
class Command:
    """A command that drives a run."""

    host: str
    pid: int

    def __str__(self) -> str:
        here = self.host == socket.gethostname()
        return f"process {self.pid}" + ("" if here else f" on {self.host}")


def living_command(placement: str) -> Command | None:
    """The command that drives the runs of this placement, unless it is dead.

    Dead is what has given no sign of life for the length of a lease, or, on this machine, what
    the system says is gone: then nobody has to wait for the lease.
    """
    recently = Now() - timedelta(seconds=conf.lease_seconds())
    row = WorkerProcess.objects.filter(pk=placement, kind=COMMAND, seen_at__gte=recently).first()
    if row is None or not is_alive(row.host, row.pid):
        return None
    return Command(row.host, row.pid)


def is_alive(host: str, pid: int) -> bool:
    """Whether a process lives, as far as this machine can tell; of other machines' it believes
    it."""
    if host != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
