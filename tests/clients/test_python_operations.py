"""The Python client and the OpenAPI document: the same operations, the same shapes."""

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from maverick_client import Client, ServerUnreachable, models

from tests.clients.answering import Server

PACKAGE = Path(__file__).resolve().parents[2] / "clients" / "python"

METHODS: list[tuple[Callable[[Client], Any], str, str]] = [
    (lambda c: c.get_run("run_1"), "GET", "runs/run_1"),
    (lambda c: list(c.executions("run_1")), "GET", "runs/run_1/executions"),
    (lambda c: c.execution("run_1", "exec_1"), "GET", "runs/run_1/executions/exec_1"),
    (lambda c: list(c.log("run_1", "exec_1")), "GET", "runs/run_1/executions/exec_1/log"),
    (lambda c: c.graph("run_1"), "GET", "runs/run_1/graph"),
    (lambda c: c.event_page("run_1"), "GET", "runs/run_1/events"),
    (lambda c: c.checkpoints("run_1"), "GET", "runs/run_1/checkpoints"),
    (lambda c: c.checkpoint("run_1", "save"), "GET", "runs/run_1/checkpoints/save"),
    (lambda c: c.approvals("run_1"), "GET", "runs/run_1/approvals"),
    (lambda c: c.approve("run_1", "ask"), "POST", "runs/run_1/approvals/ask"),
    (lambda c: c.reject("run_1", "ask"), "POST", "runs/run_1/approvals/ask"),
    (lambda c: list(c.workflows()), "GET", "workflows"),
    (lambda c: c.workflow("release"), "GET", "workflows/release"),
    (lambda c: c.publish_workflow("name: x"), "POST", "workflows"),
    (lambda c: c.validate_workflow("name: x"), "POST", "workflows/validate"),
    (lambda c: c.cancel_run("run_1"), "POST", "runs/run_1/cancel"),
    (lambda c: c.plan_restart("run_1"), "POST", "runs/run_1/restart-plan"),
    (lambda c: c.restart_run("run_1"), "POST", "runs/run_1/restart"),
    (lambda c: list(c.audit(who="alice")), "GET", "audit"),
    (lambda c: c.restart_execution("exec_1"), "POST", "executions/exec_1/restart"),
    (lambda c: c.retry_execution("run_1", "exec_1"), "POST", "runs/run_1/executions/exec_1/retry"),
    (lambda c: c.plan_execution("exec_1"), "POST", "executions/exec_1/restart-plan"),
    (lambda c: c.mark_golden("run_1", "v1"), "PUT", "runs/run_1/golden"),
    (lambda c: c.unmark_golden("run_1"), "DELETE", "runs/run_1/golden"),
    (lambda c: c.golden("run_1"), "GET", "runs/run_1/golden"),
    (lambda c: c.note("run_1"), "GET", "runs/run_1/note"),
    (lambda c: c.write_note("run_1", "*x*"), "PUT", "runs/run_1/note"),
    (lambda c: c.set_labels("run_1", {"a": "b"}), "PUT", "runs/run_1/labels"),
    (lambda c: c.golden_runs(), "GET", "golden"),
    (lambda c: c.set_assertions("run_1", "nodes: {}"), "PUT", "runs/run_1/golden/assertions"),
    (lambda c: c.set_assertions("run_1", None), "DELETE", "runs/run_1/golden/assertions"),
    (lambda c: c.accept_value("run_1", "run_2", "a", "new"), "POST", "runs/run_1/golden/accept"),
    (lambda c: c.export_run("run_1", io.BytesIO()), "GET", "runs/run_1/export"),
    (lambda c: c.import_run(b"PK"), "POST", "runs/import"),
    (lambda c: c.bulk("cancel", ids=["run_1"]), "POST", "runs/bulk"),
    (lambda c: c.deletion("run_1"), "GET", "runs/run_1/deletion"),
    (lambda c: c.delete_run("run_1"), "DELETE", "runs/run_1"),
    (lambda c: c.clean_up(30), "POST", "gc"),
    (lambda c: c.check("run_1", "golden:v1"), "POST", "runs/run_1/check"),
    (lambda c: c.start_run("release"), "POST", "runs"),
    (lambda c: c.list_runs(), "GET", "runs"),
    (lambda c: c.pause_run("run_1"), "POST", "runs/run_1/pause"),
    (lambda c: c.resume_run("run_1"), "POST", "runs/run_1/resume"),
    (lambda c: c.why("run_1"), "GET", "runs/run_1/why"),
    (lambda c: c.lineage("run_1"), "GET", "runs/run_1/lineage"),
    (lambda c: c.origin("exec_1"), "GET", "executions/exec_1/origin"),
    (lambda c: c.compare("run_1", "run_2"), "GET", "runs/run_1/compare/run_2"),
    (
        lambda c: c.export_checkpoint("run_1", "save"),
        "GET",
        "runs/run_1/checkpoints/save/export",
    ),
    (lambda c: c.import_checkpoint({}), "POST", "checkpoints"),
    (lambda c: c.resume("run_1", "save"), "POST", "runs/run_1/checkpoints/save/resume"),
    (lambda c: list(c.agents()), "GET", "agents"),
    (lambda c: c.agent("research"), "GET", "agents/research"),
    (lambda c: c.call_agent("research.plan", {}), "POST", "agents/research/calls"),
    (lambda c: c.remove_agent("research"), "DELETE", "agents/research"),
    (lambda c: list(c.tokens()), "GET", "tokens"),
    (lambda c: c.create_token("ci"), "POST", "tokens"),
    (lambda c: c.revoke_token("ci"), "DELETE", "tokens/ci"),
    (lambda c: list(c.webhooks()), "GET", "webhooks"),
    (lambda c: c.create_webhook("https://example.org"), "POST", "webhooks"),
    (lambda c: c.webhook("wh_1"), "GET", "webhooks/wh_1"),
    (lambda c: c.change_webhook("wh_1", enabled=False), "PATCH", "webhooks/wh_1"),
    (lambda c: c.remove_webhook("wh_1"), "DELETE", "webhooks/wh_1"),
    (lambda c: c.rotate_webhook_secret("wh_1"), "POST", "webhooks/wh_1/secret"),
    (lambda c: c.ping_webhook("wh_1"), "POST", "webhooks/wh_1/ping"),
    (lambda c: list(c.deliveries()), "GET", "webhooks/deliveries"),
    (lambda c: c.delivery("msg_1"), "GET", "webhooks/deliveries/msg_1"),
    (lambda c: c.redeliver("msg_1"), "POST", "webhooks/deliveries/msg_1/redeliver"),
    (lambda c: c.views(), "GET", "views"),
    (lambda c: c.create_view("Failed"), "POST", "views"),
    (lambda c: c.change_view(7, name="Broken"), "PATCH", "views/7"),
    (lambda c: c.delete_view(7), "DELETE", "views/7"),
]


