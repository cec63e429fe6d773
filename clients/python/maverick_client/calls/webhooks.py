"""Webhooks and what was sent to them. For admins."""

from collections.abc import Iterator, Sequence
from typing import cast

from maverick_client.models import Delivery, DeliveryDetail, EventName, NewWebhook, Webhook
from maverick_client.sending import Sending, part


class WebhookCalls(Sending):
    """Methods of Client."""

    def webhooks(self) -> Iterator[Webhook]:
        """All webhooks, without their secrets."""
        return cast(Iterator[Webhook], self._all("webhooks", {}))

    def webhook(self, webhook_id: str) -> Webhook:
        """One webhook."""
        return cast(Webhook, self._json("GET", f"webhooks/{part(webhook_id)}"))

    def create_webhook(
        self,
        url: str,
        *,
        events: Sequence[EventName] = ("*",),
        workflows: Sequence[str] = (),
        description: str = "",
        enabled: bool = True,
        secret: str | None = None,
    ) -> NewWebhook:
        """Make a webhook. Its secret is in the answer, this once."""
        body = {
            "url": url, "events": list(events), "workflows": list(workflows),
            "description": description, "enabled": enabled, "secret": secret,
        }  # fmt: skip
        return cast(NewWebhook, self._json("POST", "webhooks", json=body))

    def change_webhook(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[EventName] | None = None,
        workflows: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Change what is given."""
        given = {
            "url": url, "events": events, "workflows": workflows,
            "description": description, "enabled": enabled,
        }  # fmt: skip
        body = {
            name: value if isinstance(value, str | bool) else list(value)
            for name, value in given.items()
            if value is not None
        }
        return cast(Webhook, self._json("PATCH", f"webhooks/{part(webhook_id)}", json=body))

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove it with all of its messages."""
        self._json("DELETE", f"webhooks/{part(webhook_id)}")

    def rotate_webhook_secret(self, webhook_id: str) -> NewWebhook:
        """A new secret, told this once; for a day the one before it signs as well."""
        return cast(NewWebhook, self._json("POST", f"webhooks/{part(webhook_id)}/secret"))

    def ping_webhook(self, webhook_id: str) -> DeliveryDetail:
        """Send it a message that says nothing."""
        return cast(DeliveryDetail, self._json("POST", f"webhooks/{part(webhook_id)}/ping"))

    def deliveries(
        self, *, webhook: str = "", status: str = "", run: str = ""
    ) -> Iterator[Delivery]:
        """What was sent, newest first."""
        wanted = {"webhook": webhook, "status": status, "run": run}
        filters = {name: value for name, value in wanted.items() if value}
        return cast(Iterator[Delivery], self._all("webhooks/deliveries", {"limit": 200, **filters}))

    def delivery(self, delivery_id: str) -> DeliveryDetail:
        """One message, what it says, and its last attempts."""
        path = f"webhooks/deliveries/{part(delivery_id)}"
        return cast(DeliveryDetail, self._json("GET", path))

    def redeliver(self, delivery_id: str) -> DeliveryDetail:
        """Send a message again, under the same id."""
        path = f"webhooks/deliveries/{part(delivery_id)}/redeliver"
        return cast(DeliveryDetail, self._json("POST", path))
