"""An OpenAI-compatible chat endpoint on loopback that answers by a script.

    with ModelServer([busy(429), says("Hello")]) as server: …

Each request takes the next entry; the last one stays. What was asked is in ``server.requests``.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Answer = Callable[["Call"], None]


@dataclass
class Call:
    """One request, and the means to answer it."""

    handler: BaseHTTPRequestHandler
    server: ModelServer
    body: dict[str, Any]
    headers: dict[str, str]

    def send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        """A whole answer: JSON, or text as it is."""
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.handler.send_header(name, value)
        self.handler.send_header("Content-Length", str(len(data)))
        self.handler.end_headers()
        self.handler.wfile.write(data)

    def begin_events(self) -> None:
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()

    def event(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.handler.wfile.write(f"data: {text}\n\n".encode())
        self.handler.wfile.flush()


@dataclass
class ModelServer:
    """The endpoint. ``base_url`` is what an agent's settings need."""

    script: Iterable[Answer]
    key: str = ""  # the only key that it takes; empty: any
    requests: list[Call] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)  # for `waits`
    begun: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)  # a client has hung up

    def __enter__(self) -> ModelServer:
        script = list(self.script)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = Call(self, server, json.loads(self.rfile.read(length)), headers)
                server.requests.append(call)
                if self.path != "/v1/chat/completions":
                    call.send(404, {"error": {"message": f"no such path {self.path}"}})
                elif server.key and call.headers.get("authorization") != f"Bearer {server.key}":
                    given = call.headers.get("authorization", "")
                    call.send(401, {"error": {"message": f"Incorrect API key provided: {given}"}})
                else:
                    script[min(len(server.requests), len(script)) - 1](call)

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=[0.02], daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.release.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"


def says(
    text: str, *, usage: tuple[int, int] | None = (10, 5), finish: str = "stop", size: int = 7
) -> Answer:
    """Streams the text in pieces, with usage at the end unless it is None."""

    def answer(call: Call) -> None:
        if not call.body.get("stream"):
            return whole(text, usage=usage)(call)
        call.begin_events()
        call.event({"model": "fake-1", "choices": [{"delta": {"role": "assistant"}}]})
        for at in range(0, len(text), size):
            call.event({"choices": [{"delta": {"content": text[at : at + size]}}]})
        call.event({"choices": [{"delta": {}, "finish_reason": finish}]})
        if usage and call.body.get("stream_options", {}).get("include_usage"):
            call.event({"choices": [], "usage": _usage(usage)})
        call.event("[DONE]")
        return None

    return answer


def whole(text: str, *, usage: tuple[int, int] | None = (10, 5)) -> Answer:
    """One JSON body, whatever was asked for."""

    def answer(call: Call) -> None:
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        body: dict[str, Any] = {"model": "fake-1", "choices": [choice]}
        call.send(200, {**body, "usage": _usage(usage)} if usage else body)

    return answer


def busy(status: int, retry_after: str = "") -> Answer:
    """An error that goes away."""

    def answer(call: Call) -> None:
        headers = {"Retry-After": retry_after} if retry_after else {}
        call.send(status, {"error": {"message": "Slow down."}}, headers)

    return answer


def refuses(status: int, body: Any) -> Answer:
    """Any answer at all."""
    return lambda call: call.send(status, body)


def breaks_off(text: str) -> Answer:
    """Begins a stream and hangs up in the middle."""

    def answer(call: Call) -> None:
        call.begin_events()
        call.event({"choices": [{"delta": {"content": text}}]})
        call.handler.connection.shutdown(socket.SHUT_RDWR)

    return answer


def sends_events(*events: Any) -> Answer:
    """Exactly these events, then the end of the connection."""

    def answer(call: Call) -> None:
        call.begin_events()
        for event in events:
            call.event(event)

    return answer


def waits(text: str) -> Answer:
    """Sends the text, then nothing until the server ends or the client hangs up."""

    def answer(call: Call) -> None:
        call.begin_events()
        call.event({"choices": [{"delta": {"content": text}}]})
        call.server.begun.set()
        try:
            while not call.server.release.wait(0.02):
                call.handler.wfile.write(b": still here\n\n")
        except OSError:
            call.server.closed.set()

    return answer


def _usage(usage: tuple[int, int]) -> dict[str, int]:
    return {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
