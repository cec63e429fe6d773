"""Messages go out: signed, the same with every attempt, until somebody took them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from runs.actor import SYSTEM, Actor
from runs.errors import NotAllowed, Refused
from runs.models import AuditEntry, WebhookDelivery, WebhookEndpoint
from runs.operations import webhooks
from runs.operations.webhooks import WebhookFields
from runs.record import webhooks as record
from tests.receiver import LOOPBACK, Receiver, receiving, send_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.MAVERICK_WEBHOOKS_ALLOW_PRIVATE = LOOPBACK
    with receiving() as made:
        yield made


def pinged(receiver: Receiver) -> tuple[WebhookEndpoint, str, WebhookDelivery]:
    row, secret = webhooks.create_webhook(WebhookFields(url=receiver.url), by=SYSTEM)
    return row, secret, webhooks.ping_webhook(row.pk, by=SYSTEM)


def due() -> None:
    WebhookDelivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())


def signed(secret: str, headers: dict[str, str], body: bytes) -> str:
    """The signature as the standard says it, worked out here once more."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def test_a_message_is_signed_and_is_a_cloud_event(receiver: Receiver) -> None:
    row, secret, made = pinged(receiver)
    assert send_due() == 1
    headers, body = receiver.got[0]
    assert headers["webhook-signature"] == signed(secret, headers, body)
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert headers["host"] == receiver.url.split("/")[2]
    event = json.loads(body)
    assert {k: event[k] for k in ("specversion", "id", "type", "data")} == {
        "specversion": "1.0", "id": headers["webhook-id"], "type": "dev.maverick.ping",
        "data": {"webhook": row.pk},
    }  # fmt: skip
    made.refresh_from_db()
    assert (made.status, made.due_at, made.tries[0]["code"]) == ("delivered", None, 200)
    assert made.tries[0]["response"] == '{"ok": true}'
    assert send_due() == 0


def test_after_a_rotation_both_secrets_sign_for_a_day(receiver: Receiver) -> None:
    row, old, _ = pinged(receiver)
    _, new = webhooks.rotate_secret(row.pk, by=SYSTEM)
    send_due()
    headers, body = receiver.got[0]
    both = [signed(one, headers, body) for one in (new, old)]
    assert headers["webhook-signature"].split() == both
    WebhookEndpoint.objects.update(previous_until=timezone.now())
    webhooks.ping_webhook(row.pk, by=SYSTEM)
    send_due()
    headers, body = receiver.got[1]
    assert headers["webhook-signature"] == signed(new, headers, body)


def test_a_failure_is_tried_again_under_the_same_id_with_the_same_body(receiver: Receiver) -> None:
    receiver.codes = [500, 302, 200]
    receiver.headers = {"Location": receiver.url}
    _, _, made = pinged(receiver)
    for expected in (5, 300):
        before = timezone.now()
        send_due()
        made.refresh_from_db()
        assert made.status == "pending"
        assert made.due_at is not None
        assert 0.85 * expected < (made.due_at - before).total_seconds() < 1.15 * expected + 2
        assert send_due() == 0  # not before its time
        due()
    send_due()
    made.refresh_from_db()
    assert [one["code"] for one in made.tries] == [500, 302, 200]
    assert made.status == "delivered"
    # No redirect was followed: three messages, and no GET.
    assert len({h["webhook-id"] for h, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    assert len(receiver.got) == 3


def test_the_schedule_ends_and_a_person_sends_it_again(receiver: Receiver) -> None:
    receiver.codes = [500]
    _, _, made = pinged(receiver)
    WebhookDelivery.objects.update(attempts=9, scheduled=9)
    send_due()
    made.refresh_from_db()
    assert (made.status, made.reason, made.due_at) == ("failed", "answered-500", None)
    receiver.codes = [200]
    webhooks.redeliver(made.message_id, by=SYSTEM)
    with pytest.raises(webhooks.DeliveryPending):
        webhooks.redeliver(made.message_id, by=SYSTEM)
    send_due()
    made.refresh_from_db()
    assert (made.status, made.attempts, made.reason) == ("delivered", 11, "")


def test_410_disables_the_endpoint_and_holds_back_the_rest(receiver: Receiver) -> None:
    receiver.codes = [410]
    row, _, made = pinged(receiver)
    send_due()
    other = record.add_message("ping", {}, endpoint=row)
    row.refresh_from_db()
    assert (row.enabled, row.disabled_reason) == (False, "gone: it answered 410")
    assert send_due() == 1  # found to be disabled, and held
    assert len(receiver.got) == 1
    other.refresh_from_db()
    assert (other.status, other.due_at, other.attempts) == ("pending", None, 0)
    with pytest.raises(webhooks.WebhookDisabled):
        webhooks.redeliver(made.message_id, by=SYSTEM)
    receiver.codes = [200]
    webhooks.change_webhook(row.pk, WebhookFields(enabled=True), by=SYSTEM)
    send_due()
    other.refresh_from_db()
    assert other.status == "delivered"


def test_an_endpoint_that_fails_for_days_is_disabled_with_its_reason(receiver: Receiver) -> None:
    receiver.codes = [503, 503, 200, 503]
    row, _, _ = pinged(receiver)
    send_due()
    row.refresh_from_db()
    assert row.enabled
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=3, hours=1))
    due()
    send_due()
    row.refresh_from_db()
    assert not row.enabled
    assert row.disabled_reason.startswith("failing: ")
    assert "answered-503" in row.disabled_reason
    webhooks.change_webhook(row.pk, WebhookFields(enabled=True), by=SYSTEM)
    send_due()
    row.refresh_from_db()
    assert (row.enabled, row.failing_since, row.disabled_reason) == (True, None, "")


