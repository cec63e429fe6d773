"""The end of checkpoints: retired by success, cleared on purpose; their git references go with them."""

import contextlib
import logging
from collections import defaultdict
from pathlib import Path

from django.db import connection
from django.db.models import QuerySet

from runs.models import Checkpoint
from runs.record import checkpoint_files, snapshots

log = logging.getLogger(__name__)

# Whose work a run that succeeded has brought to its end: what it was resumed or restarted from.
_FINISHED_LINE = """
WITH RECURSIVE line(id, source_id, kind) AS (
  SELECT id, source_id, kind FROM runs_run WHERE id = %s
  UNION
  SELECT r.id, r.source_id, r.kind FROM runs_run r JOIN line l ON r.id = l.source_id
  WHERE l.kind IN ('resume', 'restart')
)
UPDATE runs_checkpoint c SET retired = true FROM line WHERE c.run_id = line.id AND NOT c.retired
"""


def retire_line(run_id: str) -> None:
    """After a run's success: its checkpoints, and those it was continued from, are retired."""
    with connection.cursor() as cursor:
        cursor.execute(_FINISHED_LINE, [run_id])
    forget_snapshots(Checkpoint.objects.filter(retired=True))


def forget_snapshots(which: "QuerySet[Checkpoint]") -> int:
    """Delete the git references of these checkpoints; how many are gone.

    What cannot be deleted (another machine's folder, git at work) stays for the next time.
    """
    by_folder: dict[str, list[Checkpoint]] = defaultdict(list)
    for one in which.exclude(ref="").select_related("run").defer("content"):
        by_folder[one.run.workspace].append(one)
    gone = 0
    for folder, those in by_folder.items():
        if snapshots.delete(Path(folder), [(one.run_id, one.ref) for one in those]):
            gone += Checkpoint.objects.filter(pk__in=[one.pk for one in those]).update(ref="")
    return gone


def clear(which: "QuerySet[Checkpoint]") -> int:
    """Delete these checkpoints: rows, files and git references; how many there were.

    A file that was imported from elsewhere is not ours to delete.
    """
    forget_snapshots(which)
    folders = set()
    count = 0
    for one in which.select_related("run").defer("content"):
        count += 1
        folder = checkpoint_files.folder_of(Path(one.run.workspace), one.run_id)
        if one.file and Path(one.file).parent == folder:
            folders.add(folder)
            with contextlib.suppress(OSError):
                Path(one.file).unlink()
    which.delete()
    for folder in folders:
        with contextlib.suppress(OSError):  # not empty
            folder.rmdir()
    return count
