"""The audit log: who changed what, when, from where; written with the change or not at all."""

from typing import Any

from django.db import connection
from django.db.models.functions import Now

from runs.actor import Actor
from runs.models import AuditEntry

MOST = 200  # characters of a name or a target


def note(by: Actor, action: str, target: str = "", **data: Any) -> None:
    """Add an entry, within the transaction of the change that it tells of.

    ``action`` is a stable word with a dot (``run.restart``), ``data`` what is worth to be known
    years later; what is None or empty is left out. Never a secret, and no inputs.
    """
    if not connection.in_atomic_block:
        # Written alone it could tell of a change that never came, or the other way round.
        raise RuntimeError("An audit entry belongs into the transaction of its change.")
    AuditEntry.objects.create(
        at=Now(),
        kind=by.kind,
        who=by.name[:MOST],
        role=by.role,
        via=by.via,
        address=by.address[:255],
        action=action,
        target=target[:MOST],
        data={name: value for name, value in data.items() if value not in (None, "", [], {})},
    )
