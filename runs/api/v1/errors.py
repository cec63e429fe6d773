"""Every exception → an error of ours → one shape: `application/problem+json`."""

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from runs import problem_json
from runs.errors import (
    DatabaseUnavailable,
    InternalError,
    InvalidFields,
    MaverickError,
    NotSignedIn,
    Refused,
    TooLarge,
    UnknownPath,
)

logger = logging.getLogger(__name__)


def problem(request: HttpRequest, error: MaverickError) -> HttpResponse:
    """The answer that tells ``error``."""
    return HttpResponse(
        problem_json.body(error, request.path),
        status=error.status,
        content_type=problem_json.CONTENT_TYPE,
        headers=problem_json.headers(error),
    )


def to_response(request: HttpRequest, exc: BaseException) -> HttpResponse:
    """Any exception → its problem; what nobody foresaw is logged under an id and told as 500."""
    return problem(request, to_error(request, exc))


def to_error(request: HttpRequest, exc: BaseException) -> MaverickError:
    """Any exception as one of ours."""
    match exc:
        case HttpError() if isinstance(exc.__cause__, MaverickError):
            return exc.__cause__  # the parser's, wrapped by ninja
        case MaverickError() if exc.status < 500 or exc.status in (501, 503):
            return exc
        case ValidationError():
            return InvalidFields(_field(one) for one in exc.errors)
        case AuthenticationError():
            return NotSignedIn(hint="Send `Authorization: Bearer TOKEN` or `X-API-Key: TOKEN`.")
        case RequestDataTooBig():
            return TooLarge("The request body is too large.", hint=LARGE_HINT)
        case Http404():
            return UnknownPath(f"There is nothing at {request.path}.", hint=DOCS_HINT)
        case SuspiciousOperation():
            return Refused("The request was refused.")
        case HttpError() if exc.status_code < 500:
            return Refused(exc.message)
        case OperationalError() | InterfaceError() if _away(exc):
            logger.error("The database did not answer: %s", exc)
            return DatabaseUnavailable(retry_after=2)
        case _:
            error_id = f"err_{secrets.token_hex(6)}"
            logger.error("%s: %s %s failed", error_id, request.method, request.path, exc_info=exc)
            return InternalError(
                "An error that nobody foresaw; nothing of it is told here.",
                hint=f"Look for {error_id} in the server's log.",
                error_id=error_id,
            )


LARGE_HINT = "At most 10 MB. Put large data into a file or a store and pass its name."
DOCS_HINT = "All addresses: /api/v1/docs"


def _away(exc: Exception) -> bool:
    # Classes 08, 53 and 57: no connection, no resources, shut down. Other operational errors
    # (a value too large for an index) would not go away by trying again.
    state = getattr(exc.__cause__, "sqlstate", None)
    return state is None or state[:2] in ("08", "53", "57")


def _field(one: Mapping[str, Any]) -> dict[str, Any]:
    source, *rest = [str(part) for part in one["loc"]]
    if source == "body" and rest[:1] == ["body"]:
        rest = rest[1:]  # ninja puts the parameter's name first, and ours is always `body`
    code = str(one["type"]).replace("_", "-")
    return {
        "code": "unknown-field" if code == "extra-forbidden" else code,
        "message": _MESSAGES.get(code, str(one["msg"])),
        "path": ".".join(rest) if source == "body" else f"{source}: {'.'.join(rest)}",
        "hint": "",
    }


_MESSAGES = {
    "extra-forbidden": "There is no such field.",
    "missing": "This field is needed.",
    "model-attributes-type": "This must be a JSON object.",
    "model-type": "This must be a JSON object.",
}
