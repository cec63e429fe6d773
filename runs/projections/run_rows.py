"""The rows of the run list: one query for a page of them, with what the busy ones are doing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, QuerySet, When
from django.db.models.functions import JSONObject

from runs.models import Execution, Run
from runs.projections import words
from runs.projections.progress import Progress, progress, run_duration
from runs.states import RUN_OVER, RunStatus

_HEAVY = ("inputs", "decisions", "outputs", "sealed", "context")
MOST_STEPS = 20  # of one run, that are looked at for what it does


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the list."""

    id: str
    workflow: str
    status: str
    word: str
    kind: str
    chip: str  # Restarted, Forked, Resumed or ""
    source_id: str
    golden: str | None
    why: str
    progress: Progress
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None
    by: str
    labels: tuple[tuple[str, str], ...]
    over: bool


def rows_of(runs: QuerySet[Run], now: datetime, limit: int) -> tuple[RunRow, ...]:
    """The first runs as rows. One query."""
    steps = (
        Execution.objects.filter(run=OuterRef("pk"), status__in=["running", "waiting"])
        .order_by("id")
        .values(
            step=JSONObject(
                path="path", type="type", status="status", due_at="due_at", tries="tries"
            )
        )[:MOST_STEPS]
    )
    # Asked only of those that have such steps: the others cost nothing.
    busy = When(status__in=[RunStatus.RUNNING, RunStatus.WAITING], then=ArraySubquery(steps))
    found = runs.defer(*_HEAVY).annotate(doing=Case(busy, default=None))[:limit]
    return tuple(_row(run, _busy_with(run.doing, now), now) for run in found)


def _busy_with(steps: Sequence[Mapping[str, Any]] | None, now: datetime) -> str:
    best = (0, "")
    for step in steps or ():
        due = step["due_at"] and datetime.fromisoformat(step["due_at"])
        tries = len(step["tries"] or ())
        said = _doing(step["path"], step["type"], step["status"], due, tries, now)
        if said[0] > best[0]:
            best = said
    return best[1]


def _doing(
    path: str, kind: str, status: str, due: datetime | None, tries: int, now: datetime
) -> tuple[int, str]:
    """What a step does, in words, and how much a reader of the list needs to know it."""
    if status == "waiting" and kind == "approval":
        return 4, f"waits for a decision: {path}"
    if status == "waiting" and kind == "wait" and due:
        return 2, f"waits until {words.until(due, now)}: {path}"
    again = f" · attempt {tries}" if tries > 1 else ""
    return 1 if kind in words.CONTAINERS else 3, path + again


def _row(run: Run, doing: str, now: datetime) -> RunRow:
    over = run.status in RUN_OVER
    return RunRow(
        id=run.id,
        workflow=run.workflow_name,
        status=run.status,
        word=words.STATUS_WORDS.get(run.status, run.status),
        kind=run.kind,
        chip=words.KIND_WORDS.get(run.kind, ""),
        source_id=run.source_id or "",
        golden=run.golden_name,
        why=_why(run) or doing,
        progress=progress(
            run.n_total,
            run.n_succeeded,
            run.n_reused,
            run.n_failed,
            run.n_running,
            run.n_skipped,
            run.n_failed if run.status == RunStatus.SUCCEEDED else 0,
            over,
        ),
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        duration_ms=run_duration(run.started_at, run.finished_at, over, now),
        by=run.created_by,
        over=over,
        labels=tuple((str(key), str(value)) for key, value in (run.labels or {}).items()),
    )


def _why(run: Run) -> str:
    if run.status == RunStatus.SUCCEEDED:
        return f"{words.count(run.n_failed, 'failure')} handled" if run.n_failed else ""
    # What it waits for is told by the step that waits.
    return "" if run.status == RunStatus.WAITING else words.reason(run.status_reason)
