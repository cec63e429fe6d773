"""Signing in: a link that works once, and the first user."""

import secrets
from datetime import timedelta
from math import ceil
from urllib.parse import urlencode

from runs.errors import TooManyAttempts
from runs.models import User
from runs.operations.tokens import hashed
from runs.record import sign_in_attempts
from runs.record import tokens as record

LIFETIME = timedelta(minutes=15)
FIRST_USER = "admin"


def ensure_first_user() -> User:
    """The admin whom the link of `maverick up` signs in; without a password until one is set."""
    user, made = User.objects.get_or_create(
        username=FIRST_USER,
        defaults={"role": User.Role.ADMIN, "is_staff": True, "is_superuser": True},
    )
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def login_link(user: User, base_url: str) -> str:
    """An address that signs the user in, once, within 15 minutes."""
    secret = secrets.token_urlsafe(32)
    record.add_login_token(user, hashed(secret), LIFETIME)
    return sign_in_address(base_url, secret)


def sign_in_address(base_url: str, secret: str) -> str:
    """Where a login token is shown."""
    return f"{base_url}/sign-in/?{urlencode({'token': secret})}"


def count_attempt(name: str, address: str) -> None:
    """To be called before a password is looked at; `forget_attempts` when it was right.

    Raises TooManyAttempts after five wrong ones for this name from this address, or twenty from
    anywhere, within ten minutes.
    """
    wait = sign_in_attempts.begin(name, address)
    if wait is not None:
        seconds = max(1, ceil(wait.total_seconds()))
        minutes = ceil(seconds / 60)
        raise TooManyAttempts(
            "Too many wrong passwords for this name. Try again in "
            + (f"{minutes} minutes." if minutes > 1 else "a minute."),
            hint="The link that `maverick up` prints works at any time.",
            retry_after=seconds,
        )


def forget_attempts(name: str, address: str) -> None:
    """The password was right: nothing of this name from this address counts any more."""
    sign_in_attempts.forget(name, address)


def use_login_token(secret: str) -> User | None:
    """The user the link was made for, if it is in time and this is its first use."""
    return record.use_login_token(hashed(secret)) if 20 <= len(secret) <= 200 else None
