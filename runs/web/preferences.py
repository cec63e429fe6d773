"""Where a person's preferences are kept: with the account, or in the session of who has none."""

from typing import Any

from django.http import HttpRequest

from runs.look import Look

KEY = "preferences"


def has_account(request: HttpRequest) -> bool:
    """Whether there is a row to keep them in; with a token or without logins there is none."""
    user: Any = getattr(request, "user", None)
    return bool(user is not None and user.is_authenticated and user.pk)


def is_chosen(request: HttpRequest) -> bool:
    """Whether this person has saved any."""
    return bool(_kept(request))


def look_of(request: HttpRequest) -> Look:
    """What this person chose, or what everybody gets."""
    return Look.of(_kept(request))


def _kept(request: HttpRequest) -> Any:
    if has_account(request):
        return request.user.preferences  # type: ignore[union-attr]  # AUTH_USER_MODEL is ours
    session = getattr(request, "session", None)
    # Without its cookie a session is empty; looking into it would ask the database for nothing.
    return session.get(KEY) if session is not None and session.session_key else None
