"""What has changed between two texts of a workflow, step by step, in words.

A change is what a step does (its definition), whether it does it (its condition, the conditions
of a branch's arms), and what it comes after. How it is tried (`retry`, `timeout`,
`max_concurrency`) and what is said about it (`effect`, `metadata`) are not: who gives a failed
step a longer timeout and resumes wants exactly that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runs import steppath
from runs.planning.graph import Compiled


@dataclass(frozen=True, slots=True)
class Outline:
    """One step, as far as two texts are compared."""

    path: str  # pattern
    definition: str  # digests
    condition: str
    needs: tuple[str, ...] | None  # names in its scope; None: the step before it

    def to_json(self) -> dict[str, Any]:
        """As kept in a checkpoint file."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Outline":
        """What ``to_json`` gave. Raises KeyError for anything else."""
        needs = data["needs"]
        return cls(
            str(data["path"]),
            str(data["definition"]),
            str(data["condition"]),
            None if needs is None else tuple(map(str, needs)),
        )


def outlines(compiled: Compiled) -> list[Outline]:
    """Every step of a workflow, those of called workflows included; each scope in file order."""
    return [
        Outline(node.path, node.digest, node.condition, _needs(node.step.needs, scope.is_ordered))
        for scope in compiled.scopes.values()
        for node in scope.nodes.values()
    ]


def _needs(declared: tuple[str, ...] | None, is_ordered: bool) -> tuple[str, ...] | None:
    return declared if is_ordered else ()  # the arms of a branch need nothing


def changes(before: Sequence[Outline], now: Sequence[Outline]) -> list[str]:
    """Each change in words, in the order of the new text; what is gone comes last.

    Of a container that is new or gone only the container is named, not what is inside it.
    """
    old, new = {one.path: one for one in before}, {one.path: one for one in now}
    came_after, comes_after = _upstream(before, new), _upstream(now, old)
    found = []
    for path, one in new.items():
        was = old.get(path)
        if was is None:
            if steppath.scope_of(path) in ("", *old):
                found.append(f"{path} is new")
        elif one.definition != was.definition:
            found.append(f"{path} changed")
        elif one.condition != was.condition:
            found.append(f"the condition of {path} changed")
        elif comes_after[path] != came_after[path]:
            found.append(f"what {path} needs changed")
    gone = [path for path in old if path not in new]
    return found + [f"{path} is gone" for path in gone if steppath.scope_of(path) in ("", *new)]


def _upstream(steps: Sequence[Outline], known: Mapping[str, Outline]) -> dict[str, frozenset[str]]:
    """The names that each step needs. Without `needs`: the nearest step above it that both texts
    have, so that a new step in between is told once, as new."""
    last: dict[str, str] = {}
    found: dict[str, frozenset[str]] = {}
    for one in steps:
        scope, name = steppath.scope_of(one.path), steppath.name_of(one.path)
        needs = one.needs
        if needs is None:
            needs = (last[scope],) if scope in last else ()
        found[one.path] = frozenset(needs)
        if one.path in known:
            last[scope] = name
    return found
