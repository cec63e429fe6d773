"""API tokens and login links."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from runs.actor import ROLES, SYSTEM, Actor, rank
from runs.errors import Conflict, NotAllowed, Refused
from runs.models import ApiToken, LoginToken, User
from runs.operations import sign_in, tokens

pytestmark = pytest.mark.django_db


def test_a_token_says_who_it_is():
    _row, secret = tokens.create_token("ci", "operator", None, SYSTEM)
    assert secret.startswith("mvk_")
    assert tokens.authenticate(secret) == Actor("token", "ci", "operator")


def test_the_secret_is_nowhere_in_the_database():
    row, secret = tokens.create_token("ci", "viewer", None, SYSTEM)
    stored = [str(value) for value in ApiToken.objects.values_list().get(pk=row.pk)]
    assert not any(secret in value or secret[12:] in value for value in stored)


@pytest.mark.parametrize("shown", ["", "mvk_", "mvk_nope", "nope", "mvk_" + "x" * 5000, "mvk_\x00"])
def test_an_unknown_secret_is_nobody(shown):
    assert tokens.authenticate(shown) is None


def test_a_revoked_token_is_nobody_at_once():
    row, secret = tokens.create_token("ci", "admin", None, SYSTEM)
    assert tokens.revoke_token("ci", SYSTEM) == 1
    assert tokens.authenticate(secret) is None
    with pytest.raises(tokens.UnknownToken):
        tokens.revoke_token(str(row.pk), SYSTEM)


def test_an_expired_token_is_nobody():
    row, secret = tokens.create_token("ci", "admin", timedelta(hours=1), SYSTEM)
    ApiToken.objects.filter(pk=row.pk).update(expires_at=Now() - timedelta(seconds=1))
    assert tokens.authenticate(secret) is None


def test_last_use_is_written_at_most_once_a_minute(django_assert_num_queries):
    row, secret = tokens.create_token("ci", "viewer", None, SYSTEM)
    assert row.last_used_at is None
    tokens.authenticate(secret)
    row.refresh_from_db()
    assert row.last_used_at is not None
    with django_assert_num_queries(1):
        tokens.authenticate(secret)
    ApiToken.objects.filter(pk=row.pk).update(last_used_at=Now() - timedelta(minutes=2))
    old = ApiToken.objects.get(pk=row.pk).last_used_at
    tokens.authenticate(secret)
    assert ApiToken.objects.get(pk=row.pk).last_used_at > old


def test_living_tokens_have_different_names():
    tokens.create_token("ci", "viewer", None, SYSTEM)
    with pytest.raises(Conflict):
        tokens.create_token("ci", "viewer", None, SYSTEM)
    tokens.revoke_token("ci", SYSTEM)
    tokens.create_token("ci", "viewer", None, SYSTEM)
    assert [token.name for token in tokens.list_tokens()] == ["ci", "ci"]


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb", "\x00"])
def test_a_name_is_printable_and_short(name):
    with pytest.raises(Refused):
        tokens.create_token(name, "viewer", None, SYSTEM)


@pytest.mark.parametrize("expires_in", [timedelta(0), timedelta(days=-1), timedelta(days=9999)])
def test_a_token_expires_in_the_future(expires_in):
    with pytest.raises(Refused):
        tokens.create_token("ci", "viewer", expires_in, SYSTEM)


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_an_admin_manages_tokens(role):
    somebody = Actor("user", "bob", role)
    with pytest.raises(NotAllowed):
        tokens.create_token("ci", "viewer", None, somebody)
    with pytest.raises(NotAllowed):
        tokens.revoke_token("ci", somebody)


def test_each_role_may_what_those_before_it_may():
    assert [rank(role) for role in ROLES] == [1, 2, 3]
    assert rank("root") == 0
    assert Actor("user", "a", "operator").may("viewer")
    assert not Actor("user", "a", "operator").may("admin")


def test_the_first_user_is_made_once_and_has_no_password():
    user = sign_in.ensure_first_user()
    assert sign_in.ensure_first_user() == user
    assert (user.username, user.role, user.has_usable_password()) == ("admin", "admin", False)
    assert User.objects.count() == 1


def _secret(link: str) -> str:
    return link.partition("token=")[2]


def test_a_login_link_is_in_time_or_nothing():
    secret = _secret(sign_in.login_link(sign_in.ensure_first_user(), "http://x"))
    LoginToken.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert sign_in.use_login_token(secret) is None


def test_a_login_link_of_a_user_who_was_put_out_is_nothing():
    user = sign_in.ensure_first_user()
    secret = _secret(sign_in.login_link(user, "http://x"))
    User.objects.update(is_active=False)
    assert sign_in.use_login_token(secret) is None


@pytest.mark.django_db(transaction=True)
def test_of_many_who_follow_one_link_at_once_one_gets_in():
    secret = _secret(sign_in.login_link(sign_in.ensure_first_user(), "http://x"))

    def follow(_: int) -> bool:
        try:
            return sign_in.use_login_token(secret) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(follow, range(16))) == 1
