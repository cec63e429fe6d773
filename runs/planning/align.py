"""Two runs side by side: which execution is which, what differs, and what follows from what.

Pure. Steps are known by their step path. The turns of a loop are known by their item where the
list changed, as `turns.py` does it, so that an item put in front does not shift all the others.
The walk goes in graph order: what differs is a *cause*, or a *consequence* of one that came before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from runs import steppath
from runs.planning.align_turns import pair_turns
from runs.planning.outline import Scopes, Step, merged


class Verdict(StrEnum):
    """What became of one step in the two runs."""

    SAME = "same"
    CHANGED = "changed"
    ONLY_A = "only_a"
    ONLY_B = "only_b"
    REUSED = "reused"  # the same work: one has it from the other, or both from a third


@dataclass(frozen=True, slots=True)
class Seen:
    """One recorded execution, as far as it is compared: values by their digest."""

    id: str
    path: str
    type: str
    status: str
    position: int = 0
    input: str = ""  # "" when there is none
    output: str = ""
    error: str = ""
    origin: str = ""  # the execution that did the work, itself if it did


@dataclass(frozen=True)
class Side:
    """One run: its executions, its definition, and the items of loops whose list may differ."""

    seen: Mapping[str, Seen]
    scopes: Scopes
    items: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Pair:
    """One step of both runs, or of one of them."""

    a: Seen | None
    b: Seen | None
    verdict: Verdict
    differs: tuple[str, ...] = ()  # definition, condition, status, input, output, error
    role: str = ""  # cause or consequence, of what differs
    because: str = ""
    root: str = ""  # the path of the cause; its own when it is one

    @property
    def path(self) -> str:
        """Where it stands: in the second run, or in the first if only that one has it."""
        one = self.b or self.a
        assert one is not None
        return one.path

    @property
    def is_different(self) -> bool:
        """Whether it is anything but the same or reused."""
        return self.verdict not in (Verdict.SAME, Verdict.REUSED)


def align(
    a: Side, b: Side, changed: Mapping[str, str], hidden: Mapping[str, str] | None = None
) -> list[Pair]:
    """Every step that either run recorded, in graph order.

    ``changed`` tells of patterns whose step reads what differs between the inputs of the two runs:
    ``{"plan": "input `topic` changed"}``. ``hidden`` does so for secrets, which are recorded as the
    same: a step that reads one may give another outcome with what looks like the same input.
    """
    walk = _Walk(a, b, changed, hidden or {})
    walk.scope("", "", "", "")
    first = first_divergence(walk.pairs)
    for pair in walk.pairs:
        if pair.role == "cause" and first is not None and pair is not first and walk.undoes(pair):
            # What undoes a step runs because the run failed, wherever that was.
            pair.role, pair.root = "consequence", first.root
            pair.because = f"follows from `{first.root}`"
    return walk.pairs


def first_divergence(pairs: Sequence[Pair]) -> Pair | None:
    """The first cause in graph order; None when nothing differs."""
    return next((pair for pair in pairs if pair.role == "cause"), None)


class _Walk:
    def __init__(
        self, a: Side, b: Side, changed: Mapping[str, str], hidden: Mapping[str, str]
    ) -> None:
        self.a, self.b, self.changed, self.hidden = a, b, changed, hidden
        self.pairs: list[Pair] = []
        self.inside = (_inside(a.seen), _inside(b.seen))
        self.orders: dict[str, tuple[set[str], tuple[tuple[str, tuple[str, ...]], ...]]] = {}
        self.turns = (_turns(self.inside[0]), _turns(self.inside[1]))

    def undoes(self, pair: Pair) -> bool:
        steps = self._steps(steppath.pattern(steppath.scope_of(pair.path)))
        step = steps.get(steppath.name_of(pair.path))
        return step is not None and step.undoes

    def _steps(self, pattern: str) -> Mapping[str, Step]:
        return {**self.a.scopes.get(pattern, {}), **self.b.scopes.get(pattern, {})}

    def scope(self, pattern: str, at_a: str | None, at_b: str | None, upstream: str) -> str:
        """Compare the steps of one scope. The path of the first cause in it, or ""."""
        recorded = [
            seen
            for places, at in zip(self.inside, (at_a, at_b), strict=True)
            if at is not None
            for seen in places.get(at, ())
        ]
        if not recorded:
            return ""
        roots: dict[str, str] = {}  # step → the cause of what differs in it or above it
        different: set[str] = set()
        first = ""
        for name, needs in self._order(pattern, recorded):
            # Of what it needs itself rather what differs than what only comes after a difference.
            nearest = sorted(needs, key=lambda need: need not in different)
            above = next((roots[need] for need in nearest if roots.get(need)), upstream)
            root = self._step(pattern, name, at_a, at_b, above)
            roots[name] = root or above
            if root:
                different.add(name)
            first = first or root
        return first

    def _order(
        self, pattern: str, recorded: Sequence[Seen]
    ) -> Sequence[tuple[str, tuple[str, ...]]]:
        """The steps of a scope; worked out once for all turns of a loop."""
        names = {steppath.name_of(seen.path): seen.position for seen in recorded}
        if pattern not in self.orders or not names.keys() <= self.orders[pattern][0]:
            known = self.a.scopes.get(pattern, {}), self.b.scopes.get(pattern, {})
            order = tuple(merged(*known, names))
            self.orders[pattern] = {name for name, _ in order}, order
        return self.orders[pattern][1]

    def _step(self, pattern: str, name: str, at_a: str | None, at_b: str | None, above: str) -> str:
        a = None if at_a is None else self.a.seen.get(steppath.child(at_a, name))
        b = None if at_b is None else self.b.seen.get(steppath.child(at_b, name))
        if a is None and b is None:
            return ""
        own = steppath.child(pattern, name)
        step_a = self.a.scopes.get(pattern, {}).get(name)
        step_b = self.b.scopes.get(pattern, {}).get(name)
        pair = _pair(a, b, step_a, step_b)
        self.pairs.append(pair)
        if pair.is_different:
            self._explain(pair, step_a, step_b, own, above, in_both=at_a is not None is not at_b)
        within = pair.root if pair.role and _own(pair) else above
        inner = self._inside(pair, own, within, step_a, step_b)
        if inner and pair.role == "cause" and not _own(pair):
            # A container: what differs in it is why it ended in another way.
            pair.role, pair.root = "consequence", inner
            pair.because = f"follows from `{inner}`"
        return pair.root or inner

    def _explain(
        self,
        pair: Pair,
        step_a: Step | None,
        step_b: Step | None,
        pattern: str,
        above: str,
        *,
        in_both: bool,
    ) -> None:
        """Cause or consequence, and why in words."""
        why = ""
        if in_both and (step_a is None) is not (step_b is None):
            why = f"only the definition of {'B' if step_a is None else 'A'} has this step"
        elif "definition" in pair.differs:
            why = "definition changed"
        elif "condition" in pair.differs and "status" in pair.differs:
            why = "condition changed"
        elif _given(pair) and self.changed.get(pattern):
            why = self.changed[pattern]
        elif self.hidden.get(pattern):
            why = self.hidden[pattern]
        elif pair.a and pair.b and pair.a.input == pair.b.input and pair.a.input:
            why = "the input is the same, the outcome is not"
        elif above:
            pair.role, pair.root = "consequence", above
            pair.because = f"follows from `{above}`"
            return
        elif pair.a is None or pair.b is None:
            why = f"did not begin in {'A' if pair.a is None else 'B'}"
        elif "input" in pair.differs:
            why = "its input differs"
        else:
            why = "it ended in another way"
        pair.role, pair.because, pair.root = "cause", why, pair.path

    def _inside(
        self, pair: Pair, pattern: str, upstream: str, step_a: Step | None, step_b: Step | None
    ) -> str:
        a, b = pair.a.path if pair.a else None, pair.b.path if pair.b else None
        first = self.scope(pattern, a, b, upstream)
        turns_a = self.turns[0].get(a, []) if a is not None else []
        turns_b = self.turns[1].get(b, []) if b is not None else []
        if not turns_a and not turns_b:
            return first
        in_order = any(step is not None and step.in_order for step in (step_a, step_b))
        by_index = any(step is not None and step.by_index for step in (step_a, step_b))
        items = self.a.items.get(a or ""), self.b.items.get(b or "")
        for n_a, n_b in pair_turns(turns_a, turns_b, *items, by_index=by_index):
            at_a = steppath.turn(a, n_a) if a is not None and n_a is not None else None
            at_b = steppath.turn(b, n_b) if b is not None and n_b is not None else None
            root = self.scope(pattern, at_a, at_b, (first if in_order else "") or upstream)
            first = first or root
        return first


def _pair(a: Seen | None, b: Seen | None, step_a: Step | None, step_b: Step | None) -> Pair:
    if a is None or b is None:
        return Pair(a, b, Verdict.ONLY_B if a is None else Verdict.ONLY_A)
    if a.id == b.id:
        return Pair(a, b, Verdict.SAME)
    if a.origin and a.origin == b.origin:
        return Pair(a, b, Verdict.REUSED)
    differs = [
        what
        for what in ("status", "input", "output", "error")
        if getattr(a, what) != getattr(b, what)
    ]
    if not differs:
        return Pair(a, b, Verdict.SAME)
    if step_a is not None and step_b is not None:
        differs = [
            *(["definition"] if step_a.definition != step_b.definition else []),
            *(["condition"] if step_a.condition != step_b.condition else []),
            *differs,
        ]
    return Pair(a, b, Verdict.CHANGED, tuple(differs))


def _given(pair: Pair) -> bool:
    """Whether it was given something else, or was not asked to run in one of them."""
    return not (pair.a and pair.b) or "input" in pair.differs or "status" in pair.differs


def _own(pair: Pair) -> bool:
    """Whether it differs already before anything inside it begins."""
    return pair.a is None or pair.b is None or bool({"definition", "input"} & set(pair.differs))


def _inside(seen: Mapping[str, Seen]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for one in seen.values():
        found.setdefault(steppath.scope_of(one.path), []).append(one)
    return found


def _turns(scopes: Mapping[str, list[Seen]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for container, turn in _split(scopes):
        found.setdefault(container, []).append(turn)
    return found


def _split(scopes: Mapping[str, list[Seen]]) -> Iterator[tuple[str, int]]:
    for scope in scopes:
        container, turn = steppath.split_turn(scope)
        if turn is not None:
            yield container, turn
