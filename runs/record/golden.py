"""Keep a run as a golden one, or no longer; what checks against it expect.

The caller holds a transaction. ``Golden`` and ``Run.golden_name`` change together, with the run's
journal entry.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from runs.models import AcceptedValue, Execution, Golden, Run
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

MARKED, UNMARKED = "run.golden", "run.ungolden"  # the entries in the journal
LOCK = 0x676F6C64


def lock_names() -> None:
    """Until the end of the transaction nobody else gives a name or takes one away.

    Before any row's lock: a name that goes from one run to another locks both of them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def mark(
    run: Run, name: str, *, tags: Sequence[str] | None, note: str | None, by: str
) -> tuple[bool, str | None]:
    """Keep the run under ``name``; a run that had the name has it no longer.

    The assertions that belong to the name stay with it; values that were accepted for the old run
    do not. None leaves tags and note as they are. Answers whether anything changed, and the id of
    the run that had the name before. The names are locked.
    """
    mine = Golden.objects.filter(run=run).first()
    other = Golden.objects.filter(name=name).exclude(run=run).first()
    before = None
    if other is not None:
        before = other.run_id
        other.accepted.all().delete()
        if mine is not None:
            mine.delete()
        Golden.objects.filter(pk=other.pk).update(run=run)
        _rename(before, None, by)
        mine = Golden.objects.get(pk=other.pk)
    if mine is None:
        Golden.objects.create(
            run=run, name=name, tags=list(tags or ()), note=note or "", created_by=by,
            created_at=Now(),
        )  # fmt: skip
        _rename(run.pk, name, by)
        return True, before
    wanted: dict[str, Any] = {"name": name, "tags": tags, "note": note}
    wanted = {k: v for k, v in wanted.items() if v is not None and v != getattr(mine, k)}
    if wanted:
        Golden.objects.filter(pk=mine.pk).update(**wanted)
    _rename(run.pk, name, by)
    return bool(wanted or before), before


def unmark(run_id: str, *, by: str) -> bool:
    """No longer keep the run; whether it was kept. Its assertions and accepted values go."""
    Golden.objects.filter(run_id=run_id).delete()
    return _rename(run_id, None, by)


def set_assertions(golden: Golden, assertions: dict[str, Any] | None) -> None:
    """What checks against this golden run mind from now on; None: all outputs are equal."""
    Golden.objects.filter(pk=golden.pk).update(assertions=assertions)


def accept(golden: Golden, source: Execution, *, reason: str, by: str) -> None:
    """Checks expect the output of ``source`` at its path from now on."""
    AcceptedValue.objects.update_or_create(
        golden=golden,
        path=source.path,
        defaults={
            "output": source.output,
            "payload_id": source.payload_id,
            "from_run": source.run_id,
            "reason": reason,
            "by": by,
            "at": Now(),
        },
    )


def _rename(run_id: str, name: str | None, by: str) -> bool:
    """False when nothing changed: there is no such run, it has not succeeded, or it was so already."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL,
            {
                "run": run_id,
                "name": name,
                "by": by,
                "succeeded": RunStatus.SUCCEEDED.value,
                "kind": UNMARKED if name is None else MARKED,
            },
        )
        return bool(cursor.rowcount == 1)
