"""The run list: filtered rows a page at a time, counts by status, and what started lately.

Every query is bounded: rows by the page, counts and activity by a limit inside the database, so
that the page costs the same with a thousand runs and with a hundred thousand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from runs.models import Execution, Golden, Run, Workflow
from runs.projections import words
from runs.projections.progress import Progress, progress, run_duration
from runs.projections.run_filter import RunFilter
from runs.states import RUN_OVER, RunStatus

PAGE = 25
COUNT_TO = 2_000  # beyond it a count reads "2,000+"
ACTIVITY_TO = 5_000  # runs that the chart looks at; beyond it the chart says so
BUCKET = timedelta(minutes=30)
BUCKETS = 48
STATUS_ORDER = (
    RunStatus.RUNNING,
    RunStatus.QUEUED,
    RunStatus.WAITING,
    RunStatus.PAUSED,
    RunStatus.FAILED,
    RunStatus.TIMEOUT,
    RunStatus.CANCELLED,
    RunStatus.SUCCEEDED,
)


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
    over: bool


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many runs have a status; ``text`` is capped."""

    status: str  # "" is all
    word: str
    number: int
    text: str
    query: str
    current: bool


@dataclass(frozen=True, slots=True)
class ActivityBar:
    """How many runs started in one half hour."""

    good: int
    bad: int


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of the run list."""

    filter: RunFilter
    rows: tuple[RunRow, ...]
    counts: tuple[StatusCount, ...]
    activity: tuple[ActivityBar, ...]
    activity_cut: bool  # only the newest runs are counted
    failed: int
    golden: str
    total: str
    older: str  # query strings, "" when there is nothing
    newer: str
    any_run: bool
    hint: "Hint | None"


@dataclass(frozen=True, slots=True)
class Hint:
    """When nothing matches: which filter is in the way."""

    key: str
    value: str
    without: str
    number: str


def run_list(asked: RunFilter, now: datetime) -> RunPage:
    """The page that ``asked`` names."""
    base = _matching(asked)
    rows, older, newer = _rows(asked, base, now)
    counts, golden, activity = _numbers(asked, base, now)
    total = next(c for c in counts if c.status == "")
    any_run = bool(rows) or total.number > 0 or (bool(asked.filters) and Run.objects.exists())
    failed = sum(bar.bad for bar in activity)
    current = next((c for c in counts if c.current), total)
    return RunPage(
        filter=asked,
        rows=rows,
        counts=counts,
        activity=activity if any(bar.good or bar.bad for bar in activity) else (),
        activity_cut=sum(bar.good + bar.bad for bar in activity) >= ACTIVITY_TO,
        failed=failed,
        golden=golden,
        total=current.text,
        older=older,
        newer=newer,
        any_run=any_run,
        hint=None if rows or not any_run else _hint(asked),
    )


def ids_of(asked: RunFilter, limit: int) -> list[str]:
    """The ids of all runs that the filter finds, whatever page is shown; the newest first."""
    runs = _matching(asked)
    if asked.status:
        runs = runs.filter(status=asked.status)
    return list(runs.order_by("-id").values_list("id", flat=True)[:limit])


def rows_by_id(ids: Sequence[str], now: datetime) -> tuple[RunRow, ...]:
    """The named runs' rows, for a list that is open in a browser."""
    runs = list(Run.objects.filter(pk__in=list(ids)[: PAGE * 4]).defer(*_HEAVY).order_by("-id"))
    return _as_rows(runs, now)


_HEAVY = ("inputs", "decisions", "outputs", "sealed", "context", "labels")


def _matching(asked: RunFilter) -> QuerySet[Run]:
    """Everything the filter names except the status, which the counts split by."""
    runs = Run.objects.all()
    if asked.workflow:
        runs = runs.filter(workflow_name=asked.workflow)
    if asked.chip == "golden":
        runs = runs.filter(golden_name__isnull=False)
    elif asked.chip:
        runs = runs.filter(kind=words.kind_of_chip(asked.chip))
    if asked.tag:
        runs = runs.filter(pk__in=Golden.objects.filter(tags__contains=[asked.tag]).values("run"))
    if asked.text.startswith("run_"):
        runs = runs.filter(id__startswith=asked.text)
    elif asked.text:
        # Names are looked up in the small table: a search through a hundred thousand runs would
        # be slow, and the run list is asked after every change of a run. No `OR` with the id
        # either: it keeps the database from using the index on names.
        names = list(
            Workflow.objects.filter(name__icontains=asked.text)
            .order_by("name")
            .values_list("name", flat=True)[:200]
        )
        runs = runs.filter(workflow_name__in=names or [""])  # no name: no run
    return runs


