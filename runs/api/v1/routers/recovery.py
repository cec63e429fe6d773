"""Restarts that name an execution."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from runs.api.v1.auth import asker
from runs.api.v1.routers.runs import IdempotencyKey, created, restart_request
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.runs import PlanOut, RestartIn, RunOut
from runs.operations.restart_execution import plan_execution, restart_execution

router = Router()


@router.post(
    "/{execution_id}/restart",
    **route(
        "restartExecution",
        RunOut,
        status=201,
        role="operator",
        refusals=WRITING,
        summary="Restart from an execution",
        tag="Recovery",
    ),
)
def restart(
    request: HttpRequest, execution_id: str, key: IdempotencyKey, body: RestartIn | None = None
) -> HttpResponse:
    """A new run of the execution's workflow that goes on from there. Without `reuse`, what had
    started before it is kept; with the scope `execution` it runs alone."""
    asked = restart_request(body)
    run = restart_execution(execution_id, asked, by=asker(request), idempotency_key=key)
    return created(run.id)


@router.post(
    "/{execution_id}/restart-plan",
    **route(
        "planExecutionRestart",
        PlanOut,
        refusals=WRITING,
        summary="What a restart from an execution would do",
        tag="Recovery",
    ),
)
def plan(request: HttpRequest, execution_id: str, body: RestartIn | None = None) -> HttpResponse:
    """The decision about every step, with its reason. Nothing is started."""
    return reply(PlanOut, plan_execution(execution_id, restart_request(body)))
