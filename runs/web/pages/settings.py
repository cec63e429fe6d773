"""Settings: how a person wants the pages, and their password."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from runs.errors import MaverickError, Refused
from runs.look import CHOICES, Look, time_zones
from runs.operations.people import change_password
from runs.operations.save_preferences import changed_look, save_preferences
from runs.web.commands import actor
from runs.web.htmx import by_script
from runs.web.methods import posts_only
from runs.web.preferences import KEY, has_account, look_of
from runs.web.toasts import say, why

WORDS = {
    "relative": ("Relative", "5 min ago; the time itself in the tooltip"),
    "absolute": ("Absolute", "21 Nov 14:32"),
    "system": ("As the system", ""),
    "light": ("Light", ""),
    "dark": ("Dark", ""),
    "standard": ("Standard", "green and red"),
    "safe": ("Colour-blind safe", "blue-green and vermilion, told apart by all eyes"),
    "normal": ("Normal", ""),
    "compact": ("Compact", "more rows"),
    "roomy": ("Roomy", "larger targets"),
}
TITLES = {
    "times": "Times",
    "theme": "Theme",
    "colours": "Status colours",
    "density": "Density",
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """``GET /settings``; ``POST`` keeps what was sent, any of the fields."""
    if request.method != "POST":
        return _show(request)
    sent = {name: request.POST[name] for name in ("time_zone", *CHOICES) if name in request.POST}
    try:
        look = changed_look(look_of(request), sent)
    except MaverickError as refused:
        if by_script(request):
            return HttpResponse(status=refused.status)
        return _show(request, error=why(refused), status=refused.status)
    _keep(request, look)
    if by_script(request):
        return HttpResponse(status=204)
    say(request, "Kept. All pages look like that from now on.")
    return HttpResponseRedirect(reverse("settings"))


@sensitive_post_parameters("old", "new")
@login_required
@posts_only
def password(request: HttpRequest) -> HttpResponse:
    """A person's own password; other sessions of theirs are signed out."""
    if not has_account(request):
        return _show(
            request, password_error="There is no account to give a password to.", status=422
        )
    user: Any = request.user
    sent = request.POST
    try:
        if sent.get("new") != sent.get("again"):
            raise Refused("The new password and its repetition differ.")
        change_password(user, sent.get("old", ""), sent.get("new", ""), by=actor(request))
    except MaverickError as refused:
        return _show(request, password_error=why(refused), status=refused.status)
    update_session_auth_hash(request, user)
    say(request, "The password is changed.")
    return HttpResponseRedirect(reverse("settings"))


def _keep(request: HttpRequest, look: Look) -> None:
    if has_account(request):
        user: Any = request.user
        save_preferences(user, look)
    else:
        request.session[KEY] = look.stored()


def _show(
    request: HttpRequest, *, error: str = "", password_error: str = "", status: int = 200
) -> HttpResponse:
    look = look_of(request)
    groups = [
        {
            "name": name,
            "title": TITLES[name],
            "choices": [(one, *WORDS[one], one == getattr(look, name)) for one in choices],
        }
        for name, choices in CHOICES.items()
    ]
    user: Any = request.user
    context = {
        "groups": groups,
        "zones": time_zones(),
        "time_zone": look.time_zone,
        "now": timezone.now(),
        "error": error,
        "password_error": password_error,
        "account": has_account(request),
        "has_password": has_account(request) and user.has_usable_password(),
        "nav": "settings",
    }
    return render(request, "runs/settings.html", context, status=status)
