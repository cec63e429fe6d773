"""bulk_runs: one action for many runs, each on its own, with a result for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runs.actor import Actor
from runs.errors import MaverickError, NotAllowed, Refused
from runs.models import Run
from runs.operations.cancel_run import cancel_run
from runs.operations.delete_run import delete_run
from runs.operations.golden import mark_golden
from runs.operations.pause_run import pause_run, unpause_run
from runs.operations.restart_run import restart_run
from runs.states import RUN_OVER, RunStatus

ACTIONS = ("restart", "cancel", "pause", "resume", "golden", "delete")
MOST = 1000


@dataclass(frozen=True)
class BulkItem:
    """What became of one run."""

    run_id: str
    outcome: str  # done, unchanged, refused
    new_run_id: str | None = None  # of a restart
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class BulkResult:
    """What became of all of them."""

    action: str
    dry_run: bool
    counts: dict[str, int]
    items: tuple[BulkItem, ...]


def bulk_runs(
    action: str,
    ids: Sequence[str],
    *,
    by: Actor,
    dry_run: bool = False,
    reason: str = "",
    idempotency_key: str | None = None,
) -> BulkResult:
    """Do one thing to many runs; a run that it cannot be done to does not keep the others from it.

    Asked for twice it changes nothing the second time: what is cancelled already is `unchanged`,
    and a restart is made once for each key and run. Raises Refused (the action, too many runs)
    and NotAllowed.
    """
    if action not in ACTIONS:
        raise Refused(f"There is no action {action!r}.", hint=f"One of: {', '.join(ACTIONS)}.")
    if not by.may("admin" if action == "delete" else "operator"):
        raise NotAllowed(f"A {by.role} cannot {action} runs.")
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MOST:
        raise Refused(f"{len(wanted):,} runs are more than {MOST:,} at once.")
    states = dict(Run.objects.filter(pk__in=wanted).values_list("pk", "status"))
    items = []
    for run_id in wanted:
        status = states.get(run_id)
        if status is not None and _is_so(action, RunStatus(status)):
            items.append(BulkItem(run_id, "unchanged", message=f"It is {status} already."))
        elif dry_run:
            items.append(_foresee(action, run_id, status))
        else:
            key = f"{idempotency_key}:{run_id}"[:255] if idempotency_key else None
            items.append(_do(action, run_id, by, reason, key))
    counts = dict.fromkeys(("done", "unchanged", "refused"), 0)
    for item in items:
        counts[item.outcome] += 1
    return BulkResult(action, dry_run, counts, tuple(items))


def _is_so(action: str, status: RunStatus) -> bool:
    return (action == "cancel" and status is RunStatus.CANCELLED) or (
        action == "pause" and status is RunStatus.PAUSED
    )


def _foresee(action: str, run_id: str, status: str | None) -> BulkItem:
    if status is None:
        return BulkItem(run_id, "refused", code="run-not-found", message="There is no such run.")
    over = RunStatus(status) in RUN_OVER
    fits = {
        "restart": over,
        "cancel": not over,
        "pause": not over,
        "resume": status == RunStatus.PAUSED,
        "golden": status == RunStatus.SUCCEEDED,
        "delete": over,
    }[action]
    return BulkItem(
        run_id, "done" if fits else "refused", message="" if fits else f"It is {status}."
    )


def _do(action: str, run_id: str, by: Actor, reason: str, key: str | None) -> BulkItem:
    deeds: dict[str, Callable[[], object]] = {
        "cancel": lambda: cancel_run(run_id, by=by, reason=reason),
        "pause": lambda: pause_run(run_id, by=by, reason=reason),
        "resume": lambda: unpause_run(run_id, by=by),
        # Many runs cannot share their workflow's name: each is known by its own id.
        "golden": lambda: mark_golden(run_id, _golden_name(run_id), by=by),
        "delete": lambda: delete_run(run_id, by=by),
    }
    try:
        if action == "restart":
            made = restart_run(run_id, by=by, idempotency_key=key)
            return BulkItem(run_id, "done", made.pk)
        deeds[action]()
    except MaverickError as refused:
        return BulkItem(run_id, "refused", code=refused.code, message=refused.message)
    return BulkItem(run_id, "done")


def _golden_name(run_id: str) -> str:
    run = Run.objects.filter(pk=run_id).first()
    return "" if run is None else run.golden_name or f"{run.workflow_name[:150]} {run.pk}"
