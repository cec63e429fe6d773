"""save_preferences: how a person wants the pages from now on."""

from collections.abc import Mapping

from runs.errors import Refused
from runs.look import Look, fits
from runs.models import User
from runs.record import people


class UnknownChoice(Refused):
    """A preference has a value that is no choice."""

    code = "unknown-choice"


def changed_look(look: Look, changes: Mapping[str, str]) -> Look:
    """The look with these changes. Raises UnknownChoice."""
    for name, value in changes.items():
        if not fits(name, value):
            raise UnknownChoice(
                f"{value[:60]!r} is no choice for {name.replace('_', ' ')}.", field=name
            )
    return Look.of({**look.stored(), **changes})


def save_preferences(user: User, look: Look) -> None:
    """Keep it with the account."""
    people.set_preferences(user, look.stored())
