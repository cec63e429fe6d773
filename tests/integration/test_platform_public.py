"""Behind a proxy that speaks TLS: forms are taken from the public address, and from no other."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from maverick_site.env import OddSetting, env_origin

NAMES = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")
TELL = f"""
import json
from django.conf import settings
print(json.dumps({{name: getattr(settings, name) for name in {NAMES}}}))
"""


def with_environment(settings: Any, **environment: str) -> None:
    """Set what the settings file makes of this environment."""
    told = subprocess.run(
        [sys.executable, "-c", TELL],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    for name, value in json.loads(told.stdout).items():
        setattr(settings, name, value)


def send(origin: str) -> tuple[int, str]:
    """A form from a page of this origin: 403 before the password is looked at, or because of it."""
    client = Client(enforce_csrf_checks=True, headers={"Host": "flows.example.org"})
    page = client.get("/sign-in/")
    assert page.status_code == 200
    token = next(cookie.value for name, cookie in page.cookies.items() if "csrf" in name)
    form = {"username": "nobody", "password": "wrong", "csrfmiddlewaretoken": token}
    answer = client.post("/sign-in/", form, headers={"Origin": origin})
    return answer.status_code, answer.content.decode()


@pytest.mark.django_db
def test_a_form_is_taken_from_the_public_address_only(settings: Any) -> None:
    with_environment(settings, MAVERICK_PUBLIC_URL="https://flows.example.org/")
    _, good = send("https://flows.example.org")
    assert 'name="password"' in good  # inside, and told that the password is wrong
    status, bad = send("https://evil.example.org")
    assert (status, 'name="password"' in bad) == (403, False)
    assert settings.SESSION_COOKIE_SECURE
    assert settings.CSRF_COOKIE_SECURE


@pytest.mark.django_db
def test_a_host_alone_is_not_enough_behind_tls(settings: Any) -> None:
    with_environment(settings, MAVERICK_ALLOWED_HOSTS="flows.example.org")
    assert 'name="password"' not in send("https://flows.example.org")[1]
    assert not settings.SESSION_COOKIE_SECURE


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("", ""),
        ("https://flows.example.org", "https://flows.example.org"),
        ("https://Flows.example.org:8443/", "https://flows.example.org:8443"),
        ("http://10.0.0.7:8000", "http://10.0.0.7:8000"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_a_public_address_is_scheme_host_and_port(
    monkeypatch: pytest.MonkeyPatch, value: str, origin: str
) -> None:
    monkeypatch.setenv("MAVERICK_PUBLIC_URL", value)
    assert env_origin("MAVERICK_PUBLIC_URL") == origin


@pytest.mark.parametrize(
    "value",
    [
        "flows.example.org",
        "ftp://flows.example.org",
        "https://flows.example.org/below",
        "https://user@flows.example.org",
        "https://",
        "https://host:many",
        "https://a b",
    ],
)
def test_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MAVERICK_PUBLIC_URL", value)
    with pytest.raises(OddSetting, match="MAVERICK_PUBLIC_URL"):
        env_origin("MAVERICK_PUBLIC_URL")
