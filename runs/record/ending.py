"""End a run from outside its workers: cancel, or replace by a resumed one."""

from django.db.models import Q

from runs.models import AgentCall, Execution, Run
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


def end_calls_inside(
    run_id: str, container: str, reason: str
) -> tuple[list[str], list[ledger.Change], list[ledger.Entry], int]:
    """Cancel the calls of agents that are open inside a container: those that agents may be working
    on, what is to be recorded of their executions, and how many of these were running.

    The caller holds the run's row lock in a transaction, and records it.
    """
    inside = Q(path__startswith=f"{container}/") | Q(path__startswith=f"{container}[")
    rows = Execution.objects.filter(inside, run_id=run_id, status__in=_OPEN)
    found = list(rows.values_list("id", "path", "type", "status", "tries"))
    calls = AgentCall.objects.filter(run_id=run_id, execution_id__in=[row[0] for row in found])
    told = agent_calls.end_these(calls, reason)
    changes, entries, running = [], [], 0
    for pk, path, kind, status, tries in found:
        if kind != agent_calls.CALL:
            continue  # a step: the engine settles it
        if tries and "outcome" not in tries[-1]:
            tries[-1] |= {"outcome": "interrupted", "reason": reason}
        error = {"code": "cancelled", "message": reason, "hint": ""}
        change = ledger.Change(
            pk, StepStatus.CANCELLED, reason, fence_up=1, tries=tries, error=error, finish=True
        )
        changes.append(change)
        entries.append(ledger.Entry("step.cancelled", pk, path, {"reason": reason}))
        running += status == StepStatus.RUNNING
    return told, changes, entries, running
