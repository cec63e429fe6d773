"""An agent behind an OpenAI-compatible chat endpoint, over real HTTP."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from runs.agents.call import AgentFailed, AgentRequest, AgentResult, call_agent
from runs.agents.chat import next_wait
from runs.agents.errors import AgentMisconfigured
from runs.agents.setup import AgentSetup
from tests.fakes.model_server import (
    Answer,
    ModelServer,
    breaks_off,
    busy,
    refuses,
    says,
    sends_events,
    waits,
    whole,
)

OBJECT = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


class Talk:
    """A server with a script, and an agent that asks it."""

    def __init__(self, server: ModelServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.log: list[tuple[str, str]] = []

    def setup(self, **more: Any) -> AgentSetup:
        more = {"wait_min": 0.001, "max_retries": 3, **more}
        more.setdefault("base_url", self.server.base_url)
        return AgentSetup("critic", "agent", "chat", model="large", **more)

    def ask(self, *, schema: Any = None, timeout: float = 30, **more: Any) -> AgentResult:
        stopped: Callable[[], bool] = more.pop("stopped", lambda: False)
        secrets = more.pop("secrets", {})
        asked = AgentRequest("Judge.", {"code": "x = 1"}, schema, self.folder, "run_1", "exec_1")
        return call_agent(
            self.setup(timeout=timeout, **more),
            asked,
            log=lambda text, stream: self.log.append((stream, text)),
            stopped=stopped,
            secrets=secrets,
        )

    def failure(self, **more: Any) -> AgentFailed:
        with pytest.raises(AgentFailed) as caught:
            self.ask(**more)
        return caught.value

    def logged(self, stream: str) -> str:
        return "".join(text for name, text in self.log if name == stream)


@pytest.fixture
def talk(tmp_path: Path):
    servers: list[ModelServer] = []

    def begin(*script: Answer, key: str = "") -> Talk:
        server = ModelServer(script, key=key)
        servers.append(server)
        server.__enter__()
        return Talk(server, tmp_path)

    yield begin
    for server in servers:
        server.__exit__(None, None, None)


def test_an_answer_streams_into_the_log_by_lines_and_is_counted(talk) -> None:
    one = talk(says("First line.\nSecond line.\nThird", usage=(1000, 200)))
    result = one.ask(price_in=3, price_out=15, temperature=0.5, max_tokens=77, options={"seed": 4})
    assert result.output == "First line.\nSecond line.\nThird"
    assert (result.model, result.tokens_in, result.tokens_out) == ("fake-1", 1000, 200)
    assert result.cost == pytest.approx(0.006)
    assert one.log == [
        ("stdout", "First line.\n"),
        ("stdout", "Second line.\n"),
        ("stdout", "Third\n"),
    ]
    body = one.server.requests[0].body
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("large", 0.5, 77)
    assert (body["seed"], body["stream"]) == (4, True)
    assert body["messages"][0]["role"] == "user"
    assert body["messages"][0]["content"].startswith("Judge.\n\nContext:\n\n```json\n")


def test_instructions_are_the_system_s_message(talk) -> None:
    one = talk(says("ok"))
    one.ask(instructions="Be careful.")
    first, second = one.server.requests[0].body["messages"]
    assert first == {"role": "system", "content": "Be careful."}
    assert "Be careful." not in second["content"]


def test_a_server_that_does_not_stream_is_understood(talk) -> None:
    one = talk(whole("All\nat once."))
    result = one.ask()
    assert (result.output, result.tokens_in) == ("All\nat once.", 10)
    assert one.logged("stdout") == "All\nat once.\n"


def test_a_server_that_refuses_to_stream_is_asked_without(talk) -> None:
    no_usage = refuses(400, {"error": {"message": "unknown field stream_options"}})
    no_stream = refuses(422, {"detail": "stream is not supported"})
    one = talk(no_usage, no_stream, whole("ok"))
    assert one.ask(max_retries=0).output == "ok"
    asked = [call.body for call in one.server.requests]
    assert [("stream" in body, "stream_options" in body) for body in asked] == [
        (True, True),
        (True, False),
        (False, False),
    ]


def test_no_usage_is_unknown_and_not_nothing(talk) -> None:
    result = talk(says("ok", usage=None)).ask(price_in=1, price_out=1)
    assert (result.tokens_in, result.tokens_out, result.cost) == (None, None, None)


# -- busy, broken, refused ------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [busy(429), busy(500), busy(503), breaks_off("half an ")])
def test_trouble_that_passes_is_outlasted(talk, trouble) -> None:
    one = talk(trouble, trouble, says("ok"))
    assert one.ask().output == "ok"
    assert len(one.server.requests) == 3
    assert one.logged("log").count("Trying again in") == 2


def test_trouble_that_stays_fails_after_the_retries_and_may_be_tried_later(talk) -> None:
    one = talk(busy(503))
    error = one.failure(max_retries=2)
    assert (error.code, error.permanent, error.detail) == (
        "agent-rate-limited",
        False,
        {"status": 503},
    )
    assert "503 Service Unavailable: Slow down." in error.message
    assert len(one.server.requests) == 3


def test_retry_after_is_kept_and_a_long_one_is_not_sat_out(talk) -> None:
    one = talk(busy(429, "0"), busy(429, "3600"), says("never"))
    error = one.failure(wait_max=30)
    assert (error.code, error.permanent) == ("agent-rate-limited", False)
    assert error.detail == {"status": 429, "retry_after": 3600.0}
    assert "3600 s" in error.hint
    assert len(one.server.requests) == 2


def test_retry_after_may_be_a_date(talk) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    error = talk(busy(429, later)).failure()
    assert 3500 < error.detail["retry_after"] <= 3600


def test_waits_double_are_spread_and_have_an_end(tmp_path) -> None:
    setup = AgentSetup("a", "agent", "chat", wait_min=2, wait_max=20)
    assert [next_wait(setup, n, None, 0.5) for n in (1, 2, 3, 4, 5)] == [2, 4, 8, 16, 20]
    assert (next_wait(setup, 1, None, 0), next_wait(setup, 1, None, 1)) == (1, 3)
    assert next_wait(setup, 4, 0.5, 1) == 0.5


def test_a_stream_that_breaks_off_for_good_is_unreachable(talk) -> None:
    error = talk(breaks_off("half")).failure(max_retries=1)
    assert (error.code, error.permanent) == ("agent-unreachable", False)


def test_nobody_there_is_unreachable(talk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1?k=hidden"
        error = talk(says("")).failure(base_url=url, max_retries=1)
    assert (error.code, error.permanent) == ("agent-unreachable", False)
    assert "127.0.0.1" in error.message
    assert "hidden" not in f"{error.message}{error.detail}"


def test_a_wrong_key_is_refused_for_good_and_never_shown(talk) -> None:
    one = talk(says("ok"), key="right-key")
    error = one.failure(api_key="${{ secrets.MODEL_KEY }}", secrets={"MODEL_KEY": "wrong-key-1"})
    assert (error.code, error.permanent) == ("agent-refused", True)
    assert "Incorrect API key provided: Bearer •••" in error.message
    assert len(one.server.requests) == 1
    assert "wrong-key-1" not in f"{error.message} {error.detail} {one.log}"


def test_the_key_comes_from_the_secrets_or_from_a_variable(talk, monkeypatch) -> None:
    one = talk(says("ok"), key="right-key")
    secret = {"api_key": "${{ secrets.K }}", "secrets": {"K": "right-key"}}
    assert one.ask(**secret).output == "ok"
    monkeypatch.setenv("MY_MODEL_KEY", "right-key")
    assert one.ask(api_key_env="MY_MODEL_KEY").output == "ok"
    assert one.setup(api_key_env="MY_MODEL_KEY").secret_values({}) == ["right-key"]
    monkeypatch.delenv("MY_MODEL_KEY")
    with pytest.raises(AgentMisconfigured, match="MY_MODEL_KEY is not set"):
        one.ask(api_key_env="MY_MODEL_KEY")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refuses(404, {"error": {"message": "no such model"}}), "agent-bad-request"),
        (refuses(400, "<html>no</html>"), "agent-bad-request"),
        (refuses(302, ""), "agent-bad-request"),
        (refuses(403, {"error": "not yours"}), "agent-refused"),
    ],
)
def test_what_another_try_cannot_mend_is_permanent(talk, answer, code) -> None:
    one = talk(answer)
    error = one.failure()
    assert (error.code, error.permanent) == (code, True)
    assert len(one.server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        refuses(200, "not json"),
        refuses(200, {"choices": []}),
        refuses(200, ["list"]),
        sends_events("not json"),
        sends_events({"choices": [{"delta": {"content": "x"}}]}),
        sends_events("[]"),
        sends_events(),
    ],
)
def test_an_answer_that_is_none_is_no_success(talk, answer) -> None:
    error = talk(answer).failure(max_retries=0)
    assert error.code == "agent-unreachable"


def test_an_error_inside_the_stream_is_one(talk) -> None:
    one = talk(sends_events({"error": {"message": "overloaded"}}), says("ok"))
    assert one.ask().output == "ok"
    assert "overloaded" in one.logged("log")


def test_an_answer_cut_at_its_limit_is_not_taken_for_whole(talk) -> None:
    error = talk(says("half a sente", finish="length")).failure()
    assert error.code == "agent-bad-output"
    assert "cut off" in error.message


def test_a_refusal_of_the_model_is_no_answer(talk) -> None:
    assert talk(says("", finish="content_filter")).failure().code == "agent-bad-output"


# -- asked for JSON -------------------------------------------------------------------------------


def test_what_is_not_the_schema_is_asked_for_once_more_with_the_reason(talk) -> None:
    one = talk(says('{"n": "x"}', usage=(10, 1)), says('{"n": 3}', usage=(20, 2)))
    result = one.ask(schema=OBJECT, price_in=1, price_out=1)
    assert result.output == {"n": 3}
    assert (result.tokens_in, result.tokens_out) == (30, 3)
    again = one.server.requests[1].body["messages"]
    assert [message["role"] for message in again] == ["user", "assistant", "user"]
    assert again[1]["content"] == '{"n": "x"}'
    assert '- n: "x" is not of type "integer"' in again[2]["content"]


def test_one_repair_and_no_more(talk) -> None:
    one = talk(says("sorry"))
    error = one.failure(schema=OBJECT)
    assert (error.code, error.permanent) == ("agent-bad-output", False)
    assert len(one.server.requests) == 2
    assert error.detail["answer"] == "sorry"


def test_success_false_fails_the_call(talk) -> None:
    error = talk(says(json.dumps({"success": False, "errors": ["a", "b"]}))).failure()
    assert (error.code, error.message) == ("agent-reported-failure", "critic: a; b")


# -- time and stop --------------------------------------------------------------------------------


def test_a_time_out_ends_the_call_and_the_connection(talk) -> None:
    one = talk(waits("thinking …\n"))
    error = one.failure(timeout=0.5)
    assert (error.code, error.permanent) == ("agent-timeout", False)
    assert one.logged("stdout") == "thinking …\n"
    assert one.server.closed.wait(60)


def test_a_stop_ends_the_call_and_the_connection(talk) -> None:
    one = talk(waits("thinking …\n"))
    error = one.failure(stopped=one.server.begun.is_set)
    assert error.code == "agent-stopped"
    assert one.server.closed.wait(60)


def test_a_stop_ends_the_wait_for_a_busy_server(talk) -> None:
    one = talk(busy(429, "50"))
    stop = threading.Event()
    error = one.failure(stopped=lambda: bool(one.server.requests) or stop.is_set(), wait_max=60)
    assert error.code == "agent-stopped"


def test_agents_over_http_are_refused_in_words(tmp_path) -> None:
    setup = AgentSetup("far", "agent", "http")
    asked = AgentRequest("x", {}, None, tmp_path, "run_1", "exec_1")
    with pytest.raises(AgentMisconfigured, match="not supported yet"):
        call_agent(setup, asked, log=lambda text, stream: None, stopped=lambda: False, secrets={})
