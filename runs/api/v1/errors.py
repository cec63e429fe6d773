"""Every refusal and failure → one shape: `application/problem+json` (RFC 9457)."""

import json
import logging
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from runs.errors import MaverickError, NotSignedIn, Refused

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
# Relative to the server: the docs page has a paragraph with this name for every code.
TYPE_PREFIX = "/api/v1/docs#error-"


class BadJson(Refused):
    """The body is not JSON."""

    code = "invalid-json"
    status = 400

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message, hint="Send one JSON object in UTF-8.")
        self.problems = ({"code": self.code, "message": message, "line": line, "column": column},)


class WrongMediaType(Refused):
    """The body is not sent as JSON."""

    code = "unsupported-media-type"
    status = 415


class TooLarge(Refused):
    """The request is too large."""

    code = "too-large"
    status = 413


class WrongMethod(Refused):
    """This address does not answer to this method."""

    code = "method-not-allowed"
    status = 405


class UnknownPath(Refused):
    """There is nothing at this address."""

    code = "path-not-found"
    status = 404


class InvalidFields(Refused):
    """Some fields of the request are not as they should be."""

    code = "invalid-fields"

    def __init__(self, problems: Iterable[Mapping[str, Any]]) -> None:
        self.problems = tuple(problems)
        names = ", ".join(dict.fromkeys(str(one.get("path") or "body") for one in self.problems))
        super().__init__(f"Not as they should be: {names}.", hint="See `problems`.")


class DatabaseAway(MaverickError):
    """The database does not answer at the moment."""

    code = "database-unavailable"
    status = 503


class InternalError(MaverickError):
    """Something went wrong on the server."""

    code = "internal-error"
    status = 500


def problem(request: HttpRequest, error: MaverickError) -> HttpResponse:
    """The answer that tells ``error``."""
    title = (type(error).__doc__ or "Refused.").strip().splitlines()[0]
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + error.code,
        "title": title,
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "hint": error.hint,
        "instance": request.path,
        "problems": [_one(item) for item in getattr(error, "problems", ())],
    }
    if "error_id" in error.extra:
        body["error_id"] = error.extra["error_id"]
    response = HttpResponse(
        json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "replace"),
        status=error.status,
        content_type=CONTENT_TYPE,
    )
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="maverick"'
    if "retry_after" in error.extra:
        response["Retry-After"] = str(error.extra["retry_after"])
    if "allow" in error.extra:
        response["Allow"] = error.extra["allow"]
    return response


_FIELDS = ("file", "line", "column", "code", "message", "hint", "path")


def _one(item: Any) -> dict[str, Any]:
    """One problem: a mapping, or anything with the attributes of a definition's Problem."""

    def value(name: str) -> Any:
        return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)

    mark = value("mark")  # where a definition's problem keeps file, line and column
    found = {name: value(name) for name in _FIELDS}
    for name in ("file", "line", "column"):
        if found[name] is None and mark is not None:
            found[name] = getattr(mark, name, None)
    severity = value("severity")
    if severity is not None:
        found["severity"] = str(severity)
    return found


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
            return DatabaseAway(retry_after=2)
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
