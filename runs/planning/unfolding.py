"""What a restart will run that the earlier run had not begun: turns and steps without a record.

The plan decides what was recorded. A loop that never opened, or that stopped half way, has turns
that no record tells of; a preview that counts decisions alone would say less than what runs. Where
the list is known they are counted, and where it is not the preview says so.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from runs import steppath
from runs.definition.spec import BranchStep, SubworkflowStep
from runs.expressions import ExpressionError, Reference, condition_references, references
from runs.planning.foresight import Foresight, list_references
from runs.planning.graph import Compiled, Node
from runs.planning.plan import ASKED_AGAIN, Action, Plan, PlannedStep
from runs.planning.prior import PriorRun
from runs.planning.reasons import CHOSEN, ENDED_BADLY

# Nested loops multiply, and a form asks for its preview again with every key.
MOST_TURNS = 2_000  # of all loops, looked at one by one where one may have more steps than the next
MOST_ITEMS = 200_000  # of all lists
MOST_READ = 10_000  # outputs fetched ahead
LIST = "how many turns it has is known when it runs"
MANY = "it has more turns than are counted"
UNTIL = "its condition decides how many turns it takes"
ARM = "its conditions decide which arm runs"
NEVER = "never ran last time"
NEVER_HOLDS = "its condition does not hold"


@dataclass(frozen=True, slots=True)
class NotBegun:
    """What stands in one container without a decision of its own."""

    path: str  # of the container; without turns where it stands in several
    turns: int | None  # None: it is no loop, or nobody knows how many
    run: int  # steps that will run
    unknown: int  # steps whose condition decides
    because: str
    is_open: bool = False  # how much it is cannot be known, and is not counted


@dataclass
class _Count:
    run: int = 0
    unknown: int = 0

    def add(self, more: "_Count", times: int = 1) -> None:
        self.run += more.run * times
        self.unknown += more.unknown * times


class _Unfolding:
    def __init__(
        self,
        compiled: Compiled,
        prior: PriorRun,
        plan: Plan,
        actions: Mapping[str, Action],
        foresight: Foresight,
    ) -> None:
        self._compiled, self._prior, self._plan = compiled, prior, plan
        self._actions, self._foresight = actions, foresight
        self._begun: dict[str, set[int | None]] = {}  # container → its turns that are decided
        self._again: dict[str, int] = {}  # loop → the first of its turns that is not as it was
        self._open: dict[str, NotBegun] = {}  # pattern → what is told in words
        self._doubted: dict[str, str] = {}  # container or turn → why it may not take place
        self._turns_left, self._items_left = MOST_TURNS, MOST_ITEMS
        self._decided = {item.path for item in plan.items}
        self.doubts: dict[str, str] = {}  # path that runs if what is around it does → why
        for item in plan.items:
            self._place(item)

    def _place(self, item: PlannedStep) -> None:
        changes = item.action is not Action.REUSE and item.because != ASKED_AGAIN
        container, turn = steppath.split_turn(steppath.scope_of(item.path))
        while container:
            turns = self._begun.setdefault(container, set())
            if turn is not None and changes and turn < self._again.get(container, turn + 1):
                self._again[container] = turn
            elif turn in turns and not changes:
                break
            turns.add(turn)
            container, turn = steppath.split_turn(steppath.scope_of(container))

    def all(self) -> Iterator[NotBegun]:
        for item in self._plan.items:
            node = self._compiled.nodes.get(steppath.pattern(item.path))
            if node is None:
                continue
            # What is told as unknown anyhow, is not asked about.
            doubt = self._doubt(item, node) if self._actions[item.path] is Action.RUN else ""
            if doubt:
                self.doubts[item.path] = doubt
            if doubt == NEVER_HOLDS:
                self._doubted[item.path] = f"`{item.path}` does not run"
                continue
            if not self._opens(item, node):
                self._note(item)
                continue
            unknown = bool(doubt) or self._actions[item.path] is Action.UNKNOWN
            if unknown:
                self._doubted[item.path] = f"whether `{item.path}` runs is not known yet"
            turns, found = self._container(node, item.path, unknown, item.because)
            if found.run or found.unknown:
                because = _because(turns, bool(self._begun.get(item.path)))
                yield NotBegun(item.path, turns, found.run, found.unknown, because)
        yield from self._open.values()

    def _doubt(self, item: PlannedStep, node: Node) -> str:
        """Why it is not known whether the step, which is to run, will."""
        if node.step.when is not None and not _only_inside(item.because):
            holds = self._foresight.certainly_runs(node, item.path)
            if not holds:
                return "its condition decides" if holds is None else NEVER_HOLDS
        scope = steppath.scope_of(item.path) if self._doubted else ""
        while scope:
            container = steppath.split_turn(scope)[0]
            for around in (scope, container):
                if around in self._doubted:
                    return self._doubted[around]
            scope = steppath.scope_of(container)
        return ""

    def _note(self, item: PlannedStep) -> None:
        was = item.was or item.path
        before = self._prior.steps.get(was)
        if before is not None and (item.action is Action.REUSE or item.because == ASKED_AGAIN):
            self._foresight.note(item.path, was, before.status)

    def _opens(self, item: PlannedStep, node: Node) -> bool:
        """Whether the container at this path opens again, as far as is known."""
        if not node.is_container or item.action is Action.REUSE or item.because == ASKED_AGAIN:
            return False
        only = self._plan.only
        return not only or item.path == only or item.path.startswith(steppath.below(only))

    # ---- one container ------------------------------------------------------------------------

    def _container(
        self, node: Node, path: str, unknown: bool, because: str
    ) -> tuple[int | None, _Count]:
        """The turns and steps inside that are not decided. ``because``: why it runs."""
        begun = self._begun.get(path, set())
        if node.loop is not None:
            return self._loop(node, path, {n for n in begun if n is not None}, unknown)
        if isinstance(node.step, SubworkflowStep):
            self._foresight.opens(node, path)
            return None, self._scope(node.path, path, unknown, begun=bool(begun))
        if not begun:
            self._tell(path, ARM)
        elif not (_only_inside(because) or self._same_arm(node, path, because)):
            self._tell(path, ARM)
            self._doubted[path] = f"`{path}` may take another arm"
        return None, _Count()

    def _loop(
        self, node: Node, path: str, begun: set[int], unknown: bool
    ) -> tuple[int | None, _Count]:
        assert node.loop is not None
        found = _Count()
        for n in sorted(begun):
            found.add(self._scope(node.path, steppath.turn(path, n), unknown, begun=True))
        if node.loop.until is not None:
            for n in begun:
                scope = steppath.turn(path, n)
                self._foresight.turn(scope, None, n)
                if n > self._again.get(path, n):
                    self._doubted[scope] = f"`{path}` may take fewer turns than last time"
            self._tell(path, UNTIL)
            return None, found
        items = self._foresight.certain_items(node, path) if self._items_left > 0 else None
        one_by_one = any(
            one.is_container for one in self._compiled.scopes[node.path].nodes.values()
        )
        if items is None:
            self._tell(path, LIST if self._items_left > 0 else MANY)
            if begun:
                self._doubted[path] = f"`{path}` may have other turns than last time"
            return None, found
        self._items_left -= len(items)
        for n in begun & set(range(len(items))):
            self._foresight.turn(steppath.turn(path, n), items[n], n)
        fresh = [n for n in range(len(items)) if n not in begun]
        if not fresh:
            return 0, found
        if not one_by_one:
            found.add(self._scope(node.path, steppath.turn(path, fresh[0]), unknown), len(fresh))
            return len(fresh), found
        self._turns_left -= len(fresh)
        if self._turns_left < 0:
            self._tell(path, MANY)
            return None, found
        for n in fresh:
            scope = steppath.turn(path, n)
            self._foresight.turn(scope, items[n], n)
            found.add(self._scope(node.path, scope, unknown))
        return len(fresh), found

    def _same_arm(self, node: Node, path: str, because: str) -> bool:
        """Whether a branch that only ended badly goes where it went: what it asks stands."""
        if because not in ENDED_BADLY and because != CHOSEN:
            return False
        assert isinstance(node.step, BranchStep)
        return self._foresight.stands([one.when for one in node.step.options], path)

    def _scope(self, pattern: str, key: str, unknown: bool, *, begun: bool = False) -> _Count:
        """The steps of a scope of which nothing is decided. Of a scope that had ``begun`` all is,
        but where one step alone is to run: what never ran beside it runs as well."""
        found = _Count()
        if begun and not self._plan.only:
            return found
        for node in self._compiled.scopes[pattern].nodes.values():
            path = steppath.child(key, node.name)
            if path in self._decided:
                continue
            decides = unknown or node.step.when is not None or bool(node.handles)
            found.add(_Count(0, 1) if decides else _Count(1, 0))
            if node.is_container:
                found.add(self._container(node, path, decides, NEVER)[1])
        return found

    def _tell(self, path: str, words: str) -> None:
        pattern = steppath.pattern(path)
        known = self._open.get(pattern)
        at = path if known is None or known.path == path else pattern
        self._open[pattern] = NotBegun(at, None, 0, 0, words, is_open=True)


def _only_inside(because: str) -> bool:
    """Whether the container itself is as it was, and only something in it is not."""
    return because.endswith("inside it runs again")


def _because(turns: int | None, begun: bool) -> str:
    if turns is None:
        return "what is inside had not begun"
    which = "more turns" if begun and turns != 1 else "more turn" if begun else "turns"
    if not begun and turns == 1:
        which = "turn"
    return f"{turns:,} {which} that had not begun"


def not_begun(
    compiled: Compiled,
    prior: PriorRun,
    plan: Plan,
    actions: Mapping[str, Action],
    foresight: Foresight,
) -> tuple[tuple[NotBegun, ...], Mapping[str, str]]:
    """What ``plan`` runs beside its decisions; and which of the steps that it runs only run if
    what is around them takes place as it did, and why that is not known.

    ``actions``: how each decision is told; ``foresight``: one that has taken note of nothing yet.
    """
    unfolding = _Unfolding(compiled, prior, plan, actions, foresight)
    return tuple(unfolding.all()), unfolding.doubts


def read_ahead(compiled: Compiled, plan: Plan) -> set[str]:
    """The paths of recorded steps whose outputs tell the lists, to be fetched at once."""
    reused = {
        item.path: item.was or item.path for item in plan.items if item.action is Action.REUSE
    }
    opening = (item for item in plan.items if item.action is not Action.REUSE)
    found = (
        reused[path] for item in opening for path in _reads(compiled, item.path) if path in reused
    )
    return set(islice(found, MOST_READ))


def _reads(compiled: Compiled, path: str) -> Iterator[str]:
    """The steps that the one at ``path``, and those inside it, may ask for."""
    pattern = steppath.pattern(path)
    node = compiled.nodes.get(pattern)
    if node is None:
        return
    for one in (node, *(n for n in compiled.nodes.values() if n.path.startswith(f"{pattern}/"))):
        for name in _names_read(one):
            scope = steppath.scope_of(path)
            yield steppath.child(scope, name)
            while scope:
                scope = steppath.scope_of(steppath.split_turn(scope)[0])
                yield steppath.child(scope, name)


def _names_read(node: Node) -> set[str]:
    read: set[Reference] = set()
    with suppress(ExpressionError):
        if isinstance(node.step.when, str):
            read |= condition_references(node.step.when)
    with suppress(ExpressionError):
        if node.loop is not None:
            read |= list_references(node.loop) or set()
        elif isinstance(node.step, SubworkflowStep):
            read |= references(dict(node.step.inputs))
    return {str(one.path[0]) for one in read if one.root == "steps" and one.path}
