"""How these addresses answer: JSON always, `{"error": …}`, no redirect, no CSRF token.

Not by ninja: the protocol says which fault is told before which, takes bodies of 32 MiB, and has
one shape for all that is wrong.
"""

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from runs import conf, problem_json
from runs.actor import Actor
from runs.agentfield import BadCall
from runs.canonical import MAX_DEPTH, MAX_INT_BITS
from runs.errors import MaverickError, NotSignedIn, Refused, TooLarge

log = logging.getLogger(__name__)
MOST_DEEP = MAX_DEPTH + 5  # a value within a body
_LARGEST = 1 << MAX_INT_BITS
_LOOKED_AT = frozenset({dict, list, float, int})
View = Callable[..., HttpResponse]


def answer(told: Any, status: int = 200, **headers: str) -> HttpResponse:
    """JSON; headers with `_` for `-`."""
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(
        body.encode("utf-8", "replace"),
        status=status,
        content_type="application/json",
        headers=named,
    )


def error(message: str, status: int, **more: Any) -> HttpResponse:
    """The one shape of what went wrong."""
    return answer({"error": message, "message": message, **more}, status)


def speaks(**methods: View) -> Callable[..., HttpResponse]:
    """A view that answers to these methods in the protocol's manner."""

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = methods.get(request.method or "")
        if chosen is None:
            response = error("method not allowed", 405)
            response["Allow"] = ", ".join(methods)
            return response
        if any("\x00" in one or len(one) > 500 for one in kwargs.values()):
            return error("not found", 404)  # no id of anything, and no database takes it
        return guarded(chosen)(request, *args, **kwargs)

    return csrf_exempt(view)


def guarded(view: View) -> View:
    """The view, with everything that goes wrong told as JSON."""

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            asker(request)
            return view(request, *args, **kwargs)
        except BadCall as wrong:
            return error(str(wrong), 400)
        except MaverickError as wrong:
            if wrong.status >= 500:
                return _unforeseen(request, wrong)
            code = 400 if type(wrong) is Refused else wrong.status
            return error(wrong.message, code, error_category=wrong.code.replace("-", "_"))
        except (OperationalError, InterfaceError) as wrong:
            # 503 and not 500: a client that sends it again has not begun anything here.
            log.error("The database did not answer: %s", wrong)
            response = error("the database does not answer at the moment", 503)
            response["Retry-After"] = "2"
            return response
        except Exception as wrong:
            return _unforeseen(request, wrong)

    return told


def refused_in_both(view: View) -> View:
    """A view that can only refuse, told as a problem document that says `error` and `message` too:
    for an execution that is of neither protocol, so that nobody can tell who asks."""

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wrong: MaverickError
        try:
            asker(request)
            return view(request, *args, **kwargs)
        except BadCall as bad:
            wrong = Refused(str(bad))
            wrong.status = 400
        except MaverickError as known:
            wrong = known
        body = {**json.loads(problem_json.body(wrong, request.path)), "error": wrong.message}
        told = answer({**body, "message": wrong.message}, wrong.status)
        told["Content-Type"] = problem_json.CONTENT_TYPE
        for name, value in problem_json.headers(wrong).items():
            told[name] = value
        return told

    return guarded(told)


def _unforeseen(request: HttpRequest, wrong: BaseException) -> HttpResponse:
    error_id = f"err_{secrets.token_hex(6)}"
    log.error("%s: %s %s failed", error_id, request.method, request.path, exc_info=wrong)
    return error(f"internal error {error_id}; the server's log says more", 500)


def asker(request: HttpRequest) -> Actor:
    """Who asks, as the site's door has found out. Raises NotSignedIn."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotSignedIn()
    return actor


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The body as a JSON object; an empty one is one without fields. Raises BadCall, TooLarge."""
    most = conf.agent_body_bytes()
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdigit() and int(announced) > most:
        raise TooLarge(f"The body has {announced} bytes, more than {most}.")
    # Not `request.body`: its limit is that of the other API.
    data = request.read(most + 1)
    if len(data) > most:
        raise TooLarge(f"The body has more than {most} bytes.")
    if not data.strip():
        return {}
    try:
        value = json.loads(data, parse_constant=_no_constant)
    except NotKept:
        raise
    except (ValueError, RecursionError) as wrong:
        raise BadCall(f"the body is no JSON: {wrong}") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadCall("the body must be a JSON object")
    _check(value)
    return value


class NotKept(BadCall):
    """What was sent is nearly JSON, and cannot be kept."""


def _check(body: dict[str, Any]) -> None:
    """Raises NotKept for what neither JSON nor a database holds; without recursion."""
    todo: list[tuple[Any, int]] = [(body, 1)]
    while todo:
        value, depth = todo.pop()
        if isinstance(value, float) and value - value != 0:
            raise NotKept("a number is larger than a double can be")
        if isinstance(value, int) and not -_LARGEST < value < _LARGEST:
            raise NotKept("a whole number has more than 4096 bits")
        if isinstance(value, dict | list):
            if depth > MOST_DEEP:
                raise NotKept(f"the body is nested deeper than {MOST_DEEP} levels")
            inside = value.values() if isinstance(value, dict) else value
            todo.extend((one, depth + 1) for one in inside if type(one) in _LOOKED_AT)


def _no_constant(name: str) -> Any:
    raise NotKept(f"{name} is not JSON")


def text_of(body: Mapping[str, Any], name: str) -> str:
    """A text field; empty when it is absent or something else."""
    value = body.get(name)
    return value if isinstance(value, str) else ""
