"""An error as `application/problem+json` (RFC 9457): the one shape in which every door refuses."""

import json
from collections.abc import Mapping
from typing import Any

from runs.errors import MaverickError

CONTENT_TYPE = "application/problem+json"
# Relative to the server: the docs page has a paragraph with this name for every code.
TYPE_PREFIX = "/api/v1/docs#error-"


def title(error: MaverickError) -> str:
    """What errors of this kind have in common: the first line of the class's own text."""
    return (type(error).__doc__ or "Refused.").strip().splitlines()[0]


def body(error: MaverickError, instance: str) -> bytes:
    """The answer to a request for the path ``instance``, in UTF-8."""
    told: dict[str, Any] = {
        "type": TYPE_PREFIX + error.code,
        "title": title(error),
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "hint": error.hint,
        "instance": instance,
        "problems": [_one(item) for item in getattr(error, "problems", ())],
    }
    if "error_id" in error.extra:
        told["error_id"] = error.extra["error_id"]
    return json.dumps(told, ensure_ascii=False, default=str).encode("utf-8", "replace")


def headers(error: MaverickError) -> dict[str, str]:
    """What else an answer with this error carries, whatever its body is."""
    found: dict[str, str] = {}
    if error.status == 401:
        found["WWW-Authenticate"] = 'Bearer realm="maverick"'
    if "retry_after" in error.extra:
        found["Retry-After"] = str(error.extra["retry_after"])
    if "allow" in error.extra:
        found["Allow"] = error.extra["allow"]
    return found


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
