"""Agents, what they can do, and how they were called."""

from typing import Any, Literal, TypedDict


class Reasoner(TypedDict):
    """One thing that an agent can be asked for, as the agent describes it."""

    name: str
    target: str
    kind: Literal["reasoner", "skill"]
    description: str
    tags: list[str]
    input_schema: Any  # JSON Schema; empty when the agent tells none
    output_schema: Any


class CallCounts(TypedDict):
    """The calls of an agent in the last 24 hours by how they stand, and all that are open."""

    total: int
    succeeded: int
    reused: int  # among the succeeded: answered from the run's source
    failed: int  # those that ran out of time as well
    cancelled: int
    open: int  # however old they are


class RegisteredAgent(TypedDict):
    """An agent that has registered itself."""

    name: str
    base_url: str
    version: str
    health: Literal["ready", "starting", "degraded", "offline", "silent"]
    last_seen_at: str | None
    registered_at: str
    running_since: str  # when this process of it was first heard of
    instance_id: str
    reasoners: list[Reasoner]  # its reasoners, then its skills
    calls: CallCounts


class AgentCall(TypedDict):
    """One call of an agent."""

    id: str  # the execution that the call is
    run_id: str
    path: str
    target: str
    status: str
    status_reason: str
    error: str
    reused: bool
    created_at: str
    finished_at: str | None
    duration_ms: int | None  # from the request until the end


class AgentDetail(TypedDict):
    """An agent, and its last calls, newest first."""

    agent: RegisteredAgent
    calls: list[AgentCall]


class AgentRemoved(TypedDict):
    """What became of a removed agent's open calls."""

    name: str
    failed_calls: int  # open calls that failed with it, as `agent_removed`
