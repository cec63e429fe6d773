"""What every answer carries, and what no request may be."""

import gzip
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from maverick_site.problems import is_api, refuse
from runs.agentfield import is_agentfield
from runs.errors import BadRequest, TooLarge, UnknownPath

COMPRESS_FROM = 2048  # bytes; below, the headers cost as much as is won
COMPRESSED = frozenset({"text/html", "application/json", "application/problem+json"})
_GZIP = re.compile(r"\bgzip\b")

GetResponse = Callable[[HttpRequest], HttpResponseBase]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """No inline script or style, nothing from elsewhere. Django has this from 6.0."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if "text/html" in headers.get("Content-Type", ""):
            # A page shows what only this person may see; "back" after signing out shows nothing.
            headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def compression(get_response: GetResponse) -> GetResponse:
    """Large pages and JSON go out as gzip: the graph of a thousand steps is a tenth of its size.

    Not Django's own: it would also hold back the events of a stream until there are enough of them.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if not isinstance(response, HttpResponse) or len(response.content) < COMPRESS_FROM:
            return response
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if kind not in COMPRESSED or response.has_header("Content-Encoding"):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if _GZIP.search(request.headers.get("Accept-Encoding", "")):
            # The fastest level: five times smaller is enough, and the next ones cost more time
            # than a local network saves.
            response.content = gzip.compress(response.content, compresslevel=1, mtime=0)
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Length"] = str(len(response.content))
        return response

    return middleware


def size_limit(get_response: GetResponse) -> GetResponse:
    """A declared length above the limit is 413. Undeclared lengths: see body_limit.py."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return refuse(request, BadRequest("Content-Length is no number."))
        limit = body_limit_of(request.path)
        if length > limit:
            return refuse(request, TooLarge(too_large(limit)))
        return get_response(request)

    return middleware


def no_nul(get_response: GetResponse) -> GetResponse:
    """A page's address and fields have no NUL characters: PostgreSQL knows none, so nothing has
    such a name. The API tells its callers by itself."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if is_api(request.path):
            return get_response(request)
        if "\x00" in request.path:
            return refuse(request, UnknownPath("There is nothing at an address with a NUL."))
        if "%00" in request.META.get("QUERY_STRING", ""):
            request.GET = _without_nul(request.GET)
        if request.method == "POST":
            request.POST = _without_nul(request.POST)
        return get_response(request)

    return middleware


def _without_nul(sent: Any) -> Any:
    if not any("\x00" in text for name, values in sent.lists() for text in (name, *values)):
        return sent
    clean = sent.copy()
    clean.clear()
    for name, values in sent.lists():
        clean.setlist(name.replace("\x00", ""), [text.replace("\x00", "") for text in values])
    return clean


def body_limit_of(path: str) -> int:
    """What agents hand to each other may be larger than what people do."""
    name = "MAVERICK_AGENT_BODY_BYTES" if is_agentfield(path) else "MAVERICK_MAX_BODY_BYTES"
    return int(getattr(settings, name))


def too_large(limit: int) -> str:
    words = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit} bytes"
    return f"The request is larger than {words}."
