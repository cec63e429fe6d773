"""Sentences of the AgentField contract that need rows only: replay, pause, the tree, refusals."""

import asyncio
import json

import pytest

from runs.actor import SYSTEM
from runs.api.agentfield import waiting
from runs.engine import calling, driver
from runs.models import AgentCall, Run, WebhookDelivery
from runs.operations.decide_approval import decide_approval
from runs.operations.webhooks import WebhookFields, create_webhook

from .calls import Plane

pytestmark = pytest.mark.django_db
STEP = """
version: "1.0"
name: with-agent
steps:
  - {name: ask, type: agent, agent: research.plan, effect: idempotent}
"""


@pytest.fixture
def plane(make_secret):
    made = Plane(make_secret("operator"))
    made.register()
    return made


def replayed(plane, source, target="research.inner", given=None, **headers):
    """The answer to a call that may be answered from the run of ``source``; who its parent is,
    nobody here knows."""
    return plane.ask(
        "POST",
        f"execute/async/{target}",
        {"input": given or {}},
        **{
            "X_Parent_Execution_ID": "exec_of_somebody",
            "X_AgentField_Replay_Source_Run_ID": source["run_id"],
            **headers,
        },
    )


def called(run, reasoner):
    """The call that a step of the run makes."""
    for _ in range(20):
        driver.work(run.pk)
        if found := AgentCall.objects.filter(run=run, name=reasoner).first():
            return found
    raise AssertionError(f"{run.pk} calls no {reasoner}")


# ---- 9.3: what is answered from the source run ---------------------------------------------------


def test_the_first_call_of_an_unknown_run_is_answered_too(plane):
    source = plane.sent("research.inner", {"n": 1})
    plane.report(source, "succeeded", result={"found": 1})
    for headers in ({"X_Run_ID": "run_of_a_client"}, {}):
        answer = replayed(plane, source, given={"n": 1}, **headers)
        assert answer.status_code == 202
        assert answer["X-AgentField-Replay-Hit"] == source["execution_id"]
        made = answer.json()
        assert made["status"] == "queued"
        told = plane.poll(made)
        assert told["status"] == "succeeded"
        assert told["result"] == {"found": 1}
        assert told["duration_ms"] == 0
        assert told["status_reason"] == f"replayed_from_execution:{source['execution_id']}"
        run = Run.objects.get(pk=made["run_id"])
        assert run.status == "succeeded"
        assert run.finished_at is not None
        assert (run.n_total, run.n_succeeded, run.n_reused, run.n_running) == (1, 1, 1, 0)
    assert replayed(plane, source, given={"n": 2}).get("X-AgentField-Replay-Hit") is None


def test_a_call_within_the_agents_process_is_no_record_to_answer_from(plane):
    """It has no gateway record: neither does it answer a call, nor does it count as one of them."""

    def local(caller, name, state, **more):
        body = {
            "execution_id": f"exec_local_{name}", "run_id": caller["run_id"], "status": state,
            "reasoner_id": "inner", "agent_node_id": "research", "input_data": {"n": 1},
            "parent_execution_id": caller["execution_id"], **more,
        }  # fmt: skip
        plane.post("workflow/executions/events", body)

    source = plane.sent("research.plan")
    local(source, "first", "succeeded", result={"by": "the process"})
    assert replayed(plane, source, given={"n": 1}).get("X-AgentField-Replay-Hit") is None
    inner = plane.inside(source, "research.inner", {"n": 1})
    plane.report(inner, "succeeded", result={"by": "the gateway"})
    again = plane.sent("research.plan")
    local(again, "second", "failed", error="this time it failed")
    above = {"X_Run_ID": again["run_id"], "X_Parent_Execution_ID": again["execution_id"]}
    answer = replayed(plane, source, given={"n": 1}, **above)
    assert answer["X-AgentField-Replay-Hit"] == inner["execution_id"]


# ---- 11, P3: what runs in a paused run is told as waiting ----------------------------------------


def test_a_paused_execution_is_told_as_waiting_until_it_goes_on(plane):
    call = plane.sent("research.plan")
    path = f"executions/{call['execution_id']}"
    assert plane.post(f"{path}/pause", {})["status"] == "paused"
    assert plane.poll(call)["status"] == "waiting"
    assert plane.post(f"{path}/resume", {})["status"] == "running"
    assert plane.poll(call)["status"] == "running"
    plane.post(f"{path}/pause", {})
    plane.report(call, "succeeded", result=1)
    assert plane.poll(call)["status"] == "succeeded"


# ---- 10: depth is the number of known ancestors --------------------------------------------------


def test_a_caller_that_is_told_after_its_call_still_stands_above_it(plane):
    root = plane.sent("research.plan")
    above = {"X_Run_ID": root["run_id"], "X_Parent_Execution_ID": "exec_local_late"}
    plane.submit("research.inner", {"n": 1}, **above)
    event = {
        "execution_id": "exec_local_late", "run_id": root["run_id"], "status": "running",
        "reasoner_id": "inner", "agent_node_id": "research",
        "parent_execution_id": root["execution_id"],
    }  # fmt: skip
    plane.post("workflow/executions/events", event)
    dag = plane.get(f"/api/ui/v1/workflows/{root['run_id']}/dag?lightweight=1")
    assert [node["workflow_depth"] for node in dag["timeline"]] == [0, 2, 1]
    assert dag["max_depth"] == 2


