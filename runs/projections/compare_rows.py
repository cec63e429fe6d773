"""What two runs recorded, read for a comparison: digests of values, and the values that differ."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection

from runs.models import Run
from runs.models.stored import drawable_version
from runs.planning.align import Seen, Side
from runs.planning.outline import Scopes, scopes_of
from runs.planning.turns import item_digests


@dataclass(frozen=True, slots=True)
class Row:
    """One execution, without its values."""

    seen: Seen
    name: str
    reason: str
    duration_ms: int | None
    reused: bool
    run_id: str


# Values are told apart by their digests, in the database: of two thousand rows nothing large
# comes over. An output above 64 KiB is known by its hash already.
_SQL = """
SELECT id, run_id, path, name, type, status, status_reason, position, duration_ms,
  CASE WHEN input_digest <> '' THEN input_digest WHEN input IS NOT NULL THEN md5(input::text)
    ELSE '' END,
  coalesce(payload_id, md5(output::text), ''),
  CASE WHEN error IS NULL THEN '' ELSE md5(concat(error ->> 'code', ': ', error ->> 'message')) END,
  reused_from <> '', coalesce(nullif(origin_execution, ''), nullif(reused_from, ''), id)
FROM runs_execution WHERE run_id IN (%s, %s)
"""


def rows_of(a: str, b: str) -> tuple[dict[str, Row], dict[str, Row]]:
    """What both runs recorded, by path. One query."""
    found: tuple[dict[str, Row], dict[str, Row]] = ({}, {})
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [a, b])
        for row in cursor.fetchall():
            pk, run, path, name, kind, status, reason, position, took, *more = row
            given, gave, error, reused, origin = more
            seen = Seen(pk, path, kind, status, position, given, gave, error, origin)
            one = Row(seen, name, reason, took, reused, run)
            if run == a:
                found[0][path] = one
            if run == b:
                found[1][path] = one
    return found


def sides_of(
    runs: tuple[Run, Run], rows: tuple[dict[str, Row], dict[str, Row]]
) -> tuple[Side, Side]:
    """The two runs as they are aligned. A query more if the list of a loop differs."""
    seen = tuple({path: row.seen for path, row in one.items()} for one in rows)
    by_path = [
        one.id
        for path, first in seen[0].items()
        if first.type == "loop" and path in seen[1] and first.input != seen[1][path].input
        for one in (first, seen[1][path])
    ]
    items = _items(by_path)
    a, b = (
        Side(
            mine,
            scopes_of_version(run.version_id),
            {path: items[one.id] for path, one in mine.items() if one.id in items},
        )
        for run, mine in zip(runs, seen, strict=True)
    )
    return a, b


def _items(ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    ids = list(ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, input -> 'items' FROM runs_execution "
            "WHERE id = ANY(%s) AND jsonb_typeof(input -> 'items') = 'array'",
            [ids],
        )
        return {pk: item_digests(_json(value)) for pk, value in cursor.fetchall()}


@lru_cache(maxsize=64)
def scopes_of_version(version_id: int) -> Scopes:
    """A stored definition as it is compared; a version never changes."""
    return scopes_of(drawable_version(version_id))


@dataclass(frozen=True, slots=True)
class Values:
    """What one execution was given and gave; ``too_large`` has what was left in the database."""

    input: Any
    output: Any
    error: Mapping[str, Any] | None
    too_large: frozenset[str]


MOST_BYTES = 1_000_000  # of one value that is compared place by place

_VALUES = """
SELECT e.id,
  CASE WHEN pg_column_size(e.input) <= %s THEN e.input END,
  coalesce(CASE WHEN p.size <= %s THEN p.value END, e.output),
  CASE WHEN e.error IS NULL THEN NULL ELSE e.error - 'detail' END,
  coalesce(pg_column_size(e.input) > %s, false), coalesce(p.size > %s, false)
FROM runs_execution e LEFT JOIN runs_payload p ON p.digest = e.payload_id
WHERE e.id = ANY(%s)
"""


def values_of(ids: Iterable[str]) -> dict[str, Values]:
    """The values of some executions, by id. One query, none for nothing."""
    ids = list(ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_VALUES, [MOST_BYTES, MOST_BYTES, MOST_BYTES, MOST_BYTES, ids])
        return {
            pk: Values(
                _json(given),
                _json(gave),
                _json(error),
                frozenset(
                    name for name, large in (("input", large_in), ("output", large_out)) if large
                ),
            )
            for pk, given, gave, error, large_in, large_out in cursor.fetchall()
        }


def _json(value: Any) -> Any:
    """A jsonb column of a plain cursor, which comes as its text."""
    return json.loads(value) if isinstance(value, str) else value
