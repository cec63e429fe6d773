"""Actor: who asks. Carried from the door to the audit log."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")  # each may do what those before it may


def rank(role: str) -> int:
    """How much a role may do; an unknown role may do nothing."""
    return ROLES.index(role) + 1 if role in ROLES else 0


@dataclass(frozen=True)
class Actor:
    kind: Literal["user", "token", "system", "cli"]
    name: str
    role: Role

    def may(self, needed: Role) -> bool:
        """Whether this actor's role is at least the one that is needed."""
        return rank(self.role) >= rank(needed)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


SYSTEM = Actor("system", "maverick", "admin")
ANYONE = Actor("system", "anyone", "admin")  # while MAVERICK_AUTH=off
