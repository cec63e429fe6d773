"""Tokens and users: admins only, secrets and links shown once, and always an admin left."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from runs.actor import SYSTEM
from runs.errors import MaverickError
from runs.models import ApiToken, AuditEntry, User
from runs.operations import people
from runs.operations.tokens import authenticate, create_token
from tests.web.test_run_page import page

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("root", role="admin"))
    return client


def secret_in(html: str) -> str:
    return re.search(r'data-copy="([^"]+)"', html)[1]


@pytest.mark.parametrize("path", ["/tokens", "/users"])
def test_they_are_for_admins(alice: Client, charlie: Client, path: str) -> None:
    for client in (alice, charlie):
        assert client.get(path).status_code == 403
        assert (
            client.post(path, {"do": "invite", "user": "eve", "role": "admin"}).status_code == 403
        )
        assert f'href="{path}"' not in page(client, "/runs")
    assert not User.objects.filter(username="eve").exists()


def test_a_token_is_made_shown_once_and_revoked(admin: Client) -> None:
    sent = {"do": "create", "name": "ci", "role": "operator", "days": "30"}
    answer = admin.post("/tokens", sent)
    assert answer.status_code == 201
    assert "no-store" in answer["Cache-Control"]
    secret = secret_in(answer.content.decode())
    who = authenticate(secret)
    assert who is not None
    assert (who.name, who.role) == ("ci", "operator")
    row = ApiToken.objects.get()
    assert row.expires_at == row.created_at + timedelta(days=30)
    html = page(admin, "/tokens")
    assert secret not in html
    assert row.hint in html
    again = admin.post("/tokens", sent)
    assert again.status_code == 409
    assert "A token called &#x27;ci&#x27; exists." in again.content.decode()
    assert admin.post("/tokens", {"do": "revoke", "token": str(row.pk)}).status_code == 302
    assert AuditEntry.objects.get(action="token.revoke").target == "ci"  # no number
    assert authenticate(secret) is None
    assert "revoked" in page(admin, "/tokens")


def test_a_new_secret_keeps_name_scope_and_lifetime(admin: Client) -> None:
    old, before = create_token("ci", "viewer", timedelta(days=7), SYSTEM)
    answer = admin.post("/tokens", {"do": "rotate", "token": str(old.pk)})
    after = secret_in(answer.content.decode())
    assert authenticate(before) is None
    who = authenticate(after)
    assert who is not None
    assert (who.name, who.role) == ("ci", "viewer")
    row = ApiToken.objects.get(revoked_at=None)
    assert row.expires_at == row.created_at + timedelta(days=7)
    refused = admin.post("/tokens", {"do": "rotate", "token": str(old.pk)})
    assert refused.status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        {"do": "create", "name": "", "role": "viewer", "days": "30"},
        {"do": "create", "name": "x", "role": "king", "days": "30"},
        {"do": "create", "name": "x", "role": "viewer", "days": "31"},
        {"do": "create", "name": HOSTILE + "\n", "role": "", "days": ""},
    ],
)
def test_a_token_that_cannot_be_is_refused_in_words(admin: Client, sent: dict[str, str]) -> None:
    answer = admin.post("/tokens", sent)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert HOSTILE not in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_somebody_is_invited_by_a_link_that_works_once(admin: Client) -> None:
    answer = admin.post("/users", {"do": "invite", "user": "bob", "role": "viewer"})
    assert answer.status_code == 201
    link = secret_in(answer.content.decode()).replace("&amp;", "&")
    assert link not in page(admin, "/users")
    path = link.partition("testserver")[2]
    fresh, late = Client(), Client()
    assert fresh.get(path).status_code == 302
    assert page(fresh, "/settings").count("bob") >= 1
    assert late.get(path).status_code == 403
    assert User.objects.get(username="bob").role == "viewer"
    assert "invited" in answer.content.decode()
    again = admin.post("/users", {"do": "invite", "user": "bob", "role": "admin"})
    assert again.status_code == 409
    assert User.objects.get(username="bob").role == "viewer"


@pytest.mark.parametrize("name", ["", HOSTILE, "a b", "admin", "x" * 101, "a\nb"])
def test_a_name_that_is_none_is_refused(admin: Client, name: str) -> None:
    answer = admin.post("/users", {"do": "invite", "user": name, "role": "viewer"})
    assert answer.status_code == 422
    assert HOSTILE not in answer.content.decode()
    assert User.objects.count() == 1


def test_who_is_deactivated_is_out_at_once(admin: Client, alice: Client) -> None:
    link = people.new_link("alice", base_url="http://testserver", by=SYSTEM)
    assert admin.post("/users", {"do": "deactivate", "user": "alice"}).status_code == 302
    assert alice.get("/runs").status_code == 302
    assert Client().get(link.partition("testserver")[2]).status_code == 403
    assert admin.post("/users", {"do": "link", "user": "alice"}).status_code == 422
    assert admin.post("/users", {"do": "activate", "user": "alice"}).status_code == 302
    assert alice.get("/runs").status_code == 200


def test_the_last_admin_stays_one(admin: Client, alice: Client) -> None:
    for sent in ({"do": "role", "role": "viewer"}, {"do": "deactivate"}):
        answer = admin.post("/users", {"user": "root", **sent})
        assert answer.status_code == 409
        assert "root is the only admin." in answer.content.decode()
    assert "the only admin" in page(admin, "/users")
    assert admin.post("/users", {"do": "role", "user": "alice", "role": "admin"}).status_code == 302
    assert admin.post("/users", {"do": "role", "user": "root", "role": "viewer"}).status_code == 302
    assert admin.get("/users").status_code == 403
    assert alice.get("/users").status_code == 200


def test_a_superuser_loses_that_with_the_role(admin: Client) -> None:
    User.objects.create_superuser("first", password="x")
    people.set_role("first", "viewer", by=SYSTEM)
    assert not User.objects.get(username="first").is_superuser


@pytest.mark.django_db(transaction=True)
def test_two_admins_cannot_take_the_role_from_each_other() -> None:
    for name in ("a", "b"):
        User.objects.create_user(name, role="admin")

    def lower(name: str) -> str:
        try:
            people.set_role(name, "viewer", by=SYSTEM)
            return "done"
        except MaverickError as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(lower, ("a", "b")))
    assert said == ["done", "last-admin"]
    assert User.objects.filter(role="admin").count() == 1


def test_queries_do_not_grow(admin: Client, django_assert_max_num_queries: object) -> None:
    for n in range(20):
        User.objects.create_user(f"p{n}")
        create_token(f"t{n}", "viewer", None, SYSTEM)
    for path in ("/users", "/tokens"):
        with django_assert_max_num_queries(4):  # type: ignore[operator]
            admin.get(path)
