"""The pages of webhooks: for admins; the secret once; every button; nothing is markup."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import User, WebhookDelivery, WebhookEndpoint
from runs.record import webhooks as record

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("root", role="admin"))
    return client


def add(admin: Client, **more: Any) -> WebhookEndpoint:
    form = {"url": f"https://example.org/?{HOSTILE}", "event": ["run.failed"], **more}
    answer = admin.post("/webhooks", form)
    assert answer.status_code == 200
    return WebhookEndpoint.objects.get()


def test_a_webhook_s_secret_is_shown_once_and_nothing_in_it_is_markup(admin: Client) -> None:
    form = {"url": "https://example.org/", "description": HOSTILE, "workflows": "a, release-*"}
    made = admin.post("/webhooks", form)
    assert made["Cache-Control"] == "no-store"
    row = WebhookEndpoint.objects.get()
    assert (row.events, row.workflows) == (["*"], ["a", "release-*"])
    secret = record.secrets_of(row)[0]
    assert secret in made.content.decode()
    delivery = record.add_message("ping", {"x": HOSTILE}, endpoint=row)
    record.claim(1)
    delivery.refresh_from_db()
    came = {"code": 500, "error": HOSTILE, "response": HOSTILE, "address": "", "duration_ms": 3}
    record.note(delivery, record.Came(False, came, HOSTILE, 5))
    for page in ("/webhooks", f"/webhooks/{row.pk}", f"/webhooks/deliveries/{delivery.message_id}"):
        text = admin.get(page).content.decode()
        assert "alert(1)" in text
        assert HOSTILE not in text
        assert secret not in text


def test_each_button_does_what_it_says(admin: Client) -> None:
    row = add(admin)
    at = f"/webhooks/{row.pk}"
    admin.post(at, {"do": "save", "url": "https://example.org/2", "event": ["run.failed"]})
    before = record.secrets_of(row)[0]
    rotated = admin.post(at, {"do": "rotate"})
    row.refresh_from_db()
    assert row.url == "https://example.org/2"
    assert record.secrets_of(row)[0] in rotated.content.decode()
    assert record.secrets_of(row)[1] == before
    sent = admin.post(at, {"do": "ping"})
    message = WebhookDelivery.objects.get()
    assert sent["Location"] == f"/webhooks/deliveries/{message.message_id}"
    WebhookDelivery.objects.update(status="failed", due_at=None, scheduled=10)
    admin.post(sent["Location"])
    message.refresh_from_db()
    assert (message.status, message.scheduled) == ("pending", 0)
    admin.post(at, {"do": "disable"})
    message.refresh_from_db()
    assert message.due_at is None
    assert "Held" in admin.get(f"{at}?status=held").content.decode()
    admin.post(at, {"do": "enable"})
    admin.post(at, {"do": "remove"})
    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()
    assert admin.get(at).status_code == 404
    assert admin.post(at, {"do": "ping"}).status_code == 404
    assert admin.get("/webhooks/deliveries/msg_no").status_code == 404


def test_a_refused_form_keeps_what_was_typed_and_says_why(admin: Client) -> None:
    answer = admin.post("/webhooks", {"url": "http://10.0.0.1/", "description": "for ops"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "private network" in text
    assert 'value="http://10.0.0.1/"' in text
    assert 'value="for ops"' in text
    row = add(admin)
    text = admin.post(f"/webhooks/{row.pk}", {"do": "save", "url": "ftp://x"}).content.decode()
    assert 'value="ftp://x"' in text


def test_a_page_takes_at_most_six_queries(admin: Client) -> None:
    row = add(admin)
    for _ in range(60):
        record.add_message("ping", {}, endpoint=row)
    last = WebhookDelivery.objects.latest("id").message_id
    for page in ("/webhooks", f"/webhooks/{row.pk}", f"/webhooks/deliveries/{last}"):
        with CaptureQueriesContext(connection) as seen:
            assert admin.get(page).status_code == 200
        assert len(seen) <= 6, page
    text = admin.get("/webhooks").content.decode()
    before = text.partition("before=")[2].partition('"')[0]
    assert "10 shown" in admin.get(f"/webhooks?before={before}").content.decode()


def test_who_is_no_admin_sees_neither_pages_nor_a_link(alice: Client, admin: Client) -> None:
    row = add(admin)
    for page in ("/webhooks", f"/webhooks/{row.pk}", "/webhooks/deliveries/msg_1"):
        assert alice.get(page).status_code == 403
        assert alice.post(page, {"do": "remove"}).status_code == 403
    assert 'href="/webhooks"' not in alice.get("/runs").content.decode()
    assert 'href="/webhooks"' in admin.get("/runs").content.decode()
