"""Wrong passwords are counted, in the database, before a password is looked at."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client

from runs.models import SignInAttempt
from runs.operations import sign_in
from runs.record.sign_in_attempts import MOST, MOST_HERE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: Any) -> None:
    """What is counted here is tries, dozens a test; what a hash costs is not the question."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def bob(make_user: Any) -> Any:
    return make_user("bob", password="correct horse")


def attempt(password: str, name: str = "bob", address: str = "192.0.2.1") -> Any:
    form = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post("/sign-in/", form)


def fail(times: int = MOST_HERE, **who: str) -> None:
    for number in range(times):
        assert attempt(f"wrong {number}", **who).status_code == 403


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(bob: Any) -> None:
    fail()
    answer = attempt("correct horse")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 600
    html = answer.content.decode()
    assert "Too many wrong passwords" in html
    assert "10 minutes" in html
    assert "maverick up" in html


def test_capitals_make_no_other_name(bob: Any) -> None:
    fail(name="Bob")
    assert attempt("correct horse").status_code == 429


def test_other_names_and_addresses_come_in(bob: Any, make_user: Any) -> None:
    make_user("carla", password="battery staple")
    fail()
    assert attempt("correct horse", address="192.0.2.2").status_code == 302
    assert attempt("battery staple", name="carla").status_code == 302


def test_many_addresses_are_not_many_tries(bob: Any) -> None:
    for number in range(MOST):
        assert attempt("wrong", address=f"192.0.2.{number}").status_code == 403
    assert attempt("correct horse", address="192.0.2.200").status_code == 429


def test_the_right_password_begins_anew(bob: Any) -> None:
    fail(MOST_HERE - 1)
    assert attempt("correct horse").status_code == 302
    fail(MOST_HERE)
    assert attempt("correct horse").status_code == 429


def test_time_lets_in_again_and_waiting_does_not_start_over(bob: Any) -> None:
    fail()
    SignInAttempt.objects.update(at=F("at") - timedelta(minutes=9))
    answer = attempt("correct horse")
    assert (answer.status_code, "a minute" in answer.content.decode()) == (429, True)
    assert int(answer["Retry-After"]) <= 60
    SignInAttempt.objects.update(at=F("at") - timedelta(minutes=1))
    assert attempt("correct horse").status_code == 302
    assert not SignInAttempt.objects.exists(), "what is long ago is forgotten"


def test_the_link_of_the_machine_works_all_the_same(bob: Any) -> None:
    user = sign_in.ensure_first_user()
    fail(name=user.username)
    assert Client(REMOTE_ADDR="192.0.2.1").get(sign_in.login_link(user, "")).status_code == 302


def test_an_empty_form_tries_nothing(bob: Any) -> None:
    for _ in range(MOST_HERE + 1):
        assert attempt("").status_code == 403
    assert not SignInAttempt.objects.exists()


def test_what_was_typed_is_not_kept(bob: Any) -> None:
    attempt("wrong", name="my-password-by-mistake")
    row = SignInAttempt.objects.get()
    assert "mistake" not in row.name_hash


@pytest.mark.django_db(transaction=True)
def test_a_hundred_at_once_are_no_more_than_five(make_user: Any) -> None:
    make_user("bob", password="correct horse")

    def ask(number: int) -> int:
        try:
            return int(attempt(f"wrong {number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(24)))
    assert answers.count(403) <= MOST_HERE
    assert set(answers) <= {403, 429}
