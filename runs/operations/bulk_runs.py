"""bulk_runs: one action for many runs, each on its own, with a result for each."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from runs.actor import Actor
from runs.errors import (
    IdempotencyMismatch,
    MaverickError,
    NotAllowed,
    Refused,
    RunIsOver,
    RunNotOver,
    UnknownRun,
)
from runs.models import IdempotencyRecord, Run
from runs.models.deletable import Kept, kept
from runs.models.stored import drawable_version
from runs.operations.cancel_run import cancel_run
from runs.operations.delete_run import delete_run
from runs.operations.golden import RunNotSucceeded, mark_golden
from runs.operations.label_run import Changes, change_labels, changed
from runs.operations.pause_run import NotPaused, pause_run, unpause_run
from runs.operations.restart_run import NotConfirmed, RestartRequest, plan_restart, restart_run
from runs.record import sealing
from runs.states import RUN_OVER, RunStatus

ACTIONS = ("restart", "cancel", "pause", "resume", "golden", "label", "delete")
MOST = 1000
# A lost answer is asked for again within minutes; runs have their own records.
REMEMBERED = timedelta(days=7)


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
    asked: Mapping[str, Any] | None = None,
    labels: Changes | None = None,
) -> BulkResult:
    """Do one thing to many runs; a run that it cannot be done to does not keep the others from it.

    Asked for twice it changes nothing the second time: what is cancelled already is `unchanged`,
    and under one key there is one answer. ``asked``: the filter that found the ids, if one did;
    the same key and filter then mean the runs that it found the first time. ``labels``: what the
    action `label` sets or takes away; a run's other labels stay. Raises Refused (the action, its
    labels, too many runs), NotAllowed and IdempotencyMismatch.
    """
    if action not in ACTIONS:
        raise Refused(f"There is no action {action!r}.", hint=f"One of: {', '.join(ACTIONS)}.")
    if not by.may("admin" if action == "delete" else "operator"):
        raise NotAllowed(f"A {by.role} cannot {action} runs.")
    _labels_fit(action, labels)
    wanted = list(dict.fromkeys(ids))
    part = None
    if idempotency_key and not dry_run:
        body = ["bulk", action, wanted if asked is None else dict(asked), reason]
        body += [dict(labels)] if labels else []
        part = _under_key(by, idempotency_key, sealing.keyed_hex(body), wanted)
        if part.result is not None:
            return part.result
        wanted = part.ids
    _few(wanted)
    runs = Run.objects.filter(pk__in=wanted).only("status", "labels").in_bulk()
    stay = kept(wanted) if dry_run and action == "delete" else {}
    items = []
    for run_id in wanted:
        run = runs.get(run_id)
        if run is not None and (so := _so_already(action, run, labels)):
            items.append(BulkItem(run_id, "unchanged", message=so))
        elif dry_run:
            items.append(_foresee(action, run_id, run, stay.get(run_id), labels))
        else:
            part_key = _key_of(idempotency_key, run_id)
            items.append(_do(action, run_id, by, reason, part_key, labels))
    counts = dict.fromkeys(("done", "unchanged", "refused"), 0)
    for item in items:
        counts[item.outcome] += 1
    result = BulkResult(action, dry_run, counts, tuple(items))
    if part is not None:
        answer = {"ids": wanted, "result": asdict(result)}
        IdempotencyRecord.objects.filter(pk=part.record).update(answer=answer)
    return result


def _labels_fit(action: str, labels: Changes | None) -> None:
    if action == "label" and not labels:
        raise Refused("Name the labels that are set or taken away.", field="labels")
    if action != "label" and labels is not None:
        raise Refused(f"Labels belong to the action 'label', not to {action!r}.", field="labels")
    changed({}, labels or {})  # too many, or too long: that is no run's fault


def _few(ids: Sequence[str]) -> None:
    if len(ids) > MOST:
        raise Refused(f"{len(ids):,} runs are more than {MOST:,} at once.")


@dataclass(frozen=True)
class _Part:
    """What is known under a key: the runs it was about, and the answer if there was one."""

    record: int
    ids: list[str]
    result: BulkResult | None


def _under_key(by: Actor, key: str, body: str, ids: list[str]) -> _Part:
    """Raises Refused for too many runs, and IdempotencyMismatch."""
    scope = str(by)
    IdempotencyRecord.objects.filter(run=None, created_at__lt=Now() - REMEMBERED).delete()
    if not IdempotencyRecord.objects.filter(scope=scope, key=key).exists():
        _few(ids)
    new = {"body_digest": body, "answer": {"ids": ids, "result": None}}
    # Two at once have one record, and go through the same runs; each of these happens once.
    known, _ = IdempotencyRecord.objects.get_or_create(scope=scope, key=key, defaults=new)
    if known.body_digest != body or known.answer is None:
        raise IdempotencyMismatch(hint="Use a new key for a new request.")
    told = known.answer["result"]
    return _Part(known.pk, known.answer["ids"], _answer(told) if told else None)


def _answer(told: Mapping[str, Any]) -> BulkResult:
    items = tuple(BulkItem(**one) for one in told["items"])
    return BulkResult(told["action"], told["dry_run"], told["counts"], items)


def _key_of(key: str | None, run_id: str) -> str | None:
    """The key of one run's part; hashed, as a long one would cut the run's id off."""
    if not key:
        return None
    return "bulk:" + hashlib.sha256(f"{key}:{run_id}".encode()).hexdigest()


def _so_already(action: str, run: Run, labels: Changes | None) -> str:
    """Says that there is nothing to do, if so."""
    if labels is not None:
        known = run.labels or {}
        same = all(known.get(key) == value for key, value in labels.items())
        return "Its labels are so already." if same else ""
    so = {"cancel": RunStatus.CANCELLED, "pause": RunStatus.PAUSED}.get(action)
    return f"It is {run.status} already." if run.status == so else ""


def _foresee(
    action: str, run_id: str, run: Run | None, stays: Kept | None, labels: Changes | None
) -> BulkItem:
    """What ``_do`` would answer, as things stand now."""
    if run is None:
        return _refused(run_id, UnknownRun.code, f"There is no run {run_id}.")
    if stays is not None:
        return _refused(run_id, stays.code, stays.message)
    if labels is not None:
        try:
            changed(run.labels or {}, labels)
        except Refused as refused:
            return _refused(run_id, refused.code, refused.message)
        return BulkItem(run_id, "done")
    status = run.status
    over = RunStatus(status) in RUN_OVER
    open_only = RunIsOver.code if over else ""
    against = {
        "restart": "" if over else RunNotOver.code,
        "cancel": open_only,
        "pause": open_only,
        "resume": open_only or ("" if status == RunStatus.PAUSED else NotPaused.code),
        "golden": "" if over else RunNotOver.code,
        "delete": "",
    }[action]
    if action == "golden" and over and status != RunStatus.SUCCEEDED:
        against = RunNotSucceeded.code
    if against:
        return _refused(run_id, against, f"{run_id} is {status}.")
    if action == "restart" and _asks(run_id):
        try:
            unconfirmed = plan_restart(run_id).confirm
        except MaverickError as refused:
            return _refused(run_id, refused.code, refused.message)
        if unconfirmed:
            asks = NotConfirmed(list(unconfirmed))
            return _refused(run_id, asks.code, asks.message)
    return BulkItem(run_id, "done")


def _refused(run_id: str, code: str, message: str) -> BulkItem:
    return BulkItem(run_id, "refused", code=code, message=message)


def _asks(run_id: str) -> bool:
    """Whether a step of its workflow wants to be confirmed: only then its restart is planned."""
    version = Run.objects.filter(pk=run_id).values_list("version_id", flat=True).first()
    compiled = drawable_version(version) if version is not None else None
    return compiled is not None and any(
        node.step.effect == "ask" for node in compiled.nodes.values()
    )


def _do(
    action: str, run_id: str, by: Actor, reason: str, key: str | None, labels: Changes | None
) -> BulkItem:
    deeds: dict[str, Callable[[], object]] = {
        "cancel": lambda: cancel_run(run_id, by=by, reason=reason),
        "pause": lambda: pause_run(run_id, by=by, reason=reason),
        "resume": lambda: unpause_run(run_id, by=by, reason=reason),
        # Many runs cannot share their workflow's name: each is known by its own id.
        "golden": lambda: mark_golden(run_id, _golden_name(run_id), by=by, reason=reason),
        "label": lambda: change_labels(run_id, labels or {}, by=by),
        "delete": lambda: delete_run(run_id, by=by, reason=reason),
    }
    try:
        if action == "restart":
            asked = RestartRequest(reason=reason)
            made = restart_run(run_id, asked, by=by, idempotency_key=key)
            return BulkItem(run_id, "done", made.pk)
        deeds[action]()
    except MaverickError as refused:
        return _refused(run_id, refused.code, refused.message)
    return BulkItem(run_id, "done")


def _golden_name(run_id: str) -> str:
    run = Run.objects.filter(pk=run_id).first()
    return "" if run is None else run.golden_name or f"{run.workflow_name[:150]} {run.pk}"
