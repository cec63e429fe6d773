"""API tokens, for admins."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from ninja import Router

from runs.api.v1.auth import asker
from runs.api.v1.routes import WRITING, route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.tokens import NewTokenOut, TokenIn, TokenPageOut
from runs.operations.tokens import create_token, list_tokens, revoke_token

router = Router()


@router.get(
    "",
    **route(
        "listTokens",
        TokenPageOut,
        role="admin",
        refusals=(401, 403),
        summary="All tokens",
        tag="Tokens",
    ),
)
def list_all(request: HttpRequest) -> HttpResponse:
    """Without their secrets, which nobody has kept."""
    return reply(TokenPageOut, {"items": list_tokens(), "next_cursor": None})


@router.post(
    "",
    **route(
        "createToken",
        NewTokenOut,
        status=201,
        role="admin",
        refusals=WRITING,
        summary="Make a token",
        tag="Tokens",
    ),
)
def create(request: HttpRequest, body: TokenIn) -> HttpResponse:
    """The secret is in the answer, this once."""
    days = body.expires_in_days
    expires = None if days is None else timedelta(days=days)
    token, secret = create_token(body.name, body.role, expires, by=asker(request))
    answer = reply(NewTokenOut, {"token": token, "secret": secret}, 201)
    answer["Cache-Control"] = "no-store"
    return answer


@router.delete(
    "/{name_or_id}",
    **route(
        "revokeToken",
        None,
        status=204,
        role="admin",
        refusals=(401, 403, 404),
        summary="Revoke a token",
        tag="Tokens",
    ),
)
def revoke(request: HttpRequest, name_or_id: str) -> HttpResponse:
    """By name or number; from now on it opens nothing."""
    revoke_token(name_or_id, by=asker(request))
    return HttpResponse(status=204)
