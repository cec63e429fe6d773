"""Celery's entry points: an id in, one call, nothing else. Each may come twice, late or never."""

import logging
import threading
import time
from typing import Any

from celery import shared_task
from celery.signals import celeryd_after_setup, worker_shutting_down
from django.db import DatabaseError, close_old_connections, connection

from runs import conf
from runs.engine import calling, driver, here, telling
from runs.engine.away import GONE
from runs.engine.heartbeat import Watched, exit_process, heartbeat
from runs.engine.standstill import standstill
from runs.engine.sweep import Sweep
from runs.record import workers

log = logging.getLogger(__name__)


@shared_task(name="runs.work", ignore_result=True)  # type: ignore[untyped-decorator]
def work(run_id: str) -> None:
    """Do what is ready in the run; harmless if repeated, late, or the run is over."""
    close_old_connections()  # one that broke since the last task, and only that
    if not driver.stopping.is_set():  # Celery may hand out one more on its way out
        driver.work(run_id)


@shared_task(name="runs.call", ignore_result=True)  # type: ignore[untyped-decorator]
def call(call_id: str) -> None:
    """Send a call to its agent; the answer comes while this worker does other things."""
    calling.start(call_id)


@shared_task(name="runs.cancel_call", ignore_result=True)  # type: ignore[untyped-decorator]
def cancel_call(call_id: str) -> None:
    """Tell an agent that nobody waits for an execution any more."""
    calling.start_cancel(call_id)


@shared_task(name="runs.tell_decision", ignore_result=True)  # type: ignore[untyped-decorator]
def tell_decision(call_id: str) -> None:
    """Tell an agent what was decided about its request."""
    telling.start(call_id)


# Not `worker_ready`: that comes when the broker answers, and a sweep does without one.
@celeryd_after_setup.connect  # type: ignore[untyped-decorator]
def _set_up(**_: Any) -> None:
    heartbeat.on_stuck = _end_with_step
    standstill.after = conf.standstill_seconds()
    threading.Thread(target=_sweep_for_ever, name="sweep", daemon=True).start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _shutting_down(**_: Any) -> None:
    driver.stopping.set()
    # In a thread of its own: this is a signal handler, and the code that it interrupts may hold
    # the very locks (of the heartbeat, of the database connection) that stopping needs.
    threading.Thread(target=_stop_steps, name="stop", daemon=True).start()


def _stop_steps() -> None:
    heartbeat.stop_all("stopping")
    try:
        workers.gone()
    except DatabaseError as error:
        log.warning("This worker could not sign off: %s", error)
    finally:
        connection.close()
    while True:  # a step that was about to begin has begun meanwhile
        heartbeat.stop_all("stopping")
        time.sleep(0.2)


def _end_with_step(watched: Watched) -> None:
    # Only the end of the process frees the slot; whoever watches the workers starts another.
    try:
        here.give_up(watched)
    finally:
        log.error("A step does not stop (%s); this worker ends itself", watched.why)
        exit_process()


def _sweep_for_ever() -> None:
    sweep = Sweep()
    away = False
    while not driver.stopping.is_set():
        try:
            workers.beat()
            sweep.once()
            away = False
        except GONE as error:
            if not away:  # once, not with every pass
                log.warning("The database does not answer; this worker waits for it: %s", error)
            away = True
            connection.close()
        except Exception:
            # A sweep that ends would leave runs behind for ever; the next pass tries again.
            log.exception("A sweep failed")
            connection.close()
        time.sleep(conf.sweep_seconds())
