"""Where the steps of a run stand, without their data: what graph, table and header are made from."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

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


_COLUMNS = f"""
  id, path, name, type, position, status, status_reason, jsonb_array_length(tries),
  {time_sql("started_at")}, {time_sql("finished_at")}, duration_ms,
  reused_from <> '' OR reused_run <> '', coalesce(decision ->> 'because', ''),
  CASE WHEN type = 'loop' AND jsonb_typeof(input -> 'items') = 'array'
    THEN jsonb_array_length(input -> 'items') ELSE 0 END,
  {time_sql("due_at")}, CASE WHEN type = 'validate' THEN output ->> 'passed' = 'true' END,
  {USAGE_SQL}
"""
_OF_RUN = f"SELECT {_COLUMNS} FROM runs_execution WHERE run_id = %s"  # noqa: S608 - columns only
_OF_RUNS = f"SELECT {_COLUMNS}, run_id FROM runs_execution WHERE run_id = ANY(%s)"  # noqa: S608
_SOME = f"{_OF_RUN} AND path = ANY(%s)"
_INSIDE = f"""{_OF_RUN} AND (path = ANY(%s)
  OR parent_id = (SELECT id FROM runs_execution WHERE run_id = %s AND path = %s))
"""  # noqa: S608

States = dict[str, StepState]


def states_of(run: Run) -> States:
    """Where every execution of the run stands, by path. One query, without inputs and outputs."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_RUN, [run.pk])
        states = {row[1]: _state(row) for row in cursor.fetchall()}
    return _told(run, states)


def states_of_runs(runs: Iterable[Run]) -> list[States]:
    """The same of several runs, in one query."""
    runs = list(runs)
    read: dict[str, States] = {run.pk: {} for run in runs}
    with connection.cursor() as cursor:
        cursor.execute(_OF_RUNS, [list(read)])
        for *row, run_id in cursor.fetchall():
            read[run_id][row[1]] = _state(row)
    return [_told(run, read[run.pk]) for run in runs]


def states_near(run: Run, paths: list[str], inside: str = "") -> States:
    """The same of some steps, and of those inside one; without ``handled``, which only the whole
    run tells."""
    asked = [run.pk, inside] if inside else []
    with connection.cursor() as cursor:
        cursor.execute(_INSIDE if inside else _SOME, [run.pk, paths, *asked])
        return {row[1]: _state(row) for row in cursor.fetchall()}


def _told(run: Run, states: States) -> States:
    """With the failures that the run went on from."""
    went_on = handled(drawable_version(run.version_id), {p: s.status for p, s in states.items()})
    for path in went_on:
        states[path] = replace(states[path], handled=True)
    return states


def _state(row: Sequence[Any]) -> StepState:
    pk, path, name, kind, position, status, reason, tries, began, ended, *more = row
    took, reused, because, turns, due, passed, used = more
    return StepState(
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


def moment_of(microseconds: int | None) -> datetime | None:
    """The time that ``time_sql`` has read."""
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
