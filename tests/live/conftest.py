"""The site under uvicorn in a thread, on the test database, and a reader of frames."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn

from runs import ids
from runs.actor import Actor

# Models only where they are used: pytest reads this file before Django has its settings.
if TYPE_CHECKING:
    from runs.models import Run

T0 = datetime(2026, 11, 21, 4, 45, tzinfo=UTC)


class Frames:
    """The frames of one stream, one after the other."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.lines = response.iter_lines()

    def next(self) -> dict[str, Any] | None:
        """The next frame with an event or a comment; None at the end of the stream."""
        frame: dict[str, Any] = {}
        for line in self.lines:
            if line.startswith(":"):
                frame["comment"] = line[1:].strip()
            elif line:
                name, _, value = line.partition(": ")
                frame[name] = value
            elif "event" in frame or "comment" in frame:
                if "data" in frame:
                    frame["data"] = json.loads(frame["data"])
                return frame
            else:
                frame = {}
        return None

    def event(self) -> dict[str, Any]:
        """The next frame that is no sign of life."""
        while (frame := self.next()) is not None:
            if "event" in frame:
                return frame
        raise AssertionError("the stream is over")


class Site:
    """A running server."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.url = url
        self.loop = loop
        self.cookies: dict[str, str] = {}

    @contextmanager
    def stream(self, path: str, **headers: str) -> Iterator[Frames]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Accept": "text/event-stream", **named}
        with (
            httpx.Client(timeout=60, cookies=self.cookies) as client,
            client.stream("GET", self.url + path, headers=given) as response,
        ):
            yield Frames(response)

    def open_streams(self) -> int:
        from runs.live import watch

        found = watch._watchers.get(self.loop)
        return len(found) if found else 0


def wait_for(what: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)


@pytest.fixture
def site(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, django_user_model: Any
) -> Iterator[Site]:
    from django.core.asgi import get_asgi_application
    from django.db import connection
    from django.test import Client

    actor = Actor("token", "reader", "viewer")
    monkeypatch.setattr("runs.operations.tokens.authenticate", {"good": actor}.get)
    # Streams end with their server here, not after the hour that they may last.
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        get_asgi_application(), log_level="warning", timeout_graceful_shutdown=1, lifespan="off"
    )
    server = uvicorn.Server(config)
    started: dict[str, asyncio.AbstractEventLoop] = {}

    async def serve() -> None:
        started["loop"] = asyncio.get_running_loop()
        await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    found = Site(f"http://127.0.0.1:{listener.getsockname()[1]}", started["loop"])
    client = Client()
    client.force_login(django_user_model.objects.create_user(f"alice-{os.getpid()}"))
    found.cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    yield found
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()
    # A thread of the server that still holds a connection would keep the database from being
    # emptied or dropped.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND application_name = current_setting('application_name')"
        )


@pytest.fixture
def make_run(transactional_db: None) -> Callable[..., Run]:
    def make(status: str = "running", events: int = 0, id: str = "") -> Run:
        from runs.models import Run, Workflow, WorkflowVersion

        workflow, _ = Workflow.objects.get_or_create(name="hello")
        version, _ = WorkflowVersion.objects.get_or_create(
            workflow=workflow, number=1, defaults={"digest": "0" * 64, "source": "name: hello"}
        )
        run = Run.objects.create(
            id=id or ids.run_id(),
            workflow_name="hello",
            version=version,
            status=status,
            created_at=datetime.now(UTC),
        )
        for n in range(events):
            record(run, f"s{n + 1}")
        return run

    return make


def record(run: Run, path: str, kind: str = "step.succeeded", status: str = "") -> None:
    """One more entry of the run's journal, as the ledger writes it."""
    from runs.models import Event

    run.event_seq += 1
    Event.objects.create(run=run, seq=run.event_seq, kind=kind, path=path, at=T0)
    run.status = status or run.status
    run.save()
