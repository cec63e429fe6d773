"""Where two JSON values differ, as a list of paths: small, structural, and the same both ways."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place: ``config.region`` was ``before`` and is ``after``.

    What was added has no ``before``, what was removed no ``after``. The path of the whole value
    is "".
    """

    path: str
    kind: Kind
    before: Any
    after: Any


def differences(before: Any, after: Any) -> Iterator[Difference]:
    """Every place where the values differ, mappings by key, lists from both their ends.

    Of a list in which something was put in, what stands before and behind it is the same.
    """
    todo: list[tuple[str, Any, Any]] = [("", before, after)]
    while todo:
        at, old, new = todo.pop()
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            below, here = _of_mappings(at, old, new)
        elif isinstance(old, list) and isinstance(new, list):
            below, here = _of_lists(at, old, new)
        elif old != new or type(old) is not type(new):
            below, here = [], [Difference(at, "changed", old, new)]
        else:
            continue
        yield from here
        todo.extend(reversed(below))


_Found = tuple[list[tuple[str, Any, Any]], list[Difference]]


def _of_mappings(at: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> _Found:
    below, here = [], []
    for key in sorted({*old, *new}):
        path = _key(at, key)
        if key not in new:
            here.append(Difference(path, "removed", old[key], None))
        elif key not in old:
            here.append(Difference(path, "added", None, new[key]))
        else:
            below.append((path, old[key], new[key]))
    return below, here


def _of_lists(at: str, old: list[Any], new: list[Any]) -> _Found:
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and same(old[head], new[head]):
        head += 1
    tail = 0
    while tail < shorter - head and same(old[-1 - tail], new[-1 - tail]):
        tail += 1
    both = shorter - head - tail
    below = [(f"{at}[{n}]", old[n], new[n]) for n in range(head, head + both)]
    here = [
        Difference(f"{at}[{n}]", "removed", old[n], None)
        for n in range(head + both, len(old) - tail)
    ]
    here += [
        Difference(f"{at}[{n}]", "added", None, new[n]) for n in range(head + both, len(new) - tail)
    ]
    return below, here


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; 1, 1.0 and true are three values."""
    if one != other or type(one) is not type(other):
        return False
    if isinstance(one, Mapping):
        return all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return all(map(same, one, other))
    return True


def _key(at: str, key: str) -> str:
    if not _PLAIN.match(key):
        quoted = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{at}["{quoted}"]'
    return f"{at}.{key}" if at else key
