"""Contract, sections 2 and 3: registration, heartbeat, shutdown; the manners of every address."""

import httpx
import pytest

from runs.models import Agent


def test_registration_is_an_upsert_by_id(api, make_agent):
    agent = make_agent("plan")
    agent.reasoners = ("plan", "search")
    assert agent.register(version="2").status_code in (200, 201)
    known = Agent.objects.get(pk=agent.id)
    assert [one["id"] for one in known.reasoners] == ["plan", "search"]
    assert known.version == "2"


def test_the_answer_replaces_no_address_and_asks_for_no_approval(make_agent):
    told = make_agent("plan").register().json()
    assert "pending" not in str(told)
    assert "callback_discovery" not in told
    assert told.get("resolved_base_url") is None


def test_the_same_process_registers_again_and_is_the_same(make_agent):
    agent = make_agent("plan")
    before = Agent.objects.get(pk=agent.id).instance_since
    agent.register()
    assert Agent.objects.get(pk=agent.id).instance_since == before
    agent.register(instance_id="two")
    assert Agent.objects.get(pk=agent.id).instance_since > before


def test_a_heartbeat_is_noted(api, make_agent):
    agent = make_agent("plan")
    body = {"status": "ready", "instance_id": "one", "version": "1.0.0"}
    assert api.post(f"/api/v1/nodes/{agent.id}/heartbeat", json=body).is_success
    assert Agent.objects.get(pk=agent.id).status == "ready"


def test_an_empty_body_with_a_json_content_type_is_taken(api, make_agent):
    agent = make_agent("plan")
    for what in ("heartbeat", "shutdown"):
        answer = api.post(
            f"/api/v1/nodes/{agent.id}/{what}", headers={"Content-Type": "application/json"}
        )
        assert answer.is_success, what


def test_the_heartbeat_of_an_unknown_agent_is_404(api):
    answer = api.post("/api/v1/nodes/nobody/heartbeat", json={"status": "ready"})
    assert answer.status_code == 404
    assert "nobody" in answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"id": "x"}', b'{"id": 5, "base_url": "http://x"}',
     b'{"id": "x", "base_url": "file:///etc"}', b'{"id": "x", "base_url": "http://h", "skills": 1}'],
)  # fmt: skip
def test_what_is_no_registration_is_400(api, body):
    answer = api.post(
        "/api/v1/nodes/register", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_discovery_tells_every_reasoner_with_its_target(api, make_agent):
    agent = make_agent("plan", skills=("add",))
    told = api.get(f"/api/v1/discovery/capabilities?format=json&agent={agent.id}").json()
    (one,) = told["capabilities"]
    assert one["reasoners"][0]["invocation_target"] == f"{agent.id}.plan"
    assert (told["total_agents"], told["total_reasoners"], told["total_skills"]) == (1, 1, 1)
    assert agent.id in [node["id"] for node in api.get("/api/v1/nodes").json()["nodes"]]
    assert api.get(f"/api/v1/nodes/{agent.id}").json()["lifecycle_status"] == "starting"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/executions/exec_none"),
        ("POST", "/api/v1/executions/exec_none/status"),
        ("POST", "/api/v1/executions/exec_none/restart"),
        ("POST", "/api/v1/executions/exec_none/cancel"),
        ("POST", "/api/v1/execute/async/nobody.plan"),
        ("POST", "/api/v1/execute/nobody.plan"),
        ("GET", "/api/v1/execute/async/nobody.plan"),
        ("POST", "/api/v1/execute/async/nodot"),
        ("POST", "/api/v1/did/register"),
        ("POST", "/api/v1/workflow/executions"),
        ("POST", "/api/v1/memory/vector/search"),
        ("POST", "/api/v1/nodes/register/"),
        ("GET", "/api/ui/v1/workflows/run_none/dag"),
        ("GET", "/api/v1/memory/events/ws"),
    ],
)
def test_what_is_refused_is_json_and_never_a_page_or_a_redirect(api, method, path):
    body = {"status": "succeeded"} if path.endswith("status") else {}
    answer = api.request(method, path, json=body if method == "POST" else None)
    assert 400 <= answer.status_code < 500
    assert "json" in answer.headers["content-type"]
    assert isinstance(answer.json(), dict)


def test_a_stranger_is_told_401_in_the_protocols_shape(plane):
    headers = {"X-API-Key": "wrong"}
    answer = httpx.post(f"{plane.url}/api/v1/nodes/register", json={}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorized"
    assert answer.json()["message"]


def test_memory_keeps_values_by_scope(api):
    run = {"X-Workflow-ID": "run_memory"}
    body = {"key": "k", "data": {"a": [1, None]}, "scope": "workflow"}
    assert api.post("/api/v1/memory/set", json=body, headers=run).is_success
    found = api.post("/api/v1/memory/get", json={"key": "k"}, headers=run)
    assert found.json()["data"] == {"a": [1, None]}
    elsewhere = api.post("/api/v1/memory/get", json={"key": "k", "scope": "global"}, headers=run)
    assert elsewhere.status_code == 404
    listed = api.get("/api/v1/memory/list?scope=workflow", headers=run).json()
    assert [one["key"] for one in listed] == ["k"]
    assert api.post("/api/v1/memory/delete", json={"key": "k"}, headers=run).is_success
    assert api.post("/api/v1/memory/get", json={"key": "k"}, headers=run).status_code == 404
