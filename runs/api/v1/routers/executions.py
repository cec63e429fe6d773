"""The nodes of a run, and what they logged."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from runs.api.v1 import paging
from runs.api.v1.auth import asker
from runs.api.v1.routers.runs import Cursor, words
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.executions import ExecutionOut, ExecutionPageOut, LogPageOut
from runs.operations.retry_step import retry_step
from runs.projections.api_executions import get_execution, list_executions, read_log
from runs.states import StepStatus

router = Router()

STATUSES = {status.value: status.value for status in StepStatus}


@router.get(
    "/{run_id}/executions",
    **route(
        "listExecutions", ExecutionPageOut, summary="The executions of a run", tag="Executions"
    ),
)
def list_all(
    request: HttpRequest,
    run_id: str,
    status: Annotated[list[str], Query([], description="Statuses, repeated or with commas.")],
    cursor: Cursor,
    limit: Annotated[int, Query(100, ge=1, le=200)],
) -> HttpResponse:
    """In path order; turn 10 of a loop stands behind turn 9. Steps that have not started have no
    execution yet: see the graph."""
    page = list_executions(
        run_id,
        statuses=words("status", status, STATUSES),
        after=paging.decode("executions", cursor),
        limit=limit,
    )
    after = paging.encode("executions", page.next_after)
    return reply(ExecutionPageOut, {"items": page.items, "next_cursor": after})


@router.get(
    "/{run_id}/executions/{execution_id}",
    **route("getExecution", ExecutionOut, summary="One execution", tag="Executions"),
)
def get(request: HttpRequest, run_id: str, execution_id: str) -> HttpResponse:
    """Its input, output, attempts and where a reused output came from."""
    return reply(ExecutionOut, get_execution(run_id, execution_id))


@router.post(
    "/{run_id}/executions/{execution_id}/retry",
    **route(
        "retryExecution",
        ExecutionOut,
        role="operator",
        refusals=WRITING,
        summary="Try a waiting step now",
        tag="Executions",
    ),
)
def retry(request: HttpRequest, run_id: str, execution_id: str) -> HttpResponse:
    """A step that failed and waits for its next try does not wait any longer. 409 when it does
    not wait for one."""
    retry_step(run_id, execution_id, by=asker(request))
    return reply(ExecutionOut, get_execution(run_id, execution_id))


@router.get(
    "/{run_id}/executions/{execution_id}/log",
    **route("getExecutionLog", LogPageOut, summary="What an execution printed", tag="Executions"),
)
def log(
    request: HttpRequest,
    run_id: str,
    execution_id: str,
    after: Annotated[int, Query(0, ge=0, le=2**62)],
    limit: Annotated[int, Query(500, ge=1, le=2000)],
) -> HttpResponse:
    """Parts in order, behind the part `after`."""
    return reply(LogPageOut, read_log(run_id, execution_id, after=after, limit=limit))
