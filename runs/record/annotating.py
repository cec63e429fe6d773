"""What people write on a run: its notes and labels, each with an entry in the journal.

The caller holds a transaction. The entry takes the run's next number under the row's lock, like
every other one; a driver that counts on an older number looks again and goes on.
"""

import json
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from runs.models import Run, RunNote

_ENTRY = """
WITH moved AS (
  UPDATE runs_run SET event_seq = event_seq + 1 WHERE id = %(run)s RETURNING id, event_seq
)
INSERT INTO runs_event (run_id, seq, kind, execution_id, path, data, at)
SELECT id, event_seq, %(kind)s, '', '', %(data)s::jsonb, clock_timestamp() FROM moved
"""
MOST_NOTE = 20_000  # characters
NOTED, LABELLED = "run.noted", "run.labelled"  # the entries in the journal


def write_note(run: Run, text: str, *, by: str) -> RunNote:
    """The run's notes read ``text`` from now on; an empty one stays, for its revision."""
    known = RunNote.objects.filter(run=run).first()
    note, _ = RunNote.objects.update_or_create(
        run=run,
        defaults={
            "text": text,
            "revision": known.revision + 1 if known else 1,
            "by": by,
            "at": Now(),
        },
    )
    _tell(run, NOTED, {"by": by})
    note.refresh_from_db()
    return note


def set_labels(run: Run, labels: dict[str, str], *, by: str) -> None:
    """The run has these labels from now on, and no others."""
    Run.objects.filter(pk=run.pk).update(labels=labels)
    _tell(run, LABELLED, {"by": by, "labels": labels})


def _tell(run: Run, kind: str, data: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ENTRY, {"run": run.pk, "kind": kind, "data": json.dumps(data)})
