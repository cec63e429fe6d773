"""What had not begun, beside the decisions of a plan: one rule for pages and command line. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runs.projections.words import count, known_later

# What stands in one container without a decision, in the shape of the REST API (`not_begun`): the
# command line may have it from another machine.
Beside = Mapping[str, Any]


def rows_beside(found: Iterable[Beside], action: str) -> Iterator[tuple[str, str]]:
    """Path and reason of each container that stands in the group of ``action``.

    What nobody can count stands in the group of what is not known yet, without a number.
    """
    for more in found:
        if action == "unknown" and more["is_open"]:
            yield more["path"], more["because"]
        elif action != "reuse" and more[action]:
            yield more["path"], f"{more['because']}: {count(more[action], 'step')}"


def later(found: Iterable[Beside]) -> str:
    """What more runs, that nobody can count yet: ``and more in `each` ``; empty for nothing."""
    return known_later([more["path"] for more in found if more["is_open"]])