@pytest.mark.parametrize(("call", "method", "path"), METHODS)
def test_every_method_asks_the_right_address(
    call: Callable[[Client], Any], method: str, path: str
) -> None:
    server = Server(httpx.Response(200, json={"items": [], "next_cursor": None}))
    call(server.client())
    assert server.requests[0].method == method
    assert server.requests[0].url.path == f"/api/v1/{path}"


def test_the_restart_of_an_agents_call_gives_its_run() -> None:
    """It is answered in AgentField's way, which has no run in it."""
    server = Server(
        httpx.Response(202, json={"execution_id": "exec_2", "run_id": "run_2"}),
        httpx.Response(200, json={"id": "run_2"}),
    )
    assert server.client().restart_execution("exec_1")["id"] == "run_2"
    assert server.requests[1].url.path == "/api/v1/runs/run_2"


def described() -> dict[str, Any]:
    """The document of the API, as it was agreed."""
    file = Path(__file__).resolve().parents[1] / "api" / "openapi.v1.json"
    document: dict[str, Any] = json.loads(file.read_text())
    return document


def test_there_is_a_method_for_every_operation_of_the_api_and_for_nothing_else() -> None:
    operations = {
        (method.upper(), path)
        for path, methods in described()["paths"].items()
        for method in methods
    }
    asked = {
        (
            method,
            "/api/v1/"
            + path.replace("run_1", "{run_id}")
            .replace("exec_1", "{execution_id}")
            .replace("compare/run_2", "compare/{other}")
            .replace("checkpoints/save", "checkpoints/{checkpoint_id}")
            .replace("approvals/ask", "approvals/{where}")
            .replace("workflows/release", "workflows/{name}")
            .replace("agents/research", "agents/{agent}")
            .replace("tokens/ci", "tokens/{name_or_id}")
            .replace("wh_1", "{webhook_id}")
            .replace("msg_1", "{delivery_id}")
            .replace("views/7", "views/{view_id}"),
        )
        for _call, method, path in METHODS
    }
    assert sorted(operations - asked) == []
    assert sorted(asked - operations) == []


def test_what_makes_something_anew_is_sent_once_unless_it_carries_a_key() -> None:
    """Else an answer that was lost would leave two of them."""
    for call, method, path in METHODS:
        server = Server(httpx.ReadTimeout("late"), httpx.Response(200, json={"items": []}))
        with contextlib.suppress(ServerUnreachable):
            call(server.client())
        keyed = "idempotency-key" in server.requests[0].headers
        if method == "POST" and len(server.requests) > 1:
            assert keyed or path in HARMLESS, path
        if method == "POST" and keyed:
            assert len(server.requests) == 2, path


# Nothing is started by these, or the same once more: previews, checks, texts and files that are
# known by their content.
HARMLESS = {
    "runs/run_1/restart-plan", "executions/exec_1/restart-plan", "runs/run_1/check",
    "workflows/validate", "workflows", "checkpoints",
}  # fmt: skip


ALIASES = {"ReusedFrom": "ReuseOut", "BulkResult": "BulkOut", "ProblemItem": "ProblemItem",
           "RegisteredAgent": "AgentOut", "CallCounts": "AgentCallsOut"}  # fmt: skip
ASKED = {"RestartRequest": "RestartIn", "BulkFilter": "BulkFilterIn"}


def shapes() -> dict[str, Any]:
    return {
        name: shape
        for name, shape in vars(models).items()
        if hasattr(shape, "__required_keys__") and name not in {"Page", "RunFilter"}
    }


def test_every_shape_has_the_fields_that_the_api_describes() -> None:
    schemas = described()["components"]["schemas"]
    for name, shape in shapes().items():
        schema = schemas[ALIASES.get(name) or ASKED.get(name) or f"{name}Out"]
        fields = {field.removesuffix("_") for field in shape.__annotations__}
        for base in getattr(shape, "__orig_bases__", ()):
            fields |= set(getattr(base, "__annotations__", ()))
        assert fields == set(schema["properties"]), name
        if name not in ASKED:
            assert shape.__required_keys__ <= set(schema.get("required", schema["properties"]))


def test_every_shape_that_the_api_describes_is_there() -> None:
    known = {ALIASES.get(name) or f"{name}Out" for name in shapes()}
    told = {
        name
        for name in described()["components"]["schemas"]
        if name.endswith("Out") and (name == "EventPageOut" or not name.endswith("PageOut"))
    }
    assert told - known == set()


def test_no_file_of_the_package_is_long() -> None:
    for file in (PACKAGE / "maverick_client").rglob("*.py"):
        assert len(file.read_text().splitlines()) <= 400, file.name
