"""Keep a run as a golden one, or no longer: one guarded statement with its journal entry."""

from django.db import connection

from runs.states import RunStatus

# The entry takes the run's next number under the row's lock, like every other entry. A run that
# has a number written between (nothing writes to a run that is over but this) would wait here.
_SQL = """
WITH moved AS (
  UPDATE runs_run SET golden_name = %(name)s, event_seq = event_seq + 1
  WHERE id = %(run)s AND status = %(succeeded)s AND golden_name IS DISTINCT FROM %(name)s
  RETURNING id, event_seq
)
INSERT INTO runs_event (run_id, seq, kind, execution_id, path, data, at)
SELECT id, event_seq, %(kind)s, '', '',
  jsonb_build_object('by', %(by)s::text, 'name', %(name)s::text), clock_timestamp()
FROM moved
"""


def set_golden(run_id: str, name: str | None, *, by: str) -> bool:
    """Name the run golden, or take the name away (None).

    False when nothing changed: there is no such run, it has not succeeded, or it was so already.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL,
            {
                "run": run_id,
                "name": name,
                "by": by,
                "succeeded": RunStatus.SUCCEEDED.value,
                "kind": "run.ungolden" if name is None else "run.golden",
            },
        )
        return bool(cursor.rowcount == 1)
