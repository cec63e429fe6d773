"""Users, for admins: invited by a link that works once, given another role, deactivated."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runs.actor import ROLES, Actor
from runs.errors import MaverickError, Refused
from runs.operations.people import invite_user, new_link, set_active, set_role
from runs.projections.people import list_people
from runs.web.commands import admin
from runs.web.toasts import say, why

LONGEST = 150


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def users(request: HttpRequest) -> HttpResponse:
    """``GET`` lists, ``POST do=invite | link | role | deactivate | activate``."""
    who = admin(request)
    if request.method != "POST":
        return _show(request)
    name = request.POST.get("user", "").strip()[:LONGEST]
    try:
        link = _done(request, name, who)
    except MaverickError as refused:
        return _show(request, error=why(refused), status=refused.status)
    if link:
        # In this answer and nowhere else: who sees the link is that person.
        return _show(request, invited=name, link=link, status=201)
    return HttpResponseRedirect(reverse("users"))


def _done(request: HttpRequest, name: str, who: Actor) -> str:
    """What the form asks for; the link that came of it, if one did."""
    base = settings.MAVERICK_PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
    role = request.POST.get("role", "")
    match request.POST.get("do"):
        case "invite":
            return invite_user(name, role, base_url=base, by=who)[1]  # type: ignore[arg-type]  # checked there
        case "link":
            return new_link(name, base_url=base, by=who)
        case "role":
            set_role(name, role, by=who)  # type: ignore[arg-type]  # checked there
            say(request, f"is {role} now.", strong=name)
        case "deactivate":
            set_active(name, False, by=who)
            say(request, "is deactivated and signed out.", strong=name)
        case "activate":
            set_active(name, True, by=who)
            say(request, "may come in again.", strong=name)
        case _:
            raise Refused("Say what is to be done: invite, link, role, deactivate or activate.")
    return ""


def _show(
    request: HttpRequest, *, invited: str = "", link: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "people": list_people(),
        "roles": ROLES,
        "invited": invited,
        "link": link,
        "error": error,
        "typed": request.POST if error else {"role": "operator"},
        "nav": "users",
    }
    return render(request, "runs/users.html", context, status=status)
