"""POST /execute/{target}: submitted like the asynchronous one, and answered when it is over.

It stands before Django. A view would hold its request's thread, and with it a database connection,
for as long as an agent works; here a waiting request costs a few kilobytes, and one query asks for
all that wait.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections

from runs import conf

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_SYNCHRONOUS = re.compile(r"/api/v1/execute/([^/]+)")
_ASK_EVERY = 0.05
_asker = ThreadPoolExecutor(1, thread_name_prefix="calls that wait")


class Waiting:
    """The calls that somebody waits for, of one event loop."""

    def __init__(self) -> None:
        # One future for each that waits: under an Idempotency-Key several may wait for one call.
        self.calls: dict[str, list[asyncio.Future[None]]] = {}
        self.task: asyncio.Task[None] | None = None

    async def until_over(self, call_id: str, seconds: float) -> bool:
        """Whether the call ended in time."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self.calls.setdefault(call_id, []).append(future)
        if self.task is None or self.task.done():
            self.task = loop.create_task(self._ask())
        try:
            await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False
        finally:
            self.calls[call_id].remove(future)
            if not self.calls[call_id]:
                del self.calls[call_id]
        return True

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        while self.calls:
            over = await loop.run_in_executor(_asker, _over, list(self.calls))
            for call_id in over:
                for future in self.calls.get(call_id, ()):
                    if not future.done():
                        future.set_result(None)
            await asyncio.sleep(_ASK_EVERY)


def _over(call_ids: list[str]) -> list[str]:
    # Here and not above: this file is read before Django has loaded its models.
    from runs.models import AgentCall

    try:
        found = AgentCall.objects.filter(pk__in=call_ids, ended_at__isnull=False)
        return list(found.values_list("pk", flat=True))
    except Exception:  # the database is away: asked again, until time is up
        return []
    finally:
        connections.close_all()


_waiting: "WeakKeyDictionary[asyncio.AbstractEventLoop, Waiting]" = WeakKeyDictionary()


def waiting(app: App) -> App:
    """The app, with synchronous calls answered when they are over."""

    async def answered(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        found = _SYNCHRONOUS.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is None or found[1] == "async" or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        path = f"/api/v1/execute/async/{found[1]}"
        inner = {**scope, "path": path, "raw_path": path.encode()}
        start, body = await _asked(app, inner, receive)
        if start["status"] != 202:
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        call_id = json.loads(body)["execution_id"]
        calls = _waiting.setdefault(asyncio.get_running_loop(), Waiting())
        if await calls.until_over(call_id, conf.call_wait_seconds()):
            loop = asyncio.get_running_loop()
            status, told = await loop.run_in_executor(_asker, _told, call_id)
        else:
            text = "execution timed out waiting for its end"
            status, told = 504, {"error": text, "message": text, "execution_id": call_id}
        await _send(send, status, told, start)

    return answered


async def _asked(
    app: App, scope: MutableMapping[str, Any], receive: Receive
) -> tuple[Message, bytes]:
    """The app's answer, whole."""
    start: Message = {}
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    # Without compression: it is read here.
    scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
    await app(scope, receive, keep)
    return start, b"".join(parts)


def _told(call_id: str) -> tuple[int, dict[str, Any]]:
    from runs.errors import UnknownExecution
    from runs.operations.call_answers import synchronous

    try:
        told = synchronous(call_id)
    except UnknownExecution:
        told = None
    finally:
        connections.close_all()
    gone = {"error": "the execution is gone", "message": "the execution is gone"}
    return told or (502, gone)


async def _send(send: Send, status: int, told: dict[str, Any], start: Message) -> None:
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str)
    data = body.encode("utf-8", "replace")
    kept = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
    headers = [*kept, (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
