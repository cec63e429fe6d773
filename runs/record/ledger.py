"""One statement that records one event of a run together with all its consequences.

The statement takes the run's row lock, checks the run's fence and journal number (nobody recorded
anything since the caller looked), and then changes executions, adds executions, adds journal
entries and moves the run, or does nothing at all. It is one round trip and one commit, so a
finished step is durable before the next one starts, and it costs about one commit a step.
Leases are set by the database's clock, never by the worker's.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import connection
from psycopg.types.json import Jsonb

from runs import conf
from runs.models import Execution
from runs.states import StepStatus


@dataclass(slots=True)
class Change:
    """What becomes of an execution that has a row. ``None`` leaves a value as it is."""

    id: str
    status: StepStatus
    reason: str = ""
    fence_up: int = 0
    worker: str = ""
    lease: bool = False
    due: float | None = None  # seconds from now
    tries: list[dict[str, Any]] | None = None
    output: Any = None
    payload: str | None = None
    size: int = 0
    error: dict[str, Any] | None = None
    start: bool = False
    finish: bool = False


@dataclass(slots=True)
class NewRow:
    """An execution that gets its row now."""

    id: str
    parent_id: str | None
    path: str
    name: str
    type: str
    position: int
    status: StepStatus
    reason: str = ""
    input: Any = None
    input_digest: str = ""
    match_key: str = ""
    fence: int = 0
    worker: str = ""
    lease: bool = False
    tries: list[dict[str, Any]] = field(default_factory=list)
    output: Any = None
    error: dict[str, Any] | None = None
    start: bool = False
    finish: bool = False
    decision: dict[str, str] | None = None


@dataclass(slots=True)
class Entry:
    """One journal entry."""

    kind: str
    execution_id: str = ""
    path: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class RunPatch:
    """How the run itself moves; counts are differences."""

    status: str
    reason: str = ""
    total: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    reused: int = 0
    fence_up: int = 0
    finish: bool = False
    outputs: Any = None


_SQL = """
WITH g AS MATERIALIZED (
  SELECT id FROM runs_run
  WHERE id = %(run)s AND event_seq = %(seq)s AND fence = %(fence)s
  FOR UPDATE
), changed AS (
  UPDATE runs_execution e SET
    status = c.status, status_reason = c.reason, seq = %(new_seq)s, fence = e.fence + c.fence_up,
    worker = c.worker,
    lease_until = CASE WHEN c.lease THEN now() + %(lease)s * interval '1 second' END,
    due_at = CASE WHEN c.due IS NOT NULL THEN now() + c.due * interval '1 second' END,
    tries = coalesce(c.tries, e.tries), output = c.output, payload_id = c.payload,
    output_size = c.size, error = c.error,
    started_at = CASE WHEN c.start THEN coalesce(e.started_at, now()) ELSE e.started_at END,
    finished_at = CASE WHEN c.finish THEN now() END,
    duration_ms = CASE WHEN c.finish AND e.started_at IS NOT NULL
      THEN (extract(epoch FROM now() - e.started_at) * 1000)::bigint END
  FROM g, jsonb_to_recordset(%(changes)s) AS c(
    id text, status text, reason text, fence_up int, worker text, lease bool, due float8,
    tries jsonb, output jsonb, payload text, size int, error jsonb, start bool, finish bool)
  WHERE e.id = ANY(%(ids)s) AND e.id = c.id  -- by primary key: never a scan of the run
), added AS (
  INSERT INTO runs_execution (
    id, run_id, parent_id, path, name, type, position, status, status_reason, seq, fence,
    lease_until, worker, due_at, tries, input, input_digest, match_key, output, payload_id,
    output_size, error, created_at, started_at, finished_at, duration_ms,
    reused_from, reused_run, origin_execution, origin_run, decision)
  SELECT n.id, g.id, n.parent_id, n.path, n.name, n.type, n.position, n.status, n.reason,
    %(new_seq)s, n.fence,
    CASE WHEN n.lease THEN now() + %(lease)s * interval '1 second' END, n.worker, NULL, n.tries,
    n.input, n.input_digest, n.match_key, n.output, NULL, 0, n.error, now(),
    CASE WHEN n.start THEN now() END, CASE WHEN n.finish THEN now() END,
    CASE WHEN n.finish THEN 0 END, '', '', '', '', n.decision
  FROM g, jsonb_to_recordset(%(rows)s) AS n(
    id text, parent_id text, path text, name text, type text, position int, status text,
    reason text, input jsonb, input_digest text, match_key text, fence int, worker text,
    lease bool, tries jsonb, output jsonb, error jsonb, start bool, finish bool, decision jsonb)
), logged AS (
  INSERT INTO runs_event (run_id, seq, kind, execution_id, path, data, at)
  SELECT g.id, v.seq, v.kind, v.execution_id, v.path, v.data, now()
  FROM g, jsonb_to_recordset(%(events)s) AS v(
    seq int, kind text, execution_id text, path text, data jsonb)
), moved AS (
  UPDATE runs_run r SET
    event_seq = %(new_seq)s, status = %(status)s::text, status_reason = %(reason)s::text,
    fence = r.fence + %(fence_up)s,
    n_total = r.n_total + %(total)s, n_running = r.n_running + %(running)s,
    n_succeeded = r.n_succeeded + %(succeeded)s, n_failed = r.n_failed + %(failed)s,
    n_skipped = r.n_skipped + %(skipped)s, n_reused = r.n_reused + %(reused)s,
    started_at = CASE WHEN %(status)s::text = 'queued' THEN r.started_at
                      ELSE coalesce(r.started_at, now()) END,
    finished_at = CASE WHEN %(finish)s THEN now() END,
    outputs = CASE WHEN %(finish)s THEN %(outputs)s::jsonb ELSE r.outputs END
  FROM g WHERE r.id = g.id
  RETURNING r.id
)
SELECT count(*) FROM moved
"""

# Success retires a run's checkpoints: they are no longer there to resume from.
_SQL_SUCCEEDED = _SQL.replace(
    "), moved AS (",
    "), retired AS (UPDATE runs_checkpoint k SET retired = true FROM g WHERE k.run_id = g.id"
    "), moved AS (",
)

_CHANGE_FIELDS = tuple(Change.__slots__)
_ROW_FIELDS = tuple(NewRow.__slots__)


def write(
    run_id: str,
    *,
    seq: int,
    fence: int,
    patch: RunPatch,
    changes: Sequence[Change] = (),
    rows: Sequence[NewRow] = (),
    entries: Sequence[Entry] = (),
) -> int | None:
    """Record everything, or nothing.

    Returns the run's new journal number, or None when the run's fence or journal number is not
    the one named: somebody else recorded something, or the run was taken away.
    """
    new_seq = seq + max(len(entries), 1)
    events = [
        {
            "seq": seq + n,
            "kind": e.kind,
            "execution_id": e.execution_id,
            "path": e.path,
            "data": e.data,
        }
        for n, e in enumerate(entries, start=1)
    ]
    connection.ensure_connection()
    _plan_once(connection.connection)
    succeeded = patch.finish and patch.status == "succeeded"
    # Not Django's cursor: that one sends the statement as text with the values in it, to be
    # parsed and planned anew each time, which is half the cost of a trivial step.
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            _SQL_SUCCEEDED if succeeded else _SQL,
            {
                "run": run_id,
                "ids": [c.id for c in changes],
                "seq": seq,
                "fence": fence,
                "new_seq": new_seq,
                "lease": conf.lease_seconds(),
                "changes": Jsonb([{f: getattr(c, f) for f in _CHANGE_FIELDS} for c in changes]),
                "rows": Jsonb([{f: getattr(r, f) for f in _ROW_FIELDS} for r in rows]),
                "events": Jsonb(events),
                "status": patch.status,
                "reason": patch.reason,
                "fence_up": patch.fence_up,
                "total": patch.total,
                "running": patch.running,
                "succeeded": patch.succeeded,
                "failed": patch.failed,
                "skipped": patch.skipped,
                "reused": patch.reused,
                "finish": patch.finish,
                "outputs": None if patch.outputs is None else Jsonb(patch.outputs),
            },
            prepare=True,
        )
        row = cursor.fetchone()
    return new_seq if row and row[0] else None


_planned: "WeakSet[Any]" = WeakSet()


def _plan_once(raw: Any) -> None:
    """Let the server plan a prepared statement once a connection, not once a step."""
    if raw not in _planned:
        raw.execute("SET plan_cache_mode = force_generic_plan")
        # Django turns preparing off for the whole connection, even for who asks for it.
        raw.prepare_threshold = 5
        _planned.add(raw)


@dataclass(frozen=True, slots=True)
class RunHead:
    """The run row's fields that every writer needs."""

    seq: int
    fence: int
    status: str
    placement: str


