"""Every route asks for its role, of tokens and of logins alike; pages as well."""

import re

import pytest
from django.test import Client
from django.urls import get_resolver

from runs.actor import ROLES, rank
from runs.models import Run

# What changes nothing although it is a POST.
LOOKING = {"planRestart", "planExecutionRestart", "validateWorkflow", "checkRun"}
# For those whom the step names, whatever their role (tests/api/test_approvals.py).
NAMED = {"decideApproval"}
# What everybody keeps for themselves; sharing takes an operator (tests/web/test_saved_views.py).
OWN = {"createView", "changeView", "deleteView"}
OWN_PAGES = {"run-columns", "view-save", "view-change", "settings", "password"}


def routes(viewer):
    for path, operations in viewer.get("/openapi.json").json()["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def test_who_only_looks_gets_nothing_but_what_is_for_looking(viewer):
    for method, path, operation in routes(viewer):
        if method == "GET" and operation["x-role"] != "admin":
            assert operation["x-role"] == "viewer", path
        elif operation["operationId"] not in LOOKING | NAMED | OWN:
            assert rank(operation["x-role"]) >= rank("operator"), path


@pytest.mark.parametrize("kind", ["token", "login"])
def test_every_route_refuses_who_has_too_small_a_role(
    viewer, make_secret, make_user, make_run, kind
):
    run = make_run()
    asked = 0
    for role in ROLES:
        client = Client()
        headers = {}
        if kind == "token":
            headers["Authorization"] = f"Bearer {make_secret(role, f'{role} for roles')}"
        else:
            client.force_login(make_user(f"{role}-for-roles", role))
        for method, path, operation in routes(viewer):
            if rank(role) >= rank(operation["x-role"]):
                continue
            asked += 1
            address = re.sub(r"\{.*?\}", run.pk, path)
            answer = client.generic(
                method, address, b"{}", content_type="application/json", headers=headers
            )
            assert answer.status_code == 403, (role, method, path)
            assert answer["Content-Type"] == "application/problem+json"
            told = answer.json()
            assert told["code"] == "not-allowed"
            assert told["hint"]
            assert operation["x-role"] in told["detail"] + told["hint"] or role == "viewer"
    assert asked > 10
    run.refresh_from_db()
    assert Run.objects.count() == 1
    assert run.golden_name is None


def test_a_viewer_changes_nothing_on_any_page(make_user, make_run):
    run = make_run()
    client = Client()
    client.force_login(make_user("looker", "viewer"))
    seen = 0
    for pattern in get_resolver("runs.web.urls").url_patterns:
        if pattern.name and pattern.name in {"run-decide", "approvals"} | OWN_PAGES:
            continue  # decisions are for those whom the step names: tests/web/test_step_kinds.py
        address = "/" + re.sub(
            r"<int:.*?>", "1", re.sub(r"<(str|path):.*?>", run.pk, str(pattern.pattern))
        )
        answer = client.post(address)
        assert answer.status_code == 403, address
        assert "operator" in answer.content.decode()
        seen += 1
    assert seen > 5


def test_an_admin_s_token_manages_tokens_and_an_operator_s_does_not(make_secret):
    for role, expected in (("viewer", 403), ("operator", 403), ("admin", 201)):
        answer = Client().post(
            "/api/v1/tokens",
            {"name": f"by {role}", "role": "viewer"},
            content_type="application/json",
            headers={"X-API-Key": make_secret(role)},
        )
        assert answer.status_code == expected, role
