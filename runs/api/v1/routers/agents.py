"""Agents: list, look at, call, remove. What agents themselves send is AgentField's
(runs/api/agentfield)."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from runs.api.v1 import paging
from runs.api.v1.auth import asker
from runs.api.v1.routers.runs import Cursor, IdempotencyKey, created
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.agents import (
    AgentCallIn,
    AgentDetailOut,
    AgentPageOut,
    AgentRemovedOut,
)
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.runs import RunOut
from runs.operations.call_agent import call_agent
from runs.operations.remove_agent import remove_agent
from runs.projections.agents import get_agent, list_agents

router = Router()


@router.get(
    "",
    **route(
        "listAgents", AgentPageOut, summary="Agents by name", tag="Agents", refusals=(401, 422)
    ),
)
def list_all(
    request: HttpRequest, cursor: Cursor, limit: Annotated[int, Query(50, ge=1, le=200)]
) -> HttpResponse:
    """Every agent that has registered itself, with its reasoners and its calls of the last 24
    hours."""
    page = list_agents(after=paging.decode("agents", cursor), limit=limit)
    after = paging.encode("agents", page.next_after)
    return reply(AgentPageOut, {"items": page.items, "next_cursor": after})


@router.get(
    "/{agent}",
    **route("getAgent", AgentDetailOut, summary="One agent", tag="Agents"),
)
def get(request: HttpRequest, agent: str) -> HttpResponse:
    """With its last 20 calls."""
    return reply(AgentDetailOut, get_agent(agent))


@router.delete(
    "/{agent}",
    **route(
        "removeAgent",
        AgentRemovedOut,
        role="admin",
        refusals=(401, 403, 404, 409, 422),
        summary="Remove an agent",
        tag="Agents",
    ),
)
def remove(
    request: HttpRequest,
    agent: str,
    force: Annotated[
        bool, Query(False, description="Although calls are open: they fail as `agent_removed`.")
    ],
) -> HttpResponse:
    """Take it out of the list; its runs stay. 409 while calls of it are open. An agent that still
    lives registers again with its next sign of life."""
    failed = remove_agent(agent, force=force, by=asker(request))
    return reply(AgentRemovedOut, {"name": agent, "failed_calls": failed})


@router.post(
    "/{agent}/calls",
    **route(
        "callAgent",
        RunOut,
        status=201,
        role="operator",
        refusals=WRITING,
        summary="Call a reasoner",
        tag="Agents",
    ),
)
def call(request: HttpRequest, agent: str, body: AgentCallIn, key: IdempotencyKey) -> HttpResponse:
    """A run of one step, as any run is: watch it, restart it, compare it. Types are the agent's to
    check; what it needs and is not given is 422."""
    run = call_agent(
        f"{agent}.{body.reasoner}",
        body.input,
        context=body.context,
        by=asker(request),
        idempotency_key=key,
    )
    return created(run.pk)
