"""The steps of a run as a tree: containers, their turns, and what is open of it.

Timeline and Steps show the same tree. A turn of a loop has no execution; where its body is one
step, turn and step are one row.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from runs import steppath
from runs.planning.graph import Compiled, ScopeSpec
from runs.projections.graph_turns import turn_status
from runs.projections.step_states import StepState

# A run of up to so many steps begins with its loops open, a larger one with loops and
# sub-workflows closed.
OPEN_UP_TO = 60
_CLOSED = frozenset({"loop", "validate", "subworkflow"})


@dataclass(slots=True)
class TreeNode:
    """One row: a step, or a turn of more than one step (its state then sums them up)."""

    state: StepState
    turn: str  # "[2]" where a turn begins to be told apart
    depth: int
    is_turn: bool = False
    children: list["TreeNode"] = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.state.path


@dataclass(frozen=True, slots=True)
class Openness:
    """What is open: a rule for all (``all``, ``none``, "" = by size) and the exceptions from it."""

    rows: str = ""
    open: frozenset[str] = frozenset()
    shut: frozenset[str] = frozenset()
    turns: bool = False  # turns of small runs begin open as well
    begins: str = ""  # open, closed: how the page that asks has begun, whatever the size is now

    def shows(self, node: TreeNode, small: bool) -> bool:
        """Whether the children of ``node`` are shown."""
        if node.path in self.open:
            return True
        if node.path in self.shut or self.rows == "none":
            return False
        if self.rows == "all":
            return True
        return small and self.turns if node.is_turn else small or node.state.type not in _CLOSED

    def turned(self, path: str, is_open: bool) -> "Openness":
        """The same with one row turned over."""
        if is_open:
            return replace(self, open=self.open - {path}, shut=self.shut | {path})
        return replace(self, open=self.open | {path}, shut=self.shut - {path})

    def begins_open(self, nodes: Sequence[TreeNode]) -> bool:
        """Whether loops begin open. A page that is followed stays as it has begun: else the run's
        next row would close all of it under the reader."""
        if self.begins:
            return self.begins == "open"
        return sum(1 for _ in everything(nodes)) <= OPEN_UP_TO


Match = Callable[[TreeNode], bool]


@dataclass(frozen=True, slots=True)
class Shown:
    """A row that is shown."""

    node: TreeNode
    is_open: bool | None  # None: nothing inside


def step_tree(
    made: Compiled | None, states: Mapping[str, StepState], over: bool
) -> tuple[TreeNode, ...]:
    """Steps in file order, turn by turn; those that have not started are there too."""
    return tuple(_Builder(made, states, over).scope("", 0))


def everything(nodes: Sequence[TreeNode]) -> Iterator[TreeNode]:
    """Every node, containers before what is in them."""
    for node in nodes:
        yield node
        yield from everything(node.children)


def shown(
    nodes: Sequence[TreeNode],
    opened: Openness,
    *,
    match: Match | None = None,
    keep: Match | None = None,
    order: Callable[[TreeNode], float] | None = None,
    chosen: str = "",
) -> list[Shown]:
    """The rows to show: with ``match`` what it holds for and what is around that, open; ``keep``
    leaves rows out with all that is in them; ``order`` sorts the rows of each level. What is
    around the ``chosen`` step is open."""
    small = opened.begins_open(nodes)
    rows: list[Shown] = []

    def walk(level: Sequence[TreeNode]) -> bool:
        found = False
        for node in sorted(level, key=order) if order else level:
            if keep and not keep(node):
                continue
            here = len(rows)
            rows.append(Shown(node, None))
            inside = False
            if node.children:
                around = _is_around(node.path, chosen) and node.path not in opened.shut
                is_open = opened.shows(node, small) or around
                if match or is_open:
                    inside = walk(node.children)
                if match and not inside and not is_open:
                    del rows[here + 1 :]
                rows[here] = Shown(node, is_open if not match else bool(inside))
            if match and not inside and not match(node):
                del rows[here:]
            else:
                found = True
        return found

    walk(nodes)
    return rows


def _is_around(path: str, chosen: str) -> bool:
    return chosen.startswith(path) and chosen[len(path) : len(path) + 1] in ("/", "[")


class _Builder:
    def __init__(self, made: Compiled | None, states: Mapping[str, StepState], over: bool) -> None:
        self._made, self._over = made, over
        self._scopes: dict[str, list[StepState]] = {}
        for state in states.values():
            self._scopes.setdefault(steppath.scope_of(state.path), []).append(state)
        self._turns: dict[str, list[tuple[int, str]]] = {}
        for scope in self._scopes:
            container, index = steppath.split_turn(scope)
            if index is not None:
                self._turns.setdefault(container, []).append((index, scope))

    def scope(self, scope: str, depth: int) -> list[TreeNode]:
        """The steps of one scope with all that is inside them."""
        here = {s.name: s for s in self._scopes.get(scope, ())}
        known = self._defined(scope)
        if known and (not self._over or here):
            for node in known.nodes.values():
                if node.name not in here:
                    path = steppath.child(scope, node.name)
                    here[node.name] = StepState.unborn(path, node.name, node.type, node.position)
        nodes: list[TreeNode] = []
        for state in sorted(here.values(), key=lambda s: (s.position, s.path)):
            made = TreeNode(state, "", depth)
            for index, turn in sorted(self._turns.get(state.path, ())):
                made.children.append(self._turn(index, turn, depth + 1))
            # Also below a step that is no container: when it was undone, and calls of an agent.
            if state.type in ("branch", "subworkflow") or state.path in self._scopes:
                made.children += self.scope(state.path, depth + 1)
            nodes.append(made)
        return nodes

    def _defined(self, scope: str) -> ScopeSpec | None:
        """The steps that the definition has in ``scope``; None beside the turns of a loop, where
        only what undoes it stands."""
        if self._made is None:
            return None
        pattern = steppath.pattern(scope)
        node = self._made.nodes.get(pattern)
        if node is not None and node.loop is not None and not scope.endswith("]"):
            return None
        return self._made.scopes.get(pattern)

    def _turn(self, index: int, scope: str, depth: int) -> TreeNode:
        inside = self.scope(scope, depth)
        if len(inside) == 1:
            inside[0].turn = f"[{index}]"
            return inside[0]
        for node in everything(inside):
            node.depth += 1
        return TreeNode(_sum(scope, index, inside), f"[{index}]", depth, True, inside)


def _sum(scope: str, index: int, inside: Sequence[TreeNode]) -> StepState:
    """How a turn went, from its steps."""
    states = [node.state for node in inside]
    status = turn_status({"succeeded" if s.handled else s.look for s in states})
    began = [s.started_at for s in states if s.started_at]
    ended = [s.finished_at for s in states if s.finished_at]
    start: datetime | None = min(began, default=None)
    end = max(ended, default=None) if all(s.status not in _OPEN for s in states) else None
    reused = status == "reused"
    took = round((end - start).total_seconds() * 1000) if start and end else None
    if reused:
        took = sum(s.duration_ms or 0 for s in states)
    return StepState(
        "", scope, f"[{index}]", "turn", index, "succeeded" if reused else status, "", 0,
        start, end, took, reused, "",
    )  # fmt: skip


_OPEN = frozenset({"running", "waiting", "queued"})
