"""webhook_messages: what a message says, and everything that its sender needs.

Read here and not in a projection, because the result of an agent's call is opened: who called the
agent is told what the agent gave.
"""

from typing import Any

from runs import conf
from runs.errors import UnknownDelivery, UnknownExecution
from runs.models import CallWebhook, WebhookDelivery
from runs.operations.call_answers import polled
from runs.record import agent_values, sealing, webhooks
from runs.webhooks import signing
from runs.webhooks.attempt import Message
from runs.webhooks.events import cloud_event

_VOLATILE = ("restarted_as", "webhook_registered")  # of a poll; may change between attempts


class NotSendable(Exception):
    """A message that nobody can send, and why."""


def message_of(delivery: WebhookDelivery) -> Message:
    """What goes out. Raises NotSendable."""
    if delivery.call_id:
        return _of_call(delivery)
    endpoint = delivery.endpoint
    if endpoint is None:
        raise NotSendable("removed: the webhook is not there any more")
    keys = [signing.key_of(secret) for secret in webhooks.secrets_of(endpoint)]
    known = tuple(key for key in keys if key is not None)
    if not known:
        raise NotSendable(
            "secret-unreadable: the secret cannot be decrypted with today's key; rotate it"
        )
    return Message(endpoint.url, delivery.message_id, body_of(delivery), known)


def _of_call(delivery: WebhookDelivery) -> Message:
    told = CallWebhook.objects.filter(pk=delivery.call_id).first()
    if told is None:
        raise NotSendable("removed: the address that came with the call is not kept any more")
    if sealing.is_lost(told.sealed):
        raise NotSendable("secret-unreadable: its secret cannot be decrypted with today's key")
    kept = sealing.unseal(told.sealed)
    secret = str(kept.get("secret") or "")
    # The caller's own text: with AgentField any will do, with Standard Webhooks it is base64.
    plain = secret.encode("utf-8", "replace")
    keys = (signing.key_of(secret) or plain,) if secret else ()
    body = body_of(delivery, real=True)
    return Message(
        told.url,
        delivery.message_id,
        body,
        keys,
        kept.get("headers") or {},
        plain if secret else None,
    )


def body_of(delivery: WebhookDelivery, *, real: bool = False) -> bytes:
    """The body, the same with every attempt. ``real``: with what an agent gave, not masked."""
    data: Any = dict(delivery.data)
    if delivery.call_id:
        try:
            told = polled(delivery.call_id)
        except UnknownExecution:
            told = {}  # deleted with its run meanwhile
        data |= {name: value for name, value in told.items() if name not in _VOLATILE}
        data = data if real else agent_values.shown(data)
    elif delivery.run_id:
        data["url"] = f"{conf.public_url()}/runs/{delivery.run_id}"
    subject = "/".join(one for one in (delivery.run_id, delivery.execution_id) if one)
    return cloud_event(
        delivery.message_id,
        delivery.event,
        delivery.occurred_at,
        conf.public_url() or "/maverick",
        subject,
        data,
    )


def shown_body(message_id: str) -> bytes:
    """What a message says, as people may see it. Raises UnknownDelivery."""
    row = WebhookDelivery.objects.filter(message_id=message_id).first()
    if row is None:
        raise UnknownDelivery(f"There is no message {message_id[:60]!r}.")
    return body_of(row)
