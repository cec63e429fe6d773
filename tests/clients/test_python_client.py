"""The Python client: what it sends, what it repeats, what it makes of refusals and streams."""

import ast
import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "clients" / "python"
if "maverick_client" not in sys.modules:
    sys.path.append(str(PACKAGE))

from maverick_client import (  # noqa: E402
    ApiError,
    Client,
    Conflict,
    NotFound,
    Refused,
    ServerUnreachable,
    WaitTimeout,
    models,
)

Answer = httpx.Response | Exception
RUN = {"id": "run_1", "status": "running"}


class Server:
    """Answers one request after the other, and remembers them."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **options: Any) -> Client:
        transport = httpx.MockTransport(self)
        return Client(
            "http://maverick.test/",
            "secret",
            transport=transport,
            sleep=self.slept.append,
            **options,
        )


def stream(*frames: str, broken: bool = False) -> httpx.Response:
    def body() -> Iterator[bytes]:
        for frame in frames:
            yield frame.encode()
        if broken:
            raise httpx.ReadError("cut")

    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body())


def frame(seq: int, kind: str = "step.succeeded") -> str:
    entry = {"seq": seq, "kind": kind, "path": "a", "data": {}, "at": "", "execution_id": None}
    return f"id: {seq}\nevent: {kind}\ndata: {json.dumps(entry)}\n\n"


END = 'id: 9\nevent: end\ndata: {"seq": 9, "status": "succeeded"}\n\n'


def test_it_stands_alone() -> None:
    for file in (PACKAGE / "maverick_client").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                assert top in sys.stdlib_module_names | {"httpx", "maverick_client"}, name


def test_a_start_carries_token_body_and_a_key() -> None:
    server = Server(httpx.Response(201, json=RUN))
    run = server.client().start_run("release", inputs={"n": 1}, labels={"team": "docs"})
    (request,) = server.requests
    assert run == RUN
    assert request.url == "http://maverick.test/api/v1/runs"
    assert request.headers["authorization"] == "Bearer secret"
    assert len(request.headers["idempotency-key"]) >= 16
    assert json.loads(request.content) == {
        "workflow": "release", "inputs": {"n": 1}, "labels": {"team": "docs"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "first",
    [
        httpx.ReadTimeout("late"),
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("gone"),
        httpx.Response(503, headers={"retry-after": "2"}),
        httpx.Response(429),
    ],
)
def test_a_start_is_repeated_under_the_same_key(first: Answer) -> None:
    server = Server(first, httpx.Response(201, json=RUN))
    assert server.client().start_run("release")["id"] == "run_1"
    keys = {request.headers["idempotency-key"] for request in server.requests}
    assert (len(server.requests), len(keys)) == (2, 1)
    if isinstance(first, httpx.Response) and "retry-after" in first.headers:
        assert server.slept == [2.0]


def test_what_carries_no_key_is_not_repeated_once_it_was_sent() -> None:
    server = Server(httpx.ReadTimeout("late"), httpx.Response(200, json=RUN))
    with pytest.raises(ServerUnreachable):
        server.client().cancel_run("run_1")
    assert len(server.requests) == 1


def test_a_server_that_stays_away_is_told_after_some_tries() -> None:
    server = Server(httpx.ConnectError("refused"))
    with pytest.raises(ServerUnreachable, match=r"maverick\.test"):
        server.client(retries=2).get_run("run_1")
    assert len(server.requests) == 3


def test_a_refusal_is_an_error_in_the_servers_words() -> None:
    body = {
        "status": 422, "code": "invalid-inputs", "title": "…", "detail": "n is no number.",
        "hint": "Give 1.", "problems": [{"code": "D502", "message": "…"}],
    }  # fmt: skip
    server = Server(httpx.Response(422, json=body))
    with pytest.raises(Refused) as caught:
        server.client().start_run("release")
    error = caught.value
    assert (error.status, error.code, error.hint) == (422, "invalid-inputs", "Give 1.")
    assert error.message == "n is no number."
    assert error.problems[0]["code"] == "D502"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFound), (409, Conflict), (422, Refused), (500, ApiError)]
)
def test_every_status_has_its_error(status: int, kind: type[ApiError]) -> None:
    server = Server(httpx.Response(status, text="<h1>no JSON</h1>"))
    with pytest.raises(kind) as caught:
        server.client(retries=0).get_run("run_1")
    assert caught.value.code == f"http-{status}"


def test_something_else_than_a_maverick_server_is_told() -> None:
    server = Server(httpx.Response(200, text="<h1>hello</h1>"))
    with pytest.raises(ServerUnreachable, match="Is it a Maverick server"):
        server.client().get_run("run_1")


@pytest.mark.parametrize("text", ["../tokens", "a/b", "a?b=c", "..", ""])
def test_an_id_leads_nowhere_else(text: str) -> None:
    server = Server(httpx.Response(200, json=RUN))
    server.client().get_run(text)
    path = server.requests[0].url.raw_path.decode()
    assert path.startswith("/api/v1/runs/")
    assert path.count("/") == 4
    assert "?" not in path


def test_pages_are_followed_to_the_end() -> None:
    server = Server(
        httpx.Response(200, json={"items": [{"id": "run_2"}], "next_cursor": "c"}),
        httpx.Response(200, json={"items": [{"id": "run_1"}], "next_cursor": None}),
    )
    found = [run["id"] for run in server.client().all_runs(workflow="release")]
    assert found == ["run_2", "run_1"]
    assert server.requests[1].url.params["cursor"] == "c"
    assert server.requests[1].url.params["workflow"] == "release"


def test_filters_travel_as_the_api_wants_them() -> None:
    server = Server(httpx.Response(200, json={"items": [], "next_cursor": None}))
    server.client().list_runs(status=["failed", "timeout"], golden=False, text="run_ab")
    params = server.requests[0].url.params
    assert params.get_list("status") == ["failed", "timeout"]
    assert params["golden"] == "false"
    assert "workflow" not in params


def test_a_restart_sends_what_is_set_only() -> None:
    server = Server(httpx.Response(201, json=RUN))
    server.client().restart_run("run_1", from_="build", reason="again", reuse=None)
    assert json.loads(server.requests[0].content) == {"from": "build", "reason": "again"}


def test_a_decision_carries_what_the_form_is_filled_with_and_is_sent_once() -> None:
    server = Server(httpx.Response(503, json={}), httpx.Response(200, json=RUN))
    with pytest.raises(ApiError):
        server.client().approve("run_1", "turns[2]/ask", values={"n": 2}, comment="go")
    (request,) = server.requests
    assert request.url.raw_path.decode().endswith("/approvals/turns%5B2%5D%2Fask")
    assert json.loads(request.content) == {"approve": True, "comment": "go", "values": {"n": 2}}
    assert server.client().reject("run_1", "ask", comment="no") == RUN
    assert json.loads(server.requests[-1].content) == {"approve": False, "comment": "no"}


def test_events_go_on_behind_the_last_one_when_the_stream_breaks() -> None:
    server = Server(
        stream(": alive\n\n", frame(1), frame(2), broken=True),
        httpx.ConnectError("refused"),
        stream(frame(2), frame(3), END),
    )
    assert [event["seq"] for event in server.client().events("run_1")] == [1, 2, 3]
    assert [r.headers["last-event-id"] for r in server.requests] == ["0", "2", "2"]


def test_events_end_when_the_server_stays_away() -> None:
    server = Server(stream(frame(1), broken=True), httpx.ConnectError("refused"))
    events = server.client(retries=2).events("run_1")
    assert next(events)["seq"] == 1
    with pytest.raises(ServerUnreachable):
        next(events)


def test_events_come_page_by_page_where_there_are_no_streams() -> None:
    def page(seqs: list[int], over: bool) -> httpx.Response:
        items = [json.loads(frame(seq).split("data: ")[1]) for seq in seqs]
        last = seqs[-1] if seqs else 0
        return httpx.Response(
            200, json={"items": items, "last_seq": last, "status": "running", "over": over}
        )

    server = Server(
        httpx.Response(501, json={"code": "streams-need-asgi"}),
        page([1, 2], False),
        page([], False),
        page([3], True),
    )
    assert [event["seq"] for event in server.client().events("run_1")] == [1, 2, 3]
    assert [r.url.params["after"] for r in server.requests] == ["0", "0", "2", "2"]


def test_a_stream_of_an_unknown_run_is_refused_at_once() -> None:
    server = Server(httpx.Response(404, json={"code": "run-not-found"}))
    with pytest.raises(NotFound):
        list(server.client().events("run_zzz"))
    assert len(server.requests) == 1


def test_waiting_ends_with_the_run_or_with_the_time() -> None:
    over = httpx.Response(200, json={**RUN, "status": "failed"})
    server = Server(httpx.Response(200, json=RUN), over)
    assert server.client().wait("run_1")["status"] == "failed"
    with pytest.raises(WaitTimeout):
        Server(httpx.Response(200, json=RUN)).client().wait("run_1", timeout=0)


def test_text_of_several_lines_is_one_frame() -> None:
    from maverick_client.events import frames

    lines = ["retry: 2000", "", "event: x", "data: one", "data: two", "id: 7", "", "data: cut off"]
    found = list(frames(lines))
    assert [(f.event, f.data, f.id, f.retry_ms) for f in found] == [
        ("message", "", "", 2000), ("x", "one\ntwo", "7", None),
    ]  # fmt: skip


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
    (lambda c: list(c.tokens()), "GET", "tokens"),
    (lambda c: c.create_token("ci"), "POST", "tokens"),
    (lambda c: c.revoke_token("ci"), "DELETE", "tokens/ci"),
]


@pytest.mark.parametrize(("call", "method", "path"), METHODS)
def test_every_method_asks_the_right_address(
    call: Callable[[Client], Any], method: str, path: str
) -> None:
    server = Server(httpx.Response(200, json={"items": [], "next_cursor": None}))
    call(server.client())
    assert server.requests[0].method == method
    assert server.requests[0].url.path == f"/api/v1/{path}"


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
            .replace("tokens/ci", "tokens/{name_or_id}"),
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


ALIASES = {"ReusedFrom": "ReuseOut", "BulkResult": "BulkOut", "ProblemItem": "ProblemItem"}
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


def test_an_export_that_nobody_answers_is_asked_for_again_and_then_told() -> None:
    out = io.BytesIO()
    Server(httpx.ConnectError("refused"), httpx.Response(200, content=b"PK")).client().export_run(
        "run_1", out
    )
    assert out.getvalue() == b"PK"
    with pytest.raises(ServerUnreachable):
        Server(httpx.ReadTimeout("late")).client(retries=1).export_run("run_1", out)


def test_an_export_that_breaks_off_is_told_and_not_begun_anew_in_the_same_file() -> None:
    def body() -> Iterator[bytes]:
        yield b"PK"
        raise httpx.ReadError("cut")

    out, server = io.BytesIO(), Server(httpx.Response(200, content=body()))
    with pytest.raises(ServerUnreachable):
        server.client().export_run("run_1", out)
    assert (out.getvalue(), len(server.requests)) == (b"PK", 1)


def test_no_file_of_the_package_is_long() -> None:
    for file in (PACKAGE / "maverick_client").rglob("*.py"):
        assert len(file.read_text().splitlines()) <= 400, file.name


def test_filters_of_bulk_and_list_are_written_alike() -> None:
    server = Server(httpx.Response(200, json={"items": [], "next_cursor": None}))
    list(server.client().all_runs(status="failed", golden=True, source="run_0"))
    params = server.requests[0].url.params
    assert (params.get_list("status"), params["golden"]) == (["failed"], "true")
    assert params["source"] == "run_0"
