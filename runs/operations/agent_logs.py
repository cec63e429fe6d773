"""add_logs: what agents log about an execution, in its log. One look and one insert."""

from typing import Any

from django.utils import timezone

from runs.models import AgentCall, LogChunk
from runs.record.agent_values import shown

MOST = 200  # entries of one request
LONGEST = 4000  # characters of one line
_LEVELS = ("debug", "info", "warning", "error")


def add_logs(call_id: str, entries: list[Any]) -> int:
    """Keep the entries; how many. Those of an execution that is not known are let go: whoever
    sends them does not wait for the answer."""
    if not entries:
        return 0
    execution = AgentCall.objects.filter(pk=call_id).values_list("execution_id", flat=True).first()
    if execution is None:
        return 0
    now = timezone.now()
    rows = [
        LogChunk(
            execution_id=execution,
            stream="log",
            level=_level(one),
            text=str(shown(str(one.get("message") or "")))[:LONGEST] + "\n",
            at=now,
        )
        for one in entries[:MOST]
        if isinstance(one, dict)
    ]
    LogChunk.objects.bulk_create(rows)
    return len(rows)


def _level(one: dict[str, Any]) -> str:
    level = str(one.get("level") or "").lower()
    return level if level in _LEVELS else "info"
