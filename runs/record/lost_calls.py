"""Calls of agents that somebody should look after: not sent, or never to be reported."""

from typing import Any

from django.db import connection

from runs.models import AgentCall
from runs.states import RunStatus


def waiting_to_go(older_than: float, limit: int = 200) -> list[str]:
    """Calls that nobody has sent though they are ``older_than`` seconds old."""
    return list(
        AgentCall.objects.filter(state="new", ended_at=None)
        .exclude(run__status=RunStatus.PAUSED)
        .extra(
            where=["runs_agentcall.created_at < now() - %s * interval '1 second'"],
            params=[older_than],
        )
        .order_by("created_at")
        .values_list("pk", flat=True)[:limit]
    )


def orphaned(grace: float, limit: int = 200) -> list[str]:
    """Open calls whose agent's process was replaced by another ``grace`` seconds ago."""
    return _ids(
        """
        SELECT c.id FROM runs_agentcall c JOIN runs_agent a ON a.id = c.node
        WHERE c.ended_at IS NULL AND c.state = 'begun' AND c.instance_id <> ''
          AND a.instance_id <> '' AND c.instance_id <> a.instance_id
          AND a.instance_since < now() - %s * interval '1 second'
        LIMIT %s
        """,
        [grace, limit],
    )


def silent_agents(seconds: float) -> list[tuple[str, str]]:
    """Agents with open calls that have given no sign of life for so long, and their addresses."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.id, a.base_url FROM runs_agent a
            WHERE a.last_heartbeat < now() - %s * interval '1 second' AND EXISTS (
              SELECT 1 FROM runs_agentcall c
              WHERE c.node = a.id AND c.state = 'begun' AND c.ended_at IS NULL
                AND c.answered_at IS NOT NULL)
            LIMIT 200
            """,
            [seconds],
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]


def begun_by(node: str) -> list[str]:
    """The open calls that an agent has taken; whoever sends the others sees what becomes of them."""
    found = AgentCall.objects.filter(
        node=node, state="begun", ended_at=None, answered_at__isnull=False
    )
    return list(found.values_list("pk", flat=True))


def lost(grace: float, limit: int = 200) -> list[str]:
    """Calls whose sender died before the agent's answer was there. Whether the agent has them
    nobody knows, and sent again they could run twice; a report that comes in time still counts."""
    return _ids(
        """
        SELECT c.id FROM runs_agentcall c
        WHERE c.ended_at IS NULL AND c.state = 'begun' AND c.answered_at IS NULL
          AND c.dispatched_at < now() - %s * interval '1 second'
          AND NOT EXISTS (SELECT 1 FROM runs_workerprocess w WHERE w.id = c.worker
                          AND w.seen_at > now() - %s * interval '1 second')
        LIMIT %s
        """,
        [grace, grace, limit],
    )


def _ids(text: str, parameters: list[Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return [row[0] for row in cursor.fetchall()]
