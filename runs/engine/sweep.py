"""What nobody woke: dead leases, due retries, lost messages. Any worker sweeps, about once a second.

Two sweeps at once do no harm: each takes the run's row lock and finds the other's work done.
"""

import logging
import threading
import time
from collections.abc import Callable
from itertools import groupby

from django.db import connection

from runs import conf, dispatch
from runs.actor import SYSTEM
from runs.engine import calling, delivering, driver, gone_agents, telling
from runs.engine.session import Session
from runs.engine.state import RunState
from runs.operations.delete_run import clean_up_automatically
from runs.record import claims

log = logging.getLogger(__name__)

_FIRST_REPEAT = 2.0
_LONGEST_REPEAT = 10.0
_CLEAN_EVERY = 600.0


class Sweep:
    """Remembers which runs it has woken lately, so that a busy broker is not flooded."""

    def __init__(self) -> None:
        self._stand_in: threading.Thread | None = None
        self._clean_at = 0.0
        self._repeat: dict[str, tuple[float, float]] = {}  # run → (not before, then wait)

    def once(self) -> int:
        """One pass over everything; returns how many runs it moved."""
        moved = adopt_abandoned()
        moved += take_over_lost()
        moved += wake_due()
        moved += calling.look_after()
        moved += telling.look_after()
        gone_agents.look_after()
        # Only who has nothing to do looks for work that nobody took. A busy worker would add
        # messages that nobody can follow, and those that matter would wait behind thousands.
        if driver.is_idle():
            for run_id in claims.runs_nobody_took(_FIRST_REPEAT):
                moved += self._wake(run_id)
            moved += self._clean_up()
        if len(self._repeat) > 10_000:
            self._repeat.clear()
        # Last: whatever goes wrong with who is told, the runs have been looked after.
        return moved + delivering.look_after()

    def _clean_up(self) -> int:
        """A few old runs at a time, and again at once while there are more."""
        now, days = time.monotonic(), conf.retention_days()
        if not days or now < self._clean_at:
            return 0
        gone = clean_up_automatically(days, by=SYSTEM)
        if not gone:
            self._clean_at = now + _CLEAN_EVERY
        return gone

    def _wake(self, run_id: str) -> int:
        now = time.monotonic()
        not_before, wait = self._repeat.get(run_id, (0.0, _FIRST_REPEAT))
        if now < not_before:
            return 0
        self._repeat[run_id] = (now + wait, min(wait * 2, _LONGEST_REPEAT))
        if not dispatch.send(run_id):
            self._do_without_broker(run_id)
        return 1

    def _do_without_broker(self, run_id: str) -> None:
        """No message gets through and this worker has nothing to do: take the run itself."""
        if self._stand_in is None or not self._stand_in.is_alive():
            self._stand_in = threading.Thread(
                target=_work_here, args=[run_id], name="without broker", daemon=True
            )
            self._stand_in.start()


def _work_here(run_id: str) -> None:
    try:
        driver.work(run_id)
    except Exception:
        # The last frame of a thread: whatever it is, nobody above would tell. The run is looked
        # at again by the next sweep.
        log.exception("%s could not be worked on", run_id)
    finally:
        connection.close()


def adopt_abandoned() -> int:
    """Let workers go on with the runs of commands that are gone."""
    adopted = claims.adopt_abandoned()
    for run_id in adopted:
        log.warning("%s was driven by a command that is gone; workers go on with it", run_id)
    return len(adopted)


def take_over_lost(run_id: str | None = None) -> int:
    """Take steps away from workers whose lease ran out; each goes on in place, elsewhere."""
    moved = 0
    for run, lost in groupby(claims.expired(run_id), key=lambda one: one.run_id):
        moved += _each(run, list(lost), _take_over)
    return moved


def _take_over(run: str, state: RunState, steps: list[claims.Found]) -> int:
    session = Session(state)
    moved = 0
    for step in steps:
        if session.interrupt(step.path, step.fence, "worker-lost"):
            log.warning("%s/%s was taken from %s, which is gone", run, step.path, step.worker)
            moved += 1
    return moved


def _each(
    run: str,
    steps: list[claims.Found],
    look_after: Callable[[str, RunState, list[claims.Found]], int],
) -> int:
    """Look after one run; one that cannot be read or moved must not keep the others waiting."""
    try:
        state = RunState.load(run)
        return 0 if state is None else look_after(run, state, steps)
    except Exception:
        # A run of an older version, a text that no longer loads, a bug: any of them would keep
        # every run behind this one from being looked after, with every sweep.
        log.exception("The sweep could not look after %s", run)
        connection.close()
        return 0


def wake_due(run_id: str | None = None) -> int:
    """Queue the waiting steps whose time has come."""
    moved = 0
    for run, due in groupby(claims.due(run_id), key=lambda one: one.run_id):
        moved += _each(run, list(due), _wake_due)
    return moved


def _wake_due(run: str, state: RunState, steps: list[claims.Found]) -> int:
    Session(state).wake_due([step.path for step in steps])
    return 1
