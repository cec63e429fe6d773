"""Agent of the Python client: what it registers, takes, calls, reports, and how it stops."""

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from maverick_client import (
    Agent,
    ApiError,
    CallFailed,
    NotSignedIn,
    ReasonerFailed,
    WaitTimeout,
    current_call,
)

from tests.clients.little_plane import CUT, HTTP, Asked, LittlePlane, dispatch


@pytest.fixture
def plane() -> Iterator[LittlePlane]:
    with LittlePlane() as made:
        yield made


def agent_of(plane: LittlePlane, **options: Any) -> Agent:
    return Agent("solo", plane.url, "secret", **options)


def while_it_runs(agent: Agent, work: Any) -> Any:
    """What ``work(address)`` gives, in a thread, while the agent runs on this one's loop."""

    async def played() -> Any:
        async with agent:
            return await asyncio.to_thread(work, agent.address)

    return asyncio.run(played())


def test_it_registers_beats_and_says_goodbye(plane: LittlePlane) -> None:
    agent = agent_of(plane, version="2.1")

    @agent.reasoner(tags=["fast"])
    async def plan(topic: str, depth: int = 2) -> list[str]:
        """Makes a plan."""
        return [topic] * depth

    while_it_runs(agent, lambda at: plane.until(lambda: plane.of("/heartbeat")))
    (hello,) = plane.of("/nodes/register")
    assert hello.headers["Authorization"] == "Bearer secret"
    assert (hello.body["id"], hello.body["version"]) == ("solo", "2.1")
    assert hello.body["base_url"].startswith("http://127.0.0.1:")
    assert hello.body["reasoners"] == [
        {
            "id": "plan",
            "description": "Makes a plan.",
            "tags": ["fast"],
            "input_schema": {
                "type": "object",
                "properties": {
                    "topic": {"type": "string"},
                    "depth": {"type": "integer", "default": 2},
                },
                "required": ["topic"],
                "additionalProperties": False,
            },
            "output_schema": {"type": "array", "items": {"type": "string"}},
        }
    ]
    beat = plane.of("/nodes/solo/heartbeat")[0].body
    assert beat["instance_id"] == hello.body["instance_id"]
    assert plane.asked[-1].path == "/api/v1/nodes/solo/shutdown"


def test_it_registers_again_when_maverick_has_forgotten_it(plane: LittlePlane) -> None:
    forgotten: Iterator[Any] = iter([(404, {"error": "unknown"})])
    plane.say = lambda asked: next(forgotten, None) if "heartbeat" in asked.path else None
    while_it_runs(agent_of(plane), lambda at: plane.until(lambda: len(plane.of("register")) == 2))
    first, second = plane.of("/nodes/register")
    assert first.body["instance_id"] == second.body["instance_id"]


def test_it_waits_for_a_maverick_that_is_not_there_yet_but_not_for_one_that_refuses(
    plane: LittlePlane,
) -> None:
    answers: Iterator[Any] = iter([CUT, (503, {}), (201, {})])
    plane.say = lambda asked: next(answers, None) if "register" in asked.path else None
    while_it_runs(agent_of(plane), lambda at: None)
    assert len(plane.of("/nodes/register")) == 3
    plane.say = lambda asked: (401, {"error": "who are you?"})
    with pytest.raises(NotSignedIn):
        while_it_runs(agent_of(plane), lambda at: None)


def test_a_call_is_answered_with_202_and_reported(plane: LittlePlane) -> None:
    agent = agent_of(plane)

    @agent.reasoner
    async def double(n: int) -> dict[str, int]:
        agent.note("half done", tags=["half"])
        agent.log("doubling", n=n)
        agent.log("doubled")
        return {"n": 2 * n}

    answer = while_it_runs(agent, lambda at: dispatch(at, "double", {"n": 4}))
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    report = plane.report("exec_1")
    assert (report["status"], report["result"], report["reasoner"]) == (
        "succeeded", {"n": 8}, "double",
    )  # fmt: skip
    (note,) = plane.of("/executions/note")
    assert note.headers["X-Execution-ID"] == "exec_1"
    assert (note.body["message"], note.body["tags"]) == ("half done", ["half"])
    lines = [one["message"] for log in plane.of("/exec_1/logs") for one in log.body["entries"]]
    assert lines == ["doubling n=4", "doubled"]


