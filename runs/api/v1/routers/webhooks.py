"""Webhooks and their messages, for admins."""

import json
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from runs.api.v1 import paging
from runs.api.v1.auth import asker
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas import webhooks as shapes
from runs.api.v1.schemas.base import Out, reply
from runs.operations import webhooks
from runs.operations.webhook_messages import shown_body
from runs.operations.webhooks import WebhookFields
from runs.projections import webhooks as read

router = Router()
Status = Literal["", "pending", "delivered", "failed", "held"]
_READING, _ACTING = (401, 403, 404), (401, 403, 404, 409)


def _route(
    operation_id: str, answer: type[Out] | None, refusals: Any, summary: str, status: int = 200
) -> dict[str, Any]:
    return route(
        operation_id, answer, status=status, role="admin", refusals=refusals,
        summary=summary, tag="Webhooks",
    )  # fmt: skip


@router.get("", **_route("listWebhooks", shapes.WebhookPageOut, (401, 403), "All webhooks"))
def list_all(request: HttpRequest) -> HttpResponse:
    """Newest first, without their secrets."""
    return reply(shapes.WebhookPageOut, {"items": read.list_webhooks(), "next_cursor": None})


@router.post("", **_route("createWebhook", shapes.NewWebhookOut, WRITING, "Make a webhook", 201))
def create(request: HttpRequest, body: shapes.WebhookIn) -> HttpResponse:
    """The secret is in the answer, this once. Private addresses are refused unless
    `MAVERICK_WEBHOOKS_ALLOW_PRIVATE` allows them."""
    given = body.model_dump(exclude={"secret"})
    made, secret = webhooks.create_webhook(
        WebhookFields(**given), by=asker(request), secret=body.secret
    )
    return _with_secret(made.pk, secret, 201)


def _with_secret(webhook_id: str, secret: str, status: int) -> HttpResponse:
    told = {"webhook": read.get_webhook(webhook_id), "secret": secret}
    answer = reply(shapes.NewWebhookOut, told, status)
    answer["Cache-Control"] = "no-store"
    return answer


@router.get(
    "/deliveries",
    **_route(
        "listDeliveries", shapes.DeliveryPageOut, (401, 403, 422), "What was sent to webhooks"
    ),
)
def deliveries(
    request: HttpRequest,
    webhook: Annotated[str, Query("", max_length=60, description="Of this webhook.")],
    run: Annotated[str, Query("", max_length=60, description="About this run.")],
    status: Annotated[Status, Query("")],
    cursor: Annotated[str | None, Query(None)],
    limit: Annotated[int, Query(50, ge=1, le=200)],
) -> HttpResponse:
    """Newest first. Filters add up. Messages that ended are kept for
    `MAVERICK_WEBHOOKS_KEEP_DAYS`."""
    place = paging.decode("deliveries", cursor)
    before = int(place) if place.isdecimal() and len(place) < 19 else 0
    page = read.list_deliveries(read.DeliveryFilter(webhook, status, run, before), limit)
    more = None if page.next_before is None else str(page.next_before)
    told = {"items": page.items, "next_cursor": paging.encode("deliveries", more)}
    return reply(shapes.DeliveryPageOut, told)


@router.get(
    "/deliveries/{delivery_id}",
    **_route("getDelivery", shapes.DeliveryDetailOut, _READING, "One message and its attempts"),
)
def delivery(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """What is sent, and what was answered."""
    return reply(shapes.DeliveryDetailOut, _detail(delivery_id))


@router.post(
    "/deliveries/{delivery_id}/redeliver",
    **_route("redeliver", shapes.DeliveryDetailOut, _ACTING, "Send a message again"),
)
def redeliver(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """Under the same id, from the beginning of the schedule."""
    webhooks.redeliver(delivery_id, by=asker(request))
    return reply(shapes.DeliveryDetailOut, _detail(delivery_id))


def _detail(delivery_id: str) -> dict[str, Any]:
    found = read.get_delivery(delivery_id)
    fields = {name: getattr(found, name) for name in shapes.DeliveryOut.model_fields}
    return {**fields, "tries": found.tries, "body": json.loads(shown_body(delivery_id))}


@router.get("/{webhook_id}", **_route("getWebhook", shapes.WebhookOut, _READING, "One webhook"))
def get(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """Without its secret."""
    return reply(shapes.WebhookOut, read.get_webhook(webhook_id))


@router.patch(
    "/{webhook_id}", **_route("changeWebhook", shapes.WebhookOut, WRITING, "Change a webhook")
)
def change(request: HttpRequest, webhook_id: str, body: shapes.WebhookChangeIn) -> HttpResponse:
    """What is left out, or null, stays. Enabled again, it gets what was held back."""
    webhooks.change_webhook(webhook_id, WebhookFields(**body.model_dump()), by=asker(request))
    return reply(shapes.WebhookOut, read.get_webhook(webhook_id))


@router.delete("/{webhook_id}", **_route("removeWebhook", None, _READING, "Remove a webhook", 204))
def remove(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """With all of its messages."""
    webhooks.remove_webhook(webhook_id, by=asker(request))
    return HttpResponse(status=204)


@router.post(
    "/{webhook_id}/secret",
    **_route("rotateWebhookSecret", shapes.NewWebhookOut, _READING, "Give it a new secret"),
)
def rotate(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """The new secret is in the answer, this once. For a day the one before it signs as well."""
    row, secret = webhooks.rotate_secret(webhook_id, by=asker(request))
    return _with_secret(row.pk, secret, 200)


@router.post(
    "/{webhook_id}/ping",
    **_route("pingWebhook", shapes.DeliveryDetailOut, _ACTING, "Try a webhook out", 201),
)
def ping(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """A message of the event `ping`; look at it again to see what came of it."""
    made = webhooks.ping_webhook(webhook_id, by=asker(request))
    return reply(shapes.DeliveryDetailOut, _detail(made.message_id), 201)
