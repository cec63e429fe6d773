"""Which turn of a loop in one run is which turn in another. Pure."""

from collections import defaultdict, deque
from collections.abc import Collection, Sequence


def pair_turns(
    a: Collection[int],
    b: Collection[int],
    items_a: Sequence[str] | None,
    items_b: Sequence[str] | None,
    *,
    by_index: bool,
) -> list[tuple[int | None, int | None]]:
    """The turns that were begun, side by side, in the order of the second run.

    By item where the items of both are known: the first turn with an item is the first one that
    had it, the second the second. A turn whose item the other list does not have stands beside
    the one at its own place, if that is free as well. Otherwise by number.
    """
    if by_index or items_a is None or items_b is None:
        known = dict.fromkeys(sorted({*a, *b}))
        return [(n if n in a else None, n if n in b else None) for n in known]
    was = _matched(items_a, items_b)
    free = set(range(len(items_a))) - set(was.values())
    for n in range(len(items_b)):
        if n not in was and n in free:
            was[n] = n
            free.discard(n)
    # What only the first run has stands behind the turn of its number.
    rows: list[tuple[int, int, int | None, int | None]] = [
        *((n, 0, was.get(n), n) for n in range(len(items_b))),
        *((n, 1, n, None) for n in free),
    ]
    rows.sort(key=lambda row: row[:2])
    pairs = ((x if x in a else None, y if y in b else None) for _, _, x, y in rows)
    return [pair for pair in pairs if pair != (None, None)]


def _matched(items_a: Sequence[str], items_b: Sequence[str]) -> dict[int, int]:
    places: dict[str, deque[int]] = defaultdict(deque)
    for n, item in enumerate(items_a):
        places[item].append(n)
    return {n: places[item].popleft() for n, item in enumerate(items_b) if places.get(item)}
