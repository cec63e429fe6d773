"""The checkpoints of a run."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from runs.api.v1.routes import route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.checkpoints import CheckpointDetailOut, CheckpointPageOut
from runs.projections.checkpoints import get_checkpoint, list_checkpoints

router = Router()


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
