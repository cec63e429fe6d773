"""Where an output comes from: from execution to execution, back to the one that did the work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from runs.errors import UnknownExecution

USERS = 20  # runs that use an output and are named


@dataclass(frozen=True, slots=True)
class Link:
    """One execution of the chain."""

    execution_id: str
    run_id: str | None  # None: the run was deleted
    path: str
    workflow: str
    status: str
    finished_at: datetime | None
    reused: bool  # False: it did the work
    deleted: bool  # its run is gone; only the execution's id is left


@dataclass(frozen=True, slots=True)
class Origin:
    """An execution, where its output comes from, and who else uses it."""

    execution_id: str
    run_id: str
    path: str
    chain: tuple[Link, ...]  # from the immediate source to the origin; empty: it did the work
    origin: Link  # who did the work
    reused_by: int  # runs that have this output without doing the work, this one not counted
    reused_by_runs: tuple[str, ...]  # the newest 20 of them


# Where a source in the chain was deleted, who did the work is still named, and may still be there:
# then it is the row without a number, the last one.
_CHAIN = """
WITH RECURSIVE chain AS (
  SELECT id, run_id, path, status, finished_at, reused_from, reused_run, origin_execution,
    origin_run, 0 AS n
  FROM runs_execution WHERE id = %s
  UNION ALL
  SELECT e.id, e.run_id, e.path, e.status, e.finished_at, e.reused_from, e.reused_run,
    e.origin_execution, e.origin_run, chain.n + 1
  FROM chain JOIN runs_execution e ON e.id = chain.reused_from
  WHERE chain.reused_from <> '' AND chain.n < 100000
), last AS (
  SELECT *, CASE WHEN reused_from = '' THEN id
    ELSE coalesce(nullif(origin_execution, ''), reused_from) END AS made_by
  FROM chain ORDER BY n DESC LIMIT 1
), links AS (
  SELECT * FROM chain
  UNION ALL
  SELECT e.id, e.run_id, e.path, e.status, e.finished_at, e.reused_from, e.reused_run,
    e.origin_execution, e.origin_run, NULL
  FROM last JOIN runs_execution e ON e.id = last.made_by WHERE last.reused_from <> ''
), used AS (
  SELECT DISTINCT run_id FROM runs_execution
  WHERE origin_execution = (SELECT made_by FROM last) AND origin_execution <> ''
    AND run_id <> (SELECT run_id FROM chain WHERE n = 0)
)
SELECT links.*, r.workflow_name,
  CASE WHEN n = 0 THEN (SELECT count(*) FROM used) END,
  CASE WHEN n = 0 THEN ARRAY(
    SELECT used.run_id FROM used JOIN runs_run u ON u.id = used.run_id
    ORDER BY u.created_at DESC, u.id DESC LIMIT %s
  ) END
FROM links JOIN runs_run r ON r.id = links.run_id ORDER BY n NULLS LAST
"""

_N = 9  # the column n


def origin(execution_id: str) -> Origin:
    """Where the output of an execution comes from, over all generations. Raises UnknownExecution.

    One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, [execution_id.replace("\x00", ""), USERS])
        rows = cursor.fetchall()
    if not rows:
        raise UnknownExecution(f"There is no execution {execution_id[:60]!r}.")
    made = rows.pop() if rows[-1][_N] is None else None
    links = [_link(row) for row in rows]
    first, last = rows[0], rows[-1]
    reused_from, reused_run, made_by, made_in = last[5:9]
    if reused_from:  # The next one is gone.
        links.append(_gone(reused_from, reused_run, last[2]))
        if made is not None:
            links.append(_link(made))
        elif made_by and made_by != reused_from:
            links.append(_gone(made_by, made_in, last[2]))
    return Origin(
        execution_id=first[0],
        run_id=first[1],
        path=first[2],
        chain=tuple(links[1:]),
        origin=links[-1],
        reused_by=first[-2],
        reused_by_runs=tuple(first[-1]),
    )


def _link(row: tuple[Any, ...]) -> Link:
    pk, run, path, status, finished, reused_from, *_, workflow, _, _ = row
    return Link(pk, run, path, workflow, status, finished, bool(reused_from), False)


def _gone(execution_id: str, run_id: str, path: str) -> Link:
    return Link(execution_id, run_id or None, path, "", "", None, False, True)
