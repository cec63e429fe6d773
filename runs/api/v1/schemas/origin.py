"""Where an output comes from."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from runs.api.v1.schemas.base import Out


def _link(execution: str, run: str, **more: Any) -> Any:
    return {
        "execution_id": execution,
        "run_id": run,
        "path": "plan",
        "workflow": "release-notes",
        "status": "succeeded",
        "finished_at": "2026-11-21T04:45:53.410000Z",
        "reused": False,
        "deleted": False,
        **more,
    }


_DID_IT = _link("exec_0pkx1a2b3c4d5e6f7", "run_0pkx1a2b3c4d5e")
ORIGIN_EXAMPLE: Any = {
    "execution_id": "exec_0pkx3m7q2a9f4c1b2",
    "run_id": "run_0pkx3m7q2a9f4c",
    "path": "plan",
    "chain": [_link("exec_0pkx2b1c8d7e6f1a2", "run_0pkx2b1c8d7e6f", reused=True), _DID_IT],
    "origin": _DID_IT,
    "reused_by": 1,
    "reused_by_runs": ["run_0pkx2b1c8d7e6f"],
}


class LinkOut(Out):
    """One execution of the chain."""

    execution_id: str
    run_id: str | None = Field(description="Null: the run was deleted.")
    path: str
    workflow: str
    status: str
    finished_at: datetime | None
    reused: bool = Field(description="False: it did the work.")
    deleted: bool = Field(description="Its run is gone; only the execution's id is left.")


class OriginOut(Out):
    """An execution, where its output comes from, and who else has it."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": ORIGIN_EXAMPLE})

    execution_id: str
    run_id: str
    path: str
    chain: list[LinkOut] = Field(
        description="From the immediate source to the origin. Empty: it did the work itself."
    )
    origin: LinkOut
    reused_by: int = Field(
        description="How many other runs have this output without having done the work."
    )
    reused_by_runs: list[str] = Field(description="The newest 20 of them.")
