"""/agents in our own manner: who is there, calling them, removing them. No agent answers here:
what goes out to one is tests/agentfield's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.agentfield import Caller, Report
from runs.models import Agent, AgentCall, AuditEntry, Execution, Run
from runs.operations.execute_target import execute_target, find_target
from runs.operations.register_agent import register_agent, shut_down
from runs.operations.report_execution import report_execution
from tests.integration.test_audit import ANN

SCHEMA = {
    "type": "object",
    "properties": {"topic": {"type": "string"}, "depth": {"type": "integer"}},
    "required": ["topic"],
}


def register(name="research", **more):
    return register_agent(
        {
            "id": name,
            "base_url": "http://127.0.0.1:9301",
            "version": "1.2",
            "instance_id": "one",
            "lifecycle_status": "ready",
            "reasoners": [
                {"id": "plan", "description": "Plans.", "tags": ["a"], "input_schema": SCHEMA,
                 "output_schema": {"type": "object"}},
                {"id": "odd", "input_schema": "none of ours", "tags": "none"},
            ],
            "skills": [{"id": "add"}],
            **more,
        }
    )  # fmt: skip


def call(target="research.plan", **given):
    return execute_target(find_target(target, given), Caller(), by=ANN)


def test_an_agent_is_listed_with_its_health_its_reasoners_and_its_calls(viewer, db):
    register()
    register("zeta", reasoners=[], skills=[])
    done = call(topic="owls")
    report_execution(done.pk, Report("succeeded", {"parts": 2}, True))
    bad = call(topic="bats")
    report_execution(bad.pk, Report("failed", error="too tired"))
    call(topic="cats")
    old = call(topic="dogs")
    AgentCall.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    listed = viewer.get("/agents").json()
    assert [one["name"] for one in listed["items"]] == ["research", "zeta"]
    assert listed["next_cursor"] is None
    one = listed["items"][0]
    assert (one["health"], one["version"]) == ("ready", "1.2")
    counts = {"total": 3, "succeeded": 1, "reused": 0, "failed": 1, "cancelled": 0, "open": 2}
    assert one["calls"] == counts
    assert [(r["target"], r["kind"]) for r in one["reasoners"]] == [
        ("research.plan", "reasoner"), ("research.odd", "reasoner"), ("research.add", "skill"),
    ]  # fmt: skip
    assert one["reasoners"][0]["input_schema"] == SCHEMA
    first = viewer.get("/agents?limit=1").json()
    more = viewer.get(f"/agents?limit=1&cursor={first['next_cursor']}").json()
    assert [x["name"] for x in first["items"] + more["items"]] == ["research", "zeta"]

    detail = viewer.get("/agents/research").json()
    assert detail["agent"] == one | {"calls": counts}
    told = [(c["id"], c["status"], c["error"]) for c in detail["calls"]]
    assert told[:2] == [(old.pk, "queued", ""), (detail["calls"][1]["id"], "queued", "")]
    assert told[2:] == [(bad.pk, "failed", "too tired"), (done.pk, "succeeded", "")]
    assert (detail["calls"][3]["run_id"], detail["calls"][3]["path"]) == (done.run_id, "plan")
    missing = viewer.get("/agents/nobody")
    assert (missing.status_code, missing.json()["code"]) == (404, "agent-not-found")


def test_health_is_what_the_agent_says_unless_it_says_nothing(viewer, db):
    def health():
        return viewer.get("/agents/research").json()["agent"]["health"]

    register(lifecycle_status="degraded")
    assert health() == "degraded"
    Agent.objects.update(last_heartbeat=timezone.now() - timedelta(minutes=5))
    assert health() == "silent"
    shut_down("research")
    assert health() == "offline"


def test_a_call_is_a_run_of_one_step(operator, viewer, db):
    register()
    body = {"reasoner": "plan", "input": {"topic": "owls"}, "context": {"model": "m"}}
    made = operator.post("/agents/research/calls", body, Idempotency_Key="k")
    assert made.status_code == 201
    run = made.json()
    assert made["Location"] == f"/api/v1/runs/{run['id']}"
    assert (run["workflow"], run["status"]) == ("research.plan", "queued")
    kept = AgentCall.objects.get(run_id=run["id"])
    assert (kept.role, kept.input, kept.context) == ("root", {"topic": "owls"}, {"model": "m"})
    again = operator.post("/agents/research/calls", body, Idempotency_Key="k")
    assert again.json()["id"] == run["id"]
    other = operator.post(
        "/agents/research/calls", {**body, "input": {"topic": "x"}}, Idempotency_Key="k"
    )
    assert other.json()["code"] == "idempotency-mismatch"
    assert viewer.post("/agents/research/calls", body).status_code == 403
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("agent", "body", "status", "code", "path"),
    [
        ("research", {"reasoner": "plan"}, 422, "invalid-fields", "input.topic"),
        ("research", {"reasoner": "nothing", "input": {}}, 404, "target-not-found", None),
        ("nobody", {"reasoner": "plan"}, 404, "target-not-found", None),
        ("research", {"reasoner": "a.b"}, 422, "invalid-target", None),
        ("research", {"input": {}}, 422, "invalid-fields", "reasoner"),
        ("research", {"reasoner": "plan", "input": [1]}, 422, "invalid-fields", "input"),
        ("research", {"reasoner": "plan", "inputs": {}}, 422, "invalid-fields", "inputs"),
    ],
)
def test_a_call_that_cannot_be_made_is_refused_before_anything_is_stored(
    operator, db, agent, body, status, code, path
):
    register()
    answer = operator.post(f"/agents/{agent}/calls", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if path:
        assert path in [one["path"] for one in answer.json()["problems"]]
    assert not Run.objects.exists()


def test_an_agent_with_open_calls_is_removed_by_force_only_and_they_fail(
    admin, operator, viewer, db
):
    register()
    done, waits = call(topic="owls"), call(topic="bats")
    report_execution(done.pk, Report("succeeded", {}, True))
    for api in (viewer, operator):
        assert api("DELETE", "/agents/research").status_code == 403
    refused = admin("DELETE", "/agents/research")
    assert (refused.status_code, refused.json()["code"]) == (409, "agent-in-use")
    assert "'research' has open calls (1)" in refused.json()["detail"]
    assert Agent.objects.exists()
    gone = admin("DELETE", "/agents/research?force=true")
    assert gone.json() == {"name": "research", "failed_calls": 1}
    waits.refresh_from_db()
    assert (waits.status, waits.status_reason) == ("failed", "agent_removed")
    assert Run.objects.get(pk=waits.run_id).status == "failed"
    assert Execution.objects.get(pk=done.execution_id).status == "succeeded"
    assert admin("DELETE", "/agents/research").status_code == 404
    entry = AuditEntry.objects.get(action="agent.remove")
    assert (entry.target, entry.data) == ("research", {"open_calls": 1})


def test_an_agent_s_own_addresses_keep_their_manners(operator, db):
    """Below `/agents/{name}/executions` it is AgentField's protocol that answers."""
    register()
    theirs = operator.post("/agents/research/executions/x/awaiter-status", {"status": "waiting"})
    assert theirs["Content-Type"] == "application/json"
    assert "error" in theirs.json()
    ours = operator.post("/agents/research", {})
    assert (ours.status_code, ours["Content-Type"]) == (405, "application/problem+json")
