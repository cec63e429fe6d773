"""The critical path of a run: the chain of steps without which it would have ended earlier. Pure.

Backwards from the step that ended last: of what a step needed, the one that it had to wait for
longest. In loops with fewer places than turns, a turn waited for the turn that made room.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from runs import steppath
from runs.planning.graph import Compiled
from runs.projections.step_states import StepState


@dataclass(frozen=True, slots=True)
class Worked:
    """A step that did work: since when it was ready, when it began and when it ended."""

    path: str
    ready: datetime
    start: datetime
    end: datetime


def critical_path(
    made: Compiled | None, states: Mapping[str, StepState], worked: Mapping[str, Worked]
) -> tuple[Worked, ...]:
    """The chain, first step first; empty when nothing has worked yet."""
    if not worked:
        return ()
    finder = _Finder(made, states, worked)
    chain = [max(worked.values(), key=lambda one: (one.end, one.start))]
    seen = {chain[0].path}
    while len(chain) <= len(worked):
        before = finder.before(chain[-1])
        if before is None or before.path in seen:
            break
        chain.append(before)
        seen.add(before.path)
    return tuple(reversed(chain))


class _Finder:
    def __init__(
        self, made: Compiled | None, states: Mapping[str, StepState], worked: Mapping[str, Worked]
    ) -> None:
        self._made, self._states = made, states
        # Everything that did work at a place or below it, the last to end; asked again and again.
        self._last: dict[str, Worked] = {}
        self._turns: dict[str, list[Worked]] = {}
        for one in worked.values():
            for place in places(one.path):
                known = self._last.get(place)
                if known is None or one.end > known.end:
                    self._last[place] = one
        for place, one in self._last.items():
            container, index = steppath.split_turn(place)
            if index is not None:
                self._turns.setdefault(container, []).append(one)
        for turns in self._turns.values():
            turns.sort(key=_by_end)
        self._in_order = sorted(worked.values(), key=_by_end)

    def before(self, one: Worked) -> Worked | None:
        """What ``one`` waited for, or None at the beginning."""
        if self._made is None:
            return _last_before(self._in_order, one, one.path)
        return self._behind(one.path, one, 0)

    def _behind(self, path: str, one: Worked, depth: int) -> Worked | None:
        if depth > 200:
            return None
        found = _latest(
            [
                last
                for need in self._needs(path)
                if (last := self._last.get(need) or self._behind(need, one, depth + 1))
                and last.path != one.path
            ]
        )
        if found is not None:
            return found
        scope = steppath.scope_of(path)
        if not scope:
            return None
        container, index = steppath.split_turn(scope)
        if index is not None:
            room = _last_before(self._turns.get(container, ()), one, f"{scope}/")
            outside = self._behind(container, one, depth + 1)
            return _latest([w for w in (room, outside) if w is not None])
        return self._behind(container, one, depth + 1)

    def _needs(self, path: str) -> Iterator[str]:
        assert self._made is not None
        node = self._made.nodes.get(steppath.pattern(path))
        if node is None:
            return
        scope = steppath.scope_of(path)
        for name in (*node.needs, node.handles):
            if name:
                yield steppath.child(scope, name)


def _by_end(one: Worked) -> datetime:
    return one.end


def _last_before(ended: Sequence[Worked], one: Worked, but: str) -> Worked | None:
    """The last that had ended when ``one`` began, without those whose path begins with ``but``."""
    for n in range(bisect_right(ended, one.start, key=_by_end) - 1, -1, -1):
        if not ended[n].path.startswith(but):
            return ended[n]
    return None


def _latest(found: Sequence[Worked]) -> Worked | None:
    return max(found, key=lambda one: one.end, default=None)


def places(path: str) -> Iterator[str]:
    """The step itself, and every turn and container around it."""
    while path:
        yield path
        scope = steppath.scope_of(path)
        container, index = steppath.split_turn(scope)
        if index is not None:
            yield scope
        path = container
