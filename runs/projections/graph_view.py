"""A run's graph as it is drawn: which nodes, with which state and words, and where they stand.

The shape comes from the definition, so that steps which have not started are drawn too; the
state comes from the executions. A loop is one node with a cell for every turn, a sub-workflow
one node with a row for every step, and the arms of a branch are nodes of their own behind it.
What a reader has opened is drawn in a frame instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from runs.planning.graph import Compiled
from runs.planning.preview import Preview
from runs.projections.graph_asked import CLOSED, Asked
from runs.projections.graph_critical import NO_PATH, CriticalPath, critical_path
from runs.projections.graph_groups import shapes_of
from runs.projections.graph_heat import NO_HEAT, Heat, heat_of
from runs.projections.graph_inside import bars_of, looks_inside
from runs.projections.graph_layout import Layout
from runs.projections.graph_nested import TurnBox, nested
from runs.projections.graph_node_view import Around, NodeView, node_view
from runs.projections.graph_preview import plan_view, preview_node
from runs.projections.graph_shape import Edge, Shape, Shapes
from runs.projections.graph_turns import turns_of, undone_in
from runs.projections.step_states import StepState
from runs.states import STEP_OVER

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
    critical: bool = False


@dataclass(frozen=True, slots=True)
class GraphView:
    """Everything the drawing needs."""

    title: str
    nodes: tuple[NodeView, ...]
    edges: Mapping[Edge, EdgeView]
    layout: Layout
    failed: int
    is_preview: bool = False  # nodes are drawn as a restart would leave them
    turns: tuple[TurnBox, ...] = ()  # of opened loops
    critical: CriticalPath = NO_PATH
    heat: Heat = NO_HEAT
    left_out: bool = False  # a group stayed closed because the drawing would be too large
    fixed: bool = True  # nothing in it can be opened

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
    asked: Asked = CLOSED,
) -> GraphView:
    """The graph of a run; with ``preview``, what a restart would make of it."""
    if preview is not None:
        # What agents will call nobody knows before they do.
        states = {path: state for path, state in states.items() if state.type != "call"}
    return view_of(title, shapes_of(made, states, asked), states, over, now, preview, asked)


def view_of(
    title: str,
    shapes: Shapes,
    states: Mapping[str, StepState],
    over: bool,
    now: datetime,
    preview: Preview | None = None,
    asked: Asked = CLOSED,
) -> GraphView:
    """The graph of any shapes with the states of their steps."""
    if preview is not None:
        shapes.nodes = [shape for shape in shapes.nodes if not shape.undoes]
    all_of = shapes.flat()
    critical, heat = NO_PATH, NO_HEAT
    if preview is None:
        critical, heat = critical_path(shapes, states, now), heat_of(all_of.nodes, states, now)
    nodes = tuple(_nodes(all_of, states, over, now, preview, critical, heat))
    placed = nested(shapes, {node.path: node.size for node in nodes}, asked.down)
    return GraphView(
        title,
        nodes,
        _edges(all_of, nodes, critical, preview is not None),
        placed.layout,
        sum(1 for n in nodes if n.status in ("failed", "timeout") and not n.handled),
        preview is not None,
        placed.turns,
        critical,
        heat,
        shapes.left_out,
        asked.fixed,
    )


def _nodes(
    shapes: Shapes,
    states: Mapping[str, StepState],
    over: bool,
    now: datetime,
    preview: Preview | None,
    critical: CriticalPath,
    heat: Heat,
) -> Iterable[NodeView]:
    drawn = {shape.path for shape in shapes.nodes}
    repeats = {shape.path for shape in shapes.nodes if shape.repeats}
    around = Around(
        states=states,
        arms=shapes.labels,
        over=over,
        now=now,
        turns={
            **turns_of(repeats, states, shapes.undoing),
            **bars_of(shapes.nodes, states),
        },
        undone=undone_in(drawn, states, shapes.undoing),
        blocked=_blocked(shapes.nodes, shapes.edges, states),
        inside=looks_inside(shapes.nodes, states),
        heat=heat.levels,
        critical=frozenset(critical.steps),
    )
    found = (node_view(shape, around) for shape in shapes.nodes)
    if preview is None:
        return found
    plan = plan_view(preview, repeats)
    return (
        preview_node(node, shape, plan) for node, shape in zip(found, shapes.nodes, strict=True)
    )


def _edges(
    shapes: Shapes, nodes: Iterable[NodeView], critical: CriticalPath, is_preview: bool
) -> dict[Edge, EdgeView]:
    looks = {node.path: node.decision or node.status for node in nodes}
    look = _preview_edge if is_preview else _edge_look
    return {
        (a, b): EdgeView(
            a,
            b,
            look(looks.get(a, ""), looks.get(b, "")),
            shapes.labels.get((a, b), ""),
            (a, b) in shapes.asides,
            (a, b) in critical.links,
        )
        for a, b in shapes.edges
    }


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
