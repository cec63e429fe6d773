"""The audit log, newest first, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs.models import AuditEntry

# Every action that is ever written, and what people read.
ACTIONS = {
    "run.start": "started",
    "run.restart": "restarted",
    "run.fork": "forked",
    "run.resume": "resumed from a checkpoint",
    "run.cancel": "cancelled",
    "call.cancel": "cancelled a call of",
    "agent.remove": "removed the agent",
    "run.pause": "paused",
    "run.unpause": "let go on",
    "run.delete": "deleted",
    "run.import": "imported",
    "run.note": "wrote notes on",
    "run.labels": "labelled",
    "run.golden": "marked golden",
    "run.ungolden": "unmarked golden",
    "golden.assertions": "changed the assertions of",
    "golden.accept": "accepted a new value in",
    "step.approve": "approved a step of",
    "step.reject": "rejected a step of",
    "step.retry": "tried a step again of",
    "checkpoint.import": "imported a checkpoint of",
    "checkpoint.clear": "cleared checkpoints",
    "workflow.publish": "published",
    "view.save": "saved the view",
    "view.change": "changed the view",
    "view.delete": "deleted the view",
    "token.create": "made the token",
    "token.revoke": "revoked the token",
    "token.rotate": "gave another secret to the token",
    "user.invite": "invited",
    "user.link": "made a new link for",
    "user.role": "changed the role of",
    "user.deactivate": "deactivated",
    "user.activate": "let in again",
    "user.password": "changed the password of",
    "runs.gc": "cleaned up",
    "webhook.create": "made the webhook",
    "webhook.change": "changed the webhook",
    "webhook.remove": "removed the webhook",
    "webhook.rotate": "gave a new secret to the webhook",
    "webhook.ping": "tried out the webhook",
    "webhook.redeliver": "sent again the message",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One command that changed something."""

    id: int
    at: datetime
    kind: str  # user, token, cli, system
    who: str
    role: str
    via: str  # page, api, cli; empty: Maverick itself
    address: str
    action: str
    target: str
    data: Mapping[str, Any]

    @property
    def words(self) -> str:
        """What was done, in words."""
        return ACTIONS.get(self.action, self.action)

    @property
    def about(self) -> str:
        """What else is known of it, in one line."""
        return ", ".join(f"{name}: {value}" for name, value in self.data.items())


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, and the number to go on from (None at the end)."""

    items: tuple[Entry, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are asked for. Everything empty means all of them."""

    who: str = ""
    action: str = ""
    target: str = ""
    before: int = 0


_COLUMNS = ("id", "at", "kind", "who", "role", "via", "address", "action", "target", "data")


def list_audit(wanted: AuditFilter, limit: int = 50) -> AuditPage:
    """One page of the log, newest first. One query."""
    rows = AuditEntry.objects.order_by("-id")
    if wanted.who:
        rows = rows.filter(who=wanted.who)
    if wanted.action:
        rows = rows.filter(action=wanted.action)
    if wanted.target:
        rows = rows.filter(target=wanted.target)
    if wanted.before:
        rows = rows.filter(id__lt=wanted.before)
    found = [Entry(*row) for row in rows.values_list(*_COLUMNS)[: limit + 1]]
    items = tuple(found[:limit])
    return AuditPage(items, items[-1].id if len(found) > limit else None)
