"""Whether they may. Who asks is known: the site's door (`maverick_site.access`) let them in with a
token or a login, checked the login's CSRF token, and left `request.actor`."""

from typing import Any

from django.http import HttpRequest
from ninja.security.base import AuthBase

from runs.actor import Actor, Role
from runs.errors import NotAllowed


def actor_of(request: HttpRequest) -> Actor | None:
    """Who asks; None, and so a refusal, when no door has said."""
    return getattr(request, "actor", None)


class BearerToken(AuthBase):
    """An API token as `Authorization: Bearer TOKEN`. Decides for all three ways."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, role: Role) -> None:
        super().__init__()
        self.role: Role = role

    def __call__(self, request: HttpRequest) -> Actor | None:
        actor = actor_of(request)
        if actor is not None and not actor.may(self.role):
            raise NotAllowed(
                f"This takes the role {self.role}; {actor.name} is {actor.role}.",
                hint="Ask an admin for the role, or use another token.",
            )
        return actor


class ApiKey(AuthBase):
    """The same token as `X-API-Key`. Here for the document; BearerToken has decided."""

    openapi_type = "apiKey"
    openapi_in = "header"
    openapi_name = "X-API-Key"

    def __call__(self, request: HttpRequest) -> None:
        return None


class Login(AuthBase):
    """The login of the pages, with `X-CSRFToken` on everything but reading."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "maverick_session"

    def __call__(self, request: HttpRequest) -> None:
        return None


def allow(role: Role) -> list[Any]:
    """Authentication for a route that needs at least ``role``."""
    return [BearerToken(role), ApiKey(), Login()]


def asker(request: HttpRequest) -> Actor:
    """The actor that authentication left on the request."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor
