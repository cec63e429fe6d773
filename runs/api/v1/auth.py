"""Whether they may. Who asks is known: the site's door (`maverick_site.access`) let them in with a
token or a login, checked the login's CSRF token, and left `request.actor`."""

from typing import Any

from django.http import HttpRequest
from ninja.security.apikey import APIKeyCookie, APIKeyHeader
from ninja.security.http import HttpBearer

from runs.actor import Actor, Role
from runs.errors import NotAllowed


def actor_of(request: HttpRequest) -> Actor | None:
    """Who asks; None, and so a refusal, when no door has said."""
    return getattr(request, "actor", None)


class BearerToken(HttpBearer):
    """An API token as `Authorization: Bearer TOKEN`. Decides for all three ways."""

    def __init__(self, role: Role) -> None:
        super().__init__()
        self.role: Role = role

    def __call__(self, request: HttpRequest) -> Actor | None:
        actor = actor_of(request)
        if actor is not None and not actor.may(self.role):
            raise NotAllowed(f"This needs the role {self.role}; {actor.name} is {actor.role}.")
        return actor

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Never reached: `__call__` decides."""
        raise NotImplementedError


class ApiKey(APIKeyHeader):
    """The same token as `X-API-Key`. Here for the document; BearerToken has decided."""

    param_name = "X-API-Key"

    def __call__(self, request: HttpRequest) -> None:
        return None

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Never reached."""
        raise NotImplementedError


class Login(APIKeyCookie):
    """The login of the pages, with `X-CSRFToken` on everything but reading."""

    param_name = "maverick_session"

    def __call__(self, request: HttpRequest) -> None:
        return None

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Never reached."""
        raise NotImplementedError


def allow(role: Role) -> list[Any]:
    """Authentication for a route that needs at least ``role``."""
    return [BearerToken(role), ApiKey(), Login()]


def asker(request: HttpRequest) -> Actor:
    """The actor that authentication left on the request."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor
