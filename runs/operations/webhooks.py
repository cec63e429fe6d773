"""Webhooks: endpoints made, changed, removed, tried out; messages sent again. For admins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from runs.actor import Actor
from runs.errors import Conflict, NotAllowed, Refused, UnknownDelivery, UnknownWebhook
from runs.models import WebhookDelivery, WebhookEndpoint
from runs.record import audit
from runs.record import webhooks as record
from runs.webhooks import signing
from runs.webhooks.addresses import check_url
from runs.webhooks.events import EVENTS, EVERY, PING

MOST_ENDPOINTS = 100
MOST_WORKFLOWS = 100
PREVIOUS_SIGNS = timedelta(hours=24)


class DeliveryPending(Conflict):
    """The message is on its way already."""

    code = "delivery-pending"


class WebhookDisabled(Conflict):
    """The webhook is disabled."""

    code = "webhook-disabled"


@dataclass(frozen=True)
class WebhookFields:
    """What an endpoint can be given; None leaves it as it is, or at its default."""

    url: str | None = None
    events: Sequence[str] | None = None
    workflows: Sequence[str] | None = None
    description: str | None = None
    enabled: bool | None = None

    def checked(self) -> dict[str, Any]:
        """What is given, made sure of. Raises Refused, BadAddress."""
        found: dict[str, Any] = {}
        if self.url is not None:
            found["url"] = self.url.strip()
            check_url(found["url"])
        if self.events is not None:
            found["events"] = _events(self.events)
        if self.workflows is not None:
            found["workflows"] = _workflows(self.workflows)
        if self.description is not None:
            found["description"] = _description(self.description)
        if self.enabled is not None:
            found["enabled"] = self.enabled
        return found


def _events(given: Sequence[str]) -> list[str]:
    unknown = [name for name in given if name not in EVENTS and name != EVERY]
    if unknown or not given:
        said = f"{unknown[0]!r} is no event." if unknown else "A webhook needs an event."
        raise Refused(said, hint=f"Use {', '.join(EVENTS)}, or {EVERY} for all of them.")
    return [EVERY] if EVERY in given else [name for name in EVENTS if name in given]


def _workflows(given: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in given if name.strip()))
    if len(names) > MOST_WORKFLOWS or any(len(n) > 200 or not n.isprintable() for n in names):
        raise Refused(
            f"A webhook names at most {MOST_WORKFLOWS} workflows of at most 200 characters.",
            hint="`*` stands for anything: release-*.",
        )
    return names


def _description(given: str) -> str:
    text = given.strip()
    if len(text) > 200 or not text.replace("\n", " ").isprintable():
        raise Refused("A description has at most 200 printable characters.")
    return text


def create_webhook(
    fields: WebhookFields, *, by: Actor, secret: str | None = None
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which is told this once."""
    _admin_only(by)
    if fields.url is None:
        raise Refused("A webhook needs an address.", hint="Give its url.")
    found = {"events": [EVERY], **fields.checked()}
    if secret is not None and signing.key_of(secret) is None:
        raise Refused(
            "The secret is none of Standard Webhooks.",
            hint="whsec_ and the base64 of 24 to 64 bytes; or give none, and one is made.",
        )
    secret = secret or signing.new_secret()
    with transaction.atomic():
        if WebhookEndpoint.objects.count() >= MOST_ENDPOINTS:
            raise Refused(
                f"There are {MOST_ENDPOINTS} webhooks, and no more than that.",
                hint="Remove one, or let one address tell others.",
            )
        row = record.add_endpoint(secret, str(by), found)
        audit.note(by, "webhook.create", row.pk, url=_told(row.url), events=row.events)
    return row, secret


def change_webhook(webhook_id: str, fields: WebhookFields, *, by: Actor) -> WebhookEndpoint:
    """Change what is given. Enabled again, it gets what was held back meanwhile."""
    _admin_only(by)
    found = fields.checked()
    with transaction.atomic():
        row = _locked(webhook_id)
        changed = {name: value for name, value in found.items() if getattr(row, name) != value}
        if changed:
            record.change_endpoint(row, changed)
            told = {n: _told(v) if n == "url" else v for n, v in changed.items()}
            audit.note(by, "webhook.change", row.pk, changed=told)
    return row


def remove_webhook(webhook_id: str, *, by: Actor) -> None:
    """With all of its messages."""
    _admin_only(by)
    with transaction.atomic():
        row = _locked(webhook_id)
        audit.note(by, "webhook.remove", row.pk, url=_told(row.url))
        record.remove_endpoint(row)


def rotate_secret(
    webhook_id: str, *, by: Actor, keep: timedelta = PREVIOUS_SIGNS
) -> tuple[WebhookEndpoint, str]:
    """A new secret, told this once; for a day the one before it signs as well."""
    _admin_only(by)
    secret = signing.new_secret()
    with transaction.atomic():
        row = _locked(webhook_id)
        record.rotate(row, secret, keep)
        audit.note(by, "webhook.rotate", row.pk)
    return row, secret


def ping_webhook(webhook_id: str, *, by: Actor) -> WebhookDelivery:
    """Send a message that says nothing, to see whether it arrives."""
    _admin_only(by)
    with transaction.atomic():
        row = _locked(webhook_id)
        _enabled(row)
        made = record.add_message(PING, {"webhook": row.pk}, endpoint=row)
        audit.note(by, "webhook.ping", row.pk)
    return made


def redeliver(message_id: str, *, by: Actor) -> WebhookDelivery:
    """Send a message again, under the same id. Raises UnknownDelivery, DeliveryPending."""
    _admin_only(by)
    with transaction.atomic():
        row = WebhookDelivery.objects.select_for_update().filter(message_id=message_id).first()
        if row is None:
            raise UnknownDelivery(f"There is no message {message_id[:60]!r}.")
        if row.endpoint_id:
            _enabled(_locked(row.endpoint_id))
        if row.status == "pending" and row.scheduled == 0:
            raise DeliveryPending("It goes out within a second or two.", hint="Wait for it.")
        record.send_again(row)
        audit.note(by, "webhook.redeliver", row.message_id, webhook=row.endpoint_id)
    return row


def _locked(webhook_id: str) -> WebhookEndpoint:
    row = record.locked_endpoint(webhook_id)
    if row is None:
        raise UnknownWebhook(f"There is no webhook {webhook_id[:60]!r}.")
    return row


def _enabled(row: WebhookEndpoint) -> None:
    if not row.enabled:
        raise WebhookDisabled(f"{row.pk} is disabled.", hint="Enable it first.")


def _told(url: str) -> str:
    """An address without its query, where people put keys."""
    return url.partition("?")[0]


def _admin_only(by: Actor) -> None:
    if not by.may("admin"):
        raise NotAllowed(f"A {by.role} cannot manage webhooks.", hint="Ask an admin.")
