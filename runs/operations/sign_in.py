"""Signing in: a link that works once, and the first user."""

import secrets
from datetime import timedelta
from urllib.parse import urlencode

from runs.models import User
from runs.operations.tokens import hashed
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
    return f"{base_url}/sign-in/?{urlencode({'token': secret})}"


def use_login_token(secret: str) -> User | None:
    """The user the link was made for, if it is in time and this is its first use."""
    return record.use_login_token(hashed(secret)) if 20 <= len(secret) <= 200 else None
