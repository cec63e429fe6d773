"""What can go wrong: nobody answers, or the server says no."""

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """Anything this package raises by itself."""


class ServerUnreachable(ClientError):
    """Nobody answered at the server's address, or not in time."""


class WaitTimeout(ClientError):
    """The run was not over in the time given to `wait`."""


class ApiError(ClientError):
    """The server refused, in the words of its problem document."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.body = dict(body)
        self.code = str(body.get("code") or f"http-{status}")
        # `message`: AgentField's shape, of addresses that belong to its protocol.
        told = body.get("detail") or body.get("title") or body.get("message")
        self.message = str(told or f"HTTP {status}")
        self.hint = str(body.get("hint") or "")
        problems = body.get("problems") or body.get("errors") or []
        self.problems: list[Any] = problems if isinstance(problems, list) else [problems]
        super().__init__(f"{self.message} [{self.code}]")


class NotSignedIn(ApiError):
    """401: a token is needed, or this one does not hold any more."""


class NotAllowed(ApiError):
    """403: this token does not have the right."""


class NotFound(ApiError):
    """404: there is no such run, workflow, execution, checkpoint or token."""


class Conflict(ApiError):
    """409: it does not fit the state things are in."""


class Refused(ApiError):
    """422: the request cannot be carried out as it is."""


_CLASSES: dict[int, type[ApiError]] = {
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    422: Refused,
}


def api_error(status: int, body: Mapping[str, Any]) -> ApiError:
    """The error that fits the status."""
    return _CLASSES.get(status, ApiError)(status, body)
