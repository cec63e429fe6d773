"""/webhooks: made, changed, tried out, looked at and removed; for admins."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.receiver import LOOPBACK, Receiver, receiving, send_due


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.MAVERICK_WEBHOOKS_ALLOW_PRIVATE = LOOPBACK
    with receiving() as made:
        yield made


def test_a_webhook_s_life(admin, receiver):
    made = admin.post("/webhooks", {"url": receiver.url, "events": ["run.failed"]})
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    webhook, secret = made.json()["webhook"], made.json()["secret"]
    assert secret.startswith(webhook["hint"])
    at = f"/webhooks/{webhook['id']}"
    assert secret not in admin.get("/webhooks").content.decode()
    assert admin.get(at).json() == admin.get("/webhooks").json()["items"][0] == webhook
    changed = admin("PATCH", at, {"workflows": ["release-*"], "description": "x"}).json()
    assert changed == {**webhook, "workflows": ["release-*"], "description": "x"}
    rotated = admin.post(f"{at}/secret").json()
    assert rotated["secret"] != secret
    assert rotated["webhook"]["previous_until"] is not None
    pinged = admin.post(f"{at}/ping")
    assert (pinged.status_code, pinged.json()["status"]) == (201, "pending")
    send_due()
    told = admin.get(f"/webhooks/deliveries/{pinged.json()['id']}").json()
    assert (told["status"], told["tries"][0]["code"]) == ("delivered", 200)
    assert told["body"]["type"] == "dev.maverick.ping"
    again = admin.post(f"/webhooks/deliveries/{told['id']}/redeliver").json()
    assert (again["status"], again["id"], again["attempts"]) == ("pending", told["id"], 1)
    refused = admin.post(f"/webhooks/deliveries/{told['id']}/redeliver")
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery-pending")
    assert admin("DELETE", at).status_code == 204
    assert admin.get(at).json()["code"] == "webhook-not-found"
    assert admin.get(f"/webhooks/deliveries/{told['id']}").json()["code"] == "delivery-not-found"


def test_deliveries_are_filtered_and_come_page_by_page(admin, receiver):
    first, second = (
        admin.post("/webhooks", {"url": receiver.url}).json()["webhook"]["id"] for _ in range(2)
    )
    for webhook in (first, first, second):
        admin.post(f"/webhooks/{webhook}/ping")
    send_due()
    admin("PATCH", f"/webhooks/{second}", {"enabled": False})
    assert len(admin.get(f"/webhooks/deliveries?webhook={first}").json()["items"]) == 2
    assert len(admin.get("/webhooks/deliveries?status=delivered").json()["items"]) == 3
    assert admin.get("/webhooks/deliveries?status=held").json()["items"] == []
    page = admin.get("/webhooks/deliveries?limit=2").json()
    rest = admin.get(f"/webhooks/deliveries?limit=2&cursor={page['next_cursor']}").json()
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    assert admin.get("/webhooks/deliveries?cursor=x").json()["code"] == "invalid-cursor"
    disabled = admin.post(f"/webhooks/{second}/ping")
    assert (disabled.status_code, disabled.json()["code"]) == (409, "webhook-disabled")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://10.0.0.1/"}, "webhook-address-refused"),
        ({"url": "ftp://example.org/"}, "webhook-address-refused"),
        ({"url": "https://example.org/", "secret": "short"}, "invalid-request"),
        ({"url": "https://example.org/", "events": ["run.eaten"]}, "invalid-fields"),
        ({"url": "https://example.org/", "events": []}, "invalid-fields"),
        ({}, "invalid-fields"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_made(admin, body, code):
    refused = admin.post("/webhooks", body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert admin.get("/webhooks").json()["items"] == []


def test_webhooks_are_for_admins(viewer, operator):
    for api in (viewer, operator):
        for method, path in (("GET", ""), ("POST", ""), ("GET", "/deliveries"), ("GET", "/wh_1")):
            body = {"url": "https://example.org/"} if method == "POST" else None
            assert api(method, f"/webhooks{path}", body).status_code == 403
