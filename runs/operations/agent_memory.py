"""agent_memory: values that agents keep for each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from runs.agentfield import BadCall, text
from runs.canonical import storable
from runs.models import AgentMemory

# Where a value belongs when the request does not say: to the narrowest that it names.
_HEADERS = (("workflow", "X-Workflow-ID"), ("session", "X-Session-ID"), ("actor", "X-Actor-ID"))
_SCOPES = ("global", "agent", "workflow", "run", "session", "actor", "user")


@dataclass(frozen=True, slots=True)
class Place:
    """Whose value it is."""

    scope: str
    scope_id: str


def place(scope: str, headers: Mapping[str, str]) -> Place:
    """From the scope of a request and its headers. Raises BadCall."""
    if scope and scope not in _SCOPES:
        raise BadCall(f"scope must be one of: {', '.join(_SCOPES)}")
    if scope in ("global", "agent"):
        return Place("global", "")
    wanted = {"run": "workflow", "user": "actor"}.get(scope, scope)
    for name, header in _HEADERS:
        value = (headers.get(header) or "").strip()[:200]
        if value and wanted in ("", name):
            return Place(name, value)
    return Place(wanted or "global", "")


def keep(at: Place, key: str, data: Any) -> dict[str, Any]:
    """Set a value. Raises BadCall."""
    if not 0 < len(key) <= 500:
        raise BadCall("key must be a text of 1 to 500 characters")
    row, _ = AgentMemory.objects.update_or_create(
        scope=at.scope,
        scope_id=at.scope_id,
        key=storable(key),
        defaults={"data": storable(data), "changed_at": timezone.now()},
    )
    return _told(row)


def look_up(at: Place, key: str) -> dict[str, Any] | None:
    """A value with its key; None when there is none."""
    row = AgentMemory.objects.filter(scope=at.scope, scope_id=at.scope_id, key=key).first()
    return None if row is None else _told(row)


def forget(at: Place, key: str) -> None:
    """Delete a value; harmless when there is none."""
    AgentMemory.objects.filter(scope=at.scope, scope_id=at.scope_id, key=key).delete()


def keys(at: Place) -> list[dict[str, Any]]:
    """Every key of the place."""
    rows = AgentMemory.objects.filter(scope=at.scope, scope_id=at.scope_id).order_by("key")
    return [_told(row) for row in rows[:10_000]]


def _told(row: AgentMemory) -> dict[str, Any]:
    return {
        "key": row.key,
        "data": row.data,
        "scope": row.scope,
        "scope_id": row.scope_id,
        "updated_at": text(row.changed_at),
    }
