"""What a reader asks of a run's graph: which groups stand open, and which way it runs. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runs import steppath

TURNS_AT_ONCE = 40  # of a loop; more are a wall, not a picture
CALLS_AT_ONCE = 100  # of one caller
STEPS_AT_ONCE = 400  # in one opened loop: of turns with many steps, fewer are shown at once
MOST_DRAWN = 2000  # steps in one drawing; groups that would make more stay closed


@dataclass(frozen=True, slots=True)
class Asked:
    """One way to look at a graph. ``at`` has the opened groups and the part of each to show."""

    down: bool = False
    every: bool = False  # all groups but those in `shut`
    at: Mapping[str, int] = field(default_factory=dict)
    shut: frozenset[str] = frozenset()
    toward: str = ""  # the path of a step that has to be seen: what is around it is opened
    fixed: bool = False  # a drawing in which nothing can be opened

    def opens(self, group: str) -> bool:
        if self.fixed:
            return False
        if _inside(self.toward, group) or group in self.at:
            return True
        return self.every and group not in self.shut

    def turn_of(self, loop: str) -> int:
        """The turn to show of an opened loop."""
        if self.toward.startswith(f"{loop}["):
            number = self.toward[len(loop) + 1 :].partition("]")[0]
            if number.isdecimal():
                return int(number)
        return self.at.get(loop, 0)

    def call_of(self, caller: str, calls: tuple[str, ...]) -> int:
        """The place of the call to show of an opened caller."""
        if _inside(self.toward, caller):
            for place, call in enumerate(calls):
                if self.toward == call or _inside(self.toward, call):
                    return place
        return self.at.get(caller, 0)


CLOSED = Asked(fixed=True)


def _inside(path: str, group: str) -> bool:
    return path.startswith(steppath.below(group))


@dataclass(frozen=True, slots=True)
class Window:
    """Which parts of a group are shown: ``first`` and on, ``size`` of them, ``of`` all."""

    first: int
    size: int
    of: int

    @classmethod
    def around(cls, place: int, of: int, most: int) -> "Window":
        """The page of ``most`` parts that ``place`` stands on."""
        last = max(of - 1, 0)
        first = min(max(place, 0), last) // most * most
        return cls(first, min(most, of - first), of)

    @property
    def range(self) -> range:
        return range(self.first, self.first + self.size)


def reveal(asked: Asked, path: str) -> Asked:
    """``asked``, with everything open that is around the step at ``path``."""
    return Asked(asked.down, asked.every, asked.at, asked.shut, path, asked.fixed)


def containers_of(path: str) -> tuple[str, ...]:
    """The paths of all that is around a step, from the outside in."""
    found: list[str] = []
    while path := steppath.parent_of(path):
        found.append(path)
    return tuple(reversed(found))
