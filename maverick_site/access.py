"""Who may come in: a login or a token for everything but the sign-in page and static files."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from maverick_site.problems import is_api, refuse
from runs import conf
from runs.actor import ANYONE, Actor, Role
from runs.errors import Forged, NotAllowed, NotSignedIn
from runs.models import User
from runs.operations import tokens
from runs.web.htmx import by_script, shown_page

OPERATOR = "This takes the role operator; `maverick token create --role operator` makes a token."

GetResponse = Callable[[HttpRequest], HttpResponseBase]

SAFE = ("GET", "HEAD", "OPTIONS")
OPEN = ("/sign-in", "/sign-in/", "/favicon.ico")
# What asks and changes nothing, though it is a POST; and leaving, which everybody may.
HARMLESS = ("/restart-plan", "/sign-out", "/sign-out/", "/validate")
# A decision is for those whom the step names, viewers too: the operation looks after it.
DECISION = re.compile(r"(/api/v1)?/runs/[^/]+/approvals/.|/approvals$")
# How somebody looks at the list: viewers keep views too, and the operation knows whose they are.
LOOKING = re.compile(r"/runs/(columns|views(/\d+)?)|/api/v1/views(/\d+)?")
# What everybody does for themselves.
OWN = ("/settings", "/settings/password")


def access(get_response: GetResponse) -> GetResponse:
    """Sets `request.actor`. A viewer reads; what changes something takes an operator."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.actor = None  # type: ignore[attr-defined]
        if request.path in OPEN or request.path.startswith(settings.STATIC_URL):
            return get_response(request)
        actor = _who(request)
        if not isinstance(actor, Actor):
            return actor
        if _changes(request) and not actor.may("operator"):
            return refuse(request, NotAllowed(f"A {actor.role} may look only.", hint=OPERATOR))
        request.actor = replace(  # type: ignore[attr-defined]
            actor,
            via="api" if is_api(request.path) else "page",
            address=request.META.get("REMOTE_ADDR", ""),
        )
        return get_response(request)

    return middleware


def _changes(request: HttpRequest) -> bool:
    """Whether it is for operators, whatever it asks for."""
    if request.method in SAFE or request.path.endswith(HARMLESS) or request.path in OWN:
        return False
    if is_api(request.path) and request.path.endswith("/check"):
        return False
    if LOOKING.fullmatch(request.path):
        return False
    return not (request.method == "POST" and DECISION.match(request.path))


def _who(request: HttpRequest) -> Actor | HttpResponse:
    secret = shown_token(request)
    if secret:
        actor = tokens.authenticate(secret)
        if actor is None:
            return _stranger(request, "The token is unknown, expired or revoked.")
        request.user = User(username=actor.name, role=actor.role)
        # No browser adds a token by itself, so nobody else's page can have sent this.
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return actor
    if request.user.is_authenticated:
        user: Any = request.user
        refused = _forged(request)
        role: Role = "admin" if user.is_superuser else user.role  # `manage.py createsuperuser`
        return refused or Actor("user", user.get_username(), role)
    if not conf.auth_required():
        if request.method not in SAFE and _from_elsewhere(request):
            return refuse(request, NotAllowed("The request comes from another site."))
        request.user = User(username=ANYONE.name, role=ANYONE.role)
        return ANYONE
    return _stranger(request, "Sign in, or show a token.")


def shown_token(request: HttpRequest) -> str:
    """The secret in `Authorization: Bearer …` or `X-API-Key`."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and value.strip():
        return value.strip()
    return request.headers.get("X-API-Key", "").strip()


def _stranger(request: HttpRequest, detail: str) -> HttpResponse:
    if is_api(request.path):
        hint = "Send `Authorization: Bearer TOKEN`; `maverick token create` makes one."
        return refuse(request, NotSignedIn(detail, hint=hint))
    fragment = by_script(request)
    is_page = request.method == "GET" and not fragment
    back = request.get_full_path() if is_page else shown_page(request)
    address = settings.LOGIN_URL + (f"?{urlencode({'next': back})}" if back else "")
    if fragment:
        # htmx shall leave the page, not put the sign-in form into it, and come back to it.
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    if "text/event-stream" in request.headers.get("Accept", ""):
        return HttpResponse(status=401)
    return HttpResponseRedirect(address)


def _forged(request: HttpRequest) -> HttpResponse | None:
    """Django's check for API calls that come with a cookie; pages have it already."""
    if request.method in SAFE or not is_api(request.path):
        return None
    check = CsrfViewMiddleware(lambda request: HttpResponse())
    check.process_request(request)
    if check.process_view(request, lambda request: HttpResponse(), (), {}) is None:
        return None
    return refuse(request, Forged("The CSRF token is missing or wrong.", hint="Send X-CSRFToken."))


def _from_elsewhere(request: HttpRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site", "")
    if site:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin", "")
    return bool(origin) and origin != f"{request.scheme}://{request.get_host()}"
