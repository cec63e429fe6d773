"""A step that waits for its next try is tried at once."""

from runs.models import Execution, Run
from runs.planning.graph import CONTAINERS
from runs.record import ledger
from runs.states import RUN_OVER, RunStatus, StepStatus

WAITS = "retry"  # how the reason of a step begins that waits to be tried again


def queue_now(run: Run, execution: Execution, by: str) -> bool:
    """Queue the step; False when it does not wait for a try (any more).

    The caller holds the run's row lock in a transaction. A paused run stays paused: the step is
    tried when it goes on.
    """
    waits = execution.state is StepStatus.WAITING and execution.status_reason.startswith(WAITS)
    if run.state in RUN_OVER or not waits:
        return False
    stays = run.state is RunStatus.PAUSED or execution.type in CONTAINERS
    status = run.status if stays else RunStatus.RUNNING.value
    change = ledger.Change(execution.id, StepStatus.QUEUED, f"retry: asked by {by}")
    if execution.type in CONTAINERS:  # nobody queues it: the next sweep opens it again
        change = ledger.Change(
            execution.id, StepStatus.WAITING, f"retry: asked by {by}", due=0, error=execution.error
        )
    seq = ledger.write(
        run.id,
        seq=run.event_seq,
        fence=run.fence,
        patch=ledger.RunPatch(status, run.status_reason if status == run.status else ""),
        changes=[change],
        entries=[ledger.Entry("step.queued", execution.id, execution.path, {"by": by})],
    )
    if seq is None:
        raise RuntimeError(f"{run.id} changed under its own row lock")
    return True
