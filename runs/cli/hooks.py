"""Webhooks, here and by server: the part of Backend that `maverick webhook` needs."""

from itertools import islice
from typing import Any, Protocol, cast

Json = dict[str, Any]


class Hooks(Protocol):
    """See Backend."""

    def webhooks(self) -> list[Json]:
        """All webhooks, newest first."""

    def add_webhook(self, given: Json) -> Json:
        """Make one: `{webhook, secret}`."""

    def change_webhook(self, webhook_id: str, given: Json) -> Json:
        """Change what is given; the webhook after it."""

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove one with its messages."""

    def rotate_webhook(self, webhook_id: str) -> Json:
        """A new secret: `{webhook, secret}`."""

    def ping_webhook(self, webhook_id: str) -> Json:
        """Send it a message that says nothing; that message."""

    def deliveries(self, *, webhook: str, run: str, status: str, limit: int) -> list[Json]:
        """What was sent, newest first."""

    def delivery(self, delivery_id: str) -> Json:
        """One message, what it says, and its attempts."""

    def redeliver(self, delivery_id: str) -> Json:
        """Send a message again; that message."""


class HooksHere:
    """See Hooks."""

    def webhooks(self) -> list[Json]:
        from runs.projections.webhooks import list_webhooks

        return [_webhook(one) for one in list_webhooks()]

    def add_webhook(self, given: Json) -> Json:
        from runs.cli.local import actor
        from runs.operations.webhooks import WebhookFields, create_webhook

        fields = {name: value for name, value in given.items() if name != "secret"}
        row, secret = create_webhook(
            WebhookFields(**fields), by=actor(), secret=given.get("secret")
        )
        return {"webhook": self._webhook(row.pk), "secret": secret}

    def change_webhook(self, webhook_id: str, given: Json) -> Json:
        from runs.cli.local import actor
        from runs.operations.webhooks import WebhookFields, change_webhook

        change_webhook(webhook_id, WebhookFields(**given), by=actor())
        return self._webhook(webhook_id)

    def remove_webhook(self, webhook_id: str) -> None:
        from runs.cli.local import actor
        from runs.operations.webhooks import remove_webhook

        remove_webhook(webhook_id, by=actor())

    def rotate_webhook(self, webhook_id: str) -> Json:
        from runs.cli.local import actor
        from runs.operations.webhooks import rotate_secret

        row, secret = rotate_secret(webhook_id, by=actor())
        return {"webhook": self._webhook(row.pk), "secret": secret}

    def ping_webhook(self, webhook_id: str) -> Json:
        from runs.cli.local import actor
        from runs.operations.webhooks import ping_webhook

        return self.delivery(ping_webhook(webhook_id, by=actor()).message_id)

    def deliveries(self, *, webhook: str, run: str, status: str, limit: int) -> list[Json]:
        from runs.projections.webhooks import DeliveryFilter, list_deliveries

        page = list_deliveries(DeliveryFilter(webhook, status, run), limit)
        return [{k: v for k, v in _delivery(one).items() if k != "tries"} for one in page.items]

    def delivery(self, delivery_id: str) -> Json:
        import json

        from runs.operations.webhook_messages import shown_body
        from runs.projections.webhooks import get_delivery

        told = _delivery(get_delivery(delivery_id))
        return {**told, "body": json.loads(shown_body(delivery_id))}

    def redeliver(self, delivery_id: str) -> Json:
        from runs.cli.local import actor
        from runs.operations.webhooks import redeliver

        return self.delivery(redeliver(delivery_id, by=actor()).message_id)

    def _webhook(self, webhook_id: str) -> Json:
        from runs.projections.webhooks import get_webhook

        return _webhook(get_webhook(webhook_id))


def _webhook(told: Any) -> Json:
    from runs.cli.local import plain

    return {**cast(Json, plain(told)), "state": told.state}


def _delivery(told: Any) -> Json:
    from runs.cli.local import plain

    return {name: value for name, value in cast(Json, plain(told)).items() if name != "number"}


class HooksThere:
    """See Hooks."""

    client: Any

    def webhooks(self) -> list[Json]:
        return list(self.client.webhooks())

    def add_webhook(self, given: Json) -> Json:
        return cast(Json, self.client.create_webhook(**given))

    def change_webhook(self, webhook_id: str, given: Json) -> Json:
        return cast(Json, self.client.change_webhook(webhook_id, **given))

    def remove_webhook(self, webhook_id: str) -> None:
        self.client.remove_webhook(webhook_id)

    def rotate_webhook(self, webhook_id: str) -> Json:
        return cast(Json, self.client.rotate_webhook_secret(webhook_id))

    def ping_webhook(self, webhook_id: str) -> Json:
        return cast(Json, self.client.ping_webhook(webhook_id))

    def deliveries(self, *, webhook: str, run: str, status: str, limit: int) -> list[Json]:
        found = self.client.deliveries(webhook=webhook, run=run, status=status)
        return list(islice(found, limit))

    def delivery(self, delivery_id: str) -> Json:
        return cast(Json, self.client.delivery(delivery_id))

    def redeliver(self, delivery_id: str) -> Json:
        return cast(Json, self.client.redeliver(delivery_id))
