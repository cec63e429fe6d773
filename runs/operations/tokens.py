"""API tokens: made, listed, revoked, and recognised when somebody shows one."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from runs.actor import ROLES, Actor, Role, rank
from runs.errors import NotAllowed, NotFound, Refused
from runs.models import ApiToken
from runs.record import audit
from runs.record import tokens as record

PREFIX = "mvk_"


class UnknownToken(NotFound):
    """There is no such token."""

    code = "token-not-found"


def hashed(secret: str) -> str:
    # 256 random bits need no salt and no slow hash; nothing shorter is ever stored this way.
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(
    name: str, role: Role, expires_in: timedelta | None, by: Actor
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is told this once."""
    _admin_only(by)
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Refused("A token's name has 1 to 100 printable characters.")
    if role not in ROLES:
        raise Refused(f"{role!r} is no role.", hint=f"Use one of {', '.join(ROLES)}.")
    if rank(role) > rank(by.role):
        raise NotAllowed(f"A {by.role} cannot make a token for a {role}.")
    if expires_in is not None and not timedelta(0) < expires_in <= timedelta(days=3650):
        raise Refused("A token expires after some time, within ten years.")
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = record.add_token(
            name=name,
            hash=hashed(secret),
            hint=secret[: len(PREFIX) + 4],
            role=role,
            expires_in=expires_in,
            by=str(by),
        )
        audit.note(by, "token.create", name, role=role)
    return row, secret


def list_tokens() -> Sequence[ApiToken]:
    """All of them, the newest first; the revoked and expired too, as they tell a story."""
    return list(ApiToken.objects.order_by("-created_at", "-pk"))


def revoke_token(name_or_id: str, by: Actor) -> int:
    """Revoke by name or number. Unknown or revoked already: UnknownToken."""
    _admin_only(by)
    with transaction.atomic():
        # By its name in the audit log, whichever way it was called: a number says nothing there.
        found = ApiToken.objects.select_for_update().filter(_called(name_or_id))
        names = [row.name for row in found]
        count = record.revoke_tokens(_called(name_or_id), str(by))
        if not count:
            raise UnknownToken(f"No living token is called {name_or_id!r}.")
        for name in names:
            audit.note(by, "token.revoke", name)
    return count


def rotate_token(name_or_id: str, by: Actor) -> tuple[ApiToken, str]:
    """Another secret under the same name, role and lifetime; the old one opens nothing any more.

    Raises UnknownToken.
    """
    _admin_only(by)
    with transaction.atomic():
        old = ApiToken.objects.select_for_update().filter(_called(name_or_id)).first()
        if old is None:
            raise UnknownToken(f"No living token is called {name_or_id!r}.")
        if rank(old.role) > rank(by.role):
            raise NotAllowed(f"A {by.role} cannot make a token for a {old.role}.")
        record.revoke_tokens(Q(pk=old.pk), str(by))
        secret = PREFIX + secrets.token_urlsafe(32)
        row = record.add_token(
            name=old.name,
            hash=hashed(secret),
            hint=secret[: len(PREFIX) + 4],
            role=old.role,
            expires_in=None if old.expires_at is None else old.expires_at - old.created_at,
            by=str(by),
        )
        audit.note(by, "token.rotate", old.name, role=old.role)
    return row, secret


def _called(name_or_id: str) -> Q:
    wanted = Q(name=name_or_id)
    if name_or_id.isascii() and name_or_id.isdigit() and len(name_or_id) < 19:
        wanted |= Q(pk=int(name_or_id))
    return wanted & Q(revoked_at__isnull=True)


def authenticate(secret: str) -> Actor | None:
    """Who shows this secret, if it is a living token's."""
    if not secret.startswith(PREFIX) or len(secret) > 200:
        return None
    row = record.living_token(hashed(secret))
    if row is None:
        return None
    if row.last_used_at is None or timezone.now() - row.last_used_at > record.TOUCH_EVERY:
        record.touch_token(row.pk)
    return Actor("token", row.name, row.role)  # type: ignore[arg-type]  # a check constraint


def _admin_only(by: Actor) -> None:
    if not by.may("admin"):
        raise NotAllowed(f"A {by.role} cannot manage tokens.", hint="Ask an admin.")
