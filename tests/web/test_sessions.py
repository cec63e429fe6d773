"""The session and its user are read at once, and a login ends when it should."""

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import Session, User

PAGE = "/docs/language"  # asks for nothing but who is there
OLD, NEW = "walnut-harbour-41", "maple-lantern-52"


@pytest.fixture
def dora(db: None) -> User:
    return User.objects.create_user("dora", password=OLD, role="operator")


def signed_in(user: User) -> Client:
    client = Client()
    sent = {"username": user.username, "password": OLD}
    assert client.post("/sign-in", sent).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


def test_a_page_asks_once_who_is_there(dora: User) -> None:
    client = signed_in(dora)
    assert Session.objects.get().user == dora
    with CaptureQueriesContext(connection) as asked:
        assert is_in(client)
    assert len(asked) == 1
    assert "runs_session" in asked[0]["sql"]
    assert "runs_user" in asked[0]["sql"]


def test_signing_in_gives_the_session_another_key(dora: User) -> None:
    client = Client()
    client.get("/sign-in")
    session = client.session
    session["x"] = 1
    session.save()
    before = str(session.session_key)
    client.cookies[settings.SESSION_COOKIE_NAME] = before
    client.post("/sign-in", {"username": "dora", "password": OLD})
    after = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert after != before
    assert list(Session.objects.values_list("session_key", "user")) == [(after, dora.pk)]


def test_signing_out_ends_the_session_and_its_cookie(dora: User) -> None:
    client = signed_in(dora)
    kept = str(client.cookies[settings.SESSION_COOKIE_NAME].value)
    assert client.post("/sign-out/").status_code == 302
    assert not Session.objects.exists()
    client.cookies[settings.SESSION_COOKIE_NAME] = kept
    assert not is_in(client)


def test_a_new_password_signs_out_everywhere_else(dora: User) -> None:
    here, elsewhere = signed_in(dora), signed_in(dora)
    sent = {"old": OLD, "new": NEW, "again": NEW}
    assert here.post("/settings/password", sent).status_code == 302
    assert is_in(here)
    assert not is_in(elsewhere)


def test_who_is_no_longer_active_or_gone_is_out_at_once(dora: User) -> None:
    client = signed_in(dora)
    User.objects.filter(pk=dora.pk).update(is_active=False)
    assert not is_in(client)
    User.objects.filter(pk=dora.pk).update(is_active=True)
    client = signed_in(dora)
    assert is_in(client)
    dora.delete()
    assert not Session.objects.exists()
    assert not is_in(client)


def test_the_column_alone_makes_nobody_somebody_else(dora: User) -> None:
    root = User.objects.create_user("root", role="admin")
    client = signed_in(dora)
    Session.objects.update(user=root)
    assert client.get("/users").status_code == 403
    nobody = Client()
    session = nobody.session
    session["x"] = 1
    session.save()
    Session.objects.filter(pk=session.session_key).update(user=root)
    nobody.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    assert not is_in(nobody)


def test_a_session_that_is_saved_while_its_user_is_deleted_does_not_fail(dora: User) -> None:
    client = signed_in(dora)
    session = client.session
    User.objects.filter(pk=dora.pk)._raw_delete("default")
    session["x"] = 1
    session.save()
    assert Session.objects.get().user is None
    assert not is_in(client)
