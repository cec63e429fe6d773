"""Who is signed in: the session's user, which was read together with the session."""

from typing import Any

from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

BACKEND = "django.contrib.auth.backends.ModelBackend"


class PersonMiddleware(AuthenticationMiddleware):
    """Django's, without a query of its own for the user."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: person(request))  # type: ignore[assignment]


def person(request: HttpRequest) -> Any:
    """The user of the request's session.

    Only what is plainly good is taken from the session's row: this user, active, signed in by name
    and password (or link) with the password of today. All else Django decides, with its query.
    """
    session: Any = request.session
    named = session.get(auth.SESSION_KEY)
    user = session.user
    if (
        user is not None
        and user.is_active
        and str(user.pk) == named
        and session.get(auth.BACKEND_SESSION_KEY) == BACKEND
        and constant_time_compare(
            session.get(auth.HASH_SESSION_KEY, ""), user.get_session_auth_hash()
        )
    ):
        return user
    return auth.get_user(request)
