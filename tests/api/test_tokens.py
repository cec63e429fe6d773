"""Tokens over the API, with real secrets."""

import pytest

from .conftest import Api


def test_a_token_is_made_used_and_revoked(admin):
    response = admin.post("/tokens", {"name": "ci", "role": "viewer", "expires_in_days": 1})
    assert response.status_code == 201
    body = response.json()
    assert body["secret"].startswith(body["token"]["hint"])
    reader = Api(body["secret"])
    assert reader.get("/runs").status_code == 200
    assert reader.post("/runs", {"workflow": "x"}).status_code == 403
    listed = admin.get("/tokens").json()["items"]
    assert listed[0]["name"] == "ci"
    assert listed[0]["last_used_at"]
    assert body["secret"] not in admin.get("/tokens").content.decode()
    assert admin("DELETE", "/tokens/ci").status_code == 204
    assert reader.get("/runs").status_code == 401
    assert admin("DELETE", "/tokens/ci").status_code == 404


@pytest.mark.parametrize("who", ["viewer", "operator"])
def test_only_an_admin_manages_tokens(request, who):
    api = request.getfixturevalue(who)
    assert api.get("/tokens").status_code == 403
    assert api.post("/tokens", {"name": "x"}).status_code == 403
    assert api("DELETE", "/tokens/x").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x", "role": "root"},
        {"name": "x", "expires_in_days": 0},
        {"name": "x\ny"},
        {"name": "x", "secret": "mine"},
    ],
)
def test_a_wrong_token_is_422(admin, body):
    assert admin.post("/tokens", body).status_code == 422


def test_a_name_is_given_once(admin):
    assert admin.post("/tokens", {"name": "ci"}).status_code == 201
    response = admin.post("/tokens", {"name": "ci"})
    assert (response.status_code, response.json()["code"]) == (409, "token-name-taken")
