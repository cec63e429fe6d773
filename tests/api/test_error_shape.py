"""Every refusal is application/problem+json with the same members; hostile input included."""

import json
import logging

import pytest
from django.db import OperationalError

MEMBERS = {"type", "title", "status", "code", "detail", "hint", "instance", "problems"}


def problem(response, status, code):
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert set(body) >= MEMBERS
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["instance"].startswith("/api/v1")
    return body


@pytest.mark.parametrize("path", ["/nothing", "/", "/runs/", "/runs/x/y/z", "/docs/x", "/%00"])
def test_an_unknown_path_is_404(viewer, path):
    problem(viewer.get(path), 404, "path-not-found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/runs", "GET, HEAD, POST"),
        ("POST", "/runs/x", "DELETE, GET, HEAD"),
        ("GET", "/runs/x/restart", "POST"),
        ("PATCH", "/runs/x/golden", "DELETE, GET, HEAD, PUT"),
        ("POST", "/openapi.json", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_405_and_says_which_is_right(operator, method, path, allow):
    response = operator(method, path)
    problem(response, 405, "method-not-allowed")
    assert response["Allow"] == allow


def test_head_is_get_without_a_body(viewer, make_run):
    run = make_run()
    response = viewer("HEAD", f"/runs/{run.id}")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nope"},
        {"Authorization": "Bearer "},
        {"X_API_Key": "nope"},
        {"Authorization": "Basic YTpi"},
        {"X_API_Key": "x" * 5000},
    ],
)
@pytest.mark.parametrize("path", ["/runs", "/openapi.json", "/docs"])
def test_without_a_good_token_it_is_401(nobody, headers, path):
    response = nobody.get(path, **headers)
    problem(response, 401, "not-signed-in")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_both_headers_carry_a_token(nobody, make_run):
    assert nobody.get("/runs", Authorization="Bearer viewer-token").status_code == 200
    assert nobody.get("/runs", X_API_Key="viewer-token").status_code == 200


def test_a_bad_token_is_refused_though_there_is_a_login(nobody, django_user_model):
    nobody.client.force_login(django_user_model.objects.create_user("alice"))
    problem(nobody.get("/runs", X_API_Key="nope"), 401, "not-signed-in")
    assert nobody.get("/runs").status_code == 200


def test_a_login_needs_the_csrf_token_to_change_something(db, django_user_model, make_run):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_user("alice", role="operator"))
    run = make_run()
    path = f"/api/v1/runs/{run.id}/golden"
    problem(client.put(path), 403, "csrf")
    assert client.get(f"/api/v1/runs/{run.id}").status_code == 200
    from django.conf import settings
    from django.middleware.csrf import _get_new_csrf_string

    secret = _get_new_csrf_string()
    client.cookies[settings.CSRF_COOKIE_NAME] = secret
    assert client.put(path, headers={"X-CSRFToken": secret}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/runs"),
        ("POST", "/runs/x/restart"),
        ("POST", "/runs/x/cancel"),
        ("PUT", "/runs/x/golden"),
        ("DELETE", "/runs/x/golden"),
        ("POST", "/workflows"),
    ],
)
def test_a_viewer_changes_nothing(viewer, method, path):
    # Told before the body is looked at.
    problem(viewer(method, path, raw=b"{"), 403, "not-allowed")


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b"{", (1, 2)),
        (b'{"a": 1,\n "b": }', (2, 7)),
        (b"\xff\xfe{}", None),
        (b"[" * 100_000, None),
        (b'{"a": NaN}', None),
        (b'{"a": 1, "a": 2}', None),
        (b'{"a": ' + b"9" * 5000 + b"}", None),
    ],
)
def test_bad_json_is_400_and_says_where(operator, raw, where):
    body = problem(operator("POST", "/runs", raw=raw), 400, "invalid-json")
    if where:
        found = body["problems"][0]
        assert (found["line"], found["column"]) == where


def test_a_body_of_another_type_is_415(operator):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/yaml"):
        problem(operator("POST", "/runs", raw=b"{}", type=kind), 415, "unsupported-media-type")


