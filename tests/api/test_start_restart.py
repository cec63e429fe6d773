"""Start, restart, preview, cancel and publish, through the real operations."""

import json

import pytest

TEXT = """\
version: "1.0"
name: greet
inputs:
  who:
    type: string
    required: true
steps:
  - name: hello
    type: shell
    run: echo hello
  - name: bye
    type: shell
    run: echo bye
"""
BODY = {"definition": TEXT, "inputs": {"who": "world"}}


def end(run_id, status="failed"):
    from runs.models import Run

    Run.objects.filter(pk=run_id).update(status=status)


def test_a_text_is_started_and_then_known_by_its_name(operator):
    response = operator.post("/runs", {**BODY, "labels": {"team": "docs"}})
    assert response.status_code == 201, response.content
    body = response.json()
    assert response["Location"] == f"/api/v1/runs/{body['id']}"
    assert (body["workflow"], body["status"], body["inputs"], body["labels"]) == (
        "greet",
        "queued",
        {"who": "world"},
        {"team": "docs"},
    )
    again = operator.post("/runs", {"workflow": "greet", "inputs": {"who": "you"}})
    assert (again.status_code, again.json()["workflow"]) == (201, "greet")


def test_an_unknown_workflow_is_404(operator):
    response = operator.post("/runs", {"workflow": "nowhere"})
    assert (response.status_code, response.json()["code"]) == (404, "workflow-not-found")


@pytest.mark.parametrize("inputs", [{}, {"who": 3}, {"who": ["a"]}, {"who": "x", "more": 1}])
def test_inputs_that_do_not_fit_are_422_and_named(operator, inputs):
    response = operator.post("/runs", {"definition": TEXT, "inputs": inputs})
    body = response.json()
    assert (response.status_code, body["code"]) == (422, "invalid-inputs")
    assert all(one["code"] and one["message"] for one in body["problems"])
    told = json.dumps(body)
    assert all(told.count(json.dumps(one["message"])) == 1 for one in body["problems"])
    assert not any(one["message"] in body["detail"] for one in body["problems"])
    assert len(body["detail"]) < 80


def test_bad_yaml_is_422_with_a_line(operator):
    for text in ("a: [", "- just\n- a list", "name: x\nsteps: 3", "\t", "!!python/object:x {}"):
        response = operator.post("/runs", {"definition": text})
        assert response.status_code == 422, text
        assert response.json()["problems"][0]["line"] >= 1


