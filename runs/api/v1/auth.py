"""Who asks, and whether they may: a token in a header, or the login of a page."""

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from ninja.security.apikey import APIKeyCookie, APIKeyHeader
from ninja.security.http import HttpBearer
from ninja.utils import check_csrf

from runs import conf
from runs.actor import ANYONE, Actor, Role
from runs.errors import NotAllowed, NotSignedIn

try:  # TEMPORARY until the module lands
    from runs.operations.tokens import authenticate
except ModuleNotFoundError:

    def authenticate(secret: str) -> Actor | None:
        return None


MAX_SECRET = 500  # longer ones are not ours and need no look into the database
_SAFE = ("GET", "HEAD", "OPTIONS")


def actor_of(request: HttpRequest) -> Actor | None:
    """Who asks. None when nobody says so; raises NotSignedIn for a token that is not good."""
    for secret in (_bearer(request), request.headers.get("X-API-Key")):
        if secret is not None:
            # A bad token is refused even when there is a login: the caller meant the token.
            actor = authenticate(secret) if 0 < len(secret) <= MAX_SECRET else None
            if actor is None:
                raise NotSignedIn("The token is unknown, expired or revoked.")
            return actor
    if not conf.auth_required():
        _refuse_other_sites(request)
        return ANYONE
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    if check_csrf(request) is not None:
        get_token(request)
        raise NotAllowed(
            "A request by login needs the header `X-CSRFToken`.",
            hint="Pages have it in their form; programs use a token instead of a login.",
        )
    return Actor("user", user.get_username(), user.role)


def _bearer(request: HttpRequest) -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn("Only `Authorization: Bearer TOKEN` is known here.")
    return secret.strip()


def _refuse_other_sites(request: HttpRequest) -> None:
    # Without logins there is no CSRF token either, and a page from anywhere could post a form to
    # 127.0.0.1. Browsers say where a request comes from; programs send neither header.
    if request.method in _SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    here = f"{request.scheme}://{request.get_host()}"
    if site not in ("none", "same-origin") or (origin is not None and origin != here):
        raise NotAllowed("A page of another site may not do this.")


def _need(request: HttpRequest, role: Role) -> Actor | None:
    actor = actor_of(request)
    if actor is not None and not actor.may(role):
        raise NotAllowed(f"This needs the role {role}; {actor.name} is {actor.role}.")
    return actor


class BearerToken(HttpBearer):
    """An API token as `Authorization: Bearer TOKEN`. (Decides for all three ways.)"""

    def __init__(self, role: Role) -> None:
        super().__init__()
        self.role: Role = role

    def __call__(self, request: HttpRequest) -> Actor | None:
        return _need(request, self.role)

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
