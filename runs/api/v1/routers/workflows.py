"""Workflows: list, read, publish."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from runs.api.v1 import paging
from runs.api.v1.auth import asker
from runs.api.v1.routers.runs import Cursor
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.workflows import (
    ValidationOut,
    WorkflowDetailOut,
    WorkflowIn,
    WorkflowPageOut,
)
from runs.operations.publish_workflow import publish_workflow
from runs.operations.validate_workflow import validate_workflow
from runs.projections.workflow_catalog import get_workflow, list_workflows

router = Router()


@router.get(
    "",
    **route(
        "listWorkflows",
        WorkflowPageOut,
        summary="Workflows by name",
        tag="Workflows",
        refusals=(401, 422),
    ),
)
def list_all(
    request: HttpRequest, cursor: Cursor, limit: Annotated[int, Query(50, ge=1, le=200)]
) -> HttpResponse:
    """Every workflow that was published or run, with its newest version and last run."""
    page = list_workflows(after=paging.decode("workflows", cursor), limit=limit)
    after = paging.encode("workflows", page.next_after)
    return reply(WorkflowPageOut, {"items": page.items, "next_cursor": after})


@router.post(
    "",
    **route(
        "publishWorkflow",
        WorkflowDetailOut,
        status=201,
        role="operator",
        refusals=WRITING,
        summary="Publish a workflow",
        tag="Workflows",
    ),
)
def publish(request: HttpRequest, body: WorkflowIn) -> HttpResponse:
    """Check a text and keep it as a version; the same text gives the same version. All problems
    come at once, each with its line."""
    version = publish_workflow(body.definition, file=body.file, by=asker(request))
    name = version.workflow.name
    return reply(WorkflowDetailOut, get_workflow(name), 201, Location=f"/api/v1/workflows/{name}")


@router.post(
    "/validate",
    **route(
        "validateWorkflow",
        ValidationOut,
        refusals=(400, 401, 413, 415, 422),
        summary="Check a workflow's text",
        tag="Workflows",
    ),
)
def validate(request: HttpRequest, body: WorkflowIn) -> HttpResponse:
    """Every problem of a text and of what it calls, warnings included. Nothing is kept or started,
    so a text with errors is answered with 200 as well."""
    return reply(ValidationOut, validate_workflow(body.definition, file=body.file))


@router.get(
    "/{name}",
    **route("getWorkflow", WorkflowDetailOut, summary="One workflow", tag="Workflows"),
)
def get(request: HttpRequest, name: str) -> HttpResponse:
    """With its newest text and its versions."""
    return reply(WorkflowDetailOut, get_workflow(name))
