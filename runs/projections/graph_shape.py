"""Which nodes and edges a run's graph has: what its definition says, and what was undone."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from runs import steppath
from runs.definition.spec import BranchStep
from runs.planning.graph import Compiled, Node
from runs.projections import words
from runs.projections.graph_asked import Window
from runs.projections.step_states import StepState


@dataclass(frozen=True, slots=True)
class Shape:
    """One node before it has a state."""

    path: str
    name: str
    type: str
    at_once: int = 1  # of a loop
    children: tuple[tuple[str, str], ...] = ()  # of a group without turns: path and name
    members: tuple[str, ...] = ()  # of the same: whose states its bar shows
    arms: tuple[str, ...] = ()  # of a branch
    repeats: bool = False  # its steps run in turns: a loop, or a validation that is mended
    handles: str = ""  # the path of the step whose failure it waits for
    undoes: str = ""  # the path of the step that it has undone
    within: str = ""  # the scope inside an opened group that it stands in
    calls: bool = False  # it is a group of the calls that it made
    window: Window | None = None  # it stands open, and this much of it is shown

    @property
    def is_group(self) -> bool:
        return self.repeats or bool(self.children)


Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an opened group: a turn of a loop, the steps of a sub-workflow, a call."""

    title: str
    scope: str
    shapes: "Shapes"


@dataclass(slots=True)
class Shapes:
    """Nodes in file order, and what joins them."""

    nodes: list[Shape] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    labels: dict[Edge, str] = field(default_factory=dict)
    asides: set[Edge] = field(default_factory=set)  # off the way that a run takes when all is well
    undoing: set[str] = field(default_factory=set)  # all that undoes, inside containers as well
    inside: dict[str, tuple[Part, ...]] = field(default_factory=dict)  # of opened groups
    left_out: bool = False  # a group stayed closed because the drawing would be too large

    def flat(self) -> "Shapes":
        """All of them in one, groups before what is inside them."""
        if not self.inside:
            return self
        found = Shapes(undoing=self.undoing, left_out=self.left_out)
        for shape in self.nodes:
            found.nodes.append(shape)
            for part in self.inside.get(shape.path, ()):
                inner = part.shapes.flat()
                found.nodes += inner.nodes
                found.edges += inner.edges
                found.labels |= inner.labels
                found.asides |= inner.asides
        found.edges += self.edges
        found.labels |= self.labels
        found.asides |= self.asides
        return found


def defined_scope(made: Compiled, pattern: str, scope: str) -> Shapes:
    """The steps of one scope of the definition, standing in ``scope``; arms are nodes of their own."""
    return _Scope(made, pattern, scope).shapes


class _Scope:
    def __init__(self, made: Compiled, pattern: str, scope: str) -> None:
        self.made = made
        self.shapes = Shapes()
        self._leaves: dict[str, list[str]] = {}  # where the edges behind a node begin
        self._steps(pattern, scope)
        self.shapes.edges = list(dict.fromkeys(self.shapes.edges))

    def _steps(self, pattern: str, scope: str) -> None:
        for node in self.made.scopes[pattern].nodes.values():
            self._step(node, scope)

    def _step(self, node: Node, scope: str) -> None:
        shapes, step, path = self.shapes, node.step, steppath.child(scope, node.name)
        bound = node.loop.max_concurrency if node.loop else 1
        inner = self.made.scopes[node.path].nodes.values() if node.is_container else ()
        children = tuple((steppath.child(path, one.name), one.name) for one in inner)
        arms: tuple[str, ...] = ()
        if isinstance(step, BranchStep):
            arms = tuple(steppath.child(path, arm.name) for arm in inner if not arm.handles)
        closed = node.type == "subworkflow"
        shapes.nodes.append(
            Shape(
                path,
                node.name,
                node.type,
                bound if isinstance(bound, int) else 0,  # an expression: not known yet
                children if closed else (),
                tuple(child for child, _ in children) if closed else (),
                arms,
                node.loop is not None,
                steppath.child(scope, node.handles) if node.handles else "",
            )
        )
        if not node.handles:
            for need in node.needs:
                before = steppath.child(scope, need)
                leaves = self._leaves.get(before, [before])
                shapes.edges.extend((leaf, path) for leaf in leaves)
        self._leaves[path] = [path]
        if isinstance(step, BranchStep):
            self._arms(node, path, step, arms)
        if node.handles:
            self._joins(path, steppath.child(scope, node.handles))

    def _arms(self, node: Node, path: str, step: BranchStep, arms: tuple[str, ...]) -> None:
        self._steps(node.path, path)
        leaves: list[str] = []
        for n, arm in enumerate(arms):
            otherwise = step.otherwise is not None and n == len(arms) - 1
            self.shapes.edges.append((path, arm))
            self.shapes.labels[path, arm] = _arm_label(step, n, otherwise)
            leaves += self._leaves[arm]
        if step.otherwise is None:
            leaves.append(path)
        self._leaves[path] = leaves

    def _joins(self, path: str, handled: str) -> None:
        """A step under `on_error`: what comes behind the other one comes behind this one, too."""
        edge = (handled, path)
        self.shapes.edges.append(edge)
        self.shapes.asides.add(edge)
        self.shapes.labels[edge] = "on error"
        self._leaves[handled] = [*self._leaves[handled], *self._leaves[path]]


def _arm_label(step: BranchStep, n: int, otherwise: bool) -> str:
    if len(step.options) == 1:
        return "no" if otherwise else "yes"
    if otherwise:
        return "else"
    condition = step.options[n].when.strip().removeprefix("${{").removesuffix("}}").strip()
    return words.shorten(condition, 18)


def recorded_scope(steps: list[StepState], inside: Mapping[str, list[StepState]]) -> Shapes:
    """What ran in one scope, one after the other: all that is known without a definition."""
    nodes = []
    for state in sorted(steps, key=lambda s: s.position):
        children = tuple((one.path, one.name) for one in inside.get(state.path, ()))
        nodes.append(
            Shape(
                state.path,
                state.name,
                state.type,
                children=children,
                members=tuple(path for path, _ in children),
                repeats=state.type == "loop",
            )
        )
    return Shapes(nodes, [(a.path, b.path) for a, b in itertools.pairwise(nodes)])
