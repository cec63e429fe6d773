"""The only door to Celery: hints that a run may have work, or a call is to go out.

A message may be lost, late or doubled: workers claim before they act, and the sweep repeats what
nobody took. So a broker that is down costs a log line and up to two seconds, never a run.
"""

import logging

from django.db import transaction

log = logging.getLogger(__name__)

WORK_TASK = "runs.work"
CALL_TASK = "runs.call"
CANCEL_TASK = "runs.cancel_call"
TELL_TASK = "runs.tell_decision"


def wake_run(run_id: str) -> None:
    """Tell some worker, after commit, that the run has a step that is ready."""

    def send_now() -> None:  # a def: on_commit(robust=True) cannot name a partial
        send(run_id)

    transaction.on_commit(send_now, robust=True)


def send_call(call_id: str) -> None:
    """Tell some worker, after commit, that a call is to go out to its agent."""

    def send_now() -> None:
        send(call_id, CALL_TASK)

    transaction.on_commit(send_now, robust=True)


def cancel_calls(call_ids: list[str]) -> None:
    """Tell some worker, after commit, to tell the agents that nobody waits for these any more."""

    def send_now() -> None:
        for call_id in call_ids:
            send(call_id, CANCEL_TASK)

    transaction.on_commit(send_now, robust=True)


def tell_decision(call_id: str) -> None:
    """Tell some worker, after commit, to tell an agent what was decided about its request."""

    def send_now() -> None:
        send(call_id, TELL_TASK)

    transaction.on_commit(send_now, robust=True)


def send(run_id: str, task: str = WORK_TASK) -> bool:
    """Send the message now; whether the broker took it."""
    # Here and not above: a command that never wakes anybody need not import Celery.
    from maverick_site.celery import app

    try:
        app.send_task(task, [run_id], ignore_result=True)
    except Exception as error:  # whatever the transport raises: the row is the work
        log.warning("No worker could be woken for %s: %s", run_id, error)
        return False
    return True
