"""Keep a good run as the baseline that later runs are compared with."""

from django.db import transaction

from runs.actor import Actor
from runs.errors import Conflict, Refused, RunNotOver, UnknownRun
from runs.models import Run
from runs.record import audit
from runs.record.golden import set_golden
from runs.states import RUN_OVER, RunStatus

MAX_NAME = 200


class RunNotSucceeded(Conflict):
    """Only a run that succeeded can be golden."""

    code = "run-not-succeeded"


def mark_golden(run_id: str, name: str = "", *, by: Actor) -> Run:
    """Keep the run as golden under ``name`` (its workflow's name when empty).

    Raises UnknownRun, RunNotOver, RunNotSucceeded, Refused (name).
    """
    run = _run(run_id)
    chosen = name.strip() or run.workflow_name
    if len(chosen) > MAX_NAME or any(ord(letter) < 32 for letter in chosen):
        raise Refused(f"A golden name is one line of at most {MAX_NAME} characters.")
    if run.state not in RUN_OVER:
        raise RunNotOver(f"{run_id} is {run.status}.", hint="Mark it when it has succeeded.")
    if run.state is not RunStatus.SUCCEEDED:
        raise RunNotSucceeded(
            f"{run_id} ended as {run.status}; only a run that succeeded can be golden."
        )
    with transaction.atomic():
        if set_golden(run_id, chosen, by=by.name):
            audit.note(by, "run.golden", run_id, name=chosen)
    return _run(run_id)


def unmark_golden(run_id: str, *, by: Actor) -> Run:
    """No longer keep the run as golden; harmless when it was not. Raises UnknownRun."""
    _run(run_id)
    with transaction.atomic():
        if set_golden(run_id, None, by=by.name):
            audit.note(by, "run.ungolden", run_id)
    return _run(run_id)


def _run(run_id: str) -> Run:
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(f"There is no run {run_id!r}.")
    return run
