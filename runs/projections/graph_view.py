"""A run's graph as it is drawn: which nodes, with which state and words, and where they stand.

The shape comes from the definition, so that steps which have not started are drawn too; the
state comes from the executions. A loop is one node with a cell for every turn, a sub-workflow
one node with a row for every step, and the arms of a branch are nodes of their own behind it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from runs.planning.graph import Compiled
from runs.planning.preview import Preview
from runs.projections.graph_layout import GraphNode, Layout, layout
from runs.projections.graph_node_view import Around, NodeView, node_view
from runs.projections.graph_preview import plan_view, preview_node
from runs.projections.graph_shape import Edge, Shape, Shapes, shapes_of
from runs.projections.graph_turns import turns_of, undone_in
from runs.projections.step_states import StepState
from runs.states import STEP_OVER

LABEL_SIGN = 6.2  # a sign of an edge's label, 11 px sans
_BAD = frozenset({"failed", "timeout", "cancelled"})
_OVER = frozenset({"succeeded", "failed", "cancelled", "timeout", "skipped", "reused"})


@dataclass(frozen=True, slots=True)
class EdgeView:
    """One edge: who it joins, how it looks, and its label."""

    source: str
    target: str
    look: str  # "", ahead, live, unknown
    label: str
    aside: bool  # dashed: not a way that is taken when all is well


@dataclass(frozen=True, slots=True)
class GraphView:
    """Everything the drawing needs."""

    title: str
    nodes: tuple[NodeView, ...]
    edges: Mapping[Edge, EdgeView]
    layout: Layout
    failed: int
    is_preview: bool = False  # nodes are drawn as a restart would leave them

    @property
    def count(self) -> int:
        return len(self.nodes)


def graph_view(
    title: str,
    made: Compiled | None,
    states: Mapping[str, StepState],
    over: bool,
    now: datetime,
    preview: Preview | None = None,
) -> GraphView:
    """The graph of a run; with ``preview``, what a restart would make of it."""
    if preview is not None:
        # What agents will call nobody knows before they do.
        states = {path: state for path, state in states.items() if state.type != "call"}
    return view_of(title, shapes_of(made, states), states, over, now, preview)


def view_of(
    title: str,
    shapes: Shapes,
    states: Mapping[str, StepState],
    over: bool,
    now: datetime,
    preview: Preview | None = None,
) -> GraphView:
    """The graph of any shapes with the states of their steps."""
    drawn = {shape.path for shape in shapes.nodes}
    around = Around(
        states=states,
        arms=shapes.labels,
        over=over,
        now=now,
        turns=turns_of({s.path for s in shapes.nodes if s.repeats}, states, shapes.undoing),
        undone=undone_in(drawn, states, shapes.undoing),
        blocked=_blocked(shapes.nodes, shapes.edges, states),
    )
    nodes = tuple(node_view(shape, around) for shape in shapes.nodes)
    if preview is not None:
        plan = plan_view(preview, {shape.path for shape in shapes.nodes if shape.repeats})
        nodes = tuple(
            preview_node(node, shape, plan)
            for node, shape in zip(nodes, shapes.nodes, strict=True)
            if not shape.undoes
        )
    labels = tuple((edge[0], LABEL_SIGN * len(text)) for edge, text in shapes.labels.items())
    placed = _place(tuple(node.size for node in nodes), tuple(shapes.edges), labels)
    looks = {node.path: node.decision or node.status for node in nodes}
    look = _edge_look if preview is None else _preview_edge
    edges = {
        (a, b): EdgeView(
            a,
            b,
            look(looks.get(a, ""), looks.get(b, "")),
            shapes.labels.get((a, b), ""),
            (a, b) in shapes.asides,
        )
        for a, b in shapes.edges
    }
    failed = sum(1 for n in nodes if n.status in ("failed", "timeout") and not n.handled)
    return GraphView(title, nodes, edges, placed, failed, preview is not None)


@lru_cache(maxsize=128)
def _place(
    nodes: tuple[GraphNode, ...], edges: tuple[Edge, ...], labels: tuple[tuple[str, float], ...]
) -> Layout:
    # Most changes of a run change no size, so a live page lays the graph out once.
    return layout(nodes, edges, labels)


def _preview_edge(source: str, target: str) -> str:
    return "unknown" if "unknown" in (source, target) else ""


def _edge_look(source: str, target: str) -> str:
    if source == "skipped":
        return "ahead"  # nothing came this way
    if target == "running":
        return "live" if source in _OVER else ""
    if target in ("pending", "queued", "skipped", "waiting") and target != source:
        return "ahead"
    return "ahead" if target in ("pending", "skipped") else ""


def _blocked(
    shapes: Iterable[Shape], edges: Iterable[Edge], states: Mapping[str, StepState]
) -> frozenset[str]:
    """The paths behind something that failed and that nothing handles."""
    outs: dict[str, list[str]] = {}
    for a, b in edges:
        outs.setdefault(a, []).append(b)
    ready = {s.handles for s in shapes if s.handles and _may_handle(states.get(s.path))}
    todo = [
        path
        for path in (shape.path for shape in shapes)
        if path in states
        and states[path].status in _BAD
        and not states[path].handled
        and path not in ready
    ]
    blocked: set[str] = set()
    while todo:
        for behind in outs.get(todo.pop(), ()):
            if behind not in blocked:
                blocked.add(behind)
                todo.append(behind)
    return frozenset(blocked)


def _may_handle(handler: StepState | None) -> bool:
    return handler is None or handler.status not in STEP_OVER
