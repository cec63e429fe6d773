"""work(run): claim a ready step, attempt it, record it, go on with the next one."""

import logging
import threading
import time

from django.db import connection

from runs.engine import attempt
from runs.engine.away import GONE, PATIENCE_SECONDS, PAUSE_SECONDS
from runs.engine.consequences import Job
from runs.engine.crashpoints import reach
from runs.engine.outcome import Failed, GivenBack, Outcome
from runs.engine.session import Session
from runs.engine.state import RunState

log = logging.getLogger(__name__)

# Set when the process is asked to stop: a step that ends is recorded, the next is left to others.
stopping = threading.Event()

# After this long in one run the worker lets go, so that a chain of ten thousand steps does not
# keep every other run waiting for it.
TURN_SECONDS = 20.0

# The threads of this process that work in a run right now.
_working: set[int] = set()

# Runs that this process left to a faster one, and when; hints about them are not followed for
# this long: their steps are taken as fast as they can be recorded.
_left: dict[str, float] = {}
LEFT_SECONDS = 1.0


def work(run_id: str, *, placement: str = "") -> bool:
    """Do ready steps of the run until there is none; whether there was any.

    ``placement`` must be the run's own: a run that another process drives is left alone.
    """
    _working.add(threading.get_ident())
    try:
        return _work(run_id, placement)
    finally:
        _working.discard(threading.get_ident())


def is_idle() -> bool:
    """Whether no thread of this process works in a run."""
    return not _working


def _work(run_id: str, placement: str) -> bool:
    if not placement and _has_left(run_id):
        return False
    state = RunState.load(run_id)
    if state is None or not state.is_open or state.placement != placement:
        return False
    session = Session(state)
    job = session.claim()
    if job is None:
        return False
    until = time.monotonic() + TURN_SECONDS
    while job is not None:
        reach("after-claim", job.path)
        began = time.perf_counter()
        outcome = attempt.attempt(state, job)
        worked = time.perf_counter() - began
        go_on = not stopping.is_set() and (bool(placement) or time.monotonic() < until)
        job = _record(session, job, outcome, go_on, worked)
    if session.is_crowded:
        _left[run_id] = time.monotonic()
    return True


def _has_left(run_id: str) -> bool:
    """Whether this process has just left the run to another worker."""
    for run, when in list(_left.items()):
        if time.monotonic() - when > LEFT_SECONDS:
            _left.pop(run, None)
    return run_id in _left


def _record(session: Session, job: Job, outcome: Outcome, go_on: bool, worked: float) -> Job | None:
    """Record an outcome, through a restart of the database if need be."""
    if isinstance(outcome, GivenBack):
        go_on = False
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return session.finish(job, outcome, go_on=go_on, worked=worked)
        except GONE as error:
            if time.monotonic() > deadline:
                raise
            log.warning("The database does not answer, trying again: %s", error)
            # The outcome is in hand and the lease may still be ours; what the failed statement
            # did is read anew, so it is recorded once or found recorded.
            if not _reconnect(session, deadline):
                raise
        except Exception as error:
            if isinstance(outcome, Failed) and outcome.code == "outcome-not-recorded":
                raise
            # Otherwise the lease would run out and the step would do its work again, for
            # nothing: what could not be recorded once cannot be the next time.
            log.exception("The outcome of %s could not be recorded", job.path)
            outcome = Failed(
                "outcome-not-recorded",
                f"The step ended, but its outcome could not be recorded: {type(error).__name__}.",
                "The worker's log says more.",
                permanent=True,
            )
            if not _reconnect(session, deadline):
                raise


def _reconnect(session: Session, deadline: float) -> bool:
    while time.monotonic() < deadline:
        connection.close()
        try:
            return session.state.reload()
        except GONE:
            time.sleep(PAUSE_SECONDS)
    return False
