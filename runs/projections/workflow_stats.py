"""How the runs of a workflow went: how many of the last ones succeeded, how long they took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from runs.models import Run
from runs.models.run import NEWEST_FIRST
from runs.states import RUN_OVER

LAST = 100  # runs that are looked at: with a hundred thousand the page is as fast as with a hundred
STRIP = 16  # of them in the row of marks
CHARTED = 60
_OVER = ", ".join(f"'{status.value}'" for status in RUN_OVER)
_NEWEST = "created_at DESC, id DESC"
_TOOK = "extract(epoch FROM (finished_at - started_at)) * 1000"
# One look into the index of a workflow's runs for each name, and no further than LAST.
_SQL = f"""
SELECT n.name, s.* FROM unnest(%s::text[]) AS n(name), LATERAL (
  SELECT count(*), count(*) FILTER (WHERE status = 'succeeded'),
    count(*) FILTER (WHERE status IN ({_OVER}) AND status <> 'cancelled'),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY {_TOOK})
      FILTER (WHERE status = 'succeeded' AND n_reused = 0),
    (array_agg(id ORDER BY {_NEWEST}))[1:{STRIP}],
    (array_agg(status ORDER BY {_NEWEST}))[1:{STRIP}],
    max(created_at)
  FROM (SELECT id, status, created_at, started_at, finished_at, n_reused FROM runs_run
    WHERE workflow_name = n.name ORDER BY {_NEWEST} LIMIT {LAST}) r
) s
"""  # noqa: S608 - nothing but words of ours is put in


@dataclass(frozen=True, slots=True)
class WorkflowStats:
    """The last runs of one workflow together."""

    runs: int  # at most LAST
    succeeded: int
    judged: int  # over, and nobody cancelled them
    usual_ms: float | None  # the median of those that succeeded and did all the work
    last: tuple[tuple[str, str], ...]  # id and status, newest first
    last_at: datetime | None

    @property
    def rate(self) -> int | None:
        """How many of a hundred succeeded; never 100 when one failed, nor 0 when one did not."""
        if not self.judged:
            return None
        if self.succeeded in (0, self.judged):
            return 100 if self.succeeded else 0
        return min(99, max(1, round(100 * self.succeeded / self.judged)))

    @property
    def is_cut(self) -> bool:
        """Whether there are (or may be) older ones that were not looked at."""
        return self.runs >= LAST


NO_RUNS = WorkflowStats(0, 0, 0, None, (), None)


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run of a chart and of the list below it."""

    id: str
    status: str
    kind: str
    version: int
    created_at: datetime
    created_by: str
    took_ms: float | None


def stats_of(names: Sequence[str]) -> dict[str, WorkflowStats]:
    """The last runs of each workflow that has any. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [list(names)])
        return {row[0]: _stats(row[1:]) for row in cursor.fetchall() if row[1]}


def _stats(row: Sequence[Any]) -> WorkflowStats:
    runs, succeeded, judged, usual, ids, statuses, last_at = row
    last = tuple(zip(ids, statuses, strict=True))
    return WorkflowStats(runs, succeeded, judged, usual, last, last_at)


def past_runs(name: str) -> tuple[PastRun, ...]:
    """The newest runs of a workflow, newest first. One query."""
    rows = (
        Run.objects.filter(workflow_name=name)
        .order_by(*NEWEST_FIRST)
        .values_list(
            *("id", "status", "kind", "version__number"),
            *("created_at", "created_by", "started_at", "finished_at"),
        )[:CHARTED]
    )
    return tuple(
        PastRun(
            id=pk,
            status=status,
            kind=kind,
            version=number,
            created_at=created,
            created_by=who,
            took_ms=(ended - began).total_seconds() * 1000 if began and ended else None,
        )
        for pk, status, kind, number, created, who, began, ended in rows
    )
