"""A client for each role, and runs as rows: what the API tells needs no engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from runs import ids
from runs.actor import ROLES, Actor

# Models only where they are used: pytest reads this file before Django has its settings.
if TYPE_CHECKING:
    from runs.models import Execution, Run, WorkflowVersion

T0 = datetime(2026, 11, 21, 4, 45, tzinfo=UTC)

SOURCE = """\
version: "1.0"
name: {name}
steps:
  - name: a
    type: shell
    run: echo a
  - name: turns
    type: loop
    for_each: ${{{{ [1, 2] }}}}
    steps:
      - name: inner
        type: shell
        run: echo inner
      - name: after
        type: shell
        run: echo after
  - name: z
    type: shell
    run: echo z
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-openapi", action="store_true", help="write tests/api/openapi.v1.json")


class Api:
    """JSON in, JSON out, as somebody with a token."""

    def __init__(self, token: str | None) -> None:
        from django.test import Client

        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        type: str = "application/json",
        **headers: str,
    ) -> Any:
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, f"/api/v1{path}", data, content_type=type, headers={**self.headers, **named}
        )

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("POST", path, body, **headers)


@pytest.fixture(autouse=True)
def _tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    from runs.operations import tokens

    known = {f"{role}-token": Actor("token", f"{role}-1", role) for role in ROLES}
    real = tokens.authenticate
    monkeypatch.setattr(tokens, "authenticate", lambda secret: known.get(secret) or real(secret))


@pytest.fixture
def viewer(db: None) -> Api:
    return Api("viewer-token")


@pytest.fixture
def operator(db: None) -> Api:
    return Api("operator-token")


@pytest.fixture
def admin(db: None) -> Api:
    return Api("admin-token")


@pytest.fixture
def nobody(db: None) -> Api:
    return Api(None)


@pytest.fixture
def make_version(db: None) -> Callable[..., WorkflowVersion]:
    def make(name: str = "hello", number: int = 1) -> WorkflowVersion:
        from runs.models import Workflow, WorkflowVersion

        workflow, _ = Workflow.objects.get_or_create(name=name)
        version, _ = WorkflowVersion.objects.get_or_create(
            workflow=workflow,
            number=number,
            defaults={"digest": f"{number:064}", "source": SOURCE.format(name=name)},
        )
        return version

    return make


@pytest.fixture
def make_run(make_version: Callable[..., WorkflowVersion]) -> Callable[..., Run]:
    def make(workflow: str = "hello", **fields: Any) -> Run:
        given = {
            "id": ids.run_id(),
            "workflow_name": workflow,
            "status": "succeeded",
            "created_at": T0,
            "started_at": T0,
            "finished_at": T0 + timedelta(seconds=2),
            **fields,
        }
        from runs.models import Run

        run = Run.objects.create(version=make_version(workflow), **given)
        if not run.family_id:
            run.family_id = run.source.family_id if run.source else run.id
            run.save()
        return run

    return make


@pytest.fixture
def make_execution(db: None) -> Callable[..., Execution]:
    def make(run: Run, path: str, **fields: Any) -> Execution:
        given = {
            "id": ids.execution_id(),
            "name": path.rpartition("/")[2],
            "type": "shell",
            "status": "succeeded",
            "created_at": T0,
            "started_at": T0,
            "finished_at": T0,
            "duration_ms": 0,
            **fields,
        }
        from runs.models import Execution

        return Execution.objects.create(run=run, path=path, **given)

    return make


@pytest.fixture
def make_events(db: None) -> Callable[..., None]:
    def make(run: Run, count: int) -> None:
        from runs.models import Event

        for _ in range(count):
            run.event_seq += 1
            Event.objects.create(
                run=run, seq=run.event_seq, kind="step.succeeded", path=f"s{run.event_seq}", at=T0
            )
        run.save()

    return make
