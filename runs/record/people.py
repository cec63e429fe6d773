"""People: their accounts, roles and preferences are written here."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from runs.errors import Conflict
from runs.models import LoginToken, User


class UserNameTaken(Conflict):
    """Somebody is called like that."""

    code = "user-name-taken"


def add_user(name: str, role: str) -> User:
    """A person without a password: who comes in by a link."""
    user = User(username=name, role=role)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise UserNameTaken(
            f"Somebody is called {name!r}.", hint="Choose another name, or make a new link."
        ) from None
    return user


def lock_admins() -> set[int]:
    """The active admins, until the end of the transaction: two who take the role from each other
    come one after the other, and the second one is told that nobody else is left."""
    admins = User.objects.filter(Q(role="admin") | Q(is_superuser=True), is_active=True)
    return set(admins.select_for_update().order_by("pk").values_list("pk", flat=True))


def set_role(user: User, role: str) -> None:
    user.role = role
    # Else a person of `manage.py createsuperuser` would stay an admin whatever the role says.
    user.is_superuser = user.is_staff = role == "admin" and user.is_superuser
    user.save(update_fields=["role", "is_superuser", "is_staff"])


def set_active(user: User, active: bool) -> None:
    """Sessions of who is not active open nothing; nor do links that were not used yet."""
    user.is_active = active
    user.save(update_fields=["is_active"])
    if not active:
        LoginToken.objects.filter(user=user, used_at__isnull=True).delete()


def set_password(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])


def set_preferences(user: User, preferences: dict[str, Any]) -> None:
    user.preferences = preferences
    user.save(update_fields=["preferences"])
