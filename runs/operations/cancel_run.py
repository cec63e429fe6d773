"""cancel_run: no more steps; what runs is told to end."""

from django.db import transaction

from runs import dispatch
from runs.actor import Actor
from runs.errors import RunIsOver, UnknownRun
from runs.models import Run
from runs.record import audit
from runs.record.ending import end_run
from runs.states import RunStatus


def cancel_run(run_id: str, *, by: Actor, reason: str = "") -> Run:
    """Cancel a run at once; steps that are running lose their lease and are stopped.

    Raises UnknownRun, or RunIsOver when it has ended already.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise UnknownRun(f"There is no run {run_id}.")
        why = f"cancelled by {by.name}" + (f": {reason}" if reason else "")
        told = end_run(run, RunStatus.CANCELLED, why)
        if told is None:
            raise RunIsOver(
                f"{run_id} has already ended: {run.status}.", hint="There is nothing to cancel."
            )
        dispatch.cancel_calls(told)
        audit.note(by, "run.cancel", run_id, reason=reason)
    run.refresh_from_db()
    return run
