"""run_here: drive one run in this process, as `maverick run` without a server does."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from django.db import close_old_connections, connection, transaction

from runs.engine import driver, sweep
from runs.engine.away import GONE, DatabaseAway, passes, patiently
from runs.engine.consequences import Job
from runs.engine.heartbeat import Watched, heartbeat
from runs.engine.outcome import Failed
from runs.engine.session import Session
from runs.engine.state import RunState
from runs.models import Execution, Run
from runs.record.ending import end_run
from runs.states import RUN_OVER, RunStatus

log = logging.getLogger(__name__)

_LOOK_EVERY = 0.05
_SWEEP_EVERY = 0.5
_STOP_SECONDS = 8.0


def run_here(
    run_id: str, *, threads: int = 4, on_tick: Callable[[], None] | None = None
) -> RunStatus:
    """Do every step of the run in threads of this process, until it has ended.

    ``on_tick`` is called about twenty times a second in the calling thread. A KeyboardInterrupt
    stops the running steps, records the interruption so that the run can be resumed, and is
    raised again. Returns the run's last status.
    """
    placement = Run.objects.values_list("placement", flat=True).get(pk=run_id)
    driver.stopping.clear()
    heartbeat.on_stuck = give_up
    with heartbeat.present_as(placement):
        return _drive(run_id, placement, threads, on_tick)


def _drive(
    run_id: str, placement: str, threads: int, on_tick: Callable[[], None] | None
) -> RunStatus:
    workers: list[threading.Thread] = []
    swept = 0.0
    try:
        while True:
            status = _status(run_id)
            if status in RUN_OVER:
                break
            workers = [worker for worker in workers if worker.is_alive()]
            work = partial(_has_work, run_id, status, bool(workers))
            if len(workers) < threads and _asked(work):
                workers.append(_start(run_id, placement))
            if on_tick is not None:
                _asked(on_tick)
            now = time.monotonic()
            if now - swept >= _SWEEP_EVERY:
                swept = now
                _asked(lambda: sweep.take_over_lost(run_id))
                _asked(lambda: sweep.wake_due(run_id))
            for worker in workers[:1]:
                worker.join(_LOOK_EVERY)
            if not workers:
                time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt:
        _interrupt(run_id, workers)
        raise
    for worker in workers:
        worker.join(_STOP_SECONDS)
    if on_tick is not None:
        _asked(on_tick)
    return status


def _status(run_id: str) -> RunStatus:
    known = Run.objects.filter(pk=run_id).values_list("status", flat=True)
    try:
        return RunStatus(patiently(known.get, f"what drives {run_id}"))
    except DatabaseAway as away:
        raise away.__cause__ or away from None


def _asked(question: Callable[[], object]) -> object:
    """What the database answers; None when it does not answer now.

    The steps in hand outlive a restart of the database, so the loop around them must, too: it
    waits at one place, and asks everything else again in the next round.
    """
    try:
        return question()
    except GONE as error:
        if not passes(error):
            raise
        connection.close()
        return None


def _has_work(run_id: str, status: RunStatus, busy: bool) -> bool:
    if status is RunStatus.QUEUED:
        return not busy
    return Execution.objects.filter(run_id=run_id, status="queued").exists()


def _start(run_id: str, placement: str) -> threading.Thread:
    def body() -> None:
        try:
            driver.work(run_id, placement=placement)
        except Exception:
            # The lease runs out and the loop above starts the step again, a bounded number of
            # times; without the log line nobody would learn why.
            log.exception("A worker thread of %s ended", run_id)
        finally:
            close_old_connections()
            connection.close()

    thread = threading.Thread(target=body, name=f"worker of {run_id}", daemon=True)
    thread.start()
    return thread


def _interrupt(run_id: str, workers: list[threading.Thread]) -> None:
    driver.stopping.set()
    heartbeat.stop_all("stopping")
    until = time.monotonic() + _STOP_SECONDS
    for worker in workers:
        worker.join(max(until - time.monotonic(), 0.1))
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run_id)
        end_run(run, RunStatus.CANCELLED, "interrupted: Ctrl-C", code="interrupted")


def give_up(watched: Watched) -> None:
    """A step was told to stop and does not come back: record how it ended without it."""
    row = (
        Execution.objects.filter(pk=watched.execution_id, fence=watched.fence)
        .values_list("run_id", "path")
        .first()
    )
    if row is None or watched.why != "timeout":
        return
    state = RunState.load(row[0])
    held = state.held.get(row[1]) if state else None
    if state is None or held is None or held.id != watched.execution_id:
        return
    job = Job(held.id, row[1], state.compiled.node(row[1]), held.fence, held.tries)
    failed = Failed("timeout", "The step did not end in time and did not react to being stopped.")
    Session(state).finish(job, failed, go_on=False)
