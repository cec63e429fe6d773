"""agent_memory: values that agents keep for each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from django.utils import timezone

from runs.agentfield import BadCall, text
from runs.canonical import storable
from runs.models import AgentMemory

# Where a value belongs when the request does not say: to the narrowest that it names.
_HEADERS = (("workflow", "X-Workflow-ID"), ("session", "X-Session-ID"), ("actor", "X-Actor-ID"))
_SCOPES = ("global", "agent", "workflow", "run", "session", "actor", "user")


MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """Which changes are asked for."""

    scope: str = ""
    scope_id: str = ""
    patterns: tuple[str, ...] = ()
    since: datetime | None = None
    limit: int = 100


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
        value = _scope_id(headers, header)
        if value and wanted in ("", name):
            return Place(name, value)
    return Place(wanted or "global", "")


def _scope_id(headers: Mapping[str, str], header: str) -> str:
    return str(storable((headers.get(header) or "").strip()[:200]))


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
    rows = AgentMemory.objects.filter(scope=at.scope, scope_id=at.scope_id, key=storable(key))
    row = rows.first()
    return None if row is None else _told(row)


def places(scope: str, headers: Mapping[str, str]) -> list[Place]:
    """Where a value is looked for: without a scope from the narrowest place to everybody's.
    Raises BadCall."""
    if scope:
        return [place(scope, headers)]
    named = [(name, _scope_id(headers, header)) for name, header in _HEADERS]
    return [*(Place(name, value) for name, value in named if value), Place("global", "")]


def history(headers: Mapping[str, str], asked: Asked) -> list[dict[str, Any]]:
    """The last change of each value, newest first; earlier ones and deletions are not kept."""
    rows = AgentMemory.objects.order_by("-changed_at", "-pk")
    if asked.scope:
        at = place(asked.scope, headers)
        rows = rows.filter(scope=at.scope, scope_id=storable(asked.scope_id) or at.scope_id)
    if asked.since is not None:
        rows = rows.filter(changed_at__gt=asked.since)
    found = (
        row
        for row in rows[:MOST_EVENTS]
        if not asked.patterns or any(fnmatchcase(row.key, one) for one in asked.patterns)
    )
    return [_event(row) for row in islice(found, asked.limit)]


def _event(row: AgentMemory) -> dict[str, Any]:
    at = text(row.changed_at)
    told = {"id": f"{row.pk}-{at}", "type": "memory_change", "timestamp": at, "action": "set"}
    known = {"scope": row.scope, "scope_id": row.scope_id, "key": row.key, "data": row.data}
    return {**told, **known, "previous_data": None, "metadata": {}}


def forget(at: Place, key: str) -> None:
    """Delete a value; harmless when there is none."""
    AgentMemory.objects.filter(scope=at.scope, scope_id=at.scope_id, key=storable(key)).delete()


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
