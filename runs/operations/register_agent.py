"""register_agent: an agent says hello, and again after each of its starts."""

import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from runs.agentfield import BadCall
from runs.agents.addresses import check_url
from runs.canonical import storable
from runs.models import Agent
from runs.record import agents

# As in a target; printable, because it stands in addresses.
_NAME = re.compile(r"[^./\s\x00-\x1f\x7f\ud800-\udfff]{1,200}")
_STATUSES = ("starting", "ready", "degraded", "offline")


def register_agent(body: Mapping[str, Any]) -> Agent:
    """Keep what the agent says of itself. Raises BadCall and AgentAddressRefused."""
    agent_id, base_url = body.get("id"), body.get("base_url")
    if not isinstance(agent_id, str) or not _NAME.fullmatch(agent_id.strip()):
        raise BadCall("id must be a text of 1 to 200 letters, digits and signs without a dot")
    if not isinstance(base_url, str) or len(base_url) > 500:
        raise BadCall("base_url must be a text")
    check_url(base_url)
    with transaction.atomic():
        return agents.register(
            agent_id.strip(),
            base_url=base_url,
            version=_text(body, "version", 100),
            instance_id=_text(body, "instance_id", 100),
            status=_status(body.get("lifecycle_status")) or "starting",
            reasoners=_abilities(body, "reasoners"),
            skills=_abilities(body, "skills"),
        )


def heartbeat(agent_id: str, body: Mapping[str, Any]) -> bool:
    """A sign of life; False for an agent that is not known: it is to register again."""
    return agents.beat(agent_id, _status(body.get("status")), _text(body, "instance_id", 100))


def shut_down(agent_id: str) -> bool:
    """The agent stops; False for one that is not known."""
    return agents.gone(agent_id)


def _text(body: Mapping[str, Any], name: str, most: int) -> str:
    value = body.get(name)
    return str(storable(value))[:most] if isinstance(value, str) else ""


def _status(value: Any) -> str:
    return value if isinstance(value, str) and value in _STATUSES else ""


def _abilities(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    given = body.get(name)
    if given is None:
        return []
    if not isinstance(given, list):
        raise BadCall(f"{name} must be a list")
    named = [one for one in given if isinstance(one, dict) and isinstance(one.get("id"), str)]
    return [storable(one) for one in named if _NAME.fullmatch(one["id"])]
