"""The registered agents: how they are, what they can do, and how they were called lately."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.utils import timezone

from runs import ids
from runs.agentfield import split_target
from runs.errors import UnknownAgent
from runs.models import Agent, AgentCall, Execution

# The package sends a sign of life every two seconds, but from the same event loop as its
# reasoners: a reasoner that computes holds them up. So it takes many to make a silence.
SILENT_AFTER = timedelta(seconds=60)
LATELY = timedelta(hours=24)
LAST_CALLS = 20
REPLAYED = "replayed_from_execution"


@dataclass(frozen=True, slots=True)
class Reasoner:
    """One thing that an agent can be asked for."""

    name: str
    target: str
    kind: str  # reasoner, skill
    description: str
    tags: tuple[str, ...]
    input_schema: Any
    output_schema: Any


@dataclass(frozen=True, slots=True)
class Lately:
    """The calls of an agent in the last 24 hours, by how they stand; and all that are open."""

    total: int
    succeeded: int
    reused: int
    failed: int  # those out of time as well
    cancelled: int
    open: int


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """One agent."""

    name: str
    base_url: str
    version: str
    health: str  # ready, starting, degraded, offline as it says of itself; else silent
    last_seen_at: datetime | None
    registered_at: datetime
    running_since: datetime
    instance_id: str
    reasoners: tuple[Reasoner, ...]
    calls: Lately


@dataclass(frozen=True, slots=True)
class CallFacts:
    """One call."""

    id: str
    run_id: str
    path: str
    target: str
    status: str
    status_reason: str
    error: str
    reused: bool
    created_at: datetime
    finished_at: datetime | None
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class AgentDetail:
    """One agent and its last calls, newest first."""

    agent: AgentFacts
    calls: tuple[CallFacts, ...]


@dataclass(frozen=True, slots=True)
class AgentPage:
    """Some agents by name, and the name to go on from (None at the end)."""

    items: tuple[AgentFacts, ...]
    next_after: str | None


def list_agents(*, after: str = "", limit: int = 200) -> AgentPage:
    """One page of agents by name. Two queries."""
    rows = Agent.objects.order_by("id")
    if after:
        rows = rows.filter(id__gt=after)
    found = list(rows[: limit + 1])
    shown = found[:limit]
    items = _facts(shown, timezone.now())
    return AgentPage(items, shown[-1].pk if len(found) > limit else None)


def get_agent(name: str) -> AgentDetail:
    """One agent with its last calls. Raises UnknownAgent. Three queries."""
    agent = Agent.objects.filter(pk=name).first()
    if agent is None:
        raise UnknownAgent(
            f"There is no agent {name[:200]!r}.", hint="`maverick agents list` shows them."
        )
    (facts,) = _facts([agent], timezone.now())
    return AgentDetail(facts, _last_calls(name))


def reasoner_of(target: str) -> Reasoner:
    """What ``agent.reasoner`` takes. Raises BadCall and UnknownAgent."""
    node, name = split_target(target)
    found = [one for one in get_agent(node).agent.reasoners if one.name == name]
    if not found:
        raise UnknownAgent(f"The agent {node!r} has no reasoner {name!r}.")
    return found[0]


def health(agent: Agent, now: datetime) -> str:
    """What it last said of itself, unless it has said nothing for long."""
    if agent.status == "offline":
        return "offline"
    if agent.last_heartbeat is None or now - agent.last_heartbeat > SILENT_AFTER:
        return "silent"
    return agent.status


def _facts(agents: list[Agent], now: datetime) -> tuple[AgentFacts, ...]:
    counted = _lately([agent.pk for agent in agents], now)
    return tuple(
        AgentFacts(
            name=agent.pk,
            base_url=agent.base_url,
            version=agent.version,
            health=health(agent, now),
            last_seen_at=agent.last_heartbeat,
            registered_at=agent.registered_at,
            running_since=agent.instance_since,
            instance_id=agent.instance_id,
            reasoners=(
                *_reasoners(agent, "reasoner", agent.reasoners),
                *_reasoners(agent, "skill", agent.skills),
            ),
            calls=counted[agent.pk],
        )
        for agent in agents
    )


def _reasoners(agent: Agent, kind: str, told: list[dict[str, Any]]) -> Iterable[Reasoner]:
    for one in told:
        tags = one.get("tags")
        yield Reasoner(
            name=one["id"],
            target=f"{agent.pk}.{one['id']}",
            kind=kind,
            description=str(one.get("description") or ""),
            tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
            input_schema=one.get("input_schema") or {},
            output_schema=one.get("output_schema") or {},
        )


def _lately(names: list[str], now: datetime) -> dict[str, Lately]:
    since = now - LATELY
    # Ids are made in the order of time, so their index finds the calls of a day among all.
    lately = Q(pk__gte=ids.first_execution_id(since), created_at__gte=since)
    rows = (
        AgentCall.objects.filter(lately | Q(ended_at=None), node__in=names)
        .values_list("node", "status")
        .annotate(
            number=Count("pk", filter=lately),
            reused=Count("pk", filter=lately & Q(status_reason__startswith=REPLAYED)),
            open=Count("pk", filter=Q(ended_at=None)),
        )
    )
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    for node, status, number, reused, still_open in rows:
        counts[node].update({status: number, "reused": reused, "open": still_open, "all": number})
    return {
        name: Lately(
            total=by["all"],
            succeeded=by["succeeded"],
            reused=by["reused"],
            failed=by["failed"] + by["timeout"],
            cancelled=by["cancelled"],
            open=by["open"],
        )
        for name, by in counts.items()
    }


def _last_calls(name: str) -> tuple[CallFacts, ...]:
    path = Execution.objects.filter(pk=OuterRef("execution_id")).values("path")[:1]
    found = (
        AgentCall.objects.filter(node=name)
        .annotate(path=Subquery(path))
        .order_by("-pk")
        .only(
            "id", "run_id", "node", "name", "status", "status_reason", "error", "created_at",
            "dispatched_at", "ended_at",
        )[:LAST_CALLS]
    )  # fmt: skip
    return tuple(
        CallFacts(
            id=call.pk,
            run_id=call.run_id,
            path=call.path or "",
            target=call.target,
            status=call.status,
            status_reason=call.status_reason,
            error=call.error,
            reused=call.status_reason.startswith(REPLAYED),
            created_at=call.created_at,
            finished_at=call.ended_at,
            duration_ms=_took(call),
        )
        for call in found
    )


def _took(call: AgentCall) -> int | None:
    if call.ended_at is None:
        return None
    began = call.dispatched_at or call.ended_at  # what was answered from a source run took nothing
    return round((call.ended_at - began).total_seconds() * 1000)
