"""One run: its graph with statuses, its checkpoints."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject

from runs.errors import UnknownRun
from runs.models import Checkpoint, Execution, Run
from runs.models.run import NEWEST_FIRST
from runs.models.stored import drawable_version
from runs.planning.graph import Compiled
from runs.planning.preview import Preview
from runs.projections.graph_asked import CLOSED, Asked
from runs.projections.graph_view import GraphView, graph_view
from runs.projections.step_states import StepState
from runs.states import RUN_OVER, RunStatus


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """One saved checkpoint."""

    id: str
    name: str
    path: str
    steps: int
    digest: str
    file: str
    retired: bool
    created_at: datetime
    ref: str  # of the workspace's snapshot; empty: there is none
    run_id: str  # who has saved it: this run, or the one that it was reused from


SUCCESSORS = 20  # that are told
# Who went on with a run, and with that one again: a run is resumed at most once.
_FINISHED_AS = """
WITH RECURSIVE line(id, status) AS (
  SELECT id, status FROM runs_run WHERE id = %s
  UNION
  SELECT r.id, r.status FROM line JOIN runs_run r ON r.source_id = line.id AND r.kind = 'resume'
)
SELECT id FROM line WHERE status = 'succeeded'
"""


def load_run(run_id: str) -> Run:
    """The row with its version, its note and the runs that came from it. Raises UnknownRun."""
    came = Run.objects.filter(source_id=OuterRef("pk")).order_by(*NEWEST_FIRST)
    told = came.values(told=JSONObject(id="id", kind="kind", status="status"))[:SUCCESSORS]
    rows = Run.objects.select_related("version__workflow", "notes")
    try:
        return rows.annotate(came_from_it=ArraySubquery(told)).get(pk=run_id)
    except (Run.DoesNotExist, ValueError):
        raise UnknownRun(f"There is no run {run_id[:60]!r}.") from None


def definition_of(run: Run) -> Compiled | None:
    """The run's workflow, laid out, or None when its text cannot be read any more."""
    return drawable_version(run.version_id)


def graph(
    run: Run,
    states: Mapping[str, StepState],
    now: datetime,
    preview: Preview | None = None,
    asked: Asked = CLOSED,
) -> GraphView:
    """The graph, placed; with ``preview`` as a restart would leave it."""
    over = run.status in RUN_OVER
    return graph_view(run.workflow_name, definition_of(run), states, over, now, preview, asked)


def checkpoints(run: Run) -> tuple[CheckpointRow, ...]:
    """The checkpoints that the run can be resumed from, newest first: those that it has saved, and
    those that it has reused from the run that it came from."""
    reused = Execution.objects.filter(run=run, type="checkpoint").exclude(origin_execution="")
    origins = reused.values("origin_execution")
    rows = Checkpoint.objects.filter(Q(run=run) | Q(execution_id__in=origins))
    return tuple(
        CheckpointRow(
            id=c.pk,
            name=c.name,
            path=c.path,
            steps=c.n_steps,
            digest=c.digest,
            file=c.file,
            retired=c.retired,
            created_at=c.created_at,
            ref=c.ref,
            run_id=c.run_id,
        )
        for c in rows.defer("content").order_by("-created_at", "-id")
    )


def finished_as(run: Run) -> str:
    """The run that was resumed from this one and has succeeded; empty: something may be left."""
    if run.status not in RUN_OVER or run.state is RunStatus.SUCCEEDED:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(_FINISHED_AS, [run.pk])
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def level_of(level: str, stream: str) -> str:
    """``info``, ``warn`` or ``err``: what the log shows before a line."""
    level = level.lower()
    if level.startswith("warn"):
        return "warn"
    if level.startswith(("err", "crit", "fatal")):
        return "err"
    return "err" if stream == "stderr" and level in ("", "err") else (level[:5] or "info")
