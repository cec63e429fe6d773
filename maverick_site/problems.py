"""How a middleware refuses: problem+json for programs, a page of one line for people."""

import json

from django.http import HttpRequest, HttpResponse
from django.utils.html import escape

from runs import problem_json
from runs.agentfield import is_agentfield
from runs.errors import MaverickError


def is_api(path: str) -> bool:
    return path.startswith("/api/") or path == "/api"


def agentfield_body(error: MaverickError) -> bytes:
    """The same refusal in the manner of the AgentField protocol."""
    word = "unauthorized" if error.status == 401 else error.message
    return json.dumps({"error": word, "message": error.message}).encode()


def refuse(request: HttpRequest, error: MaverickError) -> HttpResponse:
    """The answer that tells ``error`` in the manner of the address that was asked for."""
    headers = problem_json.headers(error)
    if is_agentfield(request.path):
        return HttpResponse(
            agentfield_body(error),
            status=error.status,
            content_type="application/json",
            headers=headers,
        )
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
