"""Calls go out to agents: one thread a process, with an event loop of its own.

Nobody waits for an agent in a worker slot. A call is noted as begun before its request goes out,
and goes out once: who finds it begun leaves it alone. What the agent answers is recorded when it
comes; of a reasoner that is "later", and the report comes to the web server.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from django.db import close_old_connections, transaction
from django.utils import timezone

from runs import conf
from runs.agentfield import Order, Report, order_headers
from runs.agents import dispatching
from runs.engine.crashpoints import reach
from runs.errors import Conflict, NotFound
from runs.models import Agent, AgentCall
from runs.operations.report_execution import report_execution
from runs.record import agent_calls, agent_values, lost_calls, workers
from runs.record.step_reports import caller_of

log = logging.getLogger(__name__)
T = TypeVar("T")

# Connections to the database that recording takes, however many calls are out.
_RECORDERS = 2
# A message normally takes a call within milliseconds; older ones were lost, or all workers are busy.
_TAKE_AFTER = 0.5


class Desk:
    """The event loop on which this process talks to agents."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.records = ThreadPoolExecutor(_RECORDERS, thread_name_prefix="calls")
        self.client: httpx.AsyncClient | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        threading.Thread(target=self.loop.run_forever, name="agents", daemon=True).start()

    def start(self, work: Callable[["Desk"], Coroutine[Any, Any, None]]) -> None:
        """Begin something on the loop, from any thread."""
        self.loop.call_soon_threadsafe(self._start, work)

    def _start(self, work: Callable[["Desk"], Coroutine[Any, Any, None]]) -> None:
        if self.client is None:
            self.client = dispatching.new_client()
        task = self.loop.create_task(work(self))
        self.tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A call to an agent could not be made", exc_info=task.exception())

    async def record(self, what: Callable[[], T]) -> T:
        """Do something with the database, without holding up the loop."""

        def recorded() -> T:
            close_old_connections()
            return what()

        return await self.loop.run_in_executor(self.records, recorded)


_desk: Desk | None = None
_opening = threading.Lock()


def desk() -> Desk:
    """This process's desk, opened with the first call."""
    global _desk
    with _opening:
        if _desk is None:
            _desk = Desk()
        return _desk


def start(call_id: str) -> None:
    """Send a call, if nobody has yet; returns at once."""
    desk().start(lambda at: _call(at, call_id))


def start_cancel(call_id: str) -> None:
    """Tell the call's agent that nobody waits any more; returns at once."""
    desk().start(lambda at: _cancel(at, call_id))


async def _call(at: Desk, call_id: str) -> None:
    order = await at.record(lambda: take(call_id))
    if order is None:
        return
    assert at.client is not None
    reach("after-dispatch-noted", call_id)
    report = await dispatching.send(at.client, order)
    reach("after-dispatch", call_id)
    if report is None:
        await at.record(lambda: _answered(call_id))
    else:
        await at.record(lambda: end_lost(call_id, report))


async def _cancel(at: Desk, call_id: str) -> None:
    def find() -> tuple[str, str, str, str] | None:
        call = AgentCall.objects.filter(pk=call_id).first()
        agent = Agent.objects.filter(pk=call.node).first() if call else None
        if agent is None or call is None:
            return None
        return agent.base_url, call.run_id, call.pk, call.status_reason

    found = await at.record(find)
    if found is not None and at.client is not None:
        await dispatching.cancel(at.client, *found)


def take(call_id: str) -> Order | None:
    """Note that the call goes out from here; None when it is not to go, or somebody was first."""
    with transaction.atomic():
        found = AgentCall.objects.filter(pk=call_id, state="new", ended_at=None).first()
        run = agent_calls.lock(found.run_id) if found else None
        if found is None or run is None:
            return None
        agent = Agent.objects.filter(pk=found.node).first()
        instance = agent.instance_id if agent else ""
        if not agent_calls.begin(run, found, worker=workers.worker_id(), instance_id=instance):
            return None
        order = _order(found, agent)
    if order is None:
        text = f"There is no agent {found.node}."
        end_lost(call_id, Report("failed", error=text, status_reason="target_not_found"))
    return order


def _order(call: AgentCall, agent: Agent | None) -> Order | None:
    if agent is None:
        return None
    folder = "skills" if call.kind == "skill" else "reasoners"
    return Order(
        call.pk,
        f"{agent.base_url.rstrip('/')}/{folder}/{quote(call.name, safe='')}",
        order_headers(call.pk, call.run_id, caller_of(call)),
        agent_values.real(call.sealed, "input", call.input),
        call.kind,
    )


def _answered(call_id: str) -> None:
    AgentCall.objects.filter(pk=call_id).update(answered_at=timezone.now())


def end_lost(call_id: str, report: Report) -> None:
    """Record how a call ended, as far as this side knows; what the agent said stays."""
    try:
        report_execution(call_id, report)
    except (Conflict, NotFound) as error:
        # The agent's own report was first, or the run was cancelled or deleted meanwhile.
        log.info("What %s said of itself stays: %s", call_id, error)


def look_after() -> int:
    """What nobody sent, and what will never be reported; how many calls that were."""
    waiting = lost_calls.waiting_to_go(_TAKE_AFTER)
    for call_id in waiting:
        start(call_id)
    grace = conf.agent_grace_seconds()
    orphans = lost_calls.orphaned(grace)
    for call_id in orphans:
        text = "agent_restart_orphaned: the agent's process was replaced while it worked"
        end_lost(call_id, Report("failed", error=text, status_reason="agent_restart_orphaned"))
    lost = lost_calls.lost(grace)
    for call_id in lost:
        text = "The process that called the agent died; whether the agent has the call is unknown."
        end_lost(call_id, Report("failed", error=text, status_reason="internal_error"))
    return len(waiting) + len(orphans) + len(lost)
