"""Saved views over the list: saved, opened, changed, shared, the default. Alice operates, Charlie looks."""

import re

import pytest
from django.test import Client

from runs.models import SavedView, User


@pytest.fixture
def root(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("root", role="admin"))
    return client


def save(client: Client, name: str, query: str, **more: str) -> SavedView | None:
    client.post("/runs/views", {"name": name, "query": query, **more})
    return SavedView.objects.filter(name=name).first()


def tabs(client: Client, address: str = "/runs?view=all") -> str:
    html = client.get(address, follow=True).content.decode()
    return html[html.index('aria-label="Views"') :].partition("</nav>")[0]


def test_a_view_keeps_what_is_shown_and_its_link_works_for_who_does_not_see_it(
    alice: Client, charlie: Client
) -> None:
    answer = alice.post(
        "/runs/views", {"name": "Broken", "query": "?status=failed&-workflow=probe-*&columns=by"}
    )
    view = SavedView.objects.get()
    assert (view.name, view.owner, view.shared) == ("Broken", "user:alice", False)
    assert (view.search, view.columns) == ("status:failed -workflow:probe-*", ["by"])
    link = f"/runs?status=failed&-workflow=probe-%2A&view={view.pk}&columns=by"
    assert answer["Location"] == link
    assert 'aria-current="page">Broken</a>' in tabs(alice, link)
    assert "Broken" not in tabs(charlie)
    assert "<b>status:</b><i>failed</i>" in charlie.get(link).content.decode()
    # A bare number is what the view says.
    assert "<b>status:</b><i>failed</i>" in alice.get(f"/runs?view={view.pk}").content.decode()
    assert 'title="Changed since it was saved"' in tabs(
        alice, f"/runs?status=failed&view={view.pk}"
    )


def test_the_list_opens_with_the_default_unless_the_address_says_something(alice: Client) -> None:
    view = save(alice, "Broken", "?status=failed", default="on")
    assert view is not None
    assert alice.get("/runs")["Location"] == f"/runs?status=failed&view={view.pk}"
    assert alice.get("/runs?kind=fork").status_code == 200
    everything = alice.get("/runs?view=all")
    assert everything.status_code == 200
    assert "<b>status:</b>" not in everything.content.decode()
    assert 'href="/runs?view=all" aria-current="page">All runs' in tabs(alice)
    alice.post(f"/runs/views/{view.pk}", {"do": "forget", "query": ""})
    assert alice.get("/runs").status_code == 200


def test_views_are_shared_by_operators_and_changed_by_their_owner_and_admins(
    alice: Client, charlie: Client, root: Client
) -> None:
    assert save(charlie, "Mine", "?status=failed", shared="on") is None
    assert save(charlie, "Mine", "?status=failed") is not None
    shared = save(alice, "Everybody's", "?kind=fork", shared="on")
    assert shared is not None
    assert "Everybody&#x27;s" in tabs(charlie)
    assert "Mine" not in tabs(alice)
    change = f"/runs/views/{shared.pk}"
    for do in ("delete", "rename", "update"):
        charlie.post(change, {"do": do, "name": "No", "query": "?status=failed"})
    shared.refresh_from_db()
    assert (shared.name, shared.search) == ("Everybody's", "kind:fork")
    html = charlie.get(f"/runs?kind=fork&view={shared.pk}").content.decode()
    assert "alice&#x27;s" in html
    # What it opens with is everybody's own.
    charlie.post(change, {"do": "default", "query": ""})
    assert charlie.get("/runs")["Location"].startswith("/runs?kind=fork")
    assert alice.get("/runs").status_code == 200
    root.post(change, {"do": "rename", "name": "Forks", "shared": "on", "query": ""})
    alice.post(change, {"do": "update", "query": "?kind=fork&status=failed"})
    shared.refresh_from_db()
    assert (shared.name, shared.search, shared.shared) == ("Forks", "kind:fork status:failed", True)
    root.post(change, {"do": "delete", "query": ""})
    assert not SavedView.objects.filter(pk=shared.pk).exists()
    assert charlie.get("/runs").status_code == 200


def test_names_are_checked_and_hostile_ones_are_text(alice: Client) -> None:
    def said() -> str:
        return alice.get("/runs").content.decode()

    save(alice, "<script>alert(1)</script>", "?status=failed")
    assert "<script>alert" not in said()
    save(alice, "  ", "")
    assert "1 to 80 printable characters" in said()
    save(alice, "Twice", "")
    save(alice, "Twice", "")
    assert "There is a view called" in said()
    assert SavedView.objects.filter(name="Twice").count() == 1
    assert alice.post("/runs/views/99999", {"do": "delete"}, follow=True).status_code == 200


def test_toasts_lead_to_what_they_speak_of(alice: Client) -> None:
    from datetime import UTC, datetime

    from tests.browser.rows import make_run

    run = make_run("alpha", datetime.now(UTC), status="queued")
    other = alice.post(f"/runs/{run.pk}/pause")
    assert other.status_code in (204, 302)
    html = alice.get("/runs").content.decode()
    toast = html[html.index('class="toasts"') :]
    assert re.search(rf'<a class="link" href="/runs/{run.pk}">Open</a>', toast)


def test_the_keys_are_on_every_page(alice: Client) -> None:
    for address in ("/runs", "/workflows"):
        html = alice.get(address).content.decode()
        keys = html[html.index("<dialog") :].partition("</dialog>")[0]
        for key in ("?", "/", "Esc", "j", "k", "r", "c", "e", "x"):
            assert f"<kbd>{key}</kbd>" in keys
        assert 'data-go="r"' in html