def _rows(
    asked: RunFilter, base: QuerySet[Run], now: datetime
) -> tuple[tuple[RunRow, ...], str, str]:
    runs = base.filter(status=asked.status) if asked.status else base
    backwards = bool(asked.after) and not asked.before
    if asked.before:
        runs = runs.filter(id__lt=asked.before)
    elif asked.after:
        runs = runs.filter(id__gt=asked.after)
    ordered = runs.order_by("id" if backwards else "-id").defer(*_HEAVY)
    found = list(ordered[: PAGE + 1])
    more = len(found) > PAGE
    found = found[:PAGE]
    if backwards:
        found.reverse()
    older = newer = ""
    if found:
        if backwards or more:
            older = asked.query(before=found[-1].id)
        if asked.before or (backwards and more):
            newer = asked.query(after=found[0].id)
    elif asked.before or asked.after:
        newer = asked.query()
    return _as_rows(found, now), older, newer


def _as_rows(runs: Sequence[Run], now: datetime) -> tuple[RunRow, ...]:
    busy = [run.id for run in runs if run.status in (RunStatus.RUNNING, RunStatus.WAITING)]
    doing: dict[str, tuple[int, str]] = {}
    if busy:
        steps = (
            Execution.objects.filter(run_id__in=busy, status__in=["running", "waiting"])
            .order_by("run_id", "id")
            .values_list("run_id", "path", "type", "status", "due_at", "tries")[:500]
        )
        for run_id, path, kind, status, due, tries in steps:
            said = _doing(path, kind, status, due, len(tries or ()), now)
            if said[0] > doing.get(run_id, (0, ""))[0]:
                doing[run_id] = said
    return tuple(_row(run, doing.get(run.id, (0, ""))[1], now) for run in runs)


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
    )


def _why(run: Run) -> str:
    if run.status == RunStatus.SUCCEEDED:
        return f"{words.count(run.n_failed, 'failure')} handled" if run.n_failed else ""
    # What it waits for is told by the step that waits.
    return "" if run.status == RunStatus.WAITING else words.reason(run.status_reason)


def _numbers(
    asked: RunFilter, base: QuerySet[Run], now: datetime
) -> tuple[tuple[StatusCount, ...], str, tuple[ActivityBar, ...]]:
    """Counts by status, the number of golden runs, and the activity: one query."""
    selects: list[str] = []
    params: list[Any] = []

    def add(name: str, runs: QuerySet[Run, Any], what: str = "count(*)") -> None:
        sql, values = runs.query.sql_with_params()
        selects.append(f"SELECT '{name}', 0, {what} FROM ({sql}) AS part")  # noqa: S608
        params.extend(values)

    for status in STATUS_ORDER:
        add(status.value, base.filter(status=status).order_by().values("id")[: COUNT_TO + 1])
    add("golden", Run.objects.filter(golden_name__isnull=False).values("id")[: COUNT_TO + 1])
    since = now - BUCKET * BUCKETS
    recent, values = (
        base.filter(created_at__gt=since)
        .order_by("-created_at")
        .values("created_at", "status")[:ACTIVITY_TO]
        .query.sql_with_params()
    )
    bucket = "floor(extract(epoch from (%s - created_at)) / %s)::int"
    bad = "status in ('failed', 'timeout')"
    selects.append(
        f"SELECT CASE WHEN {bad} THEN 'bad' ELSE 'good' END, {bucket}, count(*) "  # noqa: S608
        f"FROM ({recent}) AS lately GROUP BY 1, 2"
    )
    params.extend([now, BUCKET.total_seconds(), *values])
    numbers: dict[tuple[str, int], int] = {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects), params)
        for name, place, number in cursor.fetchall():
            numbers[name, place] = number
    by_status = {status: numbers.get((status.value, 0), 0) for status in STATUS_ORDER}
    total = sum(by_status.values())
    capped = any(number > COUNT_TO for number in by_status.values())
    counts = [
        StatusCount(
            "",
            "All",
            total,
            f"{COUNT_TO:,}+" if capped else f"{total:,}",
            asked.query(status=""),
            not asked.status,
        )
    ]
    counts += [
        StatusCount(
            status.value,
            words.STATUS_WORDS[status],
            number,
            _capped(number),
            asked.query(status=status.value),
            asked.status == status,
        )
        for status, number in by_status.items()
    ]
    activity = tuple(
        ActivityBar(numbers.get(("good", place), 0), numbers.get(("bad", place), 0))
        for place in range(BUCKETS - 1, -1, -1)
    )
    return tuple(counts), _capped(numbers.get(("golden", 0), 0)), activity


def _capped(number: int) -> str:
    return f"{COUNT_TO:,}+" if number > COUNT_TO else f"{number:,}"


def _hint(asked: RunFilter) -> Hint | None:
    """The one filter without which the most runs would be shown."""
    best: Hint | None = None
    most = 0
    for active in asked.filters:
        looser = replace(asked, **{active.key: "", "before": "", "after": ""})
        runs = _matching(looser)
        if looser.status:
            runs = runs.filter(status=looser.status)
        number = runs.order_by().values("id")[: COUNT_TO + 1].count()
        if number > most:
            most = number
            best = Hint(active.key, active.value, active.without, _capped(number))
    return best
