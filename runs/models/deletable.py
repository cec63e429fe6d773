"""Whether a run may be deleted: one rule for pages, API, command line, bulk and gc.

A run stays while it goes on, while it is golden, and while a run that was started from it goes on,
as that one may still reuse what it recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from runs.states import RUN_OVER, RunStatus

NOT_OVER, GOLDEN, IN_USE = "run-not-over", "run-is-golden", "run-in-use"

_OPEN = ", ".join(f"'{status.value}'" for status in RunStatus if status not in RUN_OVER)
_NAME = """coalesce(r.golden_name, (SELECT g.name FROM runs_golden g WHERE g.run_id = r.id))"""
_USER = f"""(SELECT min(s.id) FROM runs_run s WHERE s.source_id = r.id AND s.status IN ({_OPEN}))"""  # noqa: S608 - words of ours
# As a condition on the run `r`; for statements that look at many runs.
MAY_GO = f"""
  r.status NOT IN ({_OPEN}) AND r.golden_name IS NULL
  AND NOT EXISTS (SELECT 1 FROM runs_golden g WHERE g.run_id = r.id)
  AND NOT EXISTS (SELECT 1 FROM runs_run s WHERE s.source_id = r.id AND s.status IN ({_OPEN}))
"""  # noqa: S608 - the same words
_WHY = f"""
SELECT r.id, r.status, {_NAME}, {_USER} FROM runs_run r
WHERE r.id = ANY(%s) AND NOT ({MAY_GO})
"""  # noqa: S608 - and these conditions


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a run stays."""

    code: str
    message: str
    hint: str


def kept(ids: Sequence[str]) -> dict[str, Kept]:
    """Those of the runs that may not be deleted, and why. One query.

    Who deletes holds the rows' locks; else it says how things stand at this moment.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WHY, [list(ids)])
        rows = cursor.fetchall()
    return {run_id: _why(run_id, status, name, user) for run_id, status, name, user in rows}


def _why(run_id: str, status: str, name: str | None, user: str | None) -> Kept:
    if RunStatus(status) not in RUN_OVER:
        return Kept(NOT_OVER, f"{run_id} is {status}.", "Cancel it first.")
    if name is not None:
        return Kept(
            GOLDEN,
            f"{run_id} is golden as {name!r}.",
            "Unmark it first, if nothing is checked against it any more.",
        )
    return Kept(
        IN_USE, f"{user} was started from {run_id} and goes on.", "Wait for it, or cancel it."
    )
