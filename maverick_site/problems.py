"""An error that a middleware answers with: problem+json for programs, a line for people.

The members are those of the API's own problems (runs/api/v1/errors.py); a test holds them equal.
"""

import json
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.html import escape

CONTENT_TYPE = "application/problem+json"


def is_api(path: str) -> bool:
    return path.startswith("/api/") or path == "/api"


def problem_body(
    path: str, status: int, code: str, detail: str, hint: str = ""
) -> dict[str, object]:
    return {
        "type": f"/api/v1/docs#error-{code}",
        "title": f"{HTTPStatus(status).phrase}.",
        "status": status,
        "code": code,
        "detail": detail,
        "hint": hint,
        "instance": path,
        "problems": [],
    }


def problem(
    request: HttpRequest, status: int, code: str, detail: str, hint: str = ""
) -> HttpResponse:
    if is_api(request.path):
        body = problem_body(request.path, status, code, detail, hint)
        return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)
    title = HTTPStatus(status).phrase
    return HttpResponse(
        f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>'
        f"<p>{escape(detail)} {escape(hint)}</p>",
        status=status,
    )
