"""The checkpoints of a run: read, carried elsewhere, resumed."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router

from runs.api.v1.auth import asker
from runs.api.v1.routers.runs import IdempotencyKey, created
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.checkpoints import (
    CheckpointDetailOut,
    CheckpointPageOut,
    ImportedOut,
    ResumeIn,
)
from runs.api.v1.schemas.runs import RunOut
from runs.operations.import_checkpoint import import_checkpoint
from runs.operations.resume_checkpoint import resume_checkpoint
from runs.operations.resume_run import ResumeRequest
from runs.projections.api_runs import get_run
from runs.projections.checkpoints import checkpoint_file, get_checkpoint, list_checkpoints

router = Router()
files = Router()


@router.get(
    "/{run_id}/checkpoints",
    **route("listCheckpoints", CheckpointPageOut, summary="A run's checkpoints", tag="Checkpoints"),
)
def list_all(request: HttpRequest, run_id: str) -> HttpResponse:
    """All of them, newest first; there are as many as the workflow has checkpoint steps."""
    return reply(CheckpointPageOut, {"items": list_checkpoints(run_id), "next_cursor": None})


@router.get(
    "/{run_id}/checkpoints/{checkpoint_id}",
    **route("getCheckpoint", CheckpointDetailOut, summary="One checkpoint", tag="Checkpoints"),
)
def get(request: HttpRequest, run_id: str, checkpoint_id: str) -> HttpResponse:
    """By id or name, with what it holds."""
    return reply(CheckpointDetailOut, get_checkpoint(run_id, checkpoint_id))


@router.get(
    "/{run_id}/checkpoints/{checkpoint_id}/export",
    **route("exportCheckpoint", dict[str, Any], summary="A checkpoint's file", tag="Checkpoints"),
)
def export(request: HttpRequest, run_id: str, checkpoint_id: str) -> HttpResponse:
    """The file that `maverick run --resume-from FILE` and an import take, also elsewhere."""
    name, text = checkpoint_file(run_id, checkpoint_id)
    answer = HttpResponse(text.encode(), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@router.post(
    "/{run_id}/checkpoints/{checkpoint_id}/resume",
    **route(
        "resumeFromCheckpoint",
        RunOut,
        status=201,
        role="operator",
        refusals=WRITING,
        summary="Resume from a checkpoint",
        tag="Checkpoints",
    ),
)
def resume(
    request: HttpRequest,
    run_id: str,
    checkpoint_id: str,
    key: IdempotencyKey,
    body: ResumeIn | None = None,
) -> HttpResponse:
    """A new run that keeps what the checkpoint holds; what came after it runs again.

    In the folder where the run worked, with the workflow as it is there now. Refused when the run
    goes on, has succeeded, or was resumed by somebody else, and when inputs or workflow differ.
    """
    asked = body or ResumeIn.model_validate({})
    run, _ = resume_checkpoint(
        run_id,
        checkpoint_id,
        inputs=asked.inputs,
        request=ResumeRequest(
            accept_changes=asked.accept_changes,
            restore=asked.restore_workspace,
            force=asked.force,
        ),
        by=asker(request),
        idempotency_key=key,
    )
    return created(run.id)


@files.post(
    "",
    **route(
        "importCheckpoint",
        ImportedOut,
        status=201,
        role="operator",
        refusals=WRITING,
        summary="Take a checkpoint file in",
        tag="Checkpoints",
    ),
)
def import_(
    request: HttpRequest,
    content: Annotated[dict[str, Any], Body(..., description="The content of the file.")],
) -> HttpResponse:
    """With the run that saved it, as it was then. One that is here already stays as it is."""
    made = import_checkpoint(content, by=asker(request))
    answer = {
        "run": get_run(made.run.id),
        "checkpoint": get_checkpoint(made.run.id, made.checkpoint.id).checkpoint,
        "is_new": made.is_new,
    }
    return reply(ImportedOut, answer, 201, Location=f"/api/v1/runs/{made.run.id}")
