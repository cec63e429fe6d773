"""How a route is described: its id, who may use it, how it can be refused."""

from typing import Any

from runs.actor import Role
from runs.api.v1.auth import allow

# Without a body and with one; every route can also answer 500 and 503.
READING = (401, 404, 422)
WRITING = (400, 401, 403, 404, 409, 413, 415, 422)


def route(
    operation_id: str,
    answer: Any,
    *,
    role: Role = "viewer",
    status: int = 200,
    refusals: tuple[int, ...] = READING,
    summary: str,
    tag: str,
) -> dict[str, Any]:
    """The arguments of a ninja route decorator."""
    return {
        "operation_id": operation_id,
        "summary": summary,
        "tags": [tag],
        "auth": allow(role),
        "response": {status: answer},
        "openapi_extra": {"x-role": role, "x-refusals": list(refusals)},
    }