def test_callers_in_a_circle_break_no_tree(plane):
    """Events are believed; a tree is made of them all the same."""
    for pk, caller in (("exec_a", "exec_b"), ("exec_b", "exec_a"), ("exec_c", "exec_c")):
        event = {
            "execution_id": pk, "run_id": "run_of_a_circle", "status": "running",
            "reasoner_id": "inner", "agent_node_id": "research", "parent_execution_id": caller,
        }  # fmt: skip
        plane.post("workflow/executions/events", event)
    dag = plane.get("/api/ui/v1/workflows/run_of_a_circle/dag")
    assert [node["workflow_depth"] for node in dag["timeline"]] == [1, 0, 0]
    assert [node["execution_id"] for node in dag["dag"]["children"]] == ["exec_a"]


# ---- 4.3: the synchronous endpoint ---------------------------------------------------------------


@pytest.mark.anyio
async def test_who_gives_up_takes_no_answer_from_another_that_waits_for_the_same_call(monkeypatch):
    over: list[str] = []
    monkeypatch.setattr(waiting, "_over", lambda ids: over)
    calls = waiting.Waiting()
    other = asyncio.create_task(calls.until_over("exec_1", 60))
    assert await calls.until_over("exec_1", 0.01) is False
    over.append("exec_1")
    assert await other is True
    assert calls.calls == {}


# ---- 2, 9.1: refusals ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"scope": 5}, 400, "scope must be"),
        ({"input": [1]}, 400, "input must be"),
        ({"scope": "x"}, 400, "scope must be one of: workflow, execution"),
        ({"reuse": "x"}, 400, "reuse must be one of: succeeded-before, all-succeeded, none"),
        ({"scope": "workflow", "reuse": "succeeded-before"}, 404, "execution exec_none not found"),
        (b"{", 400, "the body is no JSON"),
        (None, 404, "execution exec_none not found"),
    ],
)
def test_a_restart_of_an_unknown_execution_is_refused_in_the_protocols_words(
    plane, body, status, text
):
    """Whose it would be nobody knows, so the refusal is in both manners."""
    told = plane.post("executions/exec_none/restart", body, status)
    assert text in told["error"]
    assert told["message"] == told["error"]
    assert told["detail"] == told["error"]
    assert told["status"] == status
    assert told["code"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/ui/v1/executions/events"),
        ("GET", "/api/ui/v2/workflow-runs"),
        ("POST", "/api/ui/v1/nothing"),
        ("GET", "/api/v1/policies"),
        ("GET", "/api/v1/admin/public-key"),
        ("GET", "/api/v1/executions/exec_none/"),
        ("POST", "/api/v1/nodes/register/"),
        ("POST", "/api/v1/execute/a/b/c"),
    ],
)
def test_an_address_that_is_not_there_says_so_in_json(plane, method, path):
    answer = plane.ask(method, path, {} if method == "POST" else None)
    assert answer.status_code == 404
    assert "json" in answer["Content-Type"]
    told = json.loads(answer.content)
    assert told["error"]
    assert told["message"]


# ---- 9.1 in a workflow's run: whose root ---------------------------------------------------------


def test_a_call_below_a_step_is_restarted_with_that_step(plane):
    text = STEP + "  - {name: other, type: agent, agent: research.inner, effect: idempotent}\n"
    run = Run.objects.get(pk=plane.post("runs", {"definition": text}, 201)["id"])
    first = called(run, "plan")
    assert calling.take(first.pk) is not None
    plane.report({"execution_id": first.pk}, "succeeded", result=1)
    step = called(run, "inner")
    assert calling.take(step.pk) is not None
    told = {"run_id": run.pk, "execution_id": step.pk}
    deep = plane.inside(plane.inside(told, "research.plan"), "research.plan", {"n": 1})
    made = plane.post(f"executions/{deep['execution_id']}/restart", {}, 202)
    assert made["target"] == "research.inner"
    assert made["restarted_execution_id"] == step.pk


# ---- a step of a workflow whose agent asks -------------------------------------------------------


def test_who_is_asked_by_the_agent_of_a_step_is_told(plane):
    wanted = WebhookFields(url="https://example.org/hook", events=("run.waiting",))
    endpoint, _ = create_webhook(wanted, by=SYSTEM)
    run = Run.objects.get(pk=plane.post("runs", {"definition": STEP}, 201)["id"])
    call = called(run, "plan")
    assert calling.take(call.pk) is not None
    body = {"approval_request_id": "ask-1", "expires_in_hours": 1}
    plane.post(f"agents/research/executions/{call.pk}/request-approval", body)
    assert plane.get(f"executions/{call.pk}")["status"] == "waiting"
    (row,) = WebhookDelivery.objects.filter(endpoint=endpoint)
    assert (row.event, row.run_id) == ("run.waiting", run.pk)
    assert row.data["waiting_for"] == {
        "step": "ask", "execution_id": call.execution_id, "reason": "waiting_for_approval",
    }  # fmt: skip
    decide_approval(run.pk, "ask", approve=True, by=SYSTEM)
    assert WebhookDelivery.objects.filter(endpoint=endpoint).count() == 1
