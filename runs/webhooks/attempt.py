"""One attempt: signed, sent to an address that was checked, and what came back."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from runs.webhooks import signing
from runs.webhooks.addresses import BadAddress, resolve

TIMEOUT = 15.0  # seconds for everything: name, connection, answer
MOST_ANSWER = 4096  # bytes of an answer that are kept
_MOST_ADDRESSES = 3


@dataclass(frozen=True)
class Message:
    """What goes out, and where to."""

    url: str
    message_id: str
    body: bytes
    keys: tuple[bytes, ...] = ()  # the newest first
    headers: Mapping[str, str] = field(default_factory=dict)
    agentfield_key: bytes | None = None  # signs in AgentField's way as well


@dataclass(frozen=True)
class Answer:
    """What came of an attempt. ``code`` is None when there was no answer."""

    code: int | None
    text: str = ""
    error: str = ""
    address: str = ""
    duration_ms: int = 0

    @property
    def is_success(self) -> bool:
        """Only 2xx is: a redirect is not followed, so the message did not arrive."""
        return self.code is not None and 200 <= self.code < 300


async def send(client: httpx.AsyncClient, message: Message, now: int) -> Answer:
    """Send it once; never raises for what the other side does."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(TIMEOUT):
            found = await _send(client, message, now)
    except BadAddress as refused:
        found = Answer(None, error=f"{refused.code}: {refused.message}")
    except TimeoutError:
        found = Answer(None, error=f"timeout: no answer within {TIMEOUT:g} s")
    except OSError as error:
        found = Answer(None, error=f"name-not-resolved: {error.strerror or error}")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        found = Answer(None, error=f"connection-failed: {str(error) or type(error).__name__}")
    took = round((time.monotonic() - began) * 1000)
    return Answer(found.code, found.text, found.error[:500], found.address, took)


async def _send(client: httpx.AsyncClient, message: Message, now: int) -> Answer:
    parts, addresses = await resolve(message.url)
    host = parts.netloc
    last: httpx.HTTPError | None = None
    for address in addresses[:_MOST_ADDRESSES]:
        request = client.build_request(
            "POST",
            httpx.URL(message.url).copy_with(host=address),
            content=message.body,
            headers={**_headers(message, now), "Host": host},
            # The certificate is checked against the name, though the address is connected to.
            extensions={
                "sni_hostname": parts.hostname or "",
                "timeout": httpx.Timeout(TIMEOUT).as_dict(),
            },
        )
        try:
            return await _answer(client, request, address)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            last = error  # nothing was sent: the next address of the name
    raise last or httpx.ConnectError("The name has no address.")


def _headers(message: Message, now: int) -> dict[str, str]:
    own = {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "Maverick-Webhooks/1",
        "Accept-Encoding": "identity",  # a small answer must not unfold into a large one
        **signing.headers(message.keys, message.message_id, now, message.body),
    }
    if message.agentfield_key is not None:
        digest = hmac.new(message.agentfield_key, message.body, hashlib.sha256).hexdigest()
        own["X-AgentField-Signature"] = f"sha256={digest}"
    return {**message.headers, **own}


async def _answer(client: httpx.AsyncClient, request: httpx.Request, address: str) -> Answer:
    response = await client.send(request, stream=True, follow_redirects=False)
    try:
        said = b""
        async for chunk in response.aiter_raw(MOST_ANSWER):
            said += chunk
            if len(said) > MOST_ANSWER:
                break
    finally:
        await response.aclose()
    text = said[:MOST_ANSWER].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return Answer(response.status_code, text, address=address)
