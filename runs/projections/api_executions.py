"""The executions of a run in path order, page by page; one of them; its log."""

from dataclasses import dataclass
from datetime import datetime

from runs import steppath
from runs.errors import UnknownExecution
from runs.models import Execution, LogChunk
from runs.projections.api_runs import require_run
from runs.projections.run_facts import (
    EXECUTION_COLUMNS,
    ExecutionFacts,
    execution_facts,
    payloads_of,
)


@dataclass(frozen=True, slots=True)
class ExecutionPage:
    """Some executions, and the path to go on from (None at the end)."""

    items: tuple[ExecutionFacts, ...]
    next_after: str | None


def list_executions(
    run_id: str, *, statuses: tuple[str, ...] = (), after: str = "", limit: int = 100
) -> ExecutionPage:
    """One page of a run's executions, turn 10 behind turn 9. Raises UnknownRun."""
    rows = Execution.objects.filter(run_id=run_id)
    if statuses:
        rows = rows.filter(status__in=statuses)
    # Natural order is not an order PostgreSQL knows, so the paths alone are sorted here (10,000
    # of them: about 20 ms) and only the page's rows are read in full.
    places = sorted((steppath.sort_key(path), pk) for path, pk in rows.values_list("path", "pk"))
    if not places:
        require_run(run_id)
    if after:
        start = steppath.sort_key(after)
        places = [place for place in places if place[0] > start]
    ids = [pk for _, pk in places[:limit]]
    found = list(Execution.objects.filter(pk__in=ids).values(*EXECUTION_COLUMNS)) if ids else []
    payloads = payloads_of(found)
    by_id = {row["id"]: execution_facts(row, payloads) for row in found}
    items = tuple(by_id[pk] for pk in ids if pk in by_id)
    return ExecutionPage(items, items[-1].path if len(places) > limit and items else None)


def get_execution(run_id: str, execution_id: str) -> ExecutionFacts:
    """One execution of a run, by id or by step path. Raises UnknownRun, UnknownExecution."""
    rows = Execution.objects.filter(run_id=run_id)
    found = list(rows.filter(pk=execution_id).values(*EXECUTION_COLUMNS))
    if not found:
        found = list(rows.filter(path=execution_id).values(*EXECUTION_COLUMNS))
    if not found:
        require_run(run_id)
        raise UnknownExecution(f"Run {run_id} has no execution {execution_id!r}.")
    return execution_facts(found[0], payloads_of(found))


@dataclass(frozen=True, slots=True)
class LogPart:
    """Some lines that an execution printed."""

    id: int
    attempt: int
    stream: str
    level: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some log parts in order, and the id to go on from."""

    items: tuple[LogPart, ...]
    last_id: int


def read_log(run_id: str, execution_id: str, *, after: int = 0, limit: int = 500) -> LogPage:
    """What an execution logged behind part ``after``. Raises UnknownRun, UnknownExecution."""
    if not Execution.objects.filter(run_id=run_id, pk=execution_id).exists():
        require_run(run_id)
        raise UnknownExecution(f"Run {run_id} has no execution {execution_id!r}.")
    rows = (
        LogChunk.objects.filter(execution_id=execution_id, id__gt=after)
        .order_by("id")
        .values_list("id", "attempt", "stream", "level", "text", "at")[:limit]
    )
    items = tuple(LogPart(*row) for row in rows)
    return LogPage(items, items[-1].id if items else after)
