"""Agents whose process is gone and does not come back: what they were given has failed.

A late heartbeat alone means nothing: a reasoner that does not let its event loop go sends none. But
a process that lives keeps its port open. So an agent is gone when it is silent *and* nobody has
listened at its address for the whole grace. (One that comes back under another `instance_id` is
found by `record.lost_calls.orphaned`.)
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

from runs import conf
from runs.agentfield import Report
from runs.agents.addresses import AgentAddressRefused, places
from runs.engine.calling import Desk, desk, end_lost
from runs.record import lost_calls

log = logging.getLogger(__name__)

# The package sends a heartbeat every two seconds.
_SILENT = 10.0
_KNOCK_EVERY = 2.0
_knock_at = 0.0
_refused_since: dict[str, float] = {}
_knocking: set[str] = set()


def look_after() -> None:
    """Knock at the doors of the silent agents that have work; returns at once."""
    global _knock_at
    if time.monotonic() < _knock_at:
        return
    _knock_at = time.monotonic() + _KNOCK_EVERY
    silent = lost_calls.silent_agents(min(_SILENT, max(conf.agent_grace_seconds(), 1.0)))
    for node in set(_refused_since) - {node for node, _ in silent}:
        _refused_since.pop(node, None)
    for node, base_url in silent:
        if node not in _knocking:
            _knocking.add(node)
            desk().start(_knocking_at(node, base_url))


def _knocking_at(node: str, base_url: str) -> Callable[[Desk], Coroutine[Any, Any, None]]:
    return lambda at: _knock(at, node, base_url)


async def _knock(at: Desk, node: str, base_url: str) -> None:
    try:
        if await _listens(base_url):
            _refused_since.pop(node, None)
            return
        since = _refused_since.setdefault(node, time.monotonic())
        if time.monotonic() - since >= conf.agent_grace_seconds():
            _refused_since.pop(node, None)
            await at.record(lambda: _end(node))
    finally:
        _knocking.discard(node)


async def _listens(base_url: str) -> bool:
    """False only when the connection is refused: whatever else goes wrong may be the network."""
    try:
        found = await places(base_url)
    except (OSError, AgentAddressRefused):
        return True
    for place in found:
        parts = urlsplit(str(place.url))
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            async with asyncio.timeout(5):
                _, writer = await asyncio.open_connection(parts.hostname, port)
        except ConnectionRefusedError:
            continue
        except (OSError, TimeoutError):
            return True
        writer.close()
        return True
    return False


def _end(node: str) -> None:
    calls = lost_calls.begun_by(node)
    if calls:
        log.warning("The agent %s is gone; %d executions of it have failed", node, len(calls))
    text = "agent_restart_orphaned: the agent's process is gone and did not come back"
    for call_id in calls:
        end_lost(call_id, Report("failed", error=text, status_reason="agent_restart_orphaned"))
