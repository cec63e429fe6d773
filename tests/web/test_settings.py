"""Settings: every page is sent as its reader wants it, and nobody else's is touched."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client, override_settings

from runs.look import CHOICES, Look, time_zones
from runs.models import Run, User
from tests.browser.rows import make_run
from tests.web.test_run_page import page

ALL = {
    "time_zone": "Asia/Kolkata",
    "times": "absolute",
    "theme": "dark",
    "colours": "safe",
    "density": "compact",
}


def root(html: str) -> str:
    return re.search(r"<html [^>]*>", html)[0]


def test_a_page_is_sent_as_it_is_wanted(charlie: Client, alice: Client, now: datetime) -> None:
    then = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    make_run("fly", then, id="run_00000000000001", status="succeeded", ago=0, took=5)
    answer = charlie.post("/settings", ALL)
    assert (answer.status_code, answer["Location"]) == (302, "/settings")
    html = page(charlie, "/runs")
    for said in ('data-theme="dark"', 'data-colours="safe"', 'data-density="compact"'):
        assert said in root(html)
    assert "2 Mar 2026, 20:00:00 UTC" not in html
    assert "3 Mar 2026, 01:30:00 IST" in html
    assert "data-ago" not in html
    assert re.search(r"<time [^>]*>3 Mar (01:30|2026)</time>", html)
    # Nobody else's.
    other = page(alice, "/runs")
    assert "data-" not in root(other)
    assert "2 Mar 2026, 20:00:00 UTC" in other
    assert "data-ago" in other


TABS = ("graph", "timeline", "steps", "io", "checkpoints", "lineage", "log", "events", "notes")


def test_no_page_forgets_how_its_reader_wants_it(charlie: Client, pair: tuple[Run, Run]) -> None:
    charlie.post("/settings", ALL)
    old, new = (run.pk for run in pair)
    paths = [f"/runs/{new}?tab={tab}" for tab in TABS]
    paths += [f"/runs/{old}/{rest}" for rest in ("restart", "fork", "golden", "check")]
    paths += [f"/runs/{old}/compare/{new}", "/workflows", "/agents", "/approvals", "/docs"]
    paths += [f"/workflows/ship-feature?tab={tab}" for tab in ("source", "graph", "versions")]
    for path in [*paths, "/tokens", "/nothing"]:  # 403 and 404
        html = charlie.get(path).content.decode()
        for said in ('data-theme="dark"', 'data-colours="safe"', 'data-density="compact"'):
            assert said in root(html), path
        assert "data-ago" not in html, path


def test_one_field_changes_nothing_else(charlie: Client) -> None:
    charlie.post("/settings", ALL)
    answer = charlie.post("/settings", {"theme": "light"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert Look.of(User.objects.get(username="charlie").preferences) == Look(
        **{**ALL, "theme": "light"}
    )


@pytest.mark.parametrize("name", ALL)
def test_what_is_no_choice_is_refused(charlie: Client, name: str) -> None:
    answer = charlie.post("/settings", {name: "<b>odd"})
    assert answer.status_code == 422
    assert "is no choice" in answer.content.decode()
    assert "<b>odd" not in answer.content.decode()
    assert User.objects.get(username="charlie").preferences == {}


def test_what_is_kept_and_is_no_choice_any_more_does_no_harm(charlie: Client) -> None:
    odd = {"theme": "sepia", "time_zone": "Mars/North", "times": ["x"], "gone": 1}
    User.objects.filter(username="charlie").update(preferences=odd)
    assert charlie.get("/runs").status_code == 200
    assert Look.of(odd) == Look()
    assert Look.of("nonsense") == Look()


def test_every_choice_has_its_words(charlie: Client) -> None:
    html = page(charlie, "/settings")
    for name, choices in CHOICES.items():
        for one in choices:
            assert f'name="{name}" value="{one}"' in html
    assert {"UTC", "Europe/Berlin", "America/New_York"} <= set(time_zones())


def test_without_logins_they_hold_in_the_browser(db: None) -> None:
    with override_settings(MAVERICK_AUTH=False):
        client, other = Client(), Client()
        assert client.post("/settings", {"theme": "dark"}).status_code == 302
        assert "Kept." in page(client, "/settings")
        assert 'data-theme="dark"' in root(page(client, "/runs"))
        assert "data-theme" not in root(page(other, "/runs"))
        assert "Password" not in page(client, "/settings")
        assert client.post("/settings/password", {"new": "x", "again": "x"}).status_code == 422


def test_a_password_is_set_and_changed(charlie: Client) -> None:
    person = User.objects.get(username="charlie")
    person.set_unusable_password()
    person.save()
    charlie.force_login(person)
    new = "correct horse battery"
    for sent, said in (
        ({"new": new, "again": "other"}, "differ"),
        ({"new": "12345678", "again": "12345678"}, "too common"),
        ({"new": "short", "again": "short"}, "too short"),
    ):
        answer = charlie.post("/settings/password", sent)
        assert (answer.status_code, said in answer.content.decode()) == (422, True), said
    assert charlie.post("/settings/password", {"new": new, "again": new}).status_code == 302
    assert charlie.get("/settings").status_code == 200  # still signed in here
    sent = {"old": "wrong", "new": "another long one", "again": "another long one"}
    refused = charlie.post("/settings/password", sent)
    assert "old password is not right" in refused.content.decode()
    assert User.objects.get(username="charlie").check_password(new)


def test_the_environment_stands_in_the_frame(charlie: Client) -> None:
    assert 'class="env"' not in page(charlie, "/runs")
    with override_settings(MAVERICK_ENVIRONMENT="<prod>", MAVERICK_ENVIRONMENT_COLOR="red"):
        html = page(charlie, "/runs")
    assert 'data-environment="red"' in html
    assert "&lt;prod&gt;</span>" in html


def test_preferences_cost_no_query(
    charlie: Client, now: datetime, django_assert_max_num_queries: object
) -> None:
    charlie.post("/settings", ALL)
    charlie.get("/settings")  # which shows the toast
    with django_assert_max_num_queries(2):  # type: ignore[operator]  # session and user
        charlie.get("/settings")
    assert Run.objects.count() == 0
