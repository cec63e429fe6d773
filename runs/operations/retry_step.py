"""retry_step: a step that waits for its next try does not wait any longer."""

from django.db import transaction

from runs import dispatch
from runs.actor import Actor
from runs.errors import Conflict, UnknownExecution, UnknownRun
from runs.models import Execution, Run
from runs.record import audit, retrying


def retry_step(run_id: str, where: str, *, by: Actor) -> Run:
    """Try the step ``where`` (step path or execution id) again now.

    Raises UnknownRun, UnknownExecution, or Conflict when it does not wait for a try.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise UnknownRun(f"There is no run {run_id}.")
        key = "pk" if where.startswith("exec_") else "path"
        execution = Execution.objects.filter(run=run, **{key: where}).first()
        if execution is None:
            raise UnknownExecution(f"{run_id} has no execution {where}.")
        if not retrying.queue_now(run, execution, by.name):
            raise Conflict(
                f"{execution.path} does not wait to be tried again: it is {execution.status}.",
                hint="A run that has ended is restarted from the step instead.",
            )
        audit.note(by, "step.retry", run_id, path=execution.path)
        if not run.placement:
            dispatch.wake_run(run.id)
    run.refresh_from_db()
    return run
