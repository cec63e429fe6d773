"""Which steps have lost their worker, are due, or were never taken; by the database's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from runs import conf

_OPEN = "('queued', 'running', 'waiting')"


@dataclass(frozen=True, slots=True)
class Found:
    """A step that somebody should look after."""

    run_id: str
    path: str
    fence: int
    worker: str


def _find(where: str, parameters: list[Any], run_id: str | None) -> list[Found]:
    # A run that a command drives itself is that command's as long as it lives: see `abandoned`.
    only = "AND e.run_id = %s" if run_id else "AND r.placement = ''"
    with connection.cursor() as cursor:
        cursor.execute(
            # Only this module's own texts are put in; values go as parameters.
            f"""
            SELECT e.run_id, e.path, e.fence, e.worker
            FROM runs_execution e JOIN runs_run r ON r.id = e.run_id
            WHERE {where} {only} AND r.status IN {_OPEN}
            ORDER BY r.created_at, r.id LIMIT 1000
            """,  # noqa: S608
            [*parameters, *([run_id] if run_id else [])],
        )
        return [Found(*row) for row in cursor.fetchall()]


def expired(run_id: str | None = None) -> list[Found]:
    """Running steps whose lease ran out."""
    return _find("e.status = 'running' AND e.lease_until < now()", [], run_id)


def due(run_id: str | None = None) -> list[Found]:
    """Waiting steps whose time has come, and open containers whose time is over."""
    return _find("e.status IN ('waiting', 'running') AND e.due_at <= now()", [], run_id)


def still_due(run_id: str, paths: Sequence[str]) -> set[str]:
    """Those of the paths whose time has come. What ``due`` found may be another's by now: opened
    again, with a time of its own. The caller holds the run's row lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT path FROM runs_execution WHERE run_id = %s AND path = ANY(%s) "
            "AND status IN ('waiting', 'running') AND due_at <= now()",
            [run_id, list(paths)],
        )
        return {row[0] for row in cursor.fetchall()}


def adopt_abandoned() -> list[str]:
    """Let any worker go on with the runs whose command is gone; returns the runs.

    A command shows that it lives three times in the length of a lease. One that is silent for a
    whole lease was killed, or its machine is gone.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE runs_run r SET placement = ''
            WHERE r.status IN {_OPEN} AND r.placement NOT IN ('', 'agents') AND NOT EXISTS (
              SELECT 1 FROM runs_workerprocess w
              WHERE w.id = r.placement AND w.seen_at >= now() - %s * interval '1 second')
            RETURNING r.id
            """,  # noqa: S608
            [conf.lease_seconds()],
        )
        return [row[0] for row in cursor.fetchall()]


def runs_nobody_took(older_than: float) -> list[str]:
    """Open runs for any worker with a step (or everything) queued for ``older_than`` seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.id FROM runs_run r
            WHERE r.status IN {_OPEN} AND r.placement = ''
              AND r.created_at < now() - %s * interval '1 second'
              AND (r.status = 'queued' OR EXISTS (
                SELECT 1 FROM runs_execution e WHERE e.run_id = r.id AND e.status = 'queued'
                  AND e.type <> 'call'
                  AND e.created_at < now() - %s * interval '1 second'))
            ORDER BY r.created_at, r.id LIMIT 500
            """,  # noqa: S608
            [older_than, older_than],
        )
        return [row[0] for row in cursor.fetchall()]


def holders(run_id: str) -> list[str]:
    """The workers (``host:pid``) with a valid lease on a step of the run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT worker FROM runs_execution WHERE run_id = %s "
            "AND status = 'running' AND lease_until >= now()",
            [run_id],
        )
        return [row[0] for row in cursor.fetchall()]
