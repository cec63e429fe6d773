"""What an agent tells Maverick and asks of it, and how often it tries."""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

import httpx

from maverick_client.agent.failures import CallFailed
from maverick_client.errors import ServerUnreachable
from maverick_client.sending import BUSY, part, pause, refusal

# What a server answers that is in trouble. Only what may come twice is sent again after a 500.
TROUBLE = BUSY | {408, 500}
_SOONEST, _LATEST = 0.03, 1.0  # between two polls, in seconds
_LONGEST_PAUSE = 5.0
# A server that starts anew is back within this.
PATIENCE = 120.0


class Plane:
    """One Maverick, asked from one event loop."""

    def __init__(self, server: str, token: str | None, timeout: float = 30.0) -> None:
        self.server = server.rstrip("/").removesuffix("/api/v1")
        self._http = httpx.AsyncClient(
            base_url=f"{self.server}/api/v1/",
            headers=headers_of(token),
            # Many calls wait at once; who gets no connection waits for one.
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0), pool=None),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(
        self,
        target: str,
        given: Mapping[str, Any],
        *,
        context: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        key: str | None,
    ) -> Any:
        """Submit a call and wait for its result. Raises CallFailed, ApiError, ServerUnreachable."""
        body = {"input": given, **({"context": context} if context else {})}
        # Under a key: an answer that was lost is asked for again, and the call is made once.
        keyed = {**headers, "Idempotency-Key": key or uuid.uuid4().hex}
        made = await self.ask("POST", f"execute/async/{part(target)}", body, keyed)
        call_id, wait = str(made["execution_id"]), _SOONEST
        while True:
            told = await self.ask("GET", f"executions/{part(call_id)}", patience=None)
            if told["status"] == "succeeded":
                return told.get("result")
            if told["status"] in ("failed", "cancelled", "timeout"):
                raise CallFailed(target, told)
            await asyncio.sleep(wait)
            wait = min(wait * 1.4, _LATEST)

    async def report(self, call_id: str, body: Mapping[str, Any]) -> None:
        """Tell how a call ended, until it is taken or refused: the same report may come twice."""
        await self.ask("POST", f"executions/{part(call_id)}/status", body, patience=None)

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        patience: float | None = PATIENCE,
    ) -> Any:
        """The answer to a request that may come twice; None is patience without end."""
        content = None if body is None else as_json(body)
        until = None if patience is None else time.monotonic() + patience
        attempt = 0
        while True:
            asked = None
            try:
                answer = await self._http.request(
                    method, path, content=content, headers={**(headers or {}), **_JSON}
                )
                if answer.is_success:
                    return answer.json() if answer.content else None
                if answer.status_code not in TROUBLE:
                    raise refusal(answer)
                error: Exception = refusal(answer)
                asked = answer.headers.get("retry-after")
            except httpx.TransportError as lost:
                error = ServerUnreachable(f"No answer from {self.server}: {what(lost)}.")
            except ValueError:
                text = f"{self.server} answered something else than JSON. Is it a Maverick server?"
                raise ServerUnreachable(text) from None
            if until is not None and time.monotonic() > until:
                raise error
            await asyncio.sleep(min(pause(attempt, asked), _LONGEST_PAUSE))
            attempt += 1


_JSON = {"Content-Type": "application/json"}


def headers_of(token: str | None) -> dict[str, str]:
    """Of every request."""
    named = {"Accept": "application/json", "User-Agent": "maverick-client/0.1"}
    return {**named, **({"Authorization": f"Bearer {token}"} if token else {})}


def as_json(value: Any) -> bytes:
    """Compact JSON; raises ValueError for what is none."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
    except UnicodeEncodeError:  # half a character; as an escape it can be sent
        return json.dumps(value, separators=(",", ":")).encode()


def what(error: Exception) -> str:
    """An error in words, also one that has none."""
    return str(error) or type(error).__name__