def test_a_wrong_input_is_422_with_every_fault_and_its_place(plane: LittlePlane) -> None:
    agent = agent_of(plane)

    @agent.reasoner
    async def double(n: int, to: list[str]) -> None:
        raise AssertionError("it was called")

    def ask(at: str) -> list[httpx.Response]:
        headers = {"X-Execution-ID": "exec_2"}
        return [
            dispatch(at, "double", {"to": ["a", 1], "more": 1}),
            dispatch(at, "nobody", {}),
            HTTP.post(f"{at}/reasoners/double", content=b"{", headers=headers),
            HTTP.post(f"{at}/reasoners/double", json={"n": 1, "to": []}),
            HTTP.post(
                f"{at}/reasoners/double",
                content=b"{nonsense",
                headers={**headers, "Content-Type": "application/json"},
            ),
            HTTP.get(f"{at}/elsewhere"),
        ]

    wrong, *others = while_it_runs(agent, ask)
    assert wrong.status_code == 422
    assert wrong.json()["detail"] == (
        "Missing required field: n; to[1]: must be a string, not an integer; Unknown field: more"
    )
    assert [one.status_code for one in others] == [404, 415, 400, 400, 404]
    assert plane.of("/status") == []


def test_a_report_is_repeated_until_it_is_taken_and_not_after_that(plane: LittlePlane) -> None:
    answers: Iterator[Any] = iter([(503, {}), CUT, (500, {}), (200, {})])
    plane.say = lambda asked: next(answers) if asked.path.endswith("/status") else None
    agent = agent_of(plane)
    agent.reasoner(name="noop")(lambda: None)
    while_it_runs(agent, lambda at: dispatch(at, "noop", {}))
    told = plane.of("/exec_1/status")
    assert len(told) == 4
    assert all(one.body == told[0].body for one in told)


@pytest.mark.parametrize("status", [404, 409])
def test_a_report_that_is_refused_is_not_repeated(plane: LittlePlane, status: int) -> None:
    plane.say = lambda asked: (status, {"error": "no"}) if "status" in asked.path else None
    agent = agent_of(plane)
    agent.reasoner(name="noop")(lambda: None)
    while_it_runs(agent, lambda at: dispatch(at, "noop", {}))
    assert len(plane.of("/exec_1/status")) == 1


def test_a_result_that_is_refused_ends_as_a_failure(plane: LittlePlane) -> None:
    """Untold, it would never be over for whoever waits for it."""
    answers: Iterator[Any] = iter([(413, {"error": "too large"})])
    plane.say = lambda asked: next(answers, None) if "status" in asked.path else None
    agent = agent_of(plane)
    agent.reasoner(name="work")(lambda: "half a character: \ud800")
    while_it_runs(agent, lambda at: dispatch(at, "work", {}))
    large, told = (one.body for one in plane.of("/exec_1/status"))
    assert large["result"] == "half a character: \ud800"
    assert told["status"] == "failed"
    assert told["error"].startswith("Maverick refused the report: ")


def test_the_same_execution_is_begun_once(plane: LittlePlane) -> None:
    agent, ran = agent_of(plane), []

    @agent.reasoner
    def work() -> None:
        ran.append(1)

    def twice(at: str) -> list[int]:
        first = dispatch(at, "work", {}).status_code
        plane.report("exec_1")
        return [first, dispatch(at, "work", {}).status_code]

    assert while_it_runs(agent, twice) == [202, 202]
    assert (ran, len(plane.of("/status"))) == ([1], 1)


CALLED = {
    "X_Session_ID": "s1",
    "X_Actor_ID": "a1",
    "X_AgentField_Replay_Source_Run_ID": "run_0",
    "X_AgentField_Replay_Before_Execution_ID": "exec_0",
    "X_AgentField_Replay_Mode": "succeeded-before",
}


@pytest.mark.parametrize("kind", ["async", "sync", "task"])
def test_a_nested_call_is_a_child_of_the_one_that_makes_it(plane: LittlePlane, kind: str) -> None:
    plane.results["other.plan"] = {"parts": [1]}
    agent = agent_of(plane)
    if kind == "sync":

        @agent.reasoner(name="work")
        def work(topic: str) -> Any:
            return agent.call_sync("other.plan", topic=topic)

    elif kind == "async":

        @agent.reasoner(name="work")
        async def work_too(topic: str) -> Any:
            return await agent.call("other.plan", topic=topic)

    else:

        @agent.reasoner(name="work")
        async def work_as_well(topic: str) -> Any:
            return (await asyncio.gather(agent.call("other.plan", topic=topic)))[0]

    lost: Iterator[Any] = iter([CUT, (503, {})])  # the answers of the first two tries
    plane.say = lambda asked: next(lost, None) if "/execute/" in asked.path else None
    while_it_runs(agent, lambda at: dispatch(at, "work", {"topic": "tea"}, **CALLED).json())
    assert plane.report("exec_1")["result"] == {"parts": [1]}
    made = plane.of("/execute/async/other.plan")
    assert [one.body for one in made] == [{"input": {"topic": "tea"}}] * 3
    assert len({one.headers["Idempotency-Key"] for one in made}) == 1
    sent = made[0].headers
    assert (sent["X-Run-ID"], sent["X-Parent-Execution-ID"]) == ("run_1", "exec_1")
    assert {name: sent[name.replace("_", "-")] for name in CALLED} == CALLED
    assert current_call() is None


