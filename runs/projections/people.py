"""Who may come in: people with their roles, tokens with their scopes."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from runs.models import ApiToken, LoginToken, User

MOST = 500


@dataclass(frozen=True, slots=True)
class Person:
    """One account."""

    name: str
    role: str
    active: bool
    last_sign_in: datetime | None
    joined_at: datetime
    invited: bool  # a link waits to be used
    is_last_admin: bool


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token, without its secret, which nobody has kept."""

    id: int
    name: str
    hint: str
    role: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str
    expired: bool

    @property
    def living(self) -> bool:
        """Whether it still opens something."""
        return self.revoked_at is None and not self.expired


def list_people() -> tuple[Person, ...]:
    """Everybody by name, the deactivated last. One query."""
    link = LoginToken.objects.filter(
        user=OuterRef("pk"), used_at__isnull=True, expires_at__gt=Now()
    )
    rows = list(
        User.objects.annotate(invited=Exists(link)).order_by("-is_active", "username")[:MOST]
    )
    admins = [row for row in rows if row.is_active and (row.role == "admin" or row.is_superuser)]
    return tuple(
        Person(
            name=row.username,
            role="admin" if row.is_superuser else row.role,
            active=row.is_active,
            last_sign_in=row.last_login,
            joined_at=row.date_joined,
            invited=row.invited,
            is_last_admin=[row] == admins,
        )
        for row in rows
    )


def list_token_rows() -> tuple[TokenRow, ...]:
    """Those that open something first, the newest first. One query."""
    rows = ApiToken.objects.annotate(
        expired=Q(expires_at__isnull=False) & Q(expires_at__lte=Now())
    ).order_by("-created_at", "-pk")
    names = list(TokenRow.__dataclass_fields__)
    found = [TokenRow(*row) for row in rows.values_list(*names)[:MOST]]
    return tuple(sorted(found, key=lambda row: not row.living))
