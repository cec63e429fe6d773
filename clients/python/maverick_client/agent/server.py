"""The agent's own small HTTP server: Maverick's calls come in here."""

import json
import logging
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import httpx

log = logging.getLogger("maverick_client.agent")
MOST_BYTES = 64 * 1024 * 1024

Answer = tuple[int, Any]


class Answering(Protocol):
    """What answers: called in a thread of the request, and returns soon."""

    def post(self, path: str, headers: Mapping[str, str], body: Any) -> Answer: ...

    def get(self, path: str) -> Answer: ...


class Refusal(Exception):
    """An answer that is no result."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Server(ThreadingHTTPServer):
    """Bound as soon as it is made; answers from `start` to `close`."""

    daemon_threads = True
    request_queue_size = 512  # a fan-out comes all at once

    def __init__(self, host: str, port: int, answering: Answering) -> None:
        self.answering = answering
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """The one that it got."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Answer from now on, in threads."""
        threading.Thread(target=self.serve_forever, args=[0.1], daemon=True).start()

    def close(self) -> None:
        """Whoever comes now finds nobody, and tries again later."""
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 30  # seconds for the request to come in
    server_version = "maverick-client"
    sys_version = ""

    def do_POST(self) -> None:
        self._answer(True)

    def do_GET(self) -> None:
        self._answer(False)

    def _answer(self, posted: bool) -> None:
        headers: dict[str, str] = {}
        try:
            path = self.path.partition("?")[0]
            if posted:
                status, told = self.server.answering.post(path, self._headers(), self._body())
            else:
                status, told = self.server.answering.get(path)
        except Refusal as refused:
            status, told = refused.status, {"detail": str(refused)}
            if status == 503:
                headers["Retry-After"] = "1"
        except OSError:
            return  # the connection broke
        except Exception:
            log.exception("The request %s could not be answered.", self.path[:200])
            status, told = 500, {"detail": "The agent's log says more."}
        data = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            return

    def _headers(self) -> Mapping[str, str]:
        return httpx.Headers(list(self.headers.items()))  # found by any spelling of their names

    def _body(self) -> Any:
        # A page of another site can send text, but not JSON, without asking first.
        if self.headers.get_content_type() != "application/json":
            raise Refusal(415, "The body must be application/json.")
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit():
            raise Refusal(400, "Content-Length is no number.")
        if int(length) > MOST_BYTES:
            raise Refusal(413, f"The body has more than {MOST_BYTES} bytes.")
        data = self.rfile.read(int(length))
        if len(data) < int(length):
            raise ConnectionError("the body broke off")
        try:
            return json.loads(data or b"null")
        except (ValueError, RecursionError):
            raise Refusal(400, "Invalid JSON body") from None

    def log_message(self, format: str, *args: Any) -> None:
        log.debug("%s %s", self.address_string(), format % args)
