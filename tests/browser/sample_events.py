"""The journal of runs that were written as rows: what an engine would have noted beside them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from runs.models import Event, Execution, Run

Entry = tuple[datetime, str, str, dict[str, Any]]


def journal(run: Run) -> None:
    """The entries that the run's rows tell of, in the order of their times."""
    entries = sorted([*_of_run(run), *_of_steps(run)], key=lambda entry: entry[0])
    Event.objects.bulk_create(
        Event(run=run, seq=number, at=at, kind=kind, path=path, data=data)
        for number, (at, kind, path, data) in enumerate(entries, 1)
    )
    Run.objects.filter(pk=run.pk).update(event_seq=len(entries))


def _of_run(run: Run) -> Iterator[Entry]:
    yield run.created_at, "run.created", "", {"by": run.created_by, "kind": run.kind}
    if run.started_at:
        yield run.started_at, "run.started", "", {}
    if run.finished_at:
        yield run.finished_at, f"run.{run.status}", "", {"reason": run.status_reason}


def _of_steps(run: Run) -> Iterator[Entry]:
    for step in Execution.objects.filter(run=run).order_by("created_at", "position"):
        if step.reused_from:
            yield step.created_at, "step.reused", step.path, {"because": _because(step)}
            continue
        if step.status != "skipped":
            yield step.created_at, "step.started", step.path, {"attempt": 1}
        if step.status not in ("running", "queued"):
            error = (step.error or {}).get("message", "")
            at = step.finished_at or step.created_at
            yield at, f"step.{step.status}", step.path, {"reason": error}


def _because(step: Execution) -> str:
    return (step.decision or {}).get("because", "")
