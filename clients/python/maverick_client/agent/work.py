"""The calls that an agent is answering: begun once each, cancelled, ended, reported."""

import asyncio
import contextvars
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from maverick_client.agent.context import Call, current
from maverick_client.agent.failures import CallFailed, ReasonerFailed
from maverick_client.agent.jsonform import json_form
from maverick_client.agent.plane import what
from maverick_client.agent.reasoners import Reasoner
from maverick_client.errors import ApiError, ClientError

log = logging.getLogger("maverick_client.agent")
Report = dict[str, Any]
_REMEMBERED = 10_000  # calls that are over, and are not begun again if they come once more
_REPORTING = 10.0  # seconds for the last reports when the agent stops


@dataclass
class _Under:
    """A call that is under way."""

    call: Call
    task: asyncio.Task[None] | None = None  # the call and its report
    body: asyncio.Task[Any] | None = None  # the reasoner alone: this is what a cancel ends
    why: str = ""


class Work:
    """All calls of one agent. `take` and `cancel` may come from any thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        report: Callable[[str, Report], Awaitable[None]],
    ) -> None:
        self._loop, self._report = loop, report
        self._lock = threading.Lock()
        self._under: dict[str, _Under] = {}
        self._over: deque[str] = deque(maxlen=_REMEMBERED)
        self._over_ids: set[str] = set()
        self.draining = False

    def take(self, call: Call, reasoner: Reasoner, arguments: dict[str, Any]) -> bool:
        """Begin the call, unless it has begun before; False when nothing new is taken any more.

        While the agent stops, the calls that its own work waits for are still taken.
        """
        with self._lock:
            if call.execution_id in self._under or call.execution_id in self._over_ids:
                return True
            if self.draining and call.parent_execution_id not in self._under:
                return False
            under = self._under[call.execution_id] = _Under(call)
        self._loop.call_soon_threadsafe(self._begin, under, reasoner, arguments)
        return True

    def cancel(self, call_id: str, why: str) -> bool:
        """End a call; False when it is not under way here."""
        with self._lock:
            under = self._under.get(call_id)
        if under is None:
            return False
        under.call.cancel()
        self._loop.call_soon_threadsafe(self._end, under, why)
        return True

    async def drain(self, grace: float, hurry: asyncio.Event) -> None:
        """Take nothing new, wait for what is under way, and end what is not over by then, or when
        somebody is in a hurry."""
        with self._lock:
            self.draining = True
        waiting = self._loop.create_task(self._until_done(grace))
        hurrying = self._loop.create_task(hurry.wait())
        await asyncio.wait([waiting, hurrying], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        hurrying.cancel()
        for under in list(self._under.values()):
            self.cancel(under.call.execution_id, "cancelled during graceful shutdown")
        await self._until_done(_REPORTING)
        for under in list(self._under.values()):
            log.warning("How %s ended could not be told.", under.call.execution_id)
            if under.task is not None:
                under.task.cancel()

    async def _until_done(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self._under and time.monotonic() < until:
            tasks = [one.task for one in self._under.values() if one.task is not None]
            left = max(0.0, until - time.monotonic())
            if tasks:
                await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # what has just been taken is begun

    # ---- on the loop -----------------------------------------------------------------------------

    def _begin(self, under: _Under, reasoner: Reasoner, arguments: dict[str, Any]) -> None:
        # A context of its own: whatever the reasoner begins knows which call it belongs to.
        context = contextvars.copy_context()
        context.run(current.set, under.call)
        under.body = self._loop.create_task(reasoner.run(arguments), context=context)
        under.task = self._loop.create_task(self._see_through(under, reasoner.name))
        if under.call.cancelled:
            under.body.cancel()

    def _end(self, under: _Under, why: str) -> None:
        under.why = under.why or why
        if under.body is not None:
            under.body.cancel()

    async def _see_through(self, under: _Under, name: str) -> None:
        call, started = under.call, time.monotonic()
        try:
            report = await _outcome(under)
            report |= {
                "execution_id": call.execution_id,
                "reasoner": name,
                "duration_ms": round((time.monotonic() - started) * 1000),
                "completed_at": datetime.now(UTC).isoformat(),
            }
            await self._tell(call, report)
        finally:
            with self._lock:
                self._under.pop(call.execution_id, None)
                if len(self._over) == self._over.maxlen:
                    self._over_ids.discard(self._over[0])
                self._over.append(call.execution_id)
                self._over_ids.add(call.execution_id)

    async def _tell(self, call: Call, report: Report) -> None:
        try:
            await self._report(call.execution_id, report)
        except ApiError as error:
            # 409: it is over in another way, cancelled for instance. 404: its run was deleted.
            if error.status in (404, 409) or report["status"] == "failed":
                log.info("The end of %s was not taken: %s", call.execution_id, error)
                return
            # Too large, for instance. Untold, it would never be over for whoever waits for it.
            text = f"Maverick refused the report: {error}"
            kept = {key: report[key] for key in ("execution_id", "reasoner", "duration_ms")}
            await self._tell(call, {**kept, "status": "failed", "error": text})
        except ClientError as error:
            log.warning("The end of %s could not be told: %s", call.execution_id, error)


async def _outcome(under: _Under) -> Report:
    """How the reasoner ended, as it is reported."""
    assert under.body is not None
    try:
        await asyncio.wait([under.body])
        if under.body.cancelled():
            why = under.why or "cancelled"
            return {"status": "cancelled", "error": why, "status_reason": why}
        return {"status": "succeeded", "result": json_form(under.body.result())}
    except ReasonerFailed as failed:
        return _failed(failed, failed.status_code, failed.details, failed.result)
    except ApiError as refused:
        code = refused.status if 400 <= refused.status < 500 else None
        return _failed(refused, code)
    except CallFailed as failed:
        return _failed(failed)  # logged where it failed
    except Exception as error:
        log.exception("%s of %s failed", under.call.target, under.call.execution_id)
        return _failed(error)


def _failed(
    error: Exception, code: int | None = None, details: Any = None, result: Any = None
) -> Report:
    report: Report = {"status": "failed", "error": what(error)}
    try:
        more = {"error_details": json_form(details), "result": json_form(result)}
    except ValueError as wrong:
        more = {"error_details": {"dropped": str(wrong)}}
    report |= {name: value for name, value in more.items() if value is not None}
    return {**report, **({"error_status_code": code} if code else {})}
