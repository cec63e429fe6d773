"""JSON above 64 KiB: stored once under its SHA-256, shared by reference."""

import hashlib
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from runs import conf
from runs.canonical import canonical


def store(value: Any) -> tuple[Any, str | None, int]:
    """How ``value`` is kept: ``(inline value, payload digest, bytes)``, one of the first two None.

    A large value is written at once, before the step that produced it is settled: it is known by
    its hash, so a second write or a step that is never settled does no harm.
    """
    if value is None or isinstance(value, bool | int | float):
        return value, None, 8
    data = canonical(value)
    if len(data) <= conf.inline_bytes():
        return value, None, len(data)
    digest = hashlib.sha256(data).hexdigest()
    parameters: list[Any] = [digest, Jsonb(value), len(data)]
    with connection.cursor() as cursor:
        cursor.execute(
            # One that is there already is marked as wanted: the collector waits for this row's
            # lock, looks again, and leaves it alone; or it was first, and the row comes back.
            "INSERT INTO runs_payload (digest, value, size, stored_at) VALUES (%s, %s, %s, now()) "
            "ON CONFLICT (digest) DO UPDATE SET stored_at = now()",
            parameters,
        )
    return None, digest, len(data)
