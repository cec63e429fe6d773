"""Webhooks and what was sent to them, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from runs.errors import UnknownDelivery, UnknownWebhook
from runs.models import CallWebhook, WebhookDelivery, WebhookEndpoint

HELD = "held"  # open, and kept back while its webhook is disabled
STATUSES = ("pending", "delivered", "failed", HELD)


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told."""

    id: str
    url: str
    description: str
    events: Sequence[str]
    workflows: Sequence[str]
    enabled: bool
    disabled_reason: str  # when Maverick itself disabled it
    failing_since: datetime | None
    hint: str
    previous_until: datetime | None
    created_at: datetime
    created_by: str

    @property
    def state(self) -> str:
        """`enabled`, `failing` (the last attempts were not taken) or `disabled`."""
        if not self.enabled:
            return "disabled"
        return "failing" if self.failing_since else "enabled"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one address."""

    number: int
    id: str
    webhook_id: str | None
    url: str
    event: str
    run_id: str
    execution_id: str
    status: str
    reason: str
    attempts: int
    occurred_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None
    tries: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Some messages, and the number to go on from (None at the end)."""

    items: tuple[Delivery, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which messages are asked for. Everything empty means all of them."""

    webhook: str = ""
    status: str = ""
    run: str = ""
    before: int = 0


_COLUMNS = (
    "id", "url", "description", "events", "workflows", "enabled", "disabled_reason",
    "failing_since", "hint", "previous_until", "created_at", "created_by",
)  # fmt: skip


def list_webhooks() -> list[Webhook]:
    """All of them, newest first. One query."""
    return [Webhook(*row) for row in WebhookEndpoint.objects.values_list(*_COLUMNS)]


def get_webhook(webhook_id: str) -> Webhook:
    """Raises UnknownWebhook."""
    row = WebhookEndpoint.objects.filter(pk=webhook_id).values_list(*_COLUMNS).first()
    if row is None:
        raise UnknownWebhook(f"There is no webhook {webhook_id[:60]!r}.")
    return Webhook(*row)


def list_deliveries(wanted: DeliveryFilter, limit: int = 50) -> DeliveryPage:
    """One page of messages, newest first. One query."""
    rows = _rows().order_by("-id")
    if wanted.webhook:
        rows = rows.filter(endpoint_id=wanted.webhook)
    if wanted.run:
        rows = rows.filter(run_id=wanted.run)
    if wanted.status:
        rows = rows.filter(_with_status(wanted.status))
    if wanted.before:
        rows = rows.filter(id__lt=wanted.before)
    found = _told(list(rows[: limit + 1]))
    items = tuple(found[:limit])
    return DeliveryPage(items, items[-1].number if len(found) > limit else None)


def get_delivery(message_id: str) -> Delivery:
    """Raises UnknownDelivery."""
    found = _told(list(_rows().filter(message_id=message_id)))
    if not found:
        raise UnknownDelivery(f"There is no message {message_id[:60]!r}.")
    return found[0]


def _rows() -> QuerySet[WebhookDelivery]:
    of_call = CallWebhook.objects.filter(pk=OuterRef("call_id")).values("url")
    rows = WebhookDelivery.objects.select_related("endpoint")
    return rows.annotate(call_url=Subquery(of_call))


def _with_status(status: str) -> Q:
    if status == HELD:
        return Q(status="pending", due_at=None)
    if status == "pending":
        return Q(status="pending", due_at__isnull=False)
    return Q(status=status)


def _told(rows: list[WebhookDelivery]) -> list[Delivery]:
    return [
        Delivery(
            row.pk,
            row.message_id,
            row.endpoint_id,
            getattr(row, "call_url", None) or (row.endpoint.url if row.endpoint else ""),
            row.event,
            row.run_id,
            row.execution_id,
            HELD if row.status == "pending" and row.due_at is None else row.status,
            row.reason,
            row.attempts,
            row.occurred_at,
            row.due_at,
            row.finished_at,
            row.tries,
        )
        for row in rows
    ]
