"""Where the steps of a run stand, without their data: what graph, table and header are made from."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db import connection

from runs.models import Run
from runs.models.stored import drawable_version
from runs.projections.failures import handled
from runs.projections.usage import USAGE_SQL, Usage, usage_of


@dataclass(frozen=True, slots=True)
class StepState:
    """Where one execution stands, without its data."""

    id: str
    path: str
    name: str
    type: str
    position: int
    status: str
    reason: str
    tries: int
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None
    reused: bool
    because: str
    turns: int = 0  # of a loop: how many there will be, as far as is known
    due_at: datetime | None = None  # until when it waits
    passed: bool | None = None  # of a validation: what its checks said
    usage: Usage | None = None  # of an agent, in this run
    handled: bool = False  # it failed, and the run went on from that

    @classmethod
    def unborn(cls, path: str, name: str, kind: str, position: int) -> "StepState":
        """A step of the definition that has no execution yet."""
        return cls("", path, name, kind, position, "pending", "", 0, None, None, None, False, "")

    @property
    def look(self) -> str:
        """The status as it is drawn: what was reused has a look of its own."""
        return "reused" if self.reused else self.status


# Counted and picked by PostgreSQL, times as whole microseconds: of ten thousand rows, the reading
# of times and of JSON would be two thirds of the time until the page is sent.
def time_sql(column: str) -> str:
    """A time as whole microseconds since 1970; ``moment_of`` makes it a time again."""
    return f"(extract(epoch FROM {column}) * 1000000)::bigint"


_SQL = f"""
SELECT id, path, name, type, position, status, status_reason, jsonb_array_length(tries),
  {time_sql("started_at")}, {time_sql("finished_at")}, duration_ms,
  reused_from <> '' OR reused_run <> '', coalesce(decision ->> 'because', ''),
  CASE WHEN type = 'loop' AND jsonb_typeof(input -> 'items') = 'array'
    THEN jsonb_array_length(input -> 'items') ELSE 0 END,
  {time_sql("due_at")}, CASE WHEN type = 'validate' THEN output ->> 'passed' = 'true' END,
  {USAGE_SQL}
FROM runs_execution WHERE run_id = %s
"""  # noqa: S608 - nothing but columns is put in


_NEAR = """
  AND (path = ANY(%s) OR parent_id = (SELECT id FROM runs_execution WHERE run_id = %s AND path = %s))
"""


def states_of(run: Run) -> dict[str, StepState]:
    """Where every execution of the run stands, by path. One query, without inputs and outputs."""
    states = _read(_SQL, [run.pk])
    went_on = handled(drawable_version(run.version_id), {p: s.status for p, s in states.items()})
    for path in went_on:
        states[path] = replace(states[path], handled=True)
    return states


def states_near(run: Run, path: str, others: Iterable[str]) -> dict[str, StepState]:
    """The same of one step, of those inside it and of some others; without ``handled``, which only
    the whole run tells."""
    return _read(_SQL + _NEAR, [run.pk, [path, *others], run.pk, path])


def _read(sql: str, values: list[str | list[str]]) -> dict[str, StepState]:
    states = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for row in cursor.fetchall():
            pk, path, name, kind, position, status, reason, tries, began, ended, *more = row
            took, reused, because, turns, due, passed, used = more
            states[path] = StepState(
                pk,
                path,
                name,
                kind,
                position,
                status,
                reason,
                tries,
                moment_of(began),
                moment_of(ended),
                took,
                reused,
                because,
                turns,
                moment_of(due),
                passed,
                usage_of(json.loads(used)) if used else None,
            )
    return states


def moment_of(microseconds: int | None) -> datetime | None:
    """The time that ``time_sql`` has read."""
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
