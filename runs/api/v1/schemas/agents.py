"""Agents: how they are, what they can do, how they were called."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field, JsonValue

from runs.api.v1.schemas.base import In, Out, shown

REASONER_EXAMPLE: Any = {
    "name": "plan",
    "target": "research.plan",
    "kind": "reasoner",
    "description": "Splits a topic into parts.",
    "tags": ["planning"],
    "input_schema": {
        "type": "object",
        "properties": {"topic": {"type": "string"}},
        "required": ["topic"],
    },
    "output_schema": {"type": "object"},
}

AGENT_EXAMPLE: Any = {
    "name": "research",
    "base_url": "http://127.0.0.1:9301",
    "version": "1.0.0",
    "health": "ready",
    "last_seen_at": "2026-11-21T04:45:55.410000Z",
    "registered_at": "2026-11-21T04:45:01.120000Z",
    "running_since": "2026-11-21T04:45:01.120000Z",
    "instance_id": "baa437e1da804c9780f8461a600e71bc",
    "reasoners": [REASONER_EXAMPLE],
    "calls": {
        "total": 12,
        "succeeded": 9,
        "reused": 4,
        "failed": 2,
        "cancelled": 0,
        "open": 1,
    },
}

CALL_EXAMPLE: Any = {
    "id": "exec_0pkx2b1c8d7e70abcdefg",
    "run_id": "run_0pkx3m7q2a9f4c",
    "path": "pipeline/research.plan",
    "target": "research.plan",
    "status": "succeeded",
    "status_reason": "",
    "error": "",
    "reused": False,
    "created_at": "2026-11-21T04:45:53.120000Z",
    "finished_at": "2026-11-21T04:45:55.410000Z",
    "duration_ms": 2290,
}


class ReasonerOut(Out):
    """One thing that an agent can be asked for, as the agent describes it."""

    model_config = shown(REASONER_EXAMPLE)

    name: str
    target: str
    kind: Literal["reasoner", "skill"]
    description: str
    tags: list[str]
    input_schema: Any = Field(description="JSON Schema; empty when the agent tells none.")
    output_schema: Any


class AgentCallsOut(Out):
    """The calls of an agent in the last 24 hours by how they stand, and all that are open."""

    model_config = shown(AGENT_EXAMPLE["calls"])

    total: int
    succeeded: int
    reused: int = Field(description="Among the succeeded: answered from the run's source.")
    failed: int = Field(description="Those that ran out of time as well.")
    cancelled: int
    open: int = Field(description="However old they are.")


class AgentOut(Out):
    """An agent that has registered itself."""

    model_config = shown(AGENT_EXAMPLE)

    name: str
    base_url: str
    version: str
    health: Literal["ready", "starting", "degraded", "offline", "silent"] = Field(
        description="What it last said of itself; `silent` after a minute without a sign of life."
    )
    last_seen_at: datetime | None
    registered_at: datetime
    running_since: datetime = Field(description="When this process of it was first heard of.")
    instance_id: str
    reasoners: list[ReasonerOut] = Field(description="Its reasoners, then its skills.")
    calls: AgentCallsOut


class AgentPageOut(Out):
    """Agents by name."""

    items: list[AgentOut]
    next_cursor: str | None


class AgentCallOut(Out):
    """One call of an agent."""

    model_config = shown(CALL_EXAMPLE)

    id: str = Field(description="The execution that the call is.")
    run_id: str
    path: str
    target: str
    status: str
    status_reason: str
    error: str
    reused: bool
    created_at: datetime
    finished_at: datetime | None
    duration_ms: int | None = Field(description="From the request until the end.")


class AgentDetailOut(Out):
    """An agent, and its last calls, newest first."""

    agent: AgentOut
    calls: list[AgentCallOut]


class AgentCallIn(In):
    """What is called, with what."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"reasoner": "plan", "input": {"topic": "owls"}}},
    )

    reasoner: str = Field(min_length=1, max_length=200, description="A reasoner or a skill.")
    input: dict[str, JsonValue] = Field(default_factory=dict)
    context: dict[str, JsonValue] | None = None


class AgentRemovedOut(Out):
    """What became of a removed agent's open calls."""

    model_config = shown({"name": "research", "failed_calls": 0})

    name: str
    failed_calls: int = Field(description="Open calls that failed with it, as `agent_removed`.")
