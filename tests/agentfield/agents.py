"""An agent of the protocol, written from the contract: it notes every request that it gets."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.agentfield.web import http


@dataclass
class Got:
    """One request to the agent."""

    path: str
    headers: dict[str, str]
    body: Any

    @property
    def id(self) -> str:
        return self.headers.get("X-Execution-ID", "")


@dataclass
class FakeAgent:
    """Answers 202 to its reasoners and reports nothing of itself, unless ``work`` says what."""

    plane: str
    id: str
    reasoners: tuple[str, ...]
    skills: tuple[str, ...] = ()
    work: Callable[[Got], Any] | None = None  # the result of a reasoner, reported at once
    answer: tuple[int, Any] | None = None  # instead of 202
    instance: str = "one"
    headers: dict[str, str] = field(default_factory=dict)  # of its answers
    got: list[Got] = field(default_factory=list)

    def __post_init__(self) -> None:
        agent = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size) or b"null")
                got = Got(self.path, dict(self.headers.items()), body)
                agent.got.append(got)
                status, told = agent.respond(got)
                data = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                for name, value in agent.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 512

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def register(self, **more: Any) -> httpx.Response:
        body = {
            "id": self.id,
            "base_url": self.url,
            "version": "1.0.0",
            "instance_id": self.instance,
            "lifecycle_status": "starting",
            "reasoners": [{"id": name, "tags": []} for name in self.reasoners],
            "skills": [{"id": name} for name in self.skills],
            **more,
        }
        return http.post(f"{self.plane}/api/v1/nodes/register", json=body)

    def respond(self, got: Got) -> tuple[int, Any]:
        if self.answer is not None:
            return self.answer
        if got.path.startswith("/_internal/"):
            return 200, {"cancelled": True, "execution_id": got.id}
        if got.path.startswith("/skills/"):
            return 200, self.work(got) if self.work else {}
        if self.work is not None:
            threading.Thread(target=self._work, args=[got], daemon=True).start()
        return 202, {"status": "processing", "execution_id": got.id}

    def _work(self, got: Got) -> None:
        assert self.work is not None
        try:
            self.report(got.id, "succeeded", result=self.work(got))
        except Exception as error:
            self.report(got.id, "failed", error=str(error))

    def report(self, call_id: str, status: str, **more: Any) -> httpx.Response:
        """The status callback."""
        # By json.dumps: httpx writes no lone surrogates, and agents in other languages do.
        return http.post(
            f"{self.plane}/api/v1/executions/{call_id}/status",
            content=json.dumps({"status": status, "execution_id": call_id, **more}),
            headers={"Content-Type": "application/json"},
        )

    def calls(self, name: str = "") -> list[Got]:
        """The requests to a reasoner or skill."""
        return [got for got in self.got if got.path.endswith(f"/{name}") or not name]

    def call(self, got: Got, target: str, given: Any) -> Any:
        """A nested call, as the SDK makes it, and its result."""
        kept = {
            name: value for name, value in got.headers.items()
            if name.startswith(("X-AgentField-", "X-Session", "X-Actor", "X-Run", "X-Workflow"))
        }  # fmt: skip
        headers = {**kept, "X-Parent-Execution-ID": got.id, "X-Execution-ID": got.id}
        made = http.post(
            f"{self.plane}/api/v1/execute/async/{target}", json={"input": given}, headers=headers
        )
        assert made.status_code == 202, made.text
        call_id = made.json()["execution_id"]
        while True:
            told = http.get(f"{self.plane}/api/v1/executions/{call_id}").json()
            if told["status"] == "succeeded":
                return told.get("result")
            if told["status"] in ("failed", "cancelled", "timeout"):
                raise RuntimeError(f"Execution {told['status']}: {told.get('error')}")
            time.sleep(0.15)  # as the package does
