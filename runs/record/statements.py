"""The ledger's SQL: planned by the server once a connection, and the door to it.

Statements are prepared in SQL and run through the simple protocol, where several of them travel
together. So the row lock of a run that workers share is taken, and what others recorded is read,
in one round trip, and the record and its commit are one more. With the driver's own prepared
statements each of the five would be a round trip of its own, all but the first under the lock.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from psycopg.pq import TransactionStatus

_WRITING = """
WITH g AS MATERIALIZED (
  SELECT id, event_seq AS at FROM runs_run
  WHERE id = %(run)s AND fence = %(fence)s AND {unless_changed}
  FOR UPDATE
), changed AS (
  UPDATE runs_execution e SET
    status = c.status, status_reason = c.reason,
    code_version = coalesce(c.code_version, e.code_version), seq = g.at + %(count)s,
    fence = e.fence + c.fence_up,
    worker = c.worker,
    lease_until = CASE WHEN c.lease THEN now() + %(lease)s * interval '1 second' END,
    due_at = CASE WHEN c.due IS NOT NULL THEN now() + c.due * interval '1 second' END,
    tries = coalesce(c.tries, e.tries), error = c.error,
    output = CASE WHEN c.keep THEN e.output ELSE c.output END,
    payload_id = CASE WHEN c.keep THEN e.payload_id ELSE c.payload END,
    output_size = CASE WHEN c.keep THEN e.output_size ELSE c.size END,
    input = CASE WHEN c.given THEN c.input ELSE e.input END,
    input_digest = CASE WHEN c.given THEN c.input_digest ELSE e.input_digest END,
    match_key = CASE WHEN c.given THEN c.match_key ELSE e.match_key END,
    started_at = CASE WHEN c.start THEN coalesce(e.started_at, now()) ELSE e.started_at END,
    finished_at = CASE WHEN c.finish THEN now() WHEN c.keep THEN e.finished_at END,
    duration_ms = CASE WHEN c.keep THEN e.duration_ms WHEN c.finish AND e.started_at IS NOT NULL
      THEN (extract(epoch FROM now() - e.started_at) * 1000)::bigint END
  FROM g, jsonb_to_recordset(%(changes)s) AS c(
    id text, status text, reason text, fence_up int, worker text, lease bool, due float8,
    tries jsonb, output jsonb, payload text, size int, error jsonb, start bool, finish bool,
    code_version text, keep bool, given bool, input jsonb, input_digest text, match_key text)
  WHERE e.id = ANY(%(ids)s) AND e.id = c.id  -- by primary key: never a scan of the run
), added AS (
  INSERT INTO runs_execution (
    id, run_id, parent_id, path, name, type, position, status, status_reason, seq, fence,
    lease_until, worker, due_at, tries, input, input_digest, match_key, output, payload_id,
    output_size, error, created_at, started_at, finished_at, duration_ms,
    reused_from, reused_run, origin_execution, origin_run, decision, code_version)
  SELECT n.id, g.id, n.parent_id, n.path, n.name, n.type, n.position, n.status, n.reason,
    g.at + %(count)s, n.fence,
    CASE WHEN n.lease THEN now() + %(lease)s * interval '1 second' END, n.worker,
    CASE WHEN n.due IS NOT NULL THEN now() + n.due * interval '1 second' END, n.tries,
    n.input, n.input_digest, n.match_key, n.output, n.payload, coalesce(n.size, 0), n.error, now(),
    CASE WHEN n.start THEN now() END, CASE WHEN n.finish THEN now() END,
    CASE WHEN n.finish THEN coalesce(n.duration_ms, 0) END, coalesce(n.reused_from, ''),
    coalesce(n.reused_run, ''), coalesce(n.origin_execution, ''), coalesce(n.origin_run, ''),
    n.decision, coalesce(n.code_version, '')
  FROM g, jsonb_to_recordset(%(rows)s) AS n(
    id text, parent_id text, path text, name text, type text, position int, status text,
    reason text, input jsonb, input_digest text, match_key text, fence int, worker text,
    lease bool, tries jsonb, output jsonb, error jsonb, start bool, finish bool, decision jsonb,
    payload text, size int, code_version text, duration_ms bigint, reused_from text,
    reused_run text, origin_execution text, origin_run text, due float8)
), logged AS (
  INSERT INTO runs_event (run_id, seq, kind, execution_id, path, data, at)
  SELECT g.id, g.at + v.seq, v.kind, v.execution_id, v.path, v.data, now()
  FROM g, jsonb_to_recordset(%(events)s) AS v(
    seq int, kind text, execution_id text, path text, data jsonb)
), moved AS (
  UPDATE runs_run r SET
    event_seq = g.at + %(count)s, status = %(status)s::text, status_reason = %(reason)s::text,
    fence = r.fence + %(fence_up)s,
    n_total = r.n_total + %(total)s, n_running = r.n_running + %(running)s,
    n_succeeded = r.n_succeeded + %(succeeded)s, n_failed = r.n_failed + %(failed)s,
    n_skipped = r.n_skipped + %(skipped)s, n_reused = r.n_reused + %(reused)s,
    started_at = CASE WHEN %(status)s::text IN ('queued', 'paused') THEN r.started_at
                      ELSE coalesce(r.started_at, now()) END,
    finished_at = CASE WHEN %(finish)s THEN now() END,
    outputs = CASE WHEN %(finish)s THEN %(outputs)s::jsonb ELSE r.outputs END
  FROM g WHERE r.id = g.id
  RETURNING r.event_seq
)
SELECT event_seq FROM moved
"""

_WRITE = _WRITING.format(unless_changed="event_seq = %(seq)s")

# Though others recorded something since, as long as that were starts and successes of theirs, the
# step that has ended is still this worker's, and the one that follows is still free.
_WRITE_COMMUTING = _WRITING.format(
    unless_changed="""status = %(status)s::text AND NOT EXISTS (
    SELECT 1 FROM runs_event v WHERE v.run_id = %(run)s AND v.seq > %(seq)s
      AND v.kind NOT IN ('step.queued', 'step.started', 'step.succeeded')
  ) AND (
    SELECT count(*) FROM runs_execution x
    WHERE x.id = ANY(%(expected)s)  -- by primary key: never a scan of the run
      AND concat_ws(' ', x.id, x.fence, x.status) = ANY(%(found)s)
  ) = cardinality(%(expected)s)"""
)

# Success retires a run's checkpoints: they are no longer there to resume from.
_WRITE_SUCCEEDED = _WRITE.replace(
    "), moved AS (",
    "), retired AS (UPDATE runs_checkpoint k SET retired = true FROM g WHERE k.run_id = g.id"
    "), moved AS (",
)

_LOCK = "SELECT event_seq, fence, status, placement FROM runs_run WHERE id = %(run)s FOR UPDATE"

_COLUMNS = """
SELECT id, path, status, fence,
  CASE WHEN status IN ('running', 'pending') AND type IN ('loop', 'branch', 'subworkflow', 'validate') THEN input END,
  CASE WHEN status IN ('pending', 'queued', 'running', 'waiting') THEN tries END,
  CASE WHEN reused_from = '' THEN seq ELSE 0 END,
  CASE WHEN status = 'pending' OR status = 'succeeded' AND status_reason <> '' THEN status_reason END
