"""People: invited by a link that works once, given another role, deactivated; and their passwords.

There is always an admin: the last one can neither lose the role nor be deactivated.
"""

import re
import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from runs.actor import ROLES, Actor, Role
from runs.errors import Conflict, NotAllowed, NotFound, Refused
from runs.models import User
from runs.operations.sign_in import sign_in_address
from runs.operations.tokens import hashed
from runs.record import audit, people
from runs.record import tokens as record

INVITED_FOR = timedelta(days=3)
_NAME = re.compile(r"[\w.@+-]{1,100}")


class UnknownUser(NotFound):
    """There is no such user."""

    code = "user-not-found"


class LastAdmin(Conflict):
    """Nobody else is an admin."""

    code = "last-admin"


class WrongPassword(Refused):
    """The password is not the right one."""

    code = "wrong-password"


class WeakPassword(Refused):
    """The password is too easy to guess."""

    code = "weak-password"


def invite_user(name: str, role: Role, *, base_url: str, by: Actor) -> tuple[User, str]:
    """A new person, and the link that signs them in once. Raises UserNameTaken, Refused."""
    _admin_only(by)
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise Refused("A name has 1 to 100 letters, digits and @ . + - _.")
    if name in ROLES:
        raise Refused(f"{name!r} is a role.", hint="Choose a name that is none.")
    _known_role(role)
    with transaction.atomic():
        user = people.add_user(name, role)
        audit.note(by, "user.invite", name, role=role)
        return user, _link(user, base_url)


def new_link(name: str, *, base_url: str, by: Actor) -> str:
    """Another link for somebody who has none that works. Raises UnknownUser, Refused."""
    _admin_only(by)
    with transaction.atomic():
        user = _user(name)
        if not user.is_active:
            raise Refused(f"{name} is deactivated.", hint="Activate the account first.")
        audit.note(by, "user.link", name)
        return _link(user, base_url)


def set_role(name: str, role: Role, *, by: Actor) -> None:
    """Give somebody another role. Raises UnknownUser, LastAdmin."""
    _admin_only(by)
    _known_role(role)
    with transaction.atomic():
        admins = people.lock_admins()
        user = _user(name)
        if role != "admin":
            _not_the_last(user, admins)
        people.set_role(user, role)
        audit.note(by, "user.role", name, role=role)


def set_active(name: str, active: bool, *, by: Actor) -> None:
    """Deactivate somebody, or let them in again. Raises UnknownUser, LastAdmin."""
    _admin_only(by)
    with transaction.atomic():
        admins = people.lock_admins()
        user = _user(name)
        if not active:
            _not_the_last(user, admins)
        people.set_active(user, active)
        audit.note(by, "user.activate" if active else "user.deactivate", name)


def change_password(user: User, old: str, new: str, *, by: Actor) -> None:
    """A person's own password. Raises WrongPassword, WeakPassword."""
    if user.has_usable_password() and not user.check_password(old):
        raise WrongPassword("The old password is not right.")
    try:
        validate_password(new, user)
    except ValidationError as weak:
        raise WeakPassword(" ".join(weak.messages)) from None
    with transaction.atomic():
        people.set_password(user, new)
        audit.note(by, "user.password", user.username)


def _link(user: User, base_url: str) -> str:
    secret = secrets.token_urlsafe(32)
    record.add_login_token(user, hashed(secret), INVITED_FOR)
    return sign_in_address(base_url, secret)


def _user(name: str) -> User:
    user = User.objects.select_for_update().filter(username=name).first()
    if user is None:
        raise UnknownUser(f"Nobody is called {name!r}.")
    return user


def _not_the_last(user: User, admins: set[int]) -> None:
    if admins == {user.pk}:
        raise LastAdmin(
            f"{user.username} is the only admin.", hint="Make somebody else an admin first."
        )


def _known_role(role: str) -> None:
    if role not in ROLES:
        raise Refused(f"{role!r} is no role.", hint=f"Use one of {', '.join(ROLES)}.")


def _admin_only(by: Actor) -> None:
    if not by.may("admin"):
        raise NotAllowed(f"A {by.role} cannot manage users.", hint="Ask an admin.")
