"""A receiver of webhooks: a real HTTP server on loopback that remembers what came."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

LOOPBACK = ["127.0.0.0/8", "::1/128"]


class Receiver:
    """Answers with ``codes`` in turn (the last one again and again), after ``delay`` seconds."""

    def __init__(self) -> None:
        self.codes = [200]
        self.answer = b'{"ok": true}'
        self.headers: dict[str, str] = {}
        self.delay = 0.0
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(receiver.delay)
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                codes = receiver.codes
                self.send_response(codes.pop(0) if len(codes) > 1 else codes[0])
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(receiver.answer)))
                self.end_headers()
                self.wfile.write(receiver.answer)

            def do_GET(self) -> None:
                receiver.got.append(({"method": "GET"}, b""))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@contextmanager
def receiving() -> Iterator[Receiver]:
    made = Receiver()
    threading.Thread(target=made.server.serve_forever, args=[0.02], daemon=True).start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()


def send_due() -> int:
    """What a worker's sweep does with messages, here and now."""
    from runs.agents.dispatching import new_client
    from runs.engine import delivering
    from runs.record import webhooks
    from runs.webhooks import attempt

    found = webhooks.claim(50)
    for delivery in found:
        message = delivering.prepared(delivery)
        if message is None:
            continue

        async def send(message: Any = message) -> Any:
            async with new_client() as client:
                return await attempt.send(client, message, int(time.time()))

        answer = asyncio.run(send())
        webhooks.note(delivery, delivering.came_of(delivery, answer, Random(1)))
    return len(found)
