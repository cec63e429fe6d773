"""Webhooks and their messages."""

from typing import Any, Literal, TypedDict

EventName = Literal[
    "*", "run.succeeded", "run.failed", "run.cancelled", "run.timeout", "run.waiting"
]


class Webhook(TypedDict):
    """An address that is told when a run ends or waits for somebody."""

    id: str
    url: str
    description: str
    events: list[str]
    workflows: list[str]  # empty: all
    enabled: bool
    state: Literal["enabled", "failing", "disabled"]
    disabled_reason: str  # why Maverick itself disabled it
    failing_since: str | None
    hint: str
    previous_until: str | None  # so long the secret before signs as well
    created_at: str
    created_by: str


class NewWebhook(TypedDict):
    """A webhook with a secret that was just made."""

    webhook: Webhook
    secret: str  # told this once


class Delivery(TypedDict):
    """One message to one address."""

    id: str  # `webhook-id`
    webhook_id: str | None
    url: str
    event: str
    run_id: str
    execution_id: str
    status: Literal["pending", "delivered", "failed", "held"]
    reason: str
    attempts: int
    occurred_at: str
    next_attempt_at: str | None
    finished_at: str | None


class DeliveryAttempt(TypedDict):
    """What came of one attempt."""

    n: int
    at: str
    code: int | None  # None: there was no answer
    error: str
    response: str
    address: str
    duration_ms: int


class DeliveryDetail(Delivery):
    """One message, what it says, and its last attempts."""

    body: dict[str, Any]
    tries: list[DeliveryAttempt]
