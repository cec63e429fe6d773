"""Change the labels of a run: what lists filter by, nothing that the engine looks at."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from runs.actor import Actor
from runs.errors import UnknownRun
from runs.models import Run
from runs.operations.start_run import checked_labels
from runs.record import annotating, audit

Changes = Mapping[str, str | None]  # None: this label is taken away


def set_labels(run_id: str, labels: dict[str, Any], *, by: Actor) -> Run:
    """The run has these labels and no others. Raises UnknownRun, Refused."""
    checked = checked_labels(labels)
    return _write(run_id, lambda _: checked, by)


def change_labels(run_id: str, changes: Changes, *, by: Actor) -> Run:
    """These labels are set or taken away, the others stay. Raises UnknownRun, Refused."""
    return _write(run_id, lambda known: changed(known, changes), by)


def changed(labels: Mapping[str, str], changes: Changes) -> dict[str, str]:
    """What the labels are afterwards. Raises Refused."""
    merged = {**labels, **changes}
    return checked_labels({key: value for key, value in merged.items() if value is not None})


def _write(run_id: str, wanted: Callable[[dict[str, str]], dict[str, str]], by: Actor) -> Run:
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise UnknownRun(f"There is no run {run_id[:60]!r}.")
        before = dict(run.labels or {})
        after = wanted(before)
        if before != after:
            annotating.set_labels(run, after, by=by.name)
            audit.note(by, "run.labels", run_id, before=before, after=after)
            run.labels = after
    return run
