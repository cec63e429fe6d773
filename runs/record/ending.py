"""End a run from outside its workers: cancel, or replace by a resumed one."""

from runs.models import Execution, Run
from runs.record import agent_calls, ledger
from runs.states import RUN_OVER, RunStatus, StepStatus

_OPEN = ("queued", "running", "waiting")


def end_run(run: Run, status: RunStatus, reason: str, code: str = "cancelled") -> list[str] | None:
    """Close the run and every open execution; None when the run is over already, else the calls
    that agents may be working on.

    The caller holds the run's row lock in a transaction. Fences go up, so a worker that still
    runs a step can write nothing and finds that out at its next heartbeat.
    """
    if run.state in RUN_OVER:
        return None
    told = agent_calls.end_open(run, reason)
    open_rows = list(
        Execution.objects.filter(run=run, status__in=_OPEN).values_list(
            "id", "path", "status", "tries"
        )
    )
    changes, entries = [], []
    for pk, path, old, tries in open_rows:
        if old == StepStatus.RUNNING and tries and "outcome" not in tries[-1]:
            tries[-1] |= {"outcome": "interrupted", "reason": code}
        changes.append(
            ledger.Change(
                pk,
                StepStatus.CANCELLED,
                reason,
                fence_up=1,
                tries=tries,
                error={"code": code, "message": reason, "hint": ""},
                finish=True,
            )
        )
        entries.append(ledger.Entry("step.cancelled", pk, path, {"reason": reason}))
    entries.append(ledger.Entry(f"run.{status.value}", data={"reason": reason}))
    # What was interrupted or never started is not done; it has not failed. It counts with what is
    # pending, or `1 failed` would send people to look for an error that there is not.
    patch = ledger.RunPatch(
        status.value,
        reason,
        running=-sum(1 for row in open_rows if row[2] == StepStatus.RUNNING),
        fence_up=1,
        finish=True,
    )
    seq = ledger.write(
        run.id,
        seq=run.event_seq,
        fence=run.fence,
        patch=patch,
        changes=changes,
        entries=entries,
    )
    if seq is None:
        raise RuntimeError(f"{run.id} changed under its own row lock")
    return told
