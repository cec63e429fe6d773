"""What the buttons share: who presses, whether they may, and the key against a double press."""

from secrets import token_urlsafe

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from runs.actor import Actor


def new_key() -> str:
    """One key for each rendered page: pressing twice sends the same one."""
    return token_urlsafe(12)


def key_of(request: HttpRequest, scope: str) -> str | None:
    """The key that a form sent, made particular to what it asks for; None when it sent none."""
    key = request.POST.get("key", "")[:60]
    return f"page:{key}:{scope}"[:255] if key else None


def actor(request: HttpRequest) -> Actor:
    """Who asks, as the door of the site has found out; nobody in particular may only look."""
    who = getattr(request, "actor", None)
    return who if isinstance(who, Actor) else Actor("user", "", "viewer")


def operator(request: HttpRequest) -> Actor:
    """The signed-in person, who must be allowed to start and stop runs."""
    who = actor(request)
    if not who.may("operator"):
        raise PermissionDenied("Only operators and admins start, restart and cancel runs.")
    return who


def may_operate(request: HttpRequest) -> bool:
    """Whether the page shows the buttons at all."""
    return actor(request).may("operator")


def admin(request: HttpRequest) -> Actor:
    """The asker, who must be an admin."""
    who = actor(request)
    if not who.may("admin"):
        raise PermissionDenied("This page is for admins.")
    return who
