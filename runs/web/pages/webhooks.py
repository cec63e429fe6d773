"""Webhooks, for admins: who is told, what was sent, and the buttons that send it again."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runs.actor import Actor
from runs.errors import MaverickError, NotFound
from runs.operations import webhooks as operations
from runs.operations.webhook_messages import shown_body
from runs.operations.webhooks import WebhookFields
from runs.projections.webhooks import (
    STATUSES,
    DeliveryFilter,
    Webhook,
    get_delivery,
    get_webhook,
    list_deliveries,
    list_webhooks,
)
from runs.web.commands import actor
from runs.web.toasts import say, say_refused, why
from runs.webhooks.events import EVENTS, EVERY

PAGE = 50
BOTH = ["GET", "HEAD", "POST"]


@login_required
@require_http_methods(BOTH)
def webhooks(request: HttpRequest) -> HttpResponse:
    """``GET /webhooks?status=&before=``; ``POST`` makes one and shows its secret, this once."""
    who = _admin(request)
    context: dict[str, Any] = {"shown": {"events": [EVERY], "enabled": True}}
    if request.method == "POST":
        asked = _asked(request.POST)
        try:
            made, secret = operations.create_webhook(replace(asked, enabled=True), by=who)
        except MaverickError as refused:
            context = {"shown": _shown(asked), "error": why(refused)}
        else:
            return _with_secret(request, made.pk, secret)
    return _page(request, "runs/webhooks.html", {**context, "webhooks": list_webhooks()})


@login_required
@require_http_methods(BOTH)
def webhook(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """``GET /webhooks/{id}``: what it is and what was sent; ``POST`` does what its button says."""
    who = _admin(request)
    error, shown = "", None
    if request.method == "POST":
        try:
            return _do(request, webhook_id, who)
        except NotFound:
            raise Http404 from None
        except MaverickError as refused:
            error, shown = why(refused), _shown(_asked(request.POST))
            if request.POST.get("do") != "save":
                shown = None
    found = _found(webhook_id)
    context = {"webhook": found, "shown": shown or _of(found), "error": error}
    return _page(request, "runs/webhook.html", context, found.id)


def _do(request: HttpRequest, webhook_id: str, who: Actor) -> HttpResponse:
    what = request.POST.get("do", "")
    if what == "remove":
        operations.remove_webhook(webhook_id, by=who)
        say(request, "is removed.", strong=webhook_id)
        return HttpResponseRedirect(reverse("webhook-list"))
    if what == "rotate":
        _, secret = operations.rotate_secret(webhook_id, by=who)
        return _with_secret(request, webhook_id, secret)
    if what == "ping":
        made = operations.ping_webhook(webhook_id, by=who)
        return HttpResponseRedirect(reverse("webhook-delivery", args=[made.message_id]))
    if what in ("enable", "disable"):
        fields = WebhookFields(enabled=what == "enable")
    else:
        fields = replace(_asked(request.POST), enabled=None)
    operations.change_webhook(webhook_id, fields, by=who)
    said = {
        "enable": "Enabled: what was held back goes out.",
        "disable": "Disabled: what is open is held back.",
    }
    say(request, said.get(what, "Saved."))
    return HttpResponseRedirect(reverse("webhook", args=[webhook_id]))


@login_required
@require_http_methods(BOTH)
def delivery(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """``GET /webhooks/deliveries/{id}``: what it says, each attempt; ``POST`` sends it again."""
    who = _admin(request)
    if request.method == "POST":
        try:
            operations.redeliver(delivery_id, by=who)
        except NotFound:
            raise Http404 from None
        except MaverickError as refused:
            say_refused(request, refused)
        else:
            say(request, "goes out again.", strong=delivery_id)
        return HttpResponseRedirect(reverse("webhook-delivery", args=[delivery_id]))
    try:
        found = get_delivery(delivery_id)
        body = json.loads(shown_body(delivery_id))
    except NotFound:
        raise Http404 from None
    tries = [{**one, "at": datetime.fromisoformat(one["at"])} for one in found.tries[::-1]]
    context = {"delivery": found, "body": body, "tries": tries, "nav": "webhooks"}
    return render(request, "runs/webhook_delivery.html", context)


def _admin(request: HttpRequest) -> Actor:
    who = actor(request)
    if not who.may("admin"):
        raise PermissionDenied("Only admins manage webhooks.")
    return who


def _found(webhook_id: str) -> Webhook:
    try:
        return get_webhook(webhook_id)
    except NotFound:
        raise Http404 from None


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], webhook_id: str = ""
) -> HttpResponse:
    status = request.GET.get("status", "")
    before = request.GET.get("before", "")
    asked = DeliveryFilter(
        webhook_id,
        status if status in STATUSES else "",
        before=int(before) if before.isdecimal() and len(before) < 19 else 0,
    )
    more = {
        "page": list_deliveries(asked, PAGE),
        "filter": asked,
        "statuses": STATUSES,
        "events": EVENTS,
        "nav": "webhooks",
    }
    status_code = 422 if context.get("error") else 200
    return render(request, template, {**more, **context}, status=status_code)


def _with_secret(request: HttpRequest, webhook_id: str, secret: str) -> HttpResponse:
    """The page that shows a secret: the answer to the form itself, so it is kept nowhere."""
    context = {"webhook": _found(webhook_id), "secret": secret, "nav": "webhooks"}
    answer = render(request, "runs/webhook_secret.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _asked(sent: QueryDict) -> WebhookFields:
    """What a form asks for. No event ticked means every event."""
    events = [name for name in sent.getlist("event") if name in EVENTS]
    return WebhookFields(
        url=sent.get("url", "")[:5000].replace("\x00", ""),
        events=events if events and len(events) < len(EVENTS) else [EVERY],
        workflows=sent.get("workflows", "")[:50_000].replace("\x00", "").split(","),
        description=sent.get("description", "")[:1000].replace("\x00", ""),
    )


def _shown(asked: WebhookFields) -> dict[str, Any]:
    return {
        "url": asked.url,
        "events": asked.events,
        "workflows": ",".join(asked.workflows or ()),
        "description": asked.description,
    }


def _of(found: Webhook) -> dict[str, Any]:
    return {
        "url": found.url,
        "events": found.events,
        "workflows": ", ".join(found.workflows),
        "description": found.description,
    }
