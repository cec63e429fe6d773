"""How a middleware refuses: problem+json for programs, a page of one line for people."""

from django.http import HttpRequest, HttpResponse
from django.utils.html import escape

from runs import problem_json
from runs.errors import MaverickError


def is_api(path: str) -> bool:
    return path.startswith("/api/") or path == "/api"


def refuse(request: HttpRequest, error: MaverickError) -> HttpResponse:
    """The answer that tells ``error`` in the manner of the address that was asked for."""
    headers = problem_json.headers(error)
    if is_api(request.path):
        return HttpResponse(
            problem_json.body(error, request.path),
            status=error.status,
            content_type=problem_json.CONTENT_TYPE,
            headers=headers,
        )
    title = escape(problem_json.title(error))
    return HttpResponse(
        f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>'
        f"<p>{escape(error.message)} {escape(error.hint)}</p>",
        status=error.status,
        headers=headers,
    )
