"""API tokens and login links: written here, hashed before they get here."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from runs.errors import Conflict
from runs.models import ApiToken, LoginToken, User

TOUCH_EVERY = timedelta(minutes=1)  # a busy client would write this row with every request


class TokenNameTaken(Conflict):
    """A token of this name exists."""

    code = "token-name-taken"


def add_token(
    *, name: str, hash: str, hint: str, role: str, expires_in: timedelta | None, by: str
) -> ApiToken:
    try:
        with transaction.atomic():
            row = ApiToken.objects.create(
                name=name,
                hash=hash,
                hint=hint,
                role=role,
                created_by=by,
                created_at=Now(),
                expires_at=None if expires_in is None else Now() + expires_in,
            )
    except IntegrityError as error:
        if "one_living_token_a_name" not in str(error):
            raise
        raise TokenNameTaken(
            f"A token called {name!r} exists.", hint="Revoke it, or choose another name."
        ) from None
    row.refresh_from_db()
    return row


def living_token(hash: str) -> ApiToken | None:
    """The token, unless it was revoked or has expired by the database's clock."""
    living = Q(revoked_at__isnull=True) & (Q(expires_at__isnull=True) | Q(expires_at__gt=Now()))
    return ApiToken.objects.filter(living, hash=hash).annotate(at=Now()).first()


def touch_token(pk: int) -> None:
    seldom = Q(last_used_at__isnull=True) | Q(last_used_at__lt=Now() - TOUCH_EVERY)
    ApiToken.objects.filter(seldom, pk=pk).update(last_used_at=Now())


def revoke_tokens(rows: Q, by: str) -> int:
    return ApiToken.objects.filter(rows, revoked_at__isnull=True).update(
        revoked_at=Now(), revoked_by=by
    )


def add_login_token(user: User, hash: str, lifetime: timedelta) -> None:
    LoginToken.objects.filter(expires_at__lt=Now() - timedelta(days=1)).delete()
    LoginToken.objects.create(hash=hash, user=user, created_at=Now(), expires_at=Now() + lifetime)


def use_login_token(hash: str) -> User | None:
    """Its user, for the one caller that comes first and in time."""
    # Only the row's own columns: with a condition on the user, Django asks in a sub-select, which
    # a second caller that waited for the row's lock would not ask again, and both would be first.
    used = LoginToken.objects.filter(hash=hash, used_at__isnull=True, expires_at__gt=Now()).update(
        used_at=Now()
    )
    if not used:
        return None
    return User.objects.filter(login_tokens__hash=hash, is_active=True).first()
