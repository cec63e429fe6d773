"""A request body that grows past the limit is cut off at 413, declared length or not.

Django's ASGI handler reads the whole body into a file before any middleware runs, so a chunked
request of any size would fill the disk. This stands before it.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from maverick_site.problems import agentfield_body, is_api
from runs import problem_json
from runs.agentfield import is_agentfield
from runs.errors import TooLarge

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# A client that is still sending would meet a closed connection instead of our answer, so some
# of the rest is read and thrown away first.
DRAIN = 64 * 1024 * 1024


def body_limit(app: App, limit_of: Callable[[str], int], words: Callable[[int], str]) -> App:
    async def limited(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        limit = limit_of(scope["path"])
        declared = dict(scope["headers"]).get(b"content-length", b"")
        if declared.isdigit() and int(declared) <= limit:
            await app(scope, receive, send)
            return
        if not declared and scope["method"] in ("GET", "HEAD"):
            await app(scope, receive, send)
            return
        # Read here, and not through a counting `receive`: the handler answers an error that is
        # raised inside its `receive` with 500.
        kept: list[Message] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return  # the client has gone
            size += len(message.get("body", b""))
            if size <= limit:
                kept.append(message)
            else:
                kept.clear()
            if not message.get("more_body", False) or size > limit + DRAIN:
                break
        if size > limit:
            await _refuse(scope, send, words(limit))
            return

        async def replay() -> Message:
            return kept.pop(0) if kept else await receive()

        await app(scope, replay, send)

    return limited


async def _refuse(scope: MutableMapping[str, Any], send: Send, words: str) -> None:
    if is_agentfield(scope["path"]):
        kind, content = "application/json", agentfield_body(TooLarge(words))
    elif is_api(scope["path"]):
        kind = problem_json.CONTENT_TYPE
        content = problem_json.body(TooLarge(words), scope["path"])
    else:
        kind, content = "text/plain; charset=utf-8", f"{words}\n".encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": content})
