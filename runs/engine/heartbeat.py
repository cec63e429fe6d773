"""One thread a process: keeps the leases of running steps alive and stops those that must end.

For a command that drives a run itself it also shows that the command lives (``present_as``).

A step is stopped when its time is up, when its run was cancelled or taken away (its lease could
not be renewed), or when the process ends. Stopping means: the runner's own way (a command and all
that it has started is ended) or, for Python code, an exception raised in its thread. Code that
does not come back even then holds its thread; a worker process records the outcome and ends
itself.
"""

import ctypes
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import Error as DatabaseError
from django.db import connection

from runs import conf
from runs.engine.standstill import standstill
from runs.record import ledger, logs, workers

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
FLUSH_EVERY = 0.5
IDLE_SECONDS = 3.0  # then its database connection is given back
GRACE_SECONDS = 5.0


class StepStopped(BaseException):
    """Raised in the thread of a step that must end. BaseException: steps catch Exception."""


@dataclass
class Watched:
    """One running attempt of this process."""

    execution_id: str
    fence: int
    thread: int
    deadline: float  # monotonic seconds
    log: logs.LogBuffer
    kill: Callable[[], None] | None = None  # the runner's own way of stopping
    why: str = ""  # timeout, cancelled, lost
    stopped_at: float = 0.0
    in_action: bool = False
    guard: threading.Lock = field(default_factory=threading.Lock)

    def stop(self, why: str) -> None:
        """Ask the step to end; harmless when it has ended already."""
        with self.guard:
            if self.why or not self.in_action:
                return
            self.why, self.stopped_at = why, time.monotonic()
            if self.kill is not None:
                self.kill()
            else:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.thread), ctypes.py_object(StepStopped)
                )

    @contextmanager
    def action(self) -> Iterator[None]:
        """While the step's own code runs, and only then, it may be stopped."""
        with self.guard:
            self.in_action = True
        try:
            yield
        finally:
            with self.guard:
                self.in_action = False


class Heartbeat:
    """The process's watch over its running steps."""

    def __init__(self) -> None:
        self._watched: dict[str, Watched] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._present = ""
        # What to do with a step that does not come back: set by worker processes only.
        self.on_stuck: Callable[[Watched], None] | None = None

    @contextmanager
    def watch(self, watched: Watched) -> Iterator[None]:
        """Watch an attempt while it runs."""
        with self._lock:
            self._watched[watched.execution_id] = watched
            self._ensure_thread()
        standstill.enter()
        try:
            yield
        finally:
            standstill.leave()
            with self._lock:
                self._watched.pop(watched.execution_id, None)

    @contextmanager
    def present_as(self, placement: str) -> Iterator[None]:
        """Show that the command of this placement lives, also while its run only waits."""
        workers.beat(placement, workers.COMMAND)
        with self._lock:
            self._present = placement
            self._ensure_thread()
        try:
            yield
        finally:
            with self._lock:
                self._present = ""
            try:
                workers.gone(placement)
            except DatabaseError as error:
                log.warning("This command could not sign off: %s", error)

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
            self._thread.start()

    def stop_all(self, why: str) -> None:
        """Stop every step of this process."""
        for watched in self._now():
            watched.stop(why)

    def _now(self) -> list[Watched]:
        with self._lock:
            return list(self._watched.values())

    def _run(self) -> None:
        renewed = flushed = time.monotonic()
        renew_every = conf.renew_seconds()
        tick = min(TICK_SECONDS, renew_every / 2)
        idle_since = time.monotonic()
        while True:
            time.sleep(tick)
            now = time.monotonic()
            watched = self._now()
            present = self._present
            if watched or present:
                idle_since = now
            elif now - idle_since > IDLE_SECONDS:
                connection.close()  # an idle process holds no connection for nothing
                idle_since = now
            for one in watched:
                if now > one.deadline:
                    one.stop("timeout")
                if one.why and now - one.stopped_at > GRACE_SECONDS and self.on_stuck:
                    self.on_stuck(one)
            try:
                if (watched or present) and now - renewed >= renew_every:
                    renewed = now
                    if present:
                        workers.beat(present, workers.COMMAND)
                    self._renew(watched)
                if watched and now - flushed >= FLUSH_EVERY:
                    flushed = now
                    for one in watched:
                        one.log.flush()
            except DatabaseError as error:
                # The lease runs out if this goes on; then another worker takes the step over,
                # and the fence keeps this one from writing.
                log.warning("Leases could not be renewed: %s", error)
                connection.close()

    def _renew(self, watched: list[Watched]) -> None:
        held = ledger.renew([(one.execution_id, one.fence) for one in watched])
        for one in watched:
            if one.execution_id not in held:
                one.stop("lost")


heartbeat = Heartbeat()


def exit_process(code: int = 70) -> None:
    """End this process at once: a step's code does not come back and holds its thread."""
    os._exit(code)
