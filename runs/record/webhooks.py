"""Webhook endpoints and their messages: written here, and by the triggers of migration 0013."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from runs import ids
from runs.canonical import storable
from runs.models import CallWebhook, WebhookDelivery, WebhookEndpoint
from runs.record import sealing

# Who sends a message says so for this long; then that one is taken for dead. An attempt ends
# after 15 seconds.
CLAIM_SECONDS = 60
KEPT_TRIES = 20  # what came of them; the number of attempts goes on
# Endpoints that answered nothing else than failures for so long are disabled.
PATIENCE = timedelta(days=3)


# ---- endpoints -----------------------------------------------------------------------------------


def add_endpoint(secret: str, by: str, fields: Mapping[str, Any]) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        id=ids.webhook_id(),
        **fields,
        sealed=sealing.seal({"secret": secret}),
        hint=_hint(secret),
        created_at=timezone.now(),
        created_by=by,
    )


def locked_endpoint(webhook_id: str) -> WebhookEndpoint | None:
    """The endpoint, with its row lock until the transaction ends."""
    return WebhookEndpoint.objects.select_for_update().filter(pk=webhook_id).first()


def change_endpoint(endpoint: WebhookEndpoint, fields: Mapping[str, Any]) -> None:
    """Change a locked endpoint; what is held back goes out when it is enabled again."""
    was = endpoint.enabled
    for name, value in fields.items():
        setattr(endpoint, name, value)
    if endpoint.enabled and not was:
        endpoint.failing_since, endpoint.disabled_reason = None, ""
    endpoint.save()
    if endpoint.enabled != was:
        hold(endpoint.pk, back=not endpoint.enabled)


def hold(endpoint_id: str, *, back: bool) -> None:
    """Keep an endpoint's open messages back, or let them go."""
    WebhookDelivery.objects.filter(
        endpoint_id=endpoint_id, status="pending", due_at__isnull=not back
    ).update(due_at=None if back else Now())


def remove_endpoint(endpoint: WebhookEndpoint) -> None:
    """With all of its messages."""
    WebhookDelivery.objects.filter(endpoint_id=endpoint.pk).delete()
    endpoint.delete()


def rotate(endpoint: WebhookEndpoint, secret: str, keep: timedelta) -> None:
    """A new secret; the one before it goes on signing beside it for a while."""
    before = sealing.unseal(endpoint.sealed).get("secret")
    endpoint.sealed = sealing.seal({"secret": secret, "previous": before if keep else None})
    endpoint.previous_until = timezone.now() + keep if before and keep else None
    endpoint.hint = _hint(secret)
    endpoint.save(update_fields=["sealed", "previous_until", "hint"])


def secrets_of(endpoint: WebhookEndpoint) -> list[str]:
    """The secrets that sign now, the newest first; none when they cannot be decrypted."""
    kept = sealing.unseal(endpoint.sealed)
    until = endpoint.previous_until
    names = ["secret"] + (["previous"] if until and until > timezone.now() else [])
    return [kept[name] for name in names if kept.get(name)]


def _hint(secret: str) -> str:
    return secret[:10]


# ---- the address that came with a call -----------------------------------------------------------


def add_call(call_id: str, url: str, secret: str, headers: Mapping[str, str]) -> None:
    """Tell this address when the call is over."""
    sealed = sealing.seal({"secret": secret, "headers": dict(headers)})
    CallWebhook.objects.create(call_id=call_id, url=url, sealed=sealed)


# ---- messages ------------------------------------------------------------------------------------


def add_message(event: str, data: Any, **about: Any) -> WebhookDelivery:
    """One more message, due now. Those of runs and calls that end are added by the database."""
    return WebhookDelivery.objects.create(
        message_id=ids.message_id(),
        event=event,
        data=data,
        occurred_at=timezone.now(),
        due_at=timezone.now(),
        **about,
    )


