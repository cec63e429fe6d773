"""A request's body → JSON data, or a refusal that names the place."""

import json
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from ninja.parser import Parser

from runs.api.v1.errors import LARGE_HINT
from runs.canonical import to_json_value
from runs.errors import BadJson, TooLarge, WrongMediaType

MAX_BODY = 10 * 1024 * 1024


def refuse_large(request: HttpRequest) -> None:
    """Raise TooLarge by the announced length, before anything of the body is looked at."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or MAX_BODY
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdigit() and int(announced) > min(most, MAX_BODY):
        raise TooLarge(f"The request body has {announced} bytes.", hint=LARGE_HINT)


class JsonParser(Parser):
    """Strict: JSON's media type, UTF-8, no NaN, no name twice, nothing PostgreSQL cannot store."""

    def parse_body(self, request: HttpRequest) -> Any:
        kind = (request.content_type or "").lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise WrongMediaType(
                f"The body was sent as {kind or 'nothing in particular'}.",
                hint="Send `Content-Type: application/json`.",
            )
        try:
            text = request.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadJson(f"Byte {error.start} of the body is not UTF-8.") from None
        try:
            value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_doubles)
        except json.JSONDecodeError as error:
            raise BadJson(
                f"{error.msg} at line {error.lineno}, column {error.colno}.",
                line=error.lineno,
                column=error.colno,
            ) from None
        except RecursionError:
            raise BadJson("The body is nested too deeply.") from None
        except ValueError as error:  # a number of more than 4,300 digits
            raise BadJson(str(error)) from None
        return to_json_value(value, "body")


def _no_constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is not JSON.")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadJson(f"The name {twice[:100]!r} stands twice in one object.")
    return found
