"""What can be told, and the body that tells it: CloudEvents 1.0, structured mode."""

import json
from datetime import datetime
from typing import Any

EVENTS = {
    "run.succeeded": "A run has succeeded.",
    "run.failed": "A run has failed.",
    "run.cancelled": "A run was cancelled.",
    "run.timeout": "A run took too long.",
    "run.waiting": "A step of a run waits for somebody's decision.",
}
PING = "ping"
EVERY = "*"
TYPE = "dev.maverick."


def cloud_event(
    message_id: str, event: str, when: datetime, source: str, subject: str, data: Any
) -> bytes:
    """The body; the same bytes for the same values."""
    told = {
        "specversion": "1.0",
        "id": message_id,
        "type": TYPE + event,
        "source": source,
        **({"subject": subject} if subject else {}),
        "time": when.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    # ASCII: agents may give back halves of surrogate pairs, which UTF-8 has no bytes for.
    return json.dumps(told, separators=(",", ":")).encode()
