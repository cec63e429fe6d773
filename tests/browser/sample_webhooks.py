"""Webhooks in every state, and messages as they come of them; their ids are always the same."""

from datetime import datetime, timedelta

from runs.models import Run, WebhookDelivery, WebhookEndpoint
from runs.record import sealing

WEBHOOK, MESSAGE = "wh_0sample0000001", "msg_sample"
SECRET = {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}


def everything(now: datetime, run: Run) -> None:
    """Three endpoints and their messages, about ``run``."""
    hour = timedelta(hours=1)
    made = [
        WebhookEndpoint.objects.create(
            id=f"{WEBHOOK[:-1]}{n}",
            sealed=sealing.seal(SECRET),
            hint="whsec_MfKQ",
            created_by="ann",
            created_at=now - 90 * hour,
            **fields,
        )
        for n, fields in enumerate(
            (
                {"url": "https://ops.example.org/hooks/maverick", "events": ["*"]},
                {
                    "url": "https://chat.example.org/services/T024F9JB1/B01/" + "k" * 80,
                    "events": ["run.failed", "run.waiting"],
                    "workflows": ["release-*", "ship-feature"],
                    "description": "Tells the release channel",
                    "failing_since": now - hour,
                },
                {
                    "url": "http://old.example.org/",
                    "events": ["run.failed"],
                    "enabled": False,
                    "disabled_reason": "gone: it answered 410",
                },
            ),
            start=1,
        )
    ]
    tried = {"at": now.isoformat(), "address": "203.0.113.7", "duration_ms": 84}
    busy = {**tried, "n": 1, "code": 503, "error": "", "response": "<h1>busy</h1>\n" * 3}
    late = {
        **tried,
        "n": 2,
        "code": None,
        "error": "timeout: no answer within 15 s",
        "response": "",
    }
    fine = {**tried, "n": 3, "code": 204, "error": "", "response": ""}
    for n, (endpoint, status, reason, tries) in enumerate(
        (
            (made[0], "delivered", "", [busy, late, fine]),
            (made[1], "pending", late["error"], [busy, late]),
            (made[1], "failed", "answered-503", [busy]),
            (made[2], "pending", "", []),
        )
    ):
        WebhookDelivery.objects.create(
            message_id=f"{MESSAGE}{n or ''}",
            endpoint=endpoint,
            event="run.failed",
            run_id=run.pk,
            occurred_at=now - n * hour,
            data={"id": run.pk, "workflow": run.workflow_name, "status": "failed", "labels": {}},
            status=status,
            reason=reason,
            attempts=len(tries),
            tries=tries,
            due_at=now + hour if status == "pending" and endpoint.enabled else None,
        )
