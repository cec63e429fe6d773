"""Static files under ASGI: WhiteNoise's table, answered on the event loop.

WhiteNoise's own middleware is synchronous and would take a thread for each file of a page.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Any, Send], Awaitable[None]]


def static_files(app: App) -> App:
    table: dict[str, Any] | None = None

    async def with_files(scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        nonlocal table
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/static/"):
            await app(scope, receive, send)
            return
        if table is None:
            table = dict(WhiteNoiseMiddleware().files)
        file = table.get(path)
        if file is None:
            await _answer(send, 404, [("Content-Type", "text/plain")], b"No such file.\n")
            return
        headers = {
            "HTTP_" + name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        response = file.get_response(scope["method"], headers)
        body = b""
        if response.file is not None:
            with response.file:
                body = await asyncio.to_thread(response.file.read)
        sent = [*response.headers, ("X-Content-Type-Options", "nosniff")]
        await _answer(send, int(response.status), sent, body)

    return with_files


async def _answer(send: Send, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
