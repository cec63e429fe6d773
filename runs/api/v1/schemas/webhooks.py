"""Webhooks and their messages."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from runs.api.v1.schemas.base import In, Out, shown

EventName = Literal[
    "*", "run.succeeded", "run.failed", "run.cancelled", "run.timeout", "run.waiting"
]
URL = "http://hooks.example.org/maverick"
WORKFLOWS = "Names, `*` stands for anything (`release-*`). Empty: all workflows."

WEBHOOK: Any = {
    "id": "wh_0pkx3m7q2a9f4c",
    "url": URL,
    "description": "Tells the release channel",
    "events": ["run.failed", "run.waiting"],
    "workflows": ["release-*"],
    "enabled": True,
    "state": "enabled",
    "disabled_reason": "",
    "failing_since": None,
    "hint": "whsec_7Gq2",
    "previous_until": None,
    "created_at": "2026-11-21T04:45:55.410000Z",
    "created_by": "user:ann",
}
DELIVERY: Any = {
    "id": "msg_5f0c2c4c64a84d2c9a0f1d3a7b1c2d3e",
    "webhook_id": "wh_0pkx3m7q2a9f4c",
    "url": URL,
    "event": "run.failed",
    "run_id": "run_0pkx3m7q2a9f4c",
    "execution_id": "",
    "status": "pending",
    "reason": "answered-503",
    "attempts": 1,
    "occurred_at": "2026-11-21T04:45:55.410000Z",
    "next_attempt_at": "2026-11-21T04:46:00.610000Z",
    "finished_at": None,
}
ATTEMPT: Any = {
    "n": 1,
    "at": "2026-11-21T04:45:56.020000Z",
    "code": 503,
    "error": "",
    "response": "busy",
    "address": "203.0.113.7",
    "duration_ms": 84,
}


class WebhookIn(In):
    """A webhook to be made."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "example": {"url": URL, "events": ["run.failed"], "workflows": ["release-*"]}
        },
    )

    url: str = Field(min_length=1, max_length=2000)
    events: list[EventName] = Field(["*"], min_length=1, max_length=20)
    workflows: list[str] = Field([], max_length=100, description=WORKFLOWS)
    description: str = Field("", max_length=200)
    enabled: bool = True
    secret: str | None = Field(
        None,
        max_length=200,
        description="`whsec_` and the base64 of 24 to 64 bytes. Null: one is made.",
    )


class WebhookChangeIn(In):
    """What is to be changed; what is left out stays."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"example": {"enabled": False}}
    )

    url: str | None = Field(None, min_length=1, max_length=2000)
    events: list[EventName] | None = Field(None, min_length=1, max_length=20)
    workflows: list[str] | None = Field(None, max_length=100, description=WORKFLOWS)
    description: str | None = Field(None, max_length=200)
    enabled: bool | None = None


class WebhookOut(Out):
    """An address that is told when a run ends or waits for somebody."""

    model_config = shown(WEBHOOK)

    id: str
    url: str
    description: str
    events: list[str]
    workflows: list[str]
    enabled: bool
    state: str = Field(description="`enabled`, `failing` or `disabled`.")
    disabled_reason: str = Field(description="Why Maverick itself disabled it; else empty.")
    failing_since: datetime | None
    hint: str = Field(description="The secret's first letters.")
    previous_until: datetime | None = Field(description="So long the secret before signs as well.")
    created_at: datetime
    created_by: str


class WebhookPageOut(Out):
    """Webhooks, newest first."""

    items: list[WebhookOut]
    next_cursor: str | None


class NewWebhookOut(Out):
    """A webhook with a secret that was just made."""

    webhook: WebhookOut
    secret: str = Field(description="Told this once.")


class DeliveryOut(Out):
    """One message to one address."""

    model_config = shown(DELIVERY)

    id: str = Field(description="`webhook-id`: the same with every attempt.")
    webhook_id: str | None = Field(description="Null for the address that came with a call.")
    url: str
    event: str
    run_id: str
    execution_id: str
    status: str = Field(description="`pending`, `delivered`, `failed`, or `held` while disabled.")
    reason: str = Field(description="Why the last attempt failed.")
    attempts: int
    occurred_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None


class DeliveryAttemptOut(Out):
    """What came of one attempt."""

    model_config = shown(ATTEMPT)

    n: int
    at: str
    code: int | None = Field(description="The HTTP status; null when there was no answer.")
    error: str
    response: str = Field(description="The first 4 KiB of the answer.")
    address: str
    duration_ms: int


class DeliveryDetailOut(DeliveryOut):
    """One message, what it says, and its last twenty attempts."""

    model_config = shown(
        {
            **DELIVERY,
            "body": {"specversion": "1.0", "id": DELIVERY["id"], "type": "dev.maverick.run.failed"},
            "tries": [ATTEMPT],
        }
    )

    body: dict[str, Any] = Field(description="As it is sent; secrets masked.")
    tries: list[DeliveryAttemptOut]


class DeliveryPageOut(Out):
    """Messages, newest first."""

    items: list[DeliveryOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page.")