def test_a_sender_that_dies_loses_nothing(receiver: Receiver) -> None:
    _, _, made = pinged(receiver)
    (lost,) = record.claim(10)
    assert record.claim(10) == []  # nobody else has it meanwhile
    due()  # as after a minute
    send_due()
    made.refresh_from_db()
    assert (made.status, made.attempts) == ("delivered", 2)
    # Should the first one only have been slow, what it says changes nothing.
    assert not record.note(lost, record.Came(False, {"code": 500}, "late", None))
    made.refresh_from_db()
    assert made.status == "delivered"


def test_a_long_answer_is_cut_and_a_broken_one_is_told(receiver: Receiver) -> None:
    receiver.answer = b"\x00\xff" + b"x" * 100_000
    _, _, made = pinged(receiver)
    send_due()
    made.refresh_from_db()
    assert len(made.tries[0]["response"]) == 4096
    assert made.tries[0]["response"].startswith("\ufffd\ufffdxx")


def test_who_does_not_answer_in_time_is_let_go(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runs.webhooks import attempt

    monkeypatch.setattr(attempt, "TIMEOUT", 0.2)
    receiver.delay = 0.6
    _, _, made = pinged(receiver)
    send_due()
    made.refresh_from_db()
    assert made.reason.startswith("timeout: ")
    assert made.tries[0]["duration_ms"] < 550


def test_private_addresses_are_refused_when_made_and_when_sent(
    receiver: Receiver, settings: Any
) -> None:
    _, _, made = pinged(receiver)
    settings.MAVERICK_WEBHOOKS_ALLOW_PRIVATE = []
    send_due()
    made.refresh_from_db()
    assert made.reason.startswith("webhook-address-refused: ")
    assert receiver.got == []
    with pytest.raises(Refused) as told:
        webhooks.create_webhook(WebhookFields(url=receiver.url), by=SYSTEM)
    assert "MAVERICK_WEBHOOKS_ALLOW_PRIVATE" in told.value.hint


def test_a_secret_is_encrypted_and_a_lost_key_is_told(receiver: Receiver, settings: Any) -> None:
    row, secret, made = pinged(receiver)
    assert secret.encode() not in bytes(WebhookEndpoint.objects.get(pk=row.pk).sealed or b"")
    settings.SECRET_KEY = "another one, of at least thirty-two characters"
    send_due()
    made.refresh_from_db()
    assert (made.status, made.reason.partition(":")[0]) == ("failed", "secret-unreadable")


def test_old_messages_are_forgotten_and_open_ones_never(receiver: Receiver) -> None:
    row, _, _ = pinged(receiver)
    send_due()
    open_ = record.add_message("ping", {}, endpoint=row)
    assert record.forget(timedelta(days=1)) == 0
    WebhookDelivery.objects.filter(status="delivered").update(
        finished_at=timezone.now() - timedelta(days=2)
    )
    assert record.forget(timedelta(days=1)) == 1
    assert WebhookDelivery.objects.get().pk == open_.pk


def test_each_command_is_in_the_audit_log_and_for_admins_only(receiver: Receiver) -> None:
    row, secret, made = pinged(receiver)
    webhooks.change_webhook(row.pk, WebhookFields(url=f"{receiver.url}?key=k3y"), by=SYSTEM)
    webhooks.rotate_secret(row.pk, by=SYSTEM)
    send_due()
    webhooks.redeliver(made.message_id, by=SYSTEM)
    webhooks.remove_webhook(row.pk, by=SYSTEM)
    entries = list(AuditEntry.objects.order_by("id").values_list("action", "target", "data"))
    assert [one[0] for one in entries] == [
        "webhook.create", "webhook.ping", "webhook.change", "webhook.rotate",
        "webhook.redeliver", "webhook.remove",
    ]  # fmt: skip
    assert "k3y" not in str(entries)
    assert secret not in str(entries)
    bob = Actor("user", "bob", "operator")
    for refused in (
        lambda: webhooks.create_webhook(WebhookFields(url=receiver.url), by=bob),
        lambda: webhooks.ping_webhook(row.pk, by=bob),
        lambda: webhooks.redeliver(made.message_id, by=bob),
    ):
        with pytest.raises(NotAllowed):
            refused()
