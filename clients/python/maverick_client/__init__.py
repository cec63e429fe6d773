"""A thin, typed client for a Maverick server."""

from maverick_client.client import Client
from maverick_client.errors import (
    ApiError,
    ClientError,
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refused,
    ServerUnreachable,
    WaitTimeout,
)
from maverick_client.models import (
    Checkpoint,
    Counts,
    Event,
    Execution,
    Graph,
    LogPart,
    Page,
    Plan,
    Run,
    Token,
    Workflow,
)

__all__ = [
    "ApiError",
    "Checkpoint",
    "Client",
    "ClientError",
    "Conflict",
    "Counts",
    "Event",
    "Execution",
    "Graph",
    "LogPart",
    "NotAllowed",
    "NotFound",
    "NotSignedIn",
    "Page",
    "Plan",
    "Refused",
    "Run",
    "ServerUnreachable",
    "Token",
    "WaitTimeout",
    "Workflow",
]
