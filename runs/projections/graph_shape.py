"""Which nodes and edges a run's graph has: what its definition says, and what was undone."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from runs import steppath
from runs.definition.spec import BranchStep
from runs.planning.graph import Compiled, Node
from runs.projections import words
from runs.projections.step_states import StepState


@dataclass(frozen=True, slots=True)
class Shape:
    """One node before it has a state."""

    path: str
    name: str
    type: str
    at_once: int = 1  # of a loop
    children: tuple[tuple[str, str], ...] = ()  # of a sub-workflow: path and name
    arms: tuple[str, ...] = ()  # of a branch
    repeats: bool = False  # its steps run in turns: a loop, or a validation that is mended
    handles: str = ""  # the path of the step whose failure it waits for
    undoes: str = ""  # the path of the step that it has undone


Edge = tuple[str, str]


@dataclass(slots=True)
class Shapes:
    """Nodes in file order, and what joins them."""

    nodes: list[Shape] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    labels: dict[Edge, str] = field(default_factory=dict)
    asides: set[Edge] = field(default_factory=set)  # off the way that a run takes when all is well
    undoing: set[str] = field(default_factory=set)  # all that undoes, inside containers as well


def shapes_of(made: Compiled | None, states: Mapping[str, StepState]) -> Shapes:
    """What is drawn of a run; without a readable definition, what ran, one after the other."""
    if made is None:
        return _shapes_of_states(states)
    shapes = _Walk(made).shapes
    drawn = {node.path for node in shapes.nodes}
    for path, state in states.items():
        node = made.nodes.get(steppath.pattern(path))
        if node is None or not node.undoes:
            continue
        shapes.undoing.add(path)
        undone = steppath.scope_of(path)
        if undone in drawn:
            shapes.nodes.append(Shape(path, state.name, state.type, undoes=undone))
            shapes.edges.append((undone, path))
            shapes.asides.add((undone, path))
    _add_calls(shapes, states, drawn)
    return shapes


# More calls of agents than this make a wall, not a picture; the steps tab has every one.
MOST_CALLS = 100


def _add_calls(shapes: Shapes, states: Mapping[str, StepState], drawn: set[str]) -> None:
    """The calls that agents made, below who made them, in the order of their births."""
    calls = sorted((s for s in states.values() if s.type == "call"), key=lambda s: s.position)
    for state in calls[:MOST_CALLS]:
        caller = steppath.scope_of(state.path)
        if caller and caller not in drawn:
            continue  # inside a loop, which is drawn closed
        drawn.add(state.path)
        shapes.nodes.append(Shape(state.path, state.name, state.type))
        if caller:
            shapes.edges.append((caller, state.path))
            shapes.asides.add((caller, state.path))


class _Walk:
    """The definition, scope by scope. Loops and sub-workflows stay closed, arms are nodes."""

    def __init__(self, made: Compiled) -> None:
        self.made = made
        self.shapes = Shapes()
        self._leaves: dict[str, list[str]] = {}  # where the edges behind a node begin
        self._scope("")
        self.shapes.edges = list(dict.fromkeys(self.shapes.edges))

    def _scope(self, pattern: str) -> None:
        for node in self.made.scopes[pattern].nodes.values():
            self._step(node, pattern)

    def _step(self, node: Node, pattern: str) -> None:
        shapes, step = self.shapes, node.step
        bound = node.loop.max_concurrency if node.loop else 1
        inner = self.made.scopes[node.path].nodes.values() if node.is_container else ()
        arms = (
            tuple(arm.path for arm in inner if not arm.handles)
            if isinstance(step, BranchStep)
            else ()
        )
        shapes.nodes.append(
            Shape(
                node.path,
                node.name,
                node.type,
                bound if isinstance(bound, int) else 0,  # an expression: not known yet
                tuple((one.path, one.name) for one in inner) if node.type == "subworkflow" else (),
                arms,
                node.loop is not None,
                steppath.child(pattern, node.handles) if node.handles else "",
            )
        )
        if not node.handles:
            for need in node.needs:
                before = steppath.child(pattern, need)
                leaves = self._leaves.get(before, [before])
                shapes.edges.extend((leaf, node.path) for leaf in leaves)
        self._leaves[node.path] = [node.path]
        if isinstance(step, BranchStep):
            self._arms(node, step, arms)
        if node.handles:
            self._joins(node, steppath.child(pattern, node.handles))

    def _arms(self, node: Node, step: BranchStep, arms: tuple[str, ...]) -> None:
        self._scope(node.path)
        leaves: list[str] = []
        for n, arm in enumerate(arms):
            otherwise = step.otherwise is not None and n == len(arms) - 1
            self.shapes.edges.append((node.path, arm))
            self.shapes.labels[node.path, arm] = _arm_label(step, n, otherwise)
            leaves += self._leaves[arm]
        if step.otherwise is None:
            leaves.append(node.path)
        self._leaves[node.path] = leaves

    def _joins(self, node: Node, handled: str) -> None:
        """A step under `on_error`: what comes behind the other one comes behind this one, too."""
        edge = (handled, node.path)
        self.shapes.edges.append(edge)
        self.shapes.asides.add(edge)
        self.shapes.labels[edge] = "on error"
        self._leaves[handled] = [*self._leaves[handled], *self._leaves[node.path]]


def _arm_label(step: BranchStep, n: int, otherwise: bool) -> str:
    if len(step.options) == 1:
        return "no" if otherwise else "yes"
    if otherwise:
        return "else"
    condition = step.options[n].when.strip().removeprefix("${{").removesuffix("}}").strip()
    return words.shorten(condition, 18)


def _shapes_of_states(states: Mapping[str, StepState]) -> Shapes:
    tops = sorted(
        (s for s in states.values() if not steppath.depth(s.path)), key=lambda s: s.position
    )
    return Shapes(
        [Shape(s.path, s.name, s.type, repeats=s.type == "loop") for s in tops],
        [(a.path, b.path) for a, b in itertools.pairwise(tops)],
    )
