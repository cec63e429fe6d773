"""The thread that keeps an agent known: registration, heartbeats, and what it notes and logs.

A thread of its own: a reasoner that holds up the event loop does not make the agent look dead.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from maverick_client.agent.plane import TROUBLE, as_json, headers_of, what
from maverick_client.errors import ClientError
from maverick_client.sending import part, pause, refusal

log = logging.getLogger("maverick_client.agent")
_MOST_WAITING = 10_000  # notes and log lines; further ones are dropped while nobody takes them
_MOST_AT_ONCE = 200  # log lines of one request
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True)
class Line:
    """A note, or a line of a log, of one call."""

    call_id: str
    note: bool
    body: Mapping[str, Any]


class Pulse:
    """One agent's line to Maverick, apart from its calls."""

    def __init__(
        self,
        server: str,
        token: str | None,
        name: str,
        described: Callable[[], Mapping[str, Any]],
        every: float,
    ) -> None:
        self.name, self._described, self._every = name, described, every
        self._http = httpx.Client(
            base_url=f"{server}/api/v1/", headers=headers_of(token), timeout=10.0
        )
        self._lines: queue.Queue[Line | None] = queue.Queue(_MOST_WAITING)
        self._stopping = threading.Event()
        self._beating = threading.Lock()
        self.known = threading.Event()  # registered, refused, or given up
        self.refused: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"pulse {name}", daemon=True)

    def start(self) -> None:
        """Begin to register, and to beat after that."""
        self._thread.start()

    def add(self, line: Line) -> None:
        """Send it soon; at once returns who adds it."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            log.warning("A line of %s was dropped: too many wait to be sent.", line.call_id)

    def say_goodbye(self) -> None:
        """No more beats, and Maverick is told; lines still go out."""
        self._stopping.set()
        if not self.known.is_set() or self.refused is not None:
            return
        body = {"reason": "signal", "timeout_seconds": 30.0}
        try:
            with self._beating:  # a beat behind it would say that the agent is ready
                self._post(f"nodes/{part(self.name)}/shutdown", body)
        except (httpx.HTTPError, ClientError) as error:
            log.info("Nobody was told that %s stops: %s", self.name, what(error))

    def stop(self) -> None:
        """Send what still waits, and end."""
        self._stopping.set()
        try:
            self._lines.put_nowait(None)
        except queue.Full:
            pass
        self._thread.join(5.0)
        self._http.close()

    # ---- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        known = self._register()
        self.known.set()
        if known:
            self._beat_and_send()

    def _register(self) -> bool:
        """Until it is known; False when it is refused, or the agent stops before."""
        attempt = 0
        while not self._stopping.is_set():
            try:
                self._post("nodes/register", self._described())
                return True
            except httpx.TransportError as error:
                told = what(error)
            except Exception as error:  # refused, or what is told of it is no JSON
                if getattr(error, "status", 0) not in TROUBLE:
                    self.refused = error
                    return False
                told = what(error)
            if attempt in (0, 4):
                log.warning("%s cannot register yet: %s", self.name, told)
            self._stopping.wait(min(pause(attempt), _LONGEST_PAUSE))
            attempt += 1
        return False

    def _beat_and_send(self) -> None:
        due = 0.0
        while True:
            if time.monotonic() >= due:
                with self._beating:
                    if not self._stopping.is_set():
                        self._beat()
                due = time.monotonic() + self._every
            try:
                line = self._lines.get(timeout=max(0.01, due - time.monotonic()))
            except queue.Empty:
                continue
            if line is None:
                return
            self._send(line)

    def _beat(self) -> None:
        now = datetime.now(UTC).isoformat()
        told = self._described()
        body = {
            "status": "ready", "timestamp": now,
            "version": told["version"], "instance_id": told["instance_id"],
        }  # fmt: skip
        try:
            self._post(f"nodes/{part(self.name)}/heartbeat", body)
        except httpx.TransportError as error:
            log.info("%s could not be heard: %s", self.name, what(error))
        except ClientError as error:
            if getattr(error, "status", 0) != 404:
                log.warning("The heartbeat of %s was refused: %s", self.name, error)
                return
            log.warning("Maverick does not know %s any more; it registers again.", self.name)
            self._register()

    def _send(self, line: Line) -> None:
        """This line, and those behind it for the same log."""
        try:
            if line.note:
                headers = {"X-Execution-ID": line.call_id}
                self._post("executions/note", line.body, headers)
                return
            entries = [line.body, *(one.body for one in self._gathered(line.call_id))]
            self._post(f"executions/{part(line.call_id)}/logs", {"entries": entries})
        except (httpx.HTTPError, ClientError) as error:
            log.info("A line of %s was not taken: %s", line.call_id, what(error))

    def _gathered(self, call_id: str) -> Iterator[Line]:
        """The lines that are next in the queue and of this log; only this thread takes any out."""
        for _ in range(_MOST_AT_ONCE - 1):
            with self._lines.mutex:
                line = self._lines.queue[0] if self._lines.queue else None
            if line is None or line.note or line.call_id != call_id:
                return
            self._lines.get()
            yield line

    def _post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> None:
        sent = {"Content-Type": "application/json", **(headers or {})}
        answer = self._http.post(path, content=as_json(body), headers=sent)
        if not answer.is_success:
            raise refusal(answer)