def test_more_than_ten_megabytes_is_413(operator):
    response = operator("POST", "/runs", raw=b'{"definition": "' + b"x" * 10_485_760 + b'"}')
    assert response.status_code == 413
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "too-large"


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"inputs": {}}, "", "value-error"),
        ({"workflow": "a", "definition": "b"}, "", "value-error"),
        ({"workflow": 1}, "workflow", "string-type"),
        ({"workflow": "a", "inputs": []}, "inputs", "dict-type"),
        ({"workflow": "a", "inputs": "x"}, "inputs", "dict-type"),
        ({"workflow": "a", "labels": {"a": 1}}, "labels.a", "string-type"),
        ({"workflow": "a", "wrokspace": "/"}, "wrokspace", "unknown-field"),
        ({"workflow": ""}, "workflow", "string-too-short"),
        ([], "", "model-type"),
        ("x", "", "model-type"),
        (None, "", "missing"),
    ],
)
def test_a_wrong_shape_is_422_and_names_the_field(operator, body, path, code):
    raw = None if body is None else json.dumps(body).encode()
    found = problem(operator("POST", "/runs", raw=raw), 422, "invalid-fields")["problems"]
    assert (path, code) in {(one["path"], one["code"]) for one in found}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"scope": "all"}, "scope"),
        ({"reuse": "everything"}, "reuse"),
        ({"from": 3}, "from"),
        ({"from_": "a"}, "from_"),
        ({"input": []}, "input"),
        ({"input_patch": "x"}, "input_patch"),
        ({"fork": "yes"}, "fork"),
        ({"fork": 1}, "fork"),
        ({"reason": None}, "reason"),
        ({"confirm": "a"}, "confirm"),
        ({"confirm": [1]}, "confirm.0"),
        ({"plan_id": 5}, "plan_id"),
        ({"froom": "a"}, "froom"),
    ],
)
@pytest.mark.parametrize("route", ["restart", "restart-plan"])
def test_a_wrong_restart_is_422_and_names_the_field(operator, make_run, route, body, path):
    response = operator.post(f"/runs/{make_run().id}/{route}", body)
    found = problem(response, 422, "invalid-fields")["problems"]
    assert path in {one["path"] for one in found}


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\tb", "ä"])
def test_a_wrong_idempotency_key_is_422(operator, make_run, key):
    for path in ("/runs", f"/runs/{make_run().id}/restart"):
        response = operator.post(
            path, {"workflow": "hello"} if path == "/runs" else {}, Idempotency_Key=key
        )
        problem(response, 422, "invalid-fields")


def test_text_that_postgresql_cannot_store_is_422(operator):
    for raw in (rb'{"definition": "a\u0000b"}', rb'{"workflow": "a", "inputs": {"x": "\ud800"}}'):
        body = problem(operator("POST", "/runs", raw=raw), 422, "output-not-json")
        assert "body." in body["detail"]


def test_the_path_of_a_file_is_no_workflow_name(operator):
    for name in ("/etc/passwd", "../../secret.yaml", "a/b", "~/x.yaml"):
        problem(operator.post("/runs", {"workflow": name}), 404, "workflow-not-found")


def test_a_surprise_is_500_with_an_id_that_the_log_has_and_nothing_else(
    viewer, monkeypatch, caplog
):
    def burst(*_):
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("runs.api.v1.routers.runs.list_runs", burst)
    with caplog.at_level(logging.ERROR):
        response = viewer.get("/runs")
    body = problem(response, 500, "internal-error")
    assert b"hunter2" not in response.content
    assert b"Traceback" not in response.content
    assert body["error_id"] in caplog.text
    assert "hunter2" in caplog.text


def test_a_database_that_is_away_is_503(viewer, monkeypatch):
    def away(*_):
        raise OperationalError("connection refused")

    monkeypatch.setattr("runs.api.v1.routers.runs.list_runs", away)
    response = viewer.get("/runs")
    problem(response, 503, "database-unavailable")
    assert response["Retry-After"]


def test_a_wrong_definition_tells_every_problem_with_its_line(operator):
    text = "version: '1.0'\nname: x\nsteps:\n  - name: a\n    type: nope\n  - name: b\n"
    body = problem(operator.post("/runs", {"definition": text}), 422, "invalid-definition")
    assert len(body["problems"]) >= 2
    for one in body["problems"]:
        assert one["line"]
        assert one["column"]
        assert one["code"]
        assert one["message"]