FROM runs_execution WHERE type <> 'call' AND  -- agents' calls are no steps of the definition
"""

_ROWS = _COLUMNS + "run_id = %(run)s"

# By the journal, where every change of an execution has its entry: a look at each of the run's
# executions would make a fan-out of n steps cost n looks at n rows.
_RECENT = "SELECT execution_id FROM runs_event WHERE run_id = %(run)s AND seq > %(after)s"
_NEWS = f"{_COLUMNS} id = ANY(ARRAY({_RECENT}))"


class Statement:
    """One prepared statement: ``text`` with ``%(name)s`` where a value goes."""

    def __init__(self, name: str, text: str) -> None:
        self.name = f"maverick_{name}"
        self._parameters = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", text)))
        numbers = {p: f"${n}" for n, p in enumerate(self._parameters, start=1)}
        body = re.sub(r"%\((\w+)\)s", lambda found: numbers[found[1]], text)
        self.prepare = f"PREPARE {self.name} AS {body}"
        # The client writes the values into this call, quoted; the plan is there already.
        values = ", ".join(f"%({p})s" for p in self._parameters)
        self.execute = f"EXECUTE {self.name}({values})"


WRITE = Statement("write", _WRITE)
WRITE_COMMUTING = Statement("write_commuting", _WRITE_COMMUTING)
WRITE_SUCCEEDED = Statement("write_succeeded", _WRITE_SUCCEEDED)
LOCK = Statement("lock", _LOCK)
ROWS = Statement("rows", _ROWS)
NEWS = Statement("news", _NEWS)

_prepared: "WeakKeyDictionary[Any, set[str]]" = WeakKeyDictionary()


def _raw(statements: Sequence[Statement]) -> Any:
    """The psycopg connection under Django's, with the statements prepared on it."""
    connection.ensure_connection()
    raw = connection.connection
    known = _prepared.get(raw)
    if known is None:
        # A plan for these values would be made anew each time: half the cost of a trivial step.
        raw.execute("SET plan_cache_mode = force_generic_plan")
        known = _prepared[raw] = set()
    for one in statements:
        if one.name not in known:
            raw.execute(one.prepare)
            known.add(one.name)
    return raw


def ask(
    *statements: Statement, values: Mapping[str, Any], before: str = "", after: str = ""
) -> list[list[Any]]:
    """Run the statements in one round trip; the rows of each, in order.

    ``before`` and ``after`` begin and commit a transaction around them.
    """
    text = "; ".join(t for t in (before, *(one.execute for one in statements), after) if t)
    found: list[list[Any]] = []
    with psycopg.ClientCursor(_raw(statements)) as cursor:
        cursor.execute(text, values)
        while True:
            if cursor.description:
                found.append(cursor.fetchall())
            if not cursor.nextset():
                return found


def in_transaction() -> bool:
    """Whether statements here belong to a transaction of the caller's, who ends it."""
    return connection.in_atomic_block


@contextmanager
def undone_unless_committed() -> Iterator[None]:
    """What ``ask(before="BEGIN")`` began inside is rolled back at the end if nothing committed it."""
    try:
        yield
    finally:
        raw = connection.connection
        open_ = raw is not None and not raw.closed and not connection.in_atomic_block
        if open_ and raw.info.transaction_status != TransactionStatus.IDLE:
            raw.rollback()
