"""Change the labels of a run: what lists filter by, nothing that the engine looks at."""

from typing import Any

from django.db import transaction

from runs.actor import Actor
from runs.errors import UnknownRun
from runs.models import Run
from runs.operations.start_run import checked_labels
from runs.record import annotating, audit


def set_labels(run_id: str, labels: dict[str, Any], *, by: Actor) -> Run:
    """The run has these labels and no others. Raises UnknownRun, Refused."""
    checked = checked_labels(labels)
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise UnknownRun(f"There is no run {run_id[:60]!r}.")
        before = dict(run.labels or {})
        if before != checked:
            annotating.set_labels(run, checked, by=by.name)
            audit.note(by, "run.labels", run_id, before=before, after=checked)
            run.labels = checked
    return run
