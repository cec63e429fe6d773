"""Contract, sections 4 to 8: submit, poll, dispatch, report, events, headers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runs.models import AgentCall, Execution, LogChunk, Run
from tests.agentfield.web import http
from tests.interruption.harness import wait_for
from tests.thorough import many

WAITING = many(200, 60)
CHOSEN = "conformance-0b7f9a54-3d0e-4b0e-9c1e-6f1b2a3c4d5e"  # a run id of a client's own

VALUES = [
    {"a": 1},
    [1, 2.5, "x"],
    "text",
    7,
    1.5,
    True,
    None,
    {},
    {"api_key": "hunter22", "n": None, "ü": "\U0001f600"},
    {"nul": "a\x00b"},
]


def wait_sent(agent, name, count=1):
    wait_for(lambda: len(agent.calls(name)) >= count, 60, f"{count} requests to {name}")
    return agent.calls(name)


def test_a_submitted_call_can_be_polled_at_once(plane, api, make_agent):
    agent = make_agent("plan")
    made = plane.submit(f"{agent.id}.plan", {"x": 0})
    assert made["status"] == "queued"
    assert made["run_id"] == made["workflow_id"]
    assert made["target"] == f"{agent.id}.plan"
    assert made["type"] == "reasoner"
    assert made["headers"]["X-Execution-ID"] == made["execution_id"]
    assert api.get(f"/api/v1/executions/{made['execution_id']}").status_code == 200


def test_the_agent_gets_the_bare_input_and_its_headers(plane, make_agent):
    agent = make_agent("plan")
    made = plane.submit(
        f"{agent.id}.plan",
        {"x": 0, "password": "hunter22"},
        X_Run_ID=CHOSEN,
        X_Parent_Execution_ID="exec_of_nobody",
        X_Session_ID="s",
        X_Actor_ID="a",
        X_Execution_ID="exec_of_the_caller",
    )
    (got,) = wait_sent(agent, "plan")
    assert got.path == "/reasoners/plan"
    assert got.body == {"x": 0, "password": "hunter22"}
    assert got.id == made["execution_id"] != "exec_of_the_caller"
    assert got.headers["X-Run-ID"] == got.headers["X-Workflow-ID"] == CHOSEN
    assert got.headers["X-Parent-Execution-ID"] == "exec_of_nobody"
    assert (got.headers["X-Session-ID"], got.headers["X-Actor-ID"]) == ("s", "a")
    stored = Execution.objects.get(pk=made["execution_id"])
    assert stored.input == {"x": 0, "password": "•••"}
    AgentCall.objects.filter(run_id=CHOSEN).update(state="over")
    Run.objects.filter(pk=CHOSEN).delete()


def test_any_json_comes_back_as_it_was_reported(plane, make_agent):
    agent = make_agent("plan", work=lambda got: VALUES[got.body["n"]])
    made = [plane.submit(f"{agent.id}.plan", {"n": n}) for n in range(len(VALUES))]
    for value, call in zip(VALUES, made, strict=True):
        told = plane.ended(call["execution_id"])
        assert told["status"] == "succeeded"
        assert told["result"] == value


def test_a_result_of_some_megabytes_comes_back(plane, make_agent):
    agent = make_agent("plan", work=lambda got: {"text": "x" * 11_000_000})
    told = plane.ended(plane.submit(f"{agent.id}.plan", {"text": "y" * 11_000_000})["execution_id"])
    assert len(told["result"]["text"]) == 11_000_000
    assert len(agent.got[0].body["text"]) == 11_000_000


def test_what_is_over_stays_as_it_is(plane, api, make_agent):
    agent = make_agent("plan")
    call = plane.submit(f"{agent.id}.plan")["execution_id"]
    wait_sent(agent, "plan")
    assert agent.report(call, "completed", result=1).status_code == 200
    assert agent.report(call, "succeeded", result=2).status_code == 200
    assert agent.report(call, "failed", error="x").status_code == 409
    assert agent.report(call, "running").status_code == 409
    told = api.get(f"/api/v1/executions/{call}").json()
    assert (told["status"], told["result"]) == ("succeeded", 1)
    assert agent.report("exec_unknown", "succeeded").status_code == 404


def test_a_status_that_is_none_is_400(plane, make_agent):
    agent = make_agent("plan")
    call = plane.submit(f"{agent.id}.plan")["execution_id"]
    assert agent.report(call, "sideways").status_code == 400


def test_a_failure_keeps_its_result_its_details_and_its_code(plane, make_agent):
    agent = make_agent("plan")
    call = plane.submit(f"{agent.id}.plan")["execution_id"]
    wait_sent(agent, "plan")
    agent.report(call, "failed", error="boom", result={"half": 1}, error_status_code=404)
    told = plane.ended(call)
    assert told["error"] == told["error_message"] == "boom"
    assert told["result"] == told["error_details"] == {"half": 1}
    assert told["status_reason"] == "agent_client_error:404"
    run = Run.objects.get(pk=told["run_id"])
    assert (run.status, run.status_reason) == ("failed", "boom")


def test_an_agent_that_refuses_the_input_ends_the_execution(plane, make_agent):
    agent = make_agent("plan", answer=(422, {"detail": "Missing required field: b"}))
    told = plane.ended(plane.submit(f"{agent.id}.plan")["execution_id"])
    assert told["status"] == "failed"
    assert "Missing required field: b" in told["error"]
    assert len(agent.got) == 1


def test_the_answer_of_a_skill_is_its_result(plane, make_agent):
    agent = make_agent(
        skills=("add",), work=lambda got: {"sum": got.body["a"], "__agentfield_usage__": {"t": 1}}
    )
    told = plane.ended(plane.submit(f"{agent.id}.add", {"a": 2})["execution_id"])
    assert told["result"] == {"sum": 2}


def test_a_refused_connection_is_tried_again(plane, make_agent):
    agent = make_agent("plan", work=lambda got: "late")
    port = agent.server.server_address[1]
    agent.close()
    call = plane.submit(f"{agent.id}.plan")["execution_id"]
    time.sleep(1)
    from http.server import ThreadingHTTPServer

    agent.server = ThreadingHTTPServer(("127.0.0.1", port), agent.server.RequestHandlerClass)
    threading.Thread(target=agent.server.serve_forever, daemon=True).start()
    assert plane.ended(call)["result"] == "late"
    assert len(agent.got) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b'{"input": [1]}', 400), (b'{"input": {}, "context": 1}', 400), (b"", 202),
     (b'{"input": null}', 202)],
)  # fmt: skip
def test_a_body_that_is_no_call_is_400(api, make_agent, body, status):
    agent = make_agent("plan")
    answer = api.post(f"/api/v1/execute/async/{agent.id}.plan", content=body)
    assert answer.status_code == status


def test_an_unknown_reasoner_is_told_before_anything_is_stored(api, make_agent):
    agent = make_agent("plan")
    before = Run.objects.count()
    answer = api.post(f"/api/v1/execute/async/{agent.id}.nothing", json={})
    assert answer.status_code == 404
    assert answer.json()["error_category"] == "target_not_found"
    assert Run.objects.count() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Run-ID", "a/b"), ("X-Run-ID", "bulk"), ("X-Run-ID", "r" * 121), ("X-AgentField-Replay-Mode", "some"),
     ("X-Parent-Execution-ID", "p" * 201)],
)  # fmt: skip
def test_a_header_that_cannot_be_kept_is_400(api, make_agent, name, value):
    agent = make_agent("plan")
    answer = api.post(f"/api/v1/execute/async/{agent.id}.plan", json={}, headers={name: value})
    assert answer.status_code == 400


def test_the_synchronous_call_answers_with_the_result(api, make_agent):
    agent = make_agent("plan", work=lambda got: {"x": 1})
    answer = api.post(f"/api/v1/execute/{agent.id}.plan", json={"input": {}})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["status"], told["result"]) == ("succeeded", {"x": 1})
    assert {"execution_id", "run_id", "duration_ms", "finished_at"} <= told.keys()


def test_a_synchronous_failure_is_502_or_the_agents_own_code(plane, api, make_agent):
    agent = make_agent("plan", answer=(500, {"detail": "x"}))
    answer = api.post(f"/api/v1/execute/{agent.id}.plan", json={})
    assert answer.status_code == 502
    assert answer.json()["error_message"]
    agent.answer = (422, {"detail": "no"})
    assert api.post(f"/api/v1/execute/{agent.id}.plan", json={}).status_code == 422


def test_a_synchronous_call_gives_up_with_504_and_the_execution_goes_on(api, plane, make_agent):
    agent = make_agent("plan")
    answer = api.post(f"/api/v1/execute/{agent.id}.plan", json={})
    assert answer.status_code == 504
    call = answer.json()["execution_id"]
    assert agent.report(call, "succeeded", result=1).is_success
    assert plane.ended(call)["result"] == 1


def test_sixty_synchronous_calls_wait_and_others_are_served(plane, api, make_agent):
    agent = make_agent("plan")

    def wait() -> int:
        url = f"{plane.url}/api/v1/execute/{agent.id}.plan"
        return http.post(url, json={}).status_code

    with ThreadPoolExecutor(60) as pool:
        waiting = [pool.submit(wait) for _ in range(60)]
        got = wait_sent(agent, "plan", 60)
        began = time.monotonic()
        assert api.get("/api/v1/nodes").status_code == 200
        assert time.monotonic() - began < 2
        for one in got:
            agent.report(one.id, "succeeded", result=1)
        assert {one.result() for one in waiting} <= {200, 504}
    assert len({one.id for one in agent.got}) == 60


def test_nested_calls_stand_below_their_caller(plane, api, make_agent):
    def work(got):
        if got.path.endswith("outer"):
            return [agent.call(got, f"{agent.id}.inner", {"n": n}) for n in (1, 1, 2)]
        return got.body["n"]

    agent = make_agent("outer", "inner", work=work)
    made = plane.submit(f"{agent.id}.outer", {}, X_Session_ID="s1")
    told = plane.ended(made["execution_id"])
    assert told["result"] == [1, 1, 2]
    rows = Execution.objects.filter(run_id=made["run_id"]).order_by("seq")
    inner = f"outer/{agent.id}.inner"
    assert {row.path for row in rows} == {"outer", inner, f"{inner}~2", f"{inner}~3"}
    assert {row.parent_id for row in rows if row.path != "outer"} == {made["execution_id"]}
    assert {got.headers.get("X-Session-ID") for got in agent.got} == {"s1"}
    run = api.get(f"/api/v1/runs/{made['run_id']}").json()
    assert run["status"] == "succeeded"
    assert (run["counts"]["total"], run["counts"]["succeeded"]) == (4, 4)
    graph = api.get(f"/api/v1/runs/{made['run_id']}/graph").json()
    assert [n["parent"] for n in graph["nodes"] if n["type"] == "call"] == ["outer"] * 3
    for page in ("", "?tab=steps", "?tab=timeline"):
        answer = api.get(f"/runs/{made['run_id']}{page}")
        assert answer.status_code == 200, plane.said()
    dag = api.get(f"/api/ui/v1/workflows/{made['run_id']}/dag").json()
    assert dag["total_nodes"] == 4
    assert dag["max_depth"] == 1
    assert len(dag["dag"]["children"]) == 3
    assert "mode" not in dag


def test_an_event_never_ends_a_call_that_was_sent(plane, api, make_agent):
    agent = make_agent("plan")
    made = plane.submit(f"{agent.id}.plan")
    wait_sent(agent, "plan")
    event = {"execution_id": made["execution_id"], "run_id": made["run_id"], "status": "failed",
             "reasoner_id": "plan", "agent_node_id": agent.id, "error": "x"}  # fmt: skip
    assert api.post("/api/v1/workflow/executions/events", json=event).is_success
    assert api.get(f"/api/v1/executions/{made['execution_id']}").json()["status"] != "failed"
    agent.report(made["execution_id"], "succeeded", result=1)
    assert plane.ended(made["execution_id"])["status"] == "succeeded"


def test_events_make_the_node_of_a_call_within_one_process(plane, api, make_agent):
    agent = make_agent("plan")
    made = plane.submit(f"{agent.id}.plan")
    local = f"exec_{time.time_ns() // 1_000_000}_abcdef01"
    event = {"execution_id": local, "run_id": made["run_id"], "reasoner_id": "helper",
             "agent_node_id": agent.id, "parent_execution_id": made["execution_id"],
             "input_data": {"x": 1}}  # fmt: skip
    ended = {**event, "status": "succeeded", "result": {"y": 2}}
    for one in ({**event, "status": "running"}, ended, {**event, "status": "running"}):
        assert api.post("/api/v1/workflow/executions/events", json=one).is_success
    told = api.get(f"/api/v1/executions/{local}").json()
    assert (told["status"], told["result"]) == ("succeeded", {"y": 2})
    row = Execution.objects.get(pk=local)
    assert row.path == f"plan/{agent.id}.helper"
    assert not agent.calls("helper")


def test_notes_and_logs_are_kept(plane, api, make_agent):
    agent = make_agent("plan")
    call = plane.submit(f"{agent.id}.plan")["execution_id"]
    body = {"message": "hello", "tags": ["a"]}
    headers = {"X-Execution-ID": call}
    assert api.post("/api/v1/executions/note", json=body, headers=headers).is_success
    told = api.get(f"/api/v1/executions/{call}/notes").json()
    assert (told["total"], told["notes"][0]["message"]) == (1, "hello")
    entries = [{"level": "info", "message": "a line"}]
    assert api.post(f"/api/v1/executions/{call}/logs", json={"entries": entries}).is_success
    assert LogChunk.objects.get(execution_id=call).text == "a line\n"
    assert api.post("/api/v1/executions/exec_no/logs", json={"entries": entries}).is_success


def test_a_cancelled_call_is_over_and_its_agent_is_told(plane, api, make_agent):
    agent = make_agent("plan")
    call = plane.submit(f"{agent.id}.plan")["execution_id"]
    wait_sent(agent, "plan")
    answer = api.post(f"/api/v1/executions/{call}/cancel", json={"reason": "enough"})
    assert answer.status_code == 200
    assert (answer.json()["previous_status"], answer.json()["status"]) == ("running", "cancelled")
    told = f"/_internal/executions/{call}/cancel"
    wait_for(lambda: any(got.path == told for got in agent.got), 60)
    (got,) = [one for one in agent.got if one.path == told]
    assert got.body == {"execution_id": call, "reason": "enough"}
    assert agent.report(call, "cancelled").is_success
    again = api.post(f"/api/v1/executions/{call}/cancel", json={})
    assert (again.status_code, again.json()["error"]) == (409, "invalid_state")


def test_a_cancelled_run_ends_its_calls_and_their_agents_are_told(plane, api, make_agent):
    agent = make_agent("plan")
    made = plane.submit(f"{agent.id}.plan")
    wait_sent(agent, "plan")
    assert api.post(f"/api/v1/runs/{made['run_id']}/cancel", json={}).is_success
    assert plane.ended(made["execution_id"])["status"] == "cancelled"
    wait_for(lambda: any(g.path.startswith("/_internal/") for g in agent.got), 60)
    assert agent.report(made["execution_id"], "succeeded").status_code == 409


def test_a_poll_never_says_paused_and_nothing_goes_out_meanwhile(plane, api, make_agent):
    agent = make_agent("plan", "inner")
    made = plane.submit(f"{agent.id}.plan")
    wait_sent(agent, "plan")
    paused = api.post(f"/api/v1/executions/{made['execution_id']}/pause", json={})
    assert paused.json()["status"] == "paused"
    inner = plane.submit(
        f"{agent.id}.inner", X_Run_ID=made["run_id"], X_Parent_Execution_ID=made["execution_id"]
    )
    time.sleep(1.5)
    assert not agent.calls("inner")
    assert api.get(f"/api/v1/executions/{inner['execution_id']}").json()["status"] == "waiting"
    dag = api.get(f"/api/ui/v1/workflows/{made['run_id']}/dag?mode=lightweight").json()
    assert dag["workflow_status"] == "paused"
    assert api.post(f"/api/v1/executions/{made['execution_id']}/resume", json={}).is_success
    wait_sent(agent, "inner")
    twice = api.post(f"/api/v1/executions/{made['execution_id']}/resume", json={})
    assert twice.status_code == 409


def test_the_work_of_a_replaced_process_is_orphaned_after_the_grace(plane, make_agent):
    agent = make_agent("plan")
    call = plane.submit(f"{agent.id}.plan")["execution_id"]
    wait_sent(agent, "plan")
    agent.register(instance_id="another")
    told = plane.ended(call)
    assert told["status"] == "failed"
    assert told["status_reason"] == "agent_restart_orphaned"


def test_many_slow_agents_hold_no_worker(plane, api, make_agent):
    agent = make_agent("plan")
    made = [plane.submit(f"{agent.id}.plan") for _ in range(WAITING)]
    wait_sent(agent, "plan", WAITING)
    # The workers are free: a workflow runs to its end meanwhile.
    text = "version: '1.0'\nname: quick\nsteps:\n  - {name: a, type: shell, run: 'true'}\n"
    run = api.post("/api/v1/runs", json={"definition": text}).json()
    wait_for(lambda: Run.objects.get(pk=run["id"]).status == "succeeded", 60)
    for got in agent.calls("plan"):
        agent.report(got.id, "succeeded", result=1)
    assert {plane.ended(one["execution_id"])["status"] for one in made} == {"succeeded"}
    assert len({got.id for got in agent.got}) == len(agent.got) == WAITING
