"""What agents say of themselves."""

from typing import Any

from django.utils import timezone

from runs.models import Agent


def register(
    agent_id: str,
    *,
    base_url: str,
    version: str,
    instance_id: str,
    status: str,
    reasoners: list[dict[str, Any]],
    skills: list[dict[str, Any]],
) -> Agent:
    """Keep what an agent says of itself; the same id comes again after each of its starts."""
    now = timezone.now()
    known = Agent.objects.select_for_update().filter(pk=agent_id).first()
    is_another = known is None or (instance_id != "" and known.instance_id != instance_id)
    agent, _ = Agent.objects.update_or_create(
        pk=agent_id,
        defaults={
            "base_url": base_url,
            "version": version,
            "status": status,
            "reasoners": reasoners,
            "skills": skills,
            "last_heartbeat": now,
            "registered_at": now,
            **({"instance_id": instance_id} if instance_id or known is None else {}),
            **({"instance_since": now} if is_another else {}),
        },
    )
    return agent


def beat(agent_id: str, status: str, instance_id: str) -> bool:
    """Note a sign of life; False for an agent that is not known here."""
    changes: dict[str, Any] = {"last_heartbeat": timezone.now()}
    if status:
        changes["status"] = status
    return bool(Agent.objects.filter(pk=agent_id).update(**changes))


def gone(agent_id: str) -> bool:
    """It stops; what it has been given it reports, or it is lost with it."""
    return bool(Agent.objects.filter(pk=agent_id).update(status="offline"))


def forget(agent_id: str) -> None:
    """Take it out of the list; what it was called for stays."""
    Agent.objects.filter(pk=agent_id).delete()