def send_again(delivery: WebhookDelivery) -> None:
    """The same message once more, from the beginning of the schedule. The caller has its lock."""
    delivery.status, delivery.scheduled = "pending", 0
    delivery.due_at, delivery.finished_at = timezone.now(), None
    delivery.save(update_fields=["status", "scheduled", "due_at", "finished_at"])


def claim(limit: int, message_id: str = "") -> list[WebhookDelivery]:
    """Messages that are due, for who sends them now; nobody else gets them meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE runs_webhookdelivery d
            SET attempts = attempts + 1, scheduled = scheduled + 1,
              due_at = clock_timestamp() + %(claim)s * interval '1 second'
            WHERE d.id IN (
              SELECT id FROM runs_webhookdelivery
              WHERE due_at <= clock_timestamp() AND (%(message)s = '' OR message_id = %(message)s)
              ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
            RETURNING d.id
            """,
            {"claim": CLAIM_SECONDS, "limit": limit, "message": message_id},
        )
        found = [row[0] for row in cursor.fetchall()]
    if not found:
        return []
    return list(WebhookDelivery.objects.select_related("endpoint").filter(pk__in=found))


@dataclass(frozen=True)
class Came:
    """What came of an attempt, and what is to happen now."""

    is_success: bool
    told: Mapping[str, Any]  # code, error, response, address, duration_ms
    reason: str = ""
    next_in: float | None = None  # seconds; None: it is not tried again
    gone: bool = False  # 410: the receiver wants nothing more


def note(delivery: WebhookDelivery, came: Came) -> bool:
    """Record an attempt; False when somebody else has the message by now."""
    now = timezone.now()
    tried = {"n": delivery.attempts, "at": now.isoformat(), **storable(dict(came.told))}
    over = came.is_success or came.next_in is None
    fields = {
        "tries": [*delivery.tries, tried][-KEPT_TRIES:],
        "status": "delivered" if came.is_success else "failed" if over else "pending",
        "reason": "" if came.is_success else came.reason[:500],
        "due_at": None if over or came.next_in is None else now + timedelta(seconds=came.next_in),
        "finished_at": now if over else None,
    }
    mine = WebhookDelivery.objects.filter(
        pk=delivery.pk, attempts=delivery.attempts, status="pending"
    )
    if not mine.update(**fields):
        return False
    if delivery.endpoint_id:
        _note_health(delivery.endpoint_id, came)
    return True


def put_back(delivery: WebhookDelivery) -> None:
    """Not tried: its endpoint is disabled. It waits until that is enabled again."""
    WebhookDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(
        attempts=delivery.attempts - 1, scheduled=delivery.scheduled - 1, due_at=None
    )


def _note_health(endpoint_id: str, came: Came) -> None:
    rows = WebhookEndpoint.objects.filter(pk=endpoint_id)
    if came.is_success:
        rows.filter(failing_since__isnull=False).update(failing_since=None)
        return
    now = timezone.now()
    rows.filter(failing_since=None).update(failing_since=now)
    if came.gone:
        why = "gone: it answered 410"
    elif rows.filter(failing_since__lt=now - PATIENCE).exists():
        why = f"failing: every attempt has failed for {PATIENCE.days} days, last {came.reason}"
    else:
        return
    if rows.filter(enabled=True).update(enabled=False, disabled_reason=why[:500]):
        hold(endpoint_id, back=True)


def forget(older_than: timedelta, limit: int = 1000) -> int:
    """Delete messages that ended longer ago; how many."""
    old = WebhookDelivery.objects.filter(finished_at__lt=Now() - older_than)
    return _delete(list(old.order_by("finished_at").values_list("pk", flat=True)[:limit]))


def _delete(found: Sequence[int]) -> int:
    if not found:
        return 0
    calls = WebhookDelivery.objects.filter(pk__in=found).exclude(call_id="")
    CallWebhook.objects.filter(call_id__in=calls.values("call_id")).delete()
    return WebhookDelivery.objects.filter(pk__in=found).delete()[0]