def test_a_failed_call_fails_its_caller_in_words(plane: LittlePlane) -> None:
    over = {"execution_id": "x", "status": "failed", "error": "boom", "error_details": {"n": 1}}
    plane.say = lambda asked: (200, over) if asked.path.endswith("executions/other.x") else None
    agent = agent_of(plane)
    caught: list[CallFailed] = []

    @agent.reasoner
    async def tolerant() -> str:
        try:
            await agent.call("other.x")
        except CallFailed as failed:
            caught.append(failed)
        return await agent.call("other.x")

    while_it_runs(agent, lambda at: dispatch(at, "tolerant", {}))
    assert plane.report("exec_1")["error"] == "other.x failed: boom"
    assert (caught[0].status, caught[0].details) == ("failed", {"n": 1})


def test_a_refused_call_is_told_with_its_code_and_is_not_repeated(plane: LittlePlane) -> None:
    plane.say = lambda asked: (404, {"error": "no x"}) if "execute" in asked.path else None
    agent = agent_of(plane)

    @agent.reasoner
    async def work() -> None:
        await agent.call("other.x")

    while_it_runs(agent, lambda at: dispatch(at, "work", {}))
    assert plane.report("exec_1")["error_status_code"] == 404
    assert len(plane.of("/execute/async/other.x")) == 1


def raises(error: BaseException) -> Any:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (raises(ValueError("bad")), {"error": "bad"}),
        (raises(ValueError()), {"error": "ValueError"}),
        (raises(SystemExit(3)), {"error": "SystemExit: 3"}),
        (raises(StopIteration()), {"error": "StopIteration: "}),
        (
            raises(ReasonerFailed("no", result=[1], details={"a": 2}, status_code=422)),
            {"error": "no", "result": [1], "error_details": {"a": 2}, "error_status_code": 422},
        ),
        (lambda: {"a": [1, object()]}, {"error": "result.a[1] is of the type object, which is not JSON"}),
        (lambda: {1: 2}, {"error": "a key of result is 1, not a text"}),
        (lambda: float("nan"), {"error": "result is nan, which is not JSON"}),
    ],
)  # fmt: skip
def test_a_failure_is_told(plane: LittlePlane, work: Any, told: dict[str, Any]) -> None:
    agent = agent_of(plane)
    agent.reasoner(name="work")(work)
    while_it_runs(agent, lambda at: dispatch(at, "work", {}))
    report = plane.report("exec_1")
    assert {"status": report["status"], **{key: report.get(key) for key in told}} == {
        "status": "failed", **told,
    }  # fmt: skip


def cancel(at: str, call_id: str) -> Any:
    answer = HTTP.post(f"{at}/_internal/executions/{call_id}/cancel", json={"reason": "enough"})
    return answer.json()["cancelled"]


def test_a_cancelled_coroutine_ends_and_a_thread_is_told(plane: LittlePlane) -> None:
    agent, seen, began = agent_of(plane), threading.Event(), threading.Barrier(3)

    @agent.reasoner
    async def sleeper() -> None:
        await asyncio.to_thread(began.wait, 20)
        await asyncio.sleep(60)

    @agent.reasoner
    def stubborn() -> None:
        call = current_call()
        began.wait(60)
        while call is not None and not call.cancelled:
            time.sleep(0.01)
        seen.set()

    def ask(at: str) -> list[Any]:
        dispatch(at, "sleeper", {}, "exec_1")
        dispatch(at, "stubborn", {}, "exec_2")
        began.wait(60)
        return [cancel(at, "exec_1"), cancel(at, "exec_2"), cancel(at, "exec_9"), seen.wait(60)]

    assert while_it_runs(agent, ask) == [True, True, False, True]
    for call_id in ("exec_1", "exec_2"):
        report = plane.report(call_id)
        assert (report["status"], report["error"]) == ("cancelled", "cancelled_by_control_plane")


