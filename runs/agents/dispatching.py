"""One request to an agent that speaks the AgentField protocol, and what its answer means."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from typing import Any

import httpx

from runs.agentfield import Order, Report
from runs.agents.addresses import AgentAddressRefused, places

# A process that has just registered binds its port a moment later; upstream waits as long.
REFUSED_FOR = 15.0
_CONNECT = 10.0
# A skill answers when it is done. An agent that is gone breaks the connection, so this ends only
# what hangs; a step's own time-out comes before.
_LONGEST = 6 * 3600.0
_USAGE = "__agentfield_usage__"


def new_client() -> httpx.AsyncClient:
    """A client with a fresh connection for each request: an agent's server closes idle ones after
    five seconds and after an error, and a reset that comes too late cannot be told from work."""
    return httpx.AsyncClient(
        verify=ssl.create_default_context(),
        trust_env=False,
        follow_redirects=False,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        timeout=httpx.Timeout(_LONGEST, connect=_CONNECT),
    )


async def send(client: httpx.AsyncClient, order: Order) -> Report | None:
    """Send the order once; None: it was taken, and the report comes later.

    Only a refused connection is tried again: then nothing was sent. And 503 with Retry-After, by
    which an agent that stops says that it takes nothing; the process after it may.
    """
    until = time.monotonic() + REFUSED_FOR
    wait = 0.1
    body = json.dumps(order.body, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    headers = {**order.headers, "Content-Type": "application/json"}
    while True:
        try:
            answer = await post(client, order.url, body, headers)
            late = time.monotonic() + wait > until
            if answer.status_code != 503 or "retry-after" not in answer.headers or late:
                return meaning(order, answer)
        except httpx.ConnectError as error:
            if time.monotonic() + wait > until:
                return _failed("agent_unreachable", f"The agent at {order.url} refused: {error}")
        except AgentAddressRefused as error:
            return _failed("permission_denied", f"{error.message}. {error.hint}")
        except httpx.ConnectTimeout:
            return _failed("agent_unreachable", f"The agent at {order.url} did not answer.")
        except httpx.TimeoutException:
            return Report(
                "timeout", error="The agent took too long.", status_reason="agent_timeout"
            )
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            said = f"{type(error).__name__}: {error}"
            return _failed("agent_unreachable", f"The connection to the agent broke: {said}")
        await asyncio.sleep(wait)
        wait = min(wait * 2, 1.0)


async def cancel(
    client: httpx.AsyncClient, base_url: str, run_id: str, call_id: str, reason: str
) -> None:
    """Tell an agent that nobody waits for this execution any more; best effort."""
    try:
        await post(
            client,
            f"{base_url.rstrip('/')}/_internal/executions/{call_id}/cancel",
            json.dumps({"execution_id": call_id, "reason": reason or "cancelled"}).encode(),
            {
                "Content-Type": "application/json",
                "X-Execution-ID": call_id,
                "X-Workflow-ID": run_id,
                "X-AgentField-Source": "cancel-dispatcher",
            },
            5.0,
        )
    except (httpx.HTTPError, httpx.InvalidURL, AgentAddressRefused):
        return


async def post(
    client: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str], within: float = 0
) -> httpx.Response:
    """One request to an address that was checked; what a name stands for is tried in turn, as
    long as nothing was sent. Raises AgentAddressRefused, httpx.HTTPError, httpx.InvalidURL."""
    try:
        found = await places(url)
    except OSError as error:
        raise httpx.ConnectError(f"the name is not known: {error}") from None
    for place in found:
        try:
            return await client.post(
                place.url,
                content=body,
                headers={**headers, **place.headers},
                extensions=place.extensions,
                timeout=within or httpx.USE_CLIENT_DEFAULT,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if place is found[-1]:
                raise
    raise httpx.ConnectError("the name stands for no address")


def meaning(order: Order, answer: httpx.Response) -> Report | None:
    """What an agent's answer says: None for "later", else how the execution ended."""
    if answer.status_code == 202:
        return None
    if answer.is_success:
        try:
            value = answer.json()
        except ValueError:
            return _failed("bad_response", "The agent answered with something that is no JSON.")
        usage = value.pop(_USAGE, None) if isinstance(value, dict) else None
        return Report("succeeded", value, True, usage=usage)
    # 4xx: the agent refused it, and sends no report; it is over now.
    code = answer.status_code
    word = f"agent_client_error:{code}" if 400 <= code < 500 else "agent_error"
    text, details = _told(answer)
    return Report(
        "failed",
        error=f"The agent answered {code}: {text}",
        error_details=details,
        error_status=code if 400 <= code < 500 else None,
        status_reason=word,
    )


def _told(answer: httpx.Response) -> tuple[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        return answer.text[:500], None
    if isinstance(value, dict):
        for key in ("detail", "message", "error"):
            if isinstance(value.get(key), str):
                return value[key][:2000], value
    return json.dumps(value)[:500], value


def _failed(word: str, text: str) -> Report:
    return Report("failed", error=text, status_reason=word)
