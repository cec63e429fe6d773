"""Agent: a process whose functions Maverick calls, and that calls others through Maverick."""

import asyncio
import logging
import os
import signal
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar, overload

from maverick_client.agent.context import Call, current
from maverick_client.agent.failures import CallFailed
from maverick_client.agent.jsonform import json_form
from maverick_client.agent.plane import Plane
from maverick_client.agent.pulse import Line, Pulse
from maverick_client.agent.reasoners import InputRefused, Reasoner, reasoner_of
from maverick_client.agent.server import Answer, Refusal, Server
from maverick_client.agent.work import Work
from maverick_client.errors import WaitTimeout

log = logging.getLogger("maverick_client.agent")
F = TypeVar("F", bound=Callable[..., Any])
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
_BEAT = 2.0  # seconds, as the protocol's own package


class Agent:
    """A program whose functions are reasoners.

    `server` and `token` are MAVERICK_SERVER and MAVERICK_TOKEN when they are not given. It listens
    at `host` and `port` (0: any free one); `address` is where Maverick finds it, if that is another
    one. When it stops, work that is under way has `grace` seconds.
    """

    def __init__(
        self,
        name: str,
        server: str | None = None,
        token: str | None = None,
        *,
        version: str = "1.0.0",
        host: str = "127.0.0.1",
        port: int = 0,
        address: str | None = None,
        grace: float = 30.0,
    ) -> None:
        if not name.strip() or any(mark in name for mark in "./ \t\n"):
            raise ValueError(f"{name!r} cannot be the name of an agent: no dot, slash or space")
        if host in _EVERYWHERE and not address:
            raise ValueError(f"host={host!r} needs address=: where does Maverick find the agent?")
        server = server or os.environ.get("MAVERICK_SERVER") or "http://127.0.0.1:8000"
        self.name, self.version, self.grace = name, version, grace
        self.server = server.rstrip("/").removesuffix("/api/v1")
        self._token = token or os.environ.get("MAVERICK_TOKEN") or None
        self._host, self._port, self._address = host, port, address
        self._reasoners: dict[str, Reasoner] = {}
        self._instance = uuid.uuid4().hex
        self._running: _Running | None = None

    # ---- what it can do --------------------------------------------------------------------------

    @overload
    def reasoner(self, function: F, /) -> F: ...

    @overload
    def reasoner(
        self, *, name: str | None = None, description: str | None = None, tags: Sequence[str] = ()
    ) -> Callable[[F], F]: ...

    def reasoner(
        self,
        function: Any = None,
        *,
        name: str | None = None,
        description: str | None = None,
        tags: Sequence[str] = (),
    ) -> Any:
        """Make a function a reasoner; what it takes is checked by its annotations.

        The function itself stays what it was: called directly, it is no call through Maverick.
        """

        def known(function: F) -> F:
            made = reasoner_of(function, name, description, tags)
            if made.name in self._reasoners:
                raise ValueError(f"{self.name} has a reasoner {made.name!r} already")
            self._reasoners[made.name] = made
            return function

        return known if function is None else known(function)

    # ---- what it asks for ------------------------------------------------------------------------

    async def call(self, target: str, /, **given: Any) -> Any:
        """Call `agent.reasoner` (or `reasoner` of this agent) through Maverick; its result.

        Inside a reasoner the call becomes a child of the execution that makes it, and is answered
        from the source run after a restart. Raises CallFailed, ApiError, ServerUnreachable.
        """
        return await self.call_with(target, given)

    async def call_with(
        self,
        target: str,
        given: Mapping[str, Any],
        *,
        context: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """`call`, with the input as a mapping. The context is part of what a restart compares, and
        is not sent to the reasoner. Raises WaitTimeout when it takes longer; it goes on then."""
        target = target if "." in target else f"{self.name}.{target}"
        above = current.get()
        given, context = json_form(given, "input"), json_form(context, "context")
        running, loop = self._running, asyncio.get_running_loop()
        mine = running is not None and running.loop is loop
        plane = running.plane if running and mine else Plane(self.server, self._token)
        headers = above.headers() if above else {}
        try:
            async with asyncio.timeout(timeout):
                return await plane.call(
                    target, given, context=context, headers=headers, key=idempotency_key
                )
        except TimeoutError:
            raise WaitTimeout(f"{target} was not over within {timeout} s.") from None
        finally:
            if not mine:
                await plane.close()

    def call_sync(self, target: str, /, **given: Any) -> Any:
        """`call` for a reasoner that is no coroutine: it waits in its thread."""
        if _has_a_loop():
            raise RuntimeError("This thread runs an event loop: use `await agent.call(…)`.")
        running, above = self._running, current.get()
        if running is None:
            return asyncio.run(self.call_with(target, given))
        # The thread's context says which call this is, and goes along to the loop.
        asked = asyncio.run_coroutine_threadsafe(self.call_with(target, given), running.loop)
        while not wait([asked], timeout=0.5).done:
            if above is not None and above.cancelled:
                asked.cancel()
                raise CallFailed(target, {"status": "cancelled"})
        return asked.result()

    def note(self, text: str, *, tags: Sequence[str] = ()) -> None:
        """Note something about the call that is being answered; it is sent in the background."""
        body = {"message": text, "tags": list(tags), "agent_node_id": self.name}
        self._line(True, {**body, "timestamp": _now()})

    def log(self, text: str, *, level: str = "info", **attributes: Any) -> None:
        """A line in the log of the call that is being answered; sent in the background."""
        words = "".join(f" {name}={value!r}" for name, value in attributes.items())
        self._line(False, {"message": text + words, "level": level, "ts": _now()})

    def _line(self, note: bool, body: Mapping[str, Any]) -> None:
        above, running = current.get(), self._running
        if above is None or running is None:
            log.info("%s", body["message"])
        else:
            running.pulse.add(Line(above.execution_id, note, body))

    # ---- how long it lives -----------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Where Maverick finds it; it has one when it has started."""
        if self._address or self._running is None:
            return (self._address or f"http://{self._host}:{self._port}").rstrip("/")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._running.server.port}"

    def serve(self) -> None:
        """Serve until SIGTERM or SIGINT; a second signal ends what is under way."""
        try:
            asyncio.run(self._serve())
        except KeyboardInterrupt:
            return

    async def _serve(self) -> None:
        loop, asked = asyncio.get_running_loop(), asyncio.Event()

        def stop() -> None:
            if asked.is_set():
                self.grace = 0.0
                if self._running is not None:
                    self._running.hurry.set()
            asked.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                loop.add_signal_handler(number, stop)
            except (NotImplementedError, RuntimeError):  # Windows, or not the main thread
                log.debug("%s is not listened for", number)
        starting = asyncio.create_task(self.start())
        stopping = asyncio.create_task(asked.wait())
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        try:
            if starting.done():
                starting.result()
                print(f"{self.name} listens at {self.address} for {self.server}", flush=True)
                await stopping
        finally:
            starting.cancel()
            stopping.cancel()
            await self.stop()

    async def start(self) -> None:
        """Listen, and register: it has done both when this returns. Until Maverick answers it
        tries again. Raises ApiError when Maverick refuses, OSError when the port is taken."""
        if self._running is not None:
            raise RuntimeError(f"{self.name} has started already")
        self._running = running = _Running(self)
        running.server.start()
        running.pulse.start()
        while not running.pulse.known.is_set():
            await asyncio.sleep(0.02)
        if running.pulse.refused is not None:
            refused = running.pulse.refused
            await self.stop()
            raise refused

    async def stop(self) -> None:
        """Take nothing new, tell Maverick, wait for what is under way and report it, and end."""
        running = self._running
        if running is None:
            return
        await asyncio.to_thread(running.pulse.say_goodbye)
        await running.work.drain(self.grace, running.hurry)
        await asyncio.to_thread(running.server.close)
        await asyncio.to_thread(running.pulse.stop)
        await running.plane.close()
        self._running = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    # ---- what comes in ---------------------------------------------------------------------------

    def post(self, path: str, headers: Mapping[str, str], body: Any) -> Answer:
        """Answer a request of Maverick's; in a thread of the request."""
        running = self._running
        if running is None:
            raise Refusal(503, f"{self.name} is stopping")
        words = path.strip("/").split("/")
        if words[:1] == ["reasoners"] and len(words) == 2:
            return self._take(running, words[1], headers, body)
        if words[:2] == ["_internal", "executions"] and words[3:] == ["cancel"]:
            found = running.work.cancel(words[2], "cancelled_by_control_plane")
            return 200, {"cancelled": found, "execution_id": words[2]}
        raise Refusal(404, f"{self.name} has nothing at {path[:200]}")

    def _take(
        self, running: "_Running", name: str, headers: Mapping[str, str], body: Any
    ) -> Answer:
        known = self._reasoners.get(name)
        if known is None:
            raise Refusal(404, f"{self.name} has no reasoner {name[:200]!r}")
        call = Call.of(headers, f"{self.name}.{name}")
        if not call.execution_id:
            raise Refusal(400, "X-Execution-ID is missing: call it through Maverick")
        try:
            arguments = known.taken(body)
        except InputRefused as refused:
            wrong = [{"place": one.place, "message": one.message} for one in refused.wrong]
            return 422, {"detail": str(refused), "problems": wrong}
        if not running.work.take(call, known, arguments):
            raise Refusal(503, f"{self.name} is stopping")
        return 202, {"status": "processing", "execution_id": call.execution_id}

    def get(self, path: str) -> Answer:
        """Answer who looks."""
        if path == "/health":
            told = {"status": "healthy", "node_id": self.name, "version": self.version}
            return 200, {**told, "timestamp": _now()}
        if path == "/reasoners":
            return 200, {"reasoners": [one.told() for one in self._reasoners.values()]}
        raise Refusal(404, f"{self.name} has nothing at {path[:200]}")

    def described(self) -> dict[str, Any]:
        """What it registers."""
        return {
            "id": self.name,
            "base_url": self.address,
            "version": self.version,
            "instance_id": self._instance,
            "lifecycle_status": "ready",
            "health_status": "healthy",
            "registered_at": _now(),
            "communication_config": {"protocols": ["http"], "heartbeat_interval": f"{_BEAT:g}s"},
            "metadata": {"deployment": {"platform": "python", "tags": {"sdk": "maverick-client"}}},
            "reasoners": [one.told() for one in self._reasoners.values()],
            "skills": [],
        }


class _Running:
    """What a started agent holds."""

    def __init__(self, agent: Agent) -> None:
        self.loop = asyncio.get_running_loop()
        self.hurry = asyncio.Event()
        self.server = Server(agent._host, agent._port, agent)
        self.plane = Plane(agent.server, agent._token)
        self.work = Work(self.loop, self.plane.report)
        self.pulse = Pulse(agent.server, agent._token, agent.name, agent.described, _BEAT)


def _has_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat()
