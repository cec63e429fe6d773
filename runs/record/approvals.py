"""A decision about a step that waits for one, kept with the attempt that asked."""

from typing import Any

from runs.models import Execution, Run
from runs.record import ledger
from runs.states import RUN_OVER, RunStatus, StepStatus


def decide(run: Run, execution: Execution, decision: dict[str, Any]) -> bool:
    """Record ``decision`` and queue the step again; False when it does not wait any more.

    The caller holds the run's row lock in a transaction, so one of two decisions is the first.
    """
    if run.state in RUN_OVER or execution.state is not StepStatus.WAITING:
        return False
    tries = [*execution.tries[:-1], {**execution.tries[-1], "decision": decision}]
    word = "approved" if decision["approved"] else "rejected"
    seq = ledger.write(
        run.id,
        seq=run.event_seq,
        fence=run.fence,
        # A pause is a person's word: a decision must not let the run go on.
        patch=ledger.RunPatch("paused", run.status_reason)
        if run.state is RunStatus.PAUSED
        else ledger.RunPatch("running"),
        changes=[
            ledger.Change(
                execution.id,
                StepStatus.QUEUED,
                f"{word}: by {decision['by']}",
                fence_up=1,
                tries=tries,
            )
        ],
        entries=[
            ledger.Entry(f"step.{word}", execution.id, execution.path, {"by": decision["by"]})
        ],
    )
    if seq is None:
        raise RuntimeError(f"{run.id} changed under its own row lock")
    return True
