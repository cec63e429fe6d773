"""resume_checkpoint: go on from a checkpoint of a run that is known here, as a page's button does."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import transaction

from runs.actor import Actor
from runs.canonical import to_json_value
from runs.errors import UnknownCheckpoint, UnknownRun
from runs.library.find import find_workflow
from runs.models import Checkpoint, Run, WorkflowVersion
from runs.operations.places import user_folder
from runs.operations.publish_workflow import Checked, check_workflow
from runs.operations.resume_from import checkpoints_of, from_checkpoint, last_of_line
from runs.operations.resume_run import AlreadyResumed, ResumeNote, ResumeRequest, resume_start
from runs.operations.start_run import answered, remember
from runs.record import sealing


def resume_checkpoint(
    run_id: str,
    checkpoint: str,
    *,
    inputs: dict[str, Any] | None = None,
    request: ResumeRequest | None = None,
    by: Actor,
    idempotency_key: str | None = None,
) -> tuple[Run, ResumeNote | None]:
    """Continue ``run_id`` from its checkpoint, an id or a name, in the folder where it worked.

    With the workflow's text as it is there now; if it is not there, with that of the run. The note
    is None when the key has started a run before. Raises UnknownRun, UnknownCheckpoint,
    IdempotencyMismatch and what resume_run raises.
    """
    request = request or ResumeRequest()
    given = to_json_value(inputs or {}, "inputs")
    asked = {k: v for k, v in asdict(request).items() if k != "ask"}
    body = sealing.keyed_hex(["resume", run_id, checkpoint, given, asked])
    known = answered(by, idempotency_key, body)
    if known is not None:
        return known, None
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(f"There is no run {run_id}.")
    one = _find(run, checkpoint)
    warnings: list[str] = []
    folder = Path(run.workspace) if run.workspace else Path.cwd()
    start = from_checkpoint(last_of_line(run), one, folder, warnings)
    try:
        with transaction.atomic():
            made, note = resume_start(start, _today(run, folder), given, request, warnings, by=by)
            return remember(made, by, idempotency_key, body), note
    except AlreadyResumed:
        # Pressed twice: the first press has made the run.
        first = answered(by, idempotency_key, body)
        if first is None:
            raise
        return first, None


def _find(run: Run, wanted: str) -> Checkpoint:
    for one in checkpoints_of(run):
        if wanted in (one.pk, one.name):
            return one
    raise UnknownCheckpoint(f"Run {run.pk} has no checkpoint {wanted!r}.")


def _today(run: Run, folder: Path) -> Checked | WorkflowVersion:
    """The workflow as its file says now, or as the run had it when there is no file."""
    version = run.version
    file = Path(version.file)
    if not file.is_absolute():
        return version  # started by its text: no file is its workflow
    if file.is_file():
        return check_workflow(file.read_bytes(), file=str(file), project=folder)
    found = find_workflow(run.workflow_name, project=folder, user=user_folder())
    if found is not None:
        return check_workflow(found.text, file=str(found.path), project=folder)
    return version
