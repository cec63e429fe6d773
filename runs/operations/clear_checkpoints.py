"""clear_checkpoints: delete checkpoints, their files and their snapshots. Runs are not touched."""

from django.db import transaction

from runs.actor import Actor
from runs.errors import Refused, RunNotOver
from runs.models import Checkpoint
from runs.record import audit, retiring
from runs.states import RUN_OVER


def clear_checkpoints(
    *,
    run_id: str = "",
    workflow: str = "",
    retired: bool = False,
    everything: bool = False,
    by: Actor,
) -> int:
    """Delete those of a run, of a workflow, those that are retired, or all; how many there were.

    What is named together narrows it down. Raises Refused when nothing is named, and RunNotOver
    for a run that goes on.
    """
    if not (run_id or workflow or retired or everything):
        raise Refused("Say which checkpoints: of a run, of a workflow, the retired ones, or all.")
    found = Checkpoint.objects.all()
    if run_id:
        found = found.filter(run_id=run_id)
    if workflow:
        found = found.filter(run__workflow_name=workflow)
    if retired:
        found = found.filter(retired=True)
    open_ = found.exclude(run__status__in=[status.value for status in RUN_OVER])
    if run_id and open_.exists():
        raise RunNotOver(f"{run_id} goes on; its checkpoints are those that it saves now.")
    with transaction.atomic():
        count = retiring.clear(found.exclude(pk__in=list(open_.values_list("pk", flat=True))))
        if count:
            audit.note(
                by, "checkpoint.clear", run_id, workflow=workflow, retired=retired, count=count
            )
    return count
