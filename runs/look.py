"""How a person wants the pages: time zone, kind of times, theme, colours of a status, density."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

CHOICES: dict[str, tuple[str, ...]] = {
    "times": ("relative", "absolute"),
    "theme": ("system", "light", "dark"),
    "colours": ("standard", "safe"),  # safe: told apart by eyes that do not tell red from green
    "density": ("normal", "compact", "roomy"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What one person chose; each word is the first of its choices until then."""

    time_zone: str = "UTC"
    times: str = "relative"
    theme: str = "system"
    colours: str = "standard"
    density: str = "normal"

    @classmethod
    def of(cls, kept: Any) -> "Look":
        """What is kept, without anything that is no choice (any more)."""
        if not isinstance(kept, Mapping):
            return cls()
        return cls(**{name: value for name, value in kept.items() if fits(name, value)})

    def stored(self) -> dict[str, str]:
        """As it is kept."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def fits(name: str, value: Any) -> bool:
    """Whether this is a choice of that name."""
    if not isinstance(value, str):
        return False
    return value in time_zones() if name == "time_zone" else value in CHOICES.get(name, ())


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """The zones that people know by name, UTC first."""
    known = {name for name in available_timezones() if "/" in name}
    named = (name for name in known if not name.startswith(("Etc/", "posix/", "right/")))
    return ("UTC", *sorted(named))
