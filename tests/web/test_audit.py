"""The page of the audit log: for admins, filtered, and nothing in it is markup."""

import pytest
from django.test import Client

from runs.actor import Actor
from runs.models import User
from runs.record import audit

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("root", role="admin"))
    return client


def test_an_admin_reads_who_did_what_from_where(admin: Client) -> None:
    audit.note(
        Actor("user", "ann", "operator", via="page", address="192.0.2.7"),
        "run.restart", "run_1", reason=HOSTILE,
    )  # fmt: skip
    audit.note(Actor("token", "ci", "admin", via="api"), "token.create", "t")
    text = admin.get("/audit").content.decode()
    for word in ("ann", "192.0.2.7", "restarted", "run_1", "made the token"):
        assert word in text
    assert HOSTILE not in text
    assert "/audit" in admin.get("/runs").content.decode()
    only = admin.get("/audit?who=ci").content.decode()
    assert "made the token" in only
    assert "192.0.2.7" not in only
    assert "Nothing matches" in admin.get("/audit?who=nobody").content.decode()


def test_who_is_no_admin_sees_neither_the_page_nor_a_link_to_it(alice: Client) -> None:
    assert alice.get("/audit").status_code == 403
    assert 'href="/audit"' not in alice.get("/runs").content.decode()


def test_older_entries_are_a_page_away(admin: Client) -> None:
    for n in range(51):
        audit.note(Actor("user", "ann", "operator"), "run.start", f"run_{n}")
    first = admin.get("/audit?who=ann").content.decode()
    assert "run_50" in first
    assert ">run_0<" not in first
    before = first.partition("before=")[2].partition('"')[0]
    assert ">run_0<" in admin.get(f"/audit?who=ann&before={before}").content.decode()
    assert admin.get("/audit?before=%00x&who=%00").status_code == 200
