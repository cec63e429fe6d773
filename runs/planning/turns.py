"""Which turn of a loop is which, when the loop opens again: told by its item, not by its number.

Between a run and its resume the list of a loop can change: somebody edited it, or it comes from the
environment. A turn is the same turn when its item is; what else changed in the list does not
matter to it, unless the steps in it look at `index`.
"""

import re
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import Any

from runs import steppath
from runs.canonical import digest
from runs.definition.spec import LoopStep

_INDEX = re.compile(r"\bindex\b")


def item_digests(items: Sequence[Any]) -> tuple[str, ...]:
    """One digest for each item, by which a turn is known again."""
    return tuple(digest(item) for item in items)


def same_turns(step: LoopStep, before: Sequence[str], now: Sequence[str]) -> dict[int, int]:
    """Turn now → the turn it was; turns that are new are absent.

    The first turn with an item is the first one that had it, the second the second, and so on.
    """
    if looks_at_index(step):
        both = enumerate(zip(before, now, strict=False))
        return {n: n for n, (was, is_) in both if was == is_}
    places: dict[str, deque[int]] = defaultdict(deque)
    for n, was in enumerate(before):
        places[was].append(n)
    return {n: places[is_].popleft() for n, is_ in enumerate(now) if places.get(is_)}


def move_receipts(
    decisions: Mapping[str, Any], path: str, step: LoopStep, now: Sequence[str]
) -> dict[str, Any]:
    """A stored plan in which the receipts inside the loop at ``path`` stand in the turns that have
    their items. ``now``: the digests of the items it opens with. A turn that is new has none: what
    was done for another item was not done for this one.
    """
    before = decisions[path].get("items")
    if not before:
        return dict(decisions)
    to = {was: n for n, was in same_turns(step, before, now).items()}
    moved: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    for key, planned in decisions.items():
        if not (key.startswith(f"{path}[") and (planned.get("receipt") or planned.get("items"))):
            kept[key] = planned
            continue
        number, _, rest = key.removeprefix(f"{path}[").partition("]")
        if not planned.get("receipt"):
            kept[key] = {name: value for name, value in planned.items() if name != "items"}
        if int(number) in to:
            moved[f"{steppath.turn(path, to[int(number)])}{rest}"] = planned
    return kept | moved


def looks_at_index(step: LoopStep) -> bool:
    """Whether a step in the loop may read the number of its turn (in doubt, yes)."""
    return any(_mentions_index(inner.model_dump(mode="json")) for inner in step.steps)


def _mentions_index(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_INDEX.search(value))
    if isinstance(value, Mapping):
        return any(map(_mentions_index, value.values()))
    return isinstance(value, list | tuple) and any(map(_mentions_index, value))