def lock_run(run_id: str) -> RunHead | None:
    """Take the run's row lock (inside a transaction) and read its head."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_seq, fence, status, placement FROM runs_run WHERE id = %s FOR UPDATE",
            [run_id],
        )
        row = cursor.fetchone()
    return RunHead(*row) if row else None


@dataclass(frozen=True, slots=True)
class Row:
    """One execution as the engine needs it to go on."""

    id: str
    path: str
    status: StepStatus
    fence: int
    input: Any  # containers that are open, else None
    tries: list[dict[str, Any]]  # executions that are not over, else empty


_ROWS = """
SELECT id, path, status, fence,
  CASE WHEN status = 'running' AND type IN ('loop', 'branch', 'subworkflow') THEN input END,
  CASE WHEN status IN ('queued', 'running', 'waiting') THEN tries END
FROM runs_execution WHERE run_id = %s AND seq > %s
"""


def rows_after(run_id: str, seq: int) -> list[Row]:
    """The executions that changed after journal number ``seq`` (-1: all of them)."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [run_id, seq])
        found = cursor.fetchall()
    return [Row(r[0], r[1], StepStatus(r[2]), r[3], _json(r[4]), _json(r[5]) or []) for r in found]


def _json(value: Any) -> Any:
    # A raw cursor of Django's gives jsonb as text.
    if isinstance(value, str):
        return json.loads(value)
    return value


def renew(held: Sequence[tuple[str, int]]) -> set[str]:
    """Renew the leases of running executions ``(id, fence)``; returns the ids still held."""
    if not held:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE runs_execution e SET lease_until = now() + %s * interval '1 second'
            FROM unnest(%s::text[], %s::int[]) AS h(id, fence)
            WHERE e.id = h.id AND e.fence = h.fence AND e.status = 'running'
            RETURNING e.id
            """,
            [conf.lease_seconds(), [i for i, _ in held], [f for _, f in held]],
        )
        return {row[0] for row in cursor.fetchall()}


def outputs_of(run_id: str, paths: Sequence[str]) -> dict[str, Any]:
    """The outputs of the named steps of a run, payloads included; missing ones are absent."""
    found = Execution.objects.filter(run_id=run_id, path__in=list(paths)).values_list(
        "path", "output", "payload__value", "payload_id"
    )
    return {path: large if digest else small for path, small, large, digest in found}


def error_message(run_id: str, path: str) -> str:
    """What the failed execution at ``path`` says; empty when it says nothing."""
    error = Execution.objects.filter(run_id=run_id, path=path).values_list("error", flat=True)
    first = error.first()
    return str(first.get("message", "")) if first else ""