def test_what_stops_takes_only_what_its_own_work_waits_for(plane: LittlePlane) -> None:
    agent, parent_may_end = agent_of(plane), threading.Event()

    @agent.reasoner
    def parent() -> str:
        parent_may_end.wait(60)
        return "ended"

    agent.reasoner(name="child")(lambda: "done")

    def ask(at: str) -> list[int]:
        child = dispatch(at, "child", {}, "exec_2", X_Parent_Execution_ID="exec_1")
        other = dispatch(at, "child", {}, "exec_3", X_Parent_Execution_ID="exec_8")
        parent_may_end.set()
        return [child.status_code, other.status_code, int(other.headers["Retry-After"])]

    async def played() -> tuple[list[int], str]:
        await agent.start()
        at = agent.address
        await asyncio.to_thread(dispatch, at, "parent", {})
        stopping = asyncio.create_task(agent.stop())
        await asyncio.to_thread(plane.until, lambda: plane.of("/shutdown"))
        found = await asyncio.to_thread(ask, at)
        await stopping
        return found, at

    found, at = asyncio.run(played())
    assert found == [202, 503, 1]
    assert {key: body["result"] for key, body in plane.reports().items()} == {
        "exec_1": "ended", "exec_2": "done",
    }  # fmt: skip
    with pytest.raises(httpx.ConnectError):
        dispatch(at, "child", {})


def test_what_is_not_over_in_time_is_told_as_cut_off(plane: LittlePlane) -> None:
    agent = agent_of(plane, grace=0.1)

    @agent.reasoner
    async def endless() -> None:
        await asyncio.sleep(60)

    while_it_runs(agent, lambda at: dispatch(at, "endless", {}))
    report = plane.report("exec_1")
    assert report["status"] == "cancelled"
    assert report["error"] == "cancelled during graceful shutdown"


def test_reasoners_that_wait_in_threads_do_not_wait_for_each_other(plane: LittlePlane) -> None:
    """More than a pool of threads would have on two cores: each waits until all have begun."""
    agent, all_began = agent_of(plane), threading.Barrier(12)
    agent.reasoner(name="wait")(lambda: all_began.wait(60) >= 0)

    def ask(at: str) -> None:
        for number in range(12):
            dispatch(at, "wait", {}, f"exec_{number}")

    while_it_runs(agent, ask)
    assert [body["result"] for body in plane.reports().values()] == [True] * 12


def test_a_coroutine_that_holds_up_the_loop_holds_up_neither_heartbeats_nor_requests(
    plane: LittlePlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maverick_client.agent.agent._BEAT", 0.05)
    agent, go_on = agent_of(plane), threading.Event()

    @agent.reasoner
    async def rude() -> None:
        go_on.wait(60)

    def ask(at: str) -> int:
        dispatch(at, "rude", {})
        before = len(plane.of("/heartbeat"))
        plane.until(lambda: len(plane.of("/heartbeat")) > before + 2)
        status = dispatch(at, "rude", {}, "exec_2").status_code
        go_on.set()
        return status

    assert while_it_runs(agent, ask) == 202


def test_without_serving_it_can_call_and_a_call_has_its_time(plane: LittlePlane) -> None:
    plane.results["other.plan"] = [1]
    agent = agent_of(plane)
    assert agent.call_sync("other.plan", topic="x") == [1]
    assert "X-Parent-Execution-ID" not in plane.of("/execute/async/other.plan")[0].headers

    def running(asked: Asked) -> tuple[int, Any] | None:
        return (200, {"status": "running"}) if "executions/other.slow" in asked.path else None

    plane.say = running
    with pytest.raises(WaitTimeout):
        asyncio.run(agent.call_with("other.slow", {}, timeout=0.1))
    with pytest.raises(ApiError):
        plane.say = lambda asked: (400, {"error": "no"})
        agent.call_sync("nobody")
    assert plane.asked[-1].path.endswith("/execute/async/solo.nobody")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Agent("a.b"),
        lambda: Agent(" "),
        lambda: Agent("a", host="0.0.0.0"),
        lambda: Agent("a").reasoner(name="x.y")(lambda: None),
        lambda: [Agent("a").reasoner(lambda *rest: None)],
    ],
)
def test_what_cannot_work_is_told_when_it_is_written(make: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        make()
