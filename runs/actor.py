"""Actor: who asks. Carried from the door to the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass, field
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
    # From where; the audit log tells it. Who somebody is does not depend on it.
    via: str = field(default="", compare=False)  # page, api, cli; empty for Maverick itself
    address: str = field(default="", compare=False)  # of the network, or the machine's name

    def may(self, needed: Role) -> bool:
        """Whether this actor's role is at least the one that is needed."""
        return rank(self.role) >= rank(needed)

    def is_among(self, approvers: Sequence[str]) -> bool:
        """Whether a step's ``approvers`` mean this actor: by name, or by a role or a higher one.

        Nobody named means every operator. A person who is called like a role is not meant by it.
        """
        if not approvers:
            return self.may("operator")
        if self.name in approvers and self.name not in ROLES:
            return True
        return any(rank(self.role) >= rank(one) for one in approvers if one in ROLES)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


SYSTEM = Actor("system", "maverick", "admin")
ANYONE = Actor("system", "anyone", "admin")  # while MAVERICK_AUTH=off
