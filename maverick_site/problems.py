"""An error that a middleware answers with: problem+json for programs, a line for people."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import escape


def is_api(path: str) -> bool:
    return path.startswith("/api/") or path == "/api"


def problem_body(status: int, code: str, detail: str) -> dict[str, object]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }


def problem(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if is_api(request.path):
        return JsonResponse(
            problem_body(status, code, detail),
            status=status,
            content_type="application/problem+json",
        )
    title = HTTPStatus(status).phrase
    return HttpResponse(
        f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>'
        f"<p>{escape(detail)}</p>",
        status=status,
    )
