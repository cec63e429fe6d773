"""API tokens."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field

from runs.api.v1.schemas.base import In, Out, shown


class TokenIn(In):
    """A token to be made."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"name": "ci", "role": "operator", "expires_in_days": 90}},
    )

    name: str = Field(min_length=1, max_length=100)
    role: Literal["viewer", "operator", "admin"] = "operator"
    expires_in_days: int | None = Field(None, ge=1, le=3650, description="Null: it does not.")


class TokenOut(Out):
    """A token; its secret is not kept."""

    model_config = shown(
        {
            "id": 3,
            "name": "ci",
            "role": "operator",
            "hint": "mvk_7Gq",
            "created_by": "ann",
            "created_at": "2026-11-21T04:45:55.410000Z",
            "expires_at": "2027-02-19T04:45:55.410000Z",
            "last_used_at": None,
            "revoked_at": None,
        }
    )

    id: int
    name: str
    role: str
    hint: str = Field(description="The secret's first letters, to tell tokens apart.")
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenPageOut(Out):
    """Tokens, newest first, the revoked and expired too."""

    items: list[TokenOut]
    next_cursor: str | None


class NewTokenOut(Out):
    """A token that was just made."""

    token: TokenOut
    secret: str = Field(description="Told this once.")
