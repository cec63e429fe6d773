"""ensure_demo: an empty database gets a failed run, its restart, and a golden run, all real.

`maverick up` starts this file as a process of its own; the steps run in the ordinary workers.
Every part looks at what is recorded first, so it can be interrupted anywhere and goes on.
"""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import SubprocessError

if __name__ == "__main__":  # before the imports below, which need Django
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
    django.setup()

from django.db import Error as DatabaseError

from runs import conf
from runs.actor import SYSTEM
from runs.errors import MaverickError
from runs.models import Event, IdempotencyRecord, Run
from runs.operations.demo_repository import build_repository, lock_release, unlock_release
from runs.operations.golden import mark_golden
from runs.operations.restart_run import RestartRequest, restart_run
from runs.operations.start_run import start_run
from runs.record import workers
from runs.states import RUN_OVER, RunStatus

log = logging.getLogger(__name__)

WORKFLOW = "demo-release"
GOLDEN = "tidepool 0.3.0"
FIRST, AGAIN = "demo: first run", "demo: restart"  # idempotency keys: once in a database
LABELS = {"demo": "yes"}
WORKER_WITHIN, RUN_WITHIN, LOOK_EVERY = 60.0, 120.0, 0.1


class DemoStopped(Exception):
    """The demo does not go on, and why; nothing is broken by that."""


def ensure_demo() -> bool:
    """Bring the demo as far as it comes; whether it is complete now.

    Does nothing when the database has runs and none of them is the demo's, and when the demo is
    complete. Writes nowhere but into ``MAVERICK_HOME/demo``. Never raises for what goes wrong.
    """
    folder = conf.home() / "demo"
    try:
        if _recorded(FIRST) is None and Run.objects.exists():
            return False
        with _alone(folder):
            _first_failed_then_restarted(folder)
        return True
    except (DemoStopped, MaverickError, DatabaseError, OSError, SubprocessError) as error:
        log.warning("The demo stops here: %s", error)
        return False


def _first_failed_then_restarted(folder: Path) -> None:
    first = _recorded(FIRST)
    if first is None:
        _wait_for_a_worker()
        repository = build_repository(folder)
        lock_release(repository)
        first = start_run(
            workflow=WORKFLOW,
            workspace=repository,
            labels=LABELS,
            by=SYSTEM,
            idempotency_key=FIRST,
        )
    if _wait_until_over(first) is RunStatus.FAILED:
        good = _restarted(first, folder)
    else:
        good = first  # somebody removed the lock, or cancelled the run
    if _wait_until_over(good) is not RunStatus.SUCCEEDED:
        raise DemoStopped(f"{good.id} did not succeed.")
    # Who takes the mark away wants it away: it is given once.
    if not Event.objects.filter(run=good, kind="run.golden").exists():
        mark_golden(good.id, GOLDEN, by=SYSTEM)


def _restarted(first: Run, folder: Path) -> Run:
    known = _recorded(AGAIN)
    if known is not None:
        return known
    unlock_release(build_repository(folder))
    request = RestartRequest(reason="the lock of the other release is gone")
    return restart_run(first.id, request, by=SYSTEM, idempotency_key=AGAIN)


def _recorded(key: str) -> Run | None:
    found = IdempotencyRecord.objects.filter(key=key, run__workflow_name=WORKFLOW)
    record = found.select_related("run").first()
    return None if record is None else record.run


def _wait_for_a_worker() -> None:
    until = time.monotonic() + WORKER_WITHIN
    while not workers.living(conf.worker_silence_seconds()):
        if time.monotonic() > until:
            raise DemoStopped(f"no worker within {WORKER_WITHIN:g} s.")
        time.sleep(LOOK_EVERY)


def _wait_until_over(run: Run) -> RunStatus:
    until = time.monotonic() + RUN_WITHIN
    while True:
        status = Run.objects.filter(pk=run.pk).values_list("status", flat=True).first()
        if status is None:
            raise DemoStopped(f"{run.id} was deleted.")
        if status in RUN_OVER:
            return RunStatus(status)
        if time.monotonic() > until:
            raise DemoStopped(f"{run.id} is still {status} after {RUN_WITHIN:g} s.")
        time.sleep(LOOK_EVERY)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time; the kernel lets go when it dies. Raises DemoStopped."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoStopped("another process is at it.") from None
        yield


if __name__ == "__main__" and conf.demo_wanted():
    ensure_demo()
