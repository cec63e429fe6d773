"""What is lost when a run is deleted, and what stays with others."""

from dataclasses import dataclass

from django.db import connection

from runs.errors import UnknownRun
from runs.models.deletable import kept
from runs.projections import words


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a deletion would take, and why it would be refused ("" if it would not)."""

    run_id: str
    workflow: str
    status: str
    steps: int
    checkpoints: int
    outputs_kept: int  # executions of other runs that reuse this run's
    successors: int  # restarts, forks and resumes of this run
    refused: str

    @property
    def words(self) -> str:
        """``12 outputs stay, 3 forks use them.``"""
        if not self.successors:
            return "No other run was started from it."
        runs = words.count(self.successors, "run was", "runs were")
        outputs = words.count(self.outputs_kept, "output stays", "outputs stay")
        kept = f"; {outputs} with them" if self.outputs_kept else ""
        return f"{runs} started from it{kept}."


_SQL = """
SELECT r.workflow_name, r.status,
  (SELECT count(*) FROM runs_execution e WHERE e.run_id = r.id),
  (SELECT count(*) FROM runs_checkpoint c WHERE c.run_id = r.id),
  (SELECT count(*) FROM runs_execution e JOIN runs_run s ON s.id = e.run_id
   WHERE s.source_id = r.id AND e.reused_run = r.id),
  (SELECT count(*) FROM runs_run s WHERE s.source_id = r.id)
FROM runs_run r WHERE r.id = %s
"""


def deletion_of(run_id: str) -> Deletion:
    """What would be lost. Two queries. Raises UnknownRun."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [run_id])
        row = cursor.fetchone()
    if row is None:
        raise UnknownRun(f"There is no run {run_id!r}.")
    stays = kept([run_id]).get(run_id)
    refused = f"{stays.message} {stays.hint}" if stays else ""
    workflow, status, steps, checkpoints, outputs, successors = row
    return Deletion(run_id, workflow, status, steps, checkpoints, outputs, successors, refused)
