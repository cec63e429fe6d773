"""The audit log."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from runs.api.v1.schemas.base import Out

EXAMPLE: Any = {
    "id": 4711,
    "at": "2026-11-21T04:45:53.120000Z",
    "kind": "user",
    "who": "alice",
    "role": "admin",
    "via": "page",
    "address": "127.0.0.1",
    "action": "run.restart",
    "target": "run_0pkx3m7q2a9f4c",
    "data": {"source": "run_0pkx2b1c8d7e6f", "from": "draft"},
}


class AuditEntryOut(Out):
    """One command that changed something."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": EXAMPLE})

    id: int
    at: datetime
    kind: str = Field(description="`user`, `token`, `cli` or `system`.")
    who: str
    role: str
    via: str = Field(description="`page`, `api` or `cli`; empty for Maverick itself.")
    address: str = Field(description="Where the request came from; for `cli` the machine's name.")
    action: str = Field(description="A stable word, e.g. `run.restart`.")
    target: str = Field(description="A run's id, or a name.")
    data: dict[str, Any]


class AuditPageOut(Out):
    """Entries, newest first."""

    items: list[AuditEntryOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page.")
