"""API tokens, for admins: made, given another secret, revoked. A secret is shown once."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from runs.actor import ROLES, Actor
from runs.errors import MaverickError, Refused
from runs.operations.tokens import create_token, revoke_token, rotate_token
from runs.projections.people import list_token_rows
from runs.web.commands import admin
from runs.web.toasts import say, why

LIFETIMES = {"30": "30 days", "90": "90 days", "365": "a year", "": "never"}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """``GET`` lists, ``POST do=create | rotate | revoke``."""
    who = admin(request)
    if request.method != "POST":
        return _show(request)
    try:
        if request.POST.get("do") == "revoke":
            name = request.POST.get("token", "")
            revoke_token(name, by=who)
            say(request, "is revoked.", strong=request.POST.get("name", "")[:100] or name)
            return HttpResponseRedirect(reverse("tokens"))
        return _made(request, who)
    except MaverickError as refused:
        return _show(request, error=why(refused), status=refused.status)


@sensitive_variables("secret")
def _made(request: HttpRequest, who: Actor) -> HttpResponse:
    """The page with the new secret in it. No redirect: it would have to be kept somewhere."""
    sent = request.POST
    if sent.get("do") == "rotate":
        made, secret = rotate_token(sent.get("token", ""), by=who)
    else:
        days = sent.get("days", "90")
        if days not in LIFETIMES:
            raise Refused("Choose when the token expires.")
        expires = timedelta(days=int(days)) if days else None
        made, secret = create_token(sent.get("name", ""), sent.get("role", ""), expires, by=who)  # type: ignore[arg-type]  # checked there
    return _show(request, made=made.name, secret=secret, status=201)


def _show(
    request: HttpRequest, *, made: str = "", secret: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "tokens": list_token_rows(),
        "roles": ROLES,
        "lifetimes": LIFETIMES,
        "made": made,
        "secret": secret,
        "error": error,
        "typed": request.POST if error else {"role": "operator", "days": "90"},
        "nav": "tokens",
    }
    return render(request, "runs/tokens.html", context, status=status)
