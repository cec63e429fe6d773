"""Delete runs with everything that is theirs alone; what others reused from them stays theirs.

A reused execution holds its own output (large ones by reference to a payload), so it loses only
the pointer to where it came from. The caller holds a transaction and the rows' locks.
"""

import contextlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import connection

from runs.models import Checkpoint
from runs.models.deletable import MAY_GO, kept
from runs.record import checkpoint_files, snapshots

# One after the other, as each needs what the next one takes away.
_STATEMENTS = (
    # The pointers of direct successors, then those of all descendants to who did the work. The
    # execution's id stays: it says that this work was done elsewhere.
    """
    UPDATE runs_execution e SET reused_run = '' FROM runs_run r
    WHERE r.source_id = ANY(%(ids)s) AND e.run_id = r.id AND e.reused_run = ANY(%(ids)s)
      AND NOT r.id = ANY(%(ids)s)
    """,
    """
    UPDATE runs_execution e SET origin_run = ''
    WHERE e.run_id IN (
        SELECT d.id FROM runs_run d JOIN runs_run x ON d.family_id = x.family_id
        WHERE x.id = ANY(%(ids)s) AND NOT d.id = ANY(%(ids)s) AND d.family_id <> '')
      AND e.origin_run = ANY(%(ids)s)
    """,
    "UPDATE runs_run SET source_id = NULL WHERE source_id = ANY(%(ids)s)",
    """
    DELETE FROM runs_logchunk l USING runs_execution e
    WHERE e.run_id = ANY(%(ids)s) AND l.execution_id = e.id
    """,
    "DELETE FROM runs_event WHERE run_id = ANY(%(ids)s)",
    "DELETE FROM runs_execution WHERE run_id = ANY(%(ids)s)",
    "DELETE FROM runs_agentcall WHERE run_id = ANY(%(ids)s)",
    "DELETE FROM runs_checkpoint WHERE run_id = ANY(%(ids)s)",
    "DELETE FROM runs_runnote WHERE run_id = ANY(%(ids)s)",
    "DELETE FROM runs_idempotencyrecord WHERE run_id = ANY(%(ids)s)",
    "DELETE FROM runs_run WHERE id = ANY(%(ids)s)",
)

# Too old, and not among the newest of its workflow.
_OLD = f"""
SELECT id FROM (
  SELECT r.id, r.created_at, r.finished_at, r.status, r.golden_name, row_number() OVER (
    PARTITION BY r.workflow_name ORDER BY r.created_at DESC, r.id DESC) AS place
  FROM runs_run r
) r
WHERE r.finished_at < now() - %(seconds)s * interval '1 second' AND r.place > %(keep)s
  AND {MAY_GO}
ORDER BY r.created_at, r.id LIMIT %(limit)s
"""  # noqa: S608 - a condition of ours is put in

# By the clock as well: a step stores its output before it is recorded (payloads.store), so a
# payload without an execution may be a moment old. Whoever stores the same hash meanwhile marks
# the row; this statement then waits for it, looks at the row again and leaves it.
_UNUSED = """
FROM runs_payload p WHERE p.stored_at < now() - %(grace)s * interval '1 second'
  AND NOT EXISTS (SELECT 1 FROM runs_execution e
                  WHERE e.payload_id = p.digest AND NOT e.run_id = ANY(%(ids)s))
  AND NOT EXISTS (SELECT 1 FROM runs_acceptedvalue a WHERE a.payload_id = p.digest)
"""

# A step's outcome is kept in hand for a minute at most while the database is away.
GRACE = timedelta(hours=1)


@dataclass(frozen=True)
class LeftOver:
    """Files and git references of checkpoints, to be removed after the commit."""

    files: tuple[tuple[Path, str, Path], ...]  # workspace, run id, file
    refs: tuple[tuple[Path, str, str], ...]  # workspace, run id, reference

    def remove(self) -> None:
        """Remove what is there; another machine's folder is left alone. Never fails."""
        for workspace, run_id, file in self.files:
            folder = checkpoint_files.folder_of(workspace, run_id)
            if file.parent != folder:
                continue  # imported from elsewhere: not ours
            with contextlib.suppress(OSError):
                file.unlink()
            with contextlib.suppress(OSError):  # not empty
                folder.rmdir()
        by_folder: dict[Path, list[tuple[str, str]]] = defaultdict(list)
        for workspace, run_id, ref in self.refs:
            by_folder[workspace].append((run_id, ref))
        for workspace, refs in by_folder.items():
            snapshots.delete(workspace, refs)


def lock_some(ids: Sequence[str]) -> list[str]:
    """Take the locks of those runs that nobody holds, in one order; their ids.

    A restart holds its source's row (record/new_run.py), so its run is committed or not there yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM runs_run WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED",
            [list(ids)],
        )
        return [row[0] for row in cursor.fetchall()]


def free(ids: Sequence[str]) -> list[str]:
    """Those of the locked runs that may be deleted. A statement of its own after the locks are
    there, so that it sees what they waited for."""
    stay = kept(ids)
    return [one for one in ids if one not in stay]


def old(older_than: timedelta, keep: int, limit: int) -> list[str]:
    """Runs that ended so long ago, the oldest first; the newest ``keep`` of a workflow are not."""
    with connection.cursor() as cursor:
        cursor.execute(_OLD, {"seconds": older_than.total_seconds(), "keep": keep, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def delete(ids: Sequence[str]) -> LeftOver:
    """Delete these runs; what is left of them outside the database."""
    found = Checkpoint.objects.filter(run_id__in=list(ids)).values_list(
        "run__workspace", "run_id", "file", "ref"
    )
    rows = list(found)
    left = LeftOver(
        tuple((Path(folder), run, Path(file)) for folder, run, file, _ in rows if file),
        tuple((Path(folder), run, ref) for folder, run, _, ref in rows if ref),
    )
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, {"ids": list(ids)})
    return left


def unused_payloads(without: Sequence[str] = (), grace: timedelta = GRACE) -> tuple[int, int]:
    """How many payloads nobody uses, or would if these runs were gone, and their bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(sum(p.size), 0) {_UNUSED}",
            {"ids": list(without), "grace": grace.total_seconds()},
        )
        row = cursor.fetchone()
        return int(row[0]), int(row[1])


def collect_payloads(grace: timedelta = GRACE) -> tuple[int, int]:
    """Delete the payloads that nobody uses, in one statement; how many, and their bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH gone AS (DELETE {_UNUSED} RETURNING p.size) "  # noqa: S608 - our own text
            "SELECT count(*), coalesce(sum(size), 0) FROM gone",
            {"ids": [], "grace": grace.total_seconds()},
        )
        row = cursor.fetchone()
        return int(row[0]), int(row[1])
