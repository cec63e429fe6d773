"""As much of Maverick as an agent sees, on loopback: it does what no real one does at will."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Answer = tuple[int, Any]
HTTP = httpx.Client(timeout=60, trust_env=False)  # one for all: to make one costs more than to ask
CUT = (0, None)  # the connection is broken off without an answer


@dataclass
class Asked:
    """One request of the agent's."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class LittlePlane:
    """Takes everything, and notes it; ``say`` says otherwise for some requests."""

    asked: list[Asked] = field(default_factory=list)
    say: Callable[[Asked], Answer | None] = lambda _: None
    results: dict[str, Any] = field(default_factory=dict)  # of nested calls, by their targets

    def __enter__(self) -> "LittlePlane":
        plane = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size) or b"null")
                self._answer(Asked(self.path, dict(self.headers.items()), body))

            def do_GET(self) -> None:
                self._answer(Asked(self.path, dict(self.headers.items()), None))

            def _answer(self, asked: Asked) -> None:
                plane.asked.append(asked)
                answer = plane.say(asked) or plane.usual(asked)
                if answer == CUT:
                    self.close_connection = True
                    return
                data = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def usual(self, asked: Asked) -> Answer:
        words = asked.path.split("/")
        if "execute" in words:
            # The target is the id: what its poll answers is found by it.
            return 202, {"execution_id": words[-1], "run_id": "run_1", "status": "queued"}
        if words[-2] == "executions":
            return 200, {"status": "succeeded", "result": self.results.get(words[-1])}
        return 200, {}

    def of(self, end: str) -> list[Asked]:
        """The requests to addresses that end so."""
        return [one for one in self.asked if one.path.endswith(end)]

    def reports(self) -> dict[str, Any]:
        """What was told of each execution, once it was taken."""
        return {one.path.split("/")[-2]: one.body for one in self.of("/status")}

    def until(self, done: Callable[[], Any], what: str = "") -> Any:
        """What ``done`` answers, as soon as it is true."""
        until = time.monotonic() + 20
        while not (found := done()):
            assert time.monotonic() < until, f"{what} never came: {self.asked[-5:]}"
            time.sleep(0.01)
        return found

    def report(self, call_id: str) -> Any:
        """How an execution ended, when it has."""
        return self.until(lambda: self.reports().get(call_id), f"the end of {call_id}")


def dispatch(
    address: str, name: str, body: Any, call_id: str = "exec_1", **headers: str
) -> httpx.Response:
    """A call as Maverick sends it; headers with `_` for `-`."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    sent = {"X-Execution-ID": call_id, "X-Run-ID": "run_1", "X-Workflow-ID": "run_1", **named}
    return HTTP.post(f"{address}/reasoners/{name}", json=body, headers=sent)
