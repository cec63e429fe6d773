"""What the registered agents can do, as the AgentField protocol tells it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from django.utils import timezone

from runs.agentfield import text
from runs.models import Agent
from runs.projections.agent_calls import health

_MOST = 10_000
# What a description is made of, and which word of a query asks for it; without a word: always.
_PARTS = {
    "id": "",
    "tags": "",
    "description": "include_descriptions",
    "input_schema": "include_input_schema",
    "output_schema": "include_output_schema",
    "examples": "include_examples",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; empty means everything. Names may have `*` in them."""

    agents: tuple[str, ...] = ()
    reasoner: str = ""
    skill: str = ""
    tags: frozenset[str] = frozenset()
    health: str = ""
    left_out: frozenset[str] = frozenset()  # parts of a description
    limit: int = _MOST
    offset: int = 0

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Wanted":
        """From a query string. Raises ValueError in words."""
        if (query.get("format") or "json").lower() != "json":
            raise ValueError("format must be json")
        names = ("agent", "agent_id", "node_id", "agent_ids", "node_ids")
        given = [part for name in names for part in query.get(name, "").split(",")]
        return cls(
            tuple(part.strip() for part in given if part.strip()),
            query.get("reasoner", ""),
            query.get("skill", ""),
            frozenset(tag.strip() for tag in query.get("tags", "").split(",") if tag.strip()),
            query.get("health_status", "").lower(),
            frozenset(part for part, word in _PARTS.items() if word and query.get(word) == "false"),
            _number(query, "limit", _MOST),
            _number(query, "offset", 0),
        )


def _number(query: Mapping[str, str], name: str, otherwise: int) -> int:
    given = query.get(name) or str(otherwise)
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise ValueError(f"{name} must be a whole number")
    return int(given)


def capabilities(wanted: Wanted) -> dict[str, Any]:
    """The agents that have something of what is asked for."""
    told = [_capability(agent, wanted) for agent in Agent.objects.all() if _is_meant(agent, wanted)]
    if wanted.reasoner or wanted.skill or wanted.tags:
        told = [one for one in told if one["reasoners"] or one["skills"]]
    shown = told[wanted.offset : wanted.offset + wanted.limit]
    more = wanted.offset + len(shown) < len(told)
    return {
        "discovered_at": text(timezone.now()),
        "total_agents": len(told),
        "total_reasoners": sum(len(one["reasoners"]) for one in told),
        "total_skills": sum(len(one["skills"]) for one in told),
        "pagination": {"limit": wanted.limit, "offset": wanted.offset, "has_more": more},
        "capabilities": shown,
    }


def _is_meant(agent: Agent, wanted: Wanted) -> bool:
    if wanted.health and health(agent) != wanted.health:
        return False
    return not wanted.agents or any(fnmatchcase(agent.pk, name) for name in wanted.agents)


def _capability(agent: Agent, wanted: Wanted) -> dict[str, Any]:
    # Who asks for a reasoner does not ask for skills, and the other way round.
    reasoners = [] if wanted.skill and not wanted.reasoner else agent.reasoners
    skills = [] if wanted.reasoner and not wanted.skill else agent.skills
    return {
        "agent_id": agent.pk,
        "base_url": agent.base_url,
        "version": agent.version,
        "health_status": health(agent),
        "deployment_type": "long_running",
        "last_heartbeat": text(agent.last_heartbeat),
        "reasoners": [_told(agent, one, wanted) for one in _of(reasoners, wanted.reasoner, wanted)],
        "skills": [_told(agent, one, wanted) for one in _of(skills, wanted.skill, wanted)],
    }


def _of(known: list[dict[str, Any]], name: str, wanted: Wanted) -> Iterable[dict[str, Any]]:
    for one in known:
        tags = one.get("tags")
        has = {str(tag) for tag in tags} if isinstance(tags, list) else set()
        if (not name or fnmatchcase(one["id"], name)) and (not wanted.tags or wanted.tags & has):
            yield one


def _told(agent: Agent, one: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    kept = {part: one[part] for part in _PARTS if part in one and part not in wanted.left_out}
    return {"tags": [], **kept, "invocation_target": f"{agent.pk}.{one['id']}"}
