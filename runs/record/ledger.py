"""One statement that records one event of a run together with all its consequences.

The statement takes the run's row lock, checks the run's fence and journal number (nobody recorded
anything since the caller looked), and then changes executions, adds executions, adds journal
entries and moves the run, or does nothing at all. It is one round trip and one commit, so a
finished step is durable before the next one starts, and it costs about one commit a step.
Leases are set by the database's clock, never by the worker's.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from runs import conf
from runs.models import Execution
from runs.record.statements import (
    LOCK,
    NEWS,
    ROWS,
    WRITE,
    WRITE_COMMUTING,
    WRITE_SUCCEEDED,
    ask,
    in_transaction,
    undone_unless_committed,
)
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
    code_version: str | None = None
    keep: bool = False  # its output and its times stay
    given: bool = False  # it is given another input
    input: Any = None
    input_digest: str = ""
    match_key: str = ""


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
    payload: str | None = None
    size: int = 0
    code_version: str = ""
    duration_ms: int | None = None
    reused_from: str = ""
    reused_run: str = ""
    origin_execution: str = ""
    origin_run: str = ""
    due: float | None = None  # seconds from now, of a container with a timeout


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


_CHANGE_FIELDS = tuple(Change.__slots__)[: Change.__slots__.index("keep")]
_SELDOM = tuple(Change.__slots__)[len(_CHANGE_FIELDS) :]
_ROW_FIELDS = tuple(NewRow.__slots__)
_OWN_FIELDS = _ROW_FIELDS[: _ROW_FIELDS.index("payload")]
_REUSED_FIELDS = _ROW_FIELDS[_ROW_FIELDS.index("payload") : -1]


def _change_values(change: Change) -> dict[str, Any]:
    values = {name: getattr(change, name) for name in _CHANGE_FIELDS}
    if change.keep or change.given:
        values |= {name: getattr(change, name) for name in _SELDOM}
    return values


def _row_values(row: NewRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _OWN_FIELDS}
    if row.reused_from:  # few rows are; the others need not carry eight empty values each
        values |= {name: getattr(row, name) for name in _REUSED_FIELDS}
    if row.due is not None:
        values["due"] = row.due
    return values


def _values(
    run_id: str,
    seq: int,
    fence: int,
    patch: RunPatch,
    changes: Sequence[Change],
    rows: Sequence[NewRow],
    entries: Sequence[Entry],
) -> dict[str, Any]:
    events = [
        {"seq": n, "kind": e.kind, "execution_id": e.execution_id, "path": e.path, "data": e.data}
        for n, e in enumerate(entries, start=1)
    ]
    return {
        "run": run_id,
        "ids": [c.id for c in changes],
        "seq": seq,
        "fence": fence,
        "count": max(len(events), 1),
        "lease": conf.lease_seconds(),
        "changes": Jsonb([_change_values(c) for c in changes]),
        "rows": Jsonb([_row_values(r) for r in rows]),
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
    }


def write(
    run_id: str,
    *,
    seq: int,
    fence: int,
    patch: RunPatch,
    changes: Sequence[Change] = (),
    rows: Sequence[NewRow] = (),
    entries: Sequence[Entry] = (),
    commit: bool = False,
) -> int | None:
    """Record everything, or nothing.

    ``commit`` ends the transaction of ``locked`` in the same round trip, also when nothing could
    be recorded. Returns the run's new journal number, or None when the run's fence
    or journal number is not the one named: somebody else recorded something, or the run was
    taken away.
    """
    statement = WRITE_SUCCEEDED if patch.finish and patch.status == "succeeded" else WRITE
    (found,) = ask(
        statement,
        after="COMMIT" if commit and not in_transaction() else "",
        values=_values(run_id, seq, fence, patch, changes, rows, entries),
    )
    return found[0][0] if found else None


@dataclass(frozen=True, slots=True)
class Expected:
    """An execution as it must still be."""

    id: str
    fence: int
    status: StepStatus


@dataclass(frozen=True, slots=True)
class RunHead:
    """The run row's fields that every writer needs."""

    seq: int
    fence: int
    status: str
    placement: str


@dataclass(frozen=True, slots=True)
class Row:
    """One execution as the engine needs it to go on."""

    id: str
    path: str
    status: StepStatus
    fence: int
    input: Any  # containers that are open or set back, else None
    tries: list[dict[str, Any]]  # executions that are not over, else empty
    order: int = 0  # the journal number of its last change; 0: reused
    reason: str = ""  # executions that are pending or succeeded: what an earlier attempt has left


def write_commuting(
    run_id: str,
    *,
    seq: int,
    fence: int,
    patch: RunPatch,
    changes: Sequence[Change],
    rows: Sequence[NewRow],
    entries: Sequence[Entry],
    expected: Sequence[Expected],
) -> tuple[int, RunHead, list[Row]] | None:
    """Record what commutes with what others recorded since ``seq`` (planning.commuting).

    One round trip, the run's row lock held for no longer than the server takes. Returns the new
    journal number, the run's head as it was before, and what others changed; None when nothing
    was recorded, because one of the ``expected`` executions is another by now, or because others
    recorded more than starts and successes. Not inside a transaction of the caller's.
    """
    own = {e.id for e in expected} | {row.id for row in rows}
    asked = {
        "expected": [e.id for e in expected],
        "found": [f"{e.id} {e.fence} {e.status.value}" for e in expected],
        "after": seq,
    }
    values = _values(run_id, seq, fence, patch, changes, rows, entries)
    with undone_unless_committed():
        heads, numbers, news = ask(
            LOCK,
            WRITE_COMMUTING,
            NEWS,
            before="BEGIN",
            after="COMMIT",
            values=values | asked,
        )
    if not numbers:
        return None
    return numbers[0][0], RunHead(*heads[0]), [_row(r) for r in news if r[0] not in own]


@contextmanager
def locked(run_id: str, after: int) -> Iterator[tuple[RunHead | None, list[Row]]]:
    """Hold the run's row lock; gives its head and what changed after journal number ``after``.

    The rows are read by a statement of their own, when the lock is there, so they hold what was
    committed while this worker waited for it. Ends with ``write(commit=True)``; without it
    everything is rolled back. Inside a transaction of the caller's, that one goes on.
    """
    begin = "" if in_transaction() else "BEGIN"
    with undone_unless_committed():
        heads, news = ask(LOCK, NEWS, before=begin, values={"run": run_id, "after": after})
        yield RunHead(*heads[0]) if heads else None, [_row(r) for r in news]


def rows(run_id: str) -> list[Row]:
    """All executions of a run, in the order in which they became known."""
    found = ask(ROWS, values={"run": run_id})[0]
    return [_row(r) for r in sorted(found, key=itemgetter(0))]  # ids sort by time


def _row(r: Any) -> Row:
    status, tries = StepStatus(r[2]), _json(r[5]) or []
    return Row(r[0], r[1], status, r[3], _json(r[4]), tries, r[6], r[7] or "")


def _json(value: Any) -> Any:
    # Django has psycopg give jsonb as text on its connections.
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


def error_of(run_id: str, path: str) -> dict[str, Any] | None:
    """The error of the execution at ``path``, ``{code, message, hint}``; None without one."""
    found = Execution.objects.filter(run_id=run_id, path=path).values_list("error", flat=True)
    return found.first()


def input_of(run_id: str, path: str) -> Any:
    """What the execution at ``path`` was given, secrets masked; None when there is none."""
    return (
        Execution.objects.filter(run_id=run_id, path=path).values_list("input", flat=True).first()
    )