def test_the_same_key_and_body_is_the_same_run(operator):
    first = operator.post("/runs", BODY, Idempotency_Key="k1")
    second = operator.post("/runs", BODY, Idempotency_Key="k1")
    assert (second.status_code, second.json()["id"]) == (201, first.json()["id"])
    other = operator.post("/runs", {**BODY, "inputs": {"who": "x"}}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")
    assert operator.post("/runs", BODY, Idempotency_Key="k2").json()["id"] != first.json()["id"]
    assert len(operator.get("/runs").json()["items"]) == 2


def test_a_restart_is_a_new_run_with_a_source(operator):
    source = operator.post("/runs", BODY).json()["id"]
    end(source)
    response = operator.post(f"/runs/{source}/restart", {"reason": "again"})
    assert response.status_code == 201, response.content
    body = response.json()
    assert (body["kind"], body["source_run_id"]) == ("restart", source)
    assert body["id"] != source
    lineage = operator.get(f"/runs/{body['id']}/lineage").json()
    assert [item["run"]["id"] for item in lineage["items"]] == [source, body["id"]]
    assert lineage["items"][1]["reason"] == "again"


def test_a_restart_needs_no_body(operator):
    source = operator.post("/runs", BODY).json()["id"]
    end(source)
    assert operator.post(f"/runs/{source}/restart").status_code == 201
    assert operator("POST", f"/runs/{source}/restart", type="text/plain").status_code == 201


def test_two_restarts_with_one_key_are_one(operator):
    source = operator.post("/runs", BODY).json()["id"]
    end(source)
    path = f"/runs/{source}/restart"
    first = operator.post(path, {}, Idempotency_Key="r").json()["id"]
    assert operator.post(path, {}, Idempotency_Key="r").json()["id"] == first
    assert operator.post(path, Idempotency_Key="r").json()["id"] == first
    other = operator.post(path, {"reason": "other"}, Idempotency_Key="r")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")


def test_a_run_that_goes_on_is_not_restarted(operator):
    source = operator.post("/runs", BODY).json()["id"]
    for route in ("restart", "restart-plan"):
        response = operator.post(f"/runs/{source}/{route}")
        assert (response.status_code, response.json()["code"]) == (409, "run-not-over")


def test_a_preview_starts_nothing_and_its_plan_can_be_named(operator, viewer):
    source = operator.post("/runs", BODY).json()["id"]
    end(source)
    body = viewer.post(f"/runs/{source}/restart-plan", {}).json()
    told = {"plan_id", "counts", "items", "not_begun", "saved_ms", "saved_cost", "confirm"}
    assert set(body) == told
    assert set(body["counts"]) == {"reuse", "run", "unknown"}
    assert sum(body["counts"].values()) == len(body["items"])
    for item in body["items"]:
        assert set(item) == {
            "path", "action", "because", "source_execution_id", "saved_ms", "expected_ms"
        }  # fmt: skip
        assert item["because"]
    assert len(viewer.get("/runs").json()["items"]) == 1
    stale = operator.post(f"/runs/{source}/restart", {"plan_id": "plan_old"})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale-plan")
    good = operator.post(f"/runs/{source}/restart", {"plan_id": body["plan_id"]})
    assert good.status_code == 201


def test_a_preview_of_another_body_or_of_nothing_is_refused(operator):
    source = operator.post("/runs", BODY).json()["id"]
    end(source)
    named = operator.post(f"/runs/{source}/restart-plan", {}).json()["plan_id"]
    other = {"plan_id": named, "reuse": "none"}
    assert operator.post(f"/runs/{source}/restart", other).json()["code"] == "stale-plan"
    for body in ({"from": "nowhere"}, {"scope": "execution"}, {"reuse": "checkpoint"}):
        assert operator.post(f"/runs/{source}/restart-plan", body).status_code == 422, body
    for path in ("/runs/run_nobody", "/executions/exec_nobody"):
        assert operator.post(f"{path}/restart-plan", {}).status_code == 404


def test_an_execution_is_restarted_by_its_id(operator, viewer, make_run, make_execution):
    source = make_run("shaped", status="failed")
    row = make_execution(source, "a")
    body = viewer.post(f"/executions/{row.pk}/restart-plan", {}).json()
    assert {item["path"]: item["because"] for item in body["items"]}["a"] == "chosen to run again"
    assert viewer.post(f"/executions/{row.pk}/restart", {}).status_code == 403
    answer = operator.post(f"/executions/{row.pk}/restart", {"plan_id": body["plan_id"]})
    assert (answer.status_code, answer.json()["source_run_id"]) == (201, source.pk)


def test_a_run_is_cancelled_once(operator):
    run_id = operator.post("/runs", BODY).json()["id"]
    response = operator.post(f"/runs/{run_id}/cancel", {"reason": "wrong one"})
    assert (response.status_code, response.json()["status"]) == (200, "cancelled")
    assert "wrong one" in response.json()["status_reason"]
    again = operator.post(f"/runs/{run_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "run-is-over")


def test_a_workflow_is_published_once_a_text(operator):
    first = operator.post("/workflows", {"definition": TEXT})
    assert first.status_code == 201, first.content
    assert first["Location"] == "/api/v1/workflows/greet"
    assert operator.post("/workflows", {"definition": TEXT}).json()["workflow"]["version"] == 1
    changed = TEXT.replace("echo bye", "echo ciao")
    body = operator.post("/workflows", {"definition": changed}).json()
    assert [one["number"] for one in body["versions"]] == [2, 1]
    assert body["source"] == changed


def test_the_graph_of_a_run_that_waits_shows_all_its_steps(operator):
    run_id = operator.post("/runs", BODY).json()["id"]
    body = operator.get(f"/runs/{run_id}/graph").json()
    assert [node["path"] for node in body["nodes"]] == ["hello", "bye"]
    assert body["edges"] == [{"source": "hello", "target": "bye", "kind": "needs"}]


def test_a_run_is_paused_and_goes_on(operator, viewer):
    run_id = operator.post("/runs", BODY).json()["id"]
    assert viewer.post(f"/runs/{run_id}/pause").status_code == 403
    paused = operator.post(f"/runs/{run_id}/pause", {"reason": "wait"})
    assert (paused.status_code, paused.json()["status"]) == (200, "paused")
    assert paused.json()["status_reason"].endswith(": wait")
    again = operator.post(f"/runs/{run_id}/resume")
    assert (again.status_code, again.json()["status"]) == (200, "queued")
    twice = operator.post(f"/runs/{run_id}/resume")
    assert (twice.status_code, twice.json()["code"]) == (409, "run-not-paused")
