"""The Python client: what it sends, what it repeats, what it makes of refusals and streams."""

import ast
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from maverick_client import (
    ApiError,
    Conflict,
    NotFound,
    Refused,
    ServerUnreachable,
    WaitTimeout,
)

from tests.clients.answering import RUN, Answer, Server

PACKAGE = Path(__file__).resolve().parents[2] / "clients" / "python"


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


def test_filters_of_bulk_and_list_are_written_alike() -> None:
    server = Server(httpx.Response(200, json={"items": [], "next_cursor": None}))
    list(server.client().all_runs(status="failed", golden=True, source="run_0"))
    params = server.requests[0].url.params
    assert (params.get_list("status"), params["golden"]) == (["failed"], "true")
    assert params["source"] == "run_0"
