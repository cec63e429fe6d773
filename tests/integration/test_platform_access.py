"""The doors: who comes in, who may change something, and what every answer carries."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from runs.models import LoginToken
from runs.operations import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def strict():
    """A browser: no CSRF token, no entry."""
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("path", ["/", "/runs", "/workflows", "/runs/x", "/nothing/here"])
def test_a_stranger_is_led_to_the_sign_in_page_and_back(client, path):
    answer = client.get(path + "?a=b")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")
    assert "a%3Db" in answer["Location"]


def test_a_fragment_of_a_stranger_leads_the_whole_page_there(client):
    answer = client.get("/runs?part=rows", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/sign-in/")
    shown = {"HX-Request": "true", "HX-Current-URL": "http://testserver/runs/x?tab=log"}
    answer = client.get("/runs/x?part=tab", headers=shown)
    assert answer["HX-Redirect"] == "/sign-in/?next=%2Fruns%2Fx%3Ftab%3Dlog"


@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("http://testserver/runs/x?tab=io", "?next=%2Fruns%2Fx%3Ftab%3Dio"),
        ("http://elsewhere.test/runs/x", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_who_presses_a_button_after_the_session_has_ended_comes_back_to_the_page(
    client, page, back
):
    answer = client.post("/runs/x/cancel", headers={"Referer": page})
    assert answer["Location"] == f"/sign-in/{back}"


@pytest.mark.parametrize("path", ["/api/v1/runs", "/api/v1/openapi.json", "/api/v1/none", "/api/x"])
def test_the_api_tells_a_stranger_how_to_come_in(client, path):
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "not-signed-in"


def test_the_door_refuses_in_the_same_shape_as_the_api(client, signed_in):
    inside = signed_in.get("/api/v1/runs/run_nothing").json()
    assert set(Client().get("/api/v1/runs").json()) == set(inside)


@pytest.mark.parametrize("name", ["/sign-in", "/sign-in/"])
def test_the_sign_in_page_is_open(client, name):
    assert client.get(name).status_code == 200


def test_a_browser_that_asks_for_an_icon_by_itself_gets_ours(client):
    assert client.get("/favicon.ico").headers["Location"].endswith("icon.svg")


def test_a_link_signs_in_once(client):
    link = sign_in.login_link(sign_in.ensure_first_user(), "")
    answer = client.get(link)
    assert (answer.status_code, answer["Location"]) == (302, "/runs")
    assert client.get("/runs").status_code == 200
    again = Client().get(link)
    assert again.status_code == 403
    assert b"used before" in again.content
    assert LoginToken.objects.get().used_at is not None


def test_a_name_and_a_password_sign_in(strict, make_user):
    make_user("bob", password="correct horse")
    page = strict.get("/sign-in/?next=/workflows")
    secret = page.cookies[next(iter(page.cookies))].value
    form = {"username": "bob", "password": "correct horse", "next": "/workflows"}
    assert strict.post("/sign-in/", form).status_code == 403
    answer = strict.post("/sign-in/", form | {"csrfmiddlewaretoken": secret})
    assert (answer.status_code, answer["Location"]) == (302, "/workflows")


def test_a_wrong_password_stays_outside(client, make_user):
    make_user("bob", password="correct horse")
    answer = client.post("/sign-in/", {"username": "bob", "password": "wrong"})
    assert answer.status_code == 403
    assert client.get("/runs").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil", "x"]
)
def test_signing_in_never_leads_to_another_site(client, target):
    link = sign_in.login_link(sign_in.ensure_first_user(), "")
    assert (
        client.get(link, {"next": target, "token": link.partition("=")[2]})["Location"] == "/runs"
    )


def test_signing_out_takes_a_post_and_ends_the_session(signed_in):
    assert signed_in.get(reverse("sign_out")).status_code == 405
    assert signed_in.post(reverse("sign_out")).status_code == 302
    assert signed_in.get("/runs").status_code == 302


def test_a_viewer_looks_and_changes_nothing(client, charlie):
    client.force_login(charlie)
    assert client.get("/runs").status_code == 200
    assert client.post("/runs/run_x/cancel").status_code == 403
    assert client.post("/api/v1/runs", b"{}", content_type="application/json").status_code == 403


def test_a_login_changes_something_through_the_api_with_the_csrf_token_only(strict, bob):
    strict.force_login(bob)
    answer = strict.post("/api/v1/runs", b"{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")


def test_a_token_needs_no_csrf_token(strict, make_secret):
    answer = strict.post(
        "/api/v1/runs",
        b"{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {make_secret()}"},
    )
    assert answer.status_code == 422  # inside, and told what is missing


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_token_opens_pages_too(client, make_secret, header):
    value = make_secret("viewer")
    shown = f"Bearer {value}" if header == "Authorization" else value
    assert client.get("/runs", headers={header: shown}).status_code == 200


def test_without_logins_everybody_on_this_machine_comes_in(client, settings):
    settings.MAVERICK_AUTH = False
    assert client.get("/runs").status_code == 200
    assert client.get("/api/v1/runs").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
def test_without_logins_another_site_still_changes_nothing(client, settings, headers):
    settings.MAVERICK_AUTH = False
    body = json.dumps({"workflow": "x"})
    answer = client.post("/api/v1/runs", body, content_type="text/plain", headers=headers)
    assert answer.status_code == 403


def test_an_unknown_host_is_refused(signed_in):
    assert signed_in.get("/runs", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/sign-in/", "/runs", "/api/v1/runs", "/healthz"])
def test_every_answer_carries_the_policy(signed_in, path):
    answer = signed_in.get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/api/v1/runs", "/runs/x/restart"])
def test_more_than_the_limit_is_413(signed_in, settings, path):
    settings.MAVERICK_MAX_BODY_BYTES = 1000
    answer = signed_in.post(path, b"x" * 1001, content_type="application/json")
    assert answer.status_code == 413


def test_alive_without_a_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert answer.status_code == 200


def test_ready_when_every_part_is(client):
    from runs.record import workers

    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == answer.json()["migrations"] == "ok"
    assert answer.json()["worker"] != "ok"
    workers.beat()
    answer = client.get("/readyz")
    assert (answer.status_code, set(answer.json().values())) == (200, {"ok"})
    workers.gone()
    assert client.get("/readyz").status_code == 503


def test_a_probe_that_is_told_no_leaves_no_line_in_the_log(client, caplog):
    with caplog.at_level("DEBUG", logger="django.request"):
        assert client.get("/readyz").status_code == 503
    assert caplog.records == []


def test_a_broker_that_is_away_is_told_fast(client, monkeypatch):
    from time import monotonic

    from maverick_site.celery import app

    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    began = monotonic()
    assert client.get("/readyz").json()["broker"] != "ok"
    assert monotonic() - began < 3
