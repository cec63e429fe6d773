"""pause_run, unpause_run: nothing new starts in a run until somebody says so."""

from django.db import transaction

from runs import dispatch
from runs.actor import Actor
from runs.errors import Conflict, RunIsOver, UnknownRun
from runs.models import Run
from runs.record import audit
from runs.record.pausing import pause, unpause
from runs.states import RUN_OVER, RunStatus


class NotPaused(Conflict):
    """The run is not paused."""

    code = "run-not-paused"


def pause_run(run_id: str, *, by: Actor, reason: str = "") -> Run:
    """Pause a run: steps that run go on to their end, nothing new starts, timers wait.

    Harmless for a run that is paused already. Raises UnknownRun, or RunIsOver.
    """
    with transaction.atomic():
        run = _open(run_id, "pause")
        if run.state is not RunStatus.PAUSED:
            pause(run, f"paused by {by.name}" + (f": {reason}" if reason else ""))
            audit.note(by, "run.pause", run_id, reason=reason)
    run.refresh_from_db()
    return run


def unpause_run(run_id: str, *, by: Actor, reason: str = "") -> Run:
    """Let a paused run go on. Raises UnknownRun, RunIsOver, or NotPaused."""
    with transaction.atomic():
        run = _open(run_id, "resume")
        if run.state is not RunStatus.PAUSED:
            raise NotPaused(
                f"{run_id} is {run.status}, not paused.",
                hint="`maverick run NAME --resume` continues a run that has ended.",
            )
        unpause(run, f"resumed by {by.name}" + (f": {reason}" if reason else ""))
        audit.note(by, "run.unpause", run_id, reason=reason)
        if not run.placement:
            dispatch.wake_run(run.id)
    run.refresh_from_db()
    return run


def _open(run_id: str, what: str) -> Run:
    run = Run.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(f"There is no run {run_id}.")
    if run.state in RUN_OVER:
        raise RunIsOver(
            f"{run_id} has already ended: {run.status}.", hint=f"There is nothing to {what}."
        )
    return run
