"""A run's graph as it is drawn: which nodes, with which state and words, and where they stand.

The shape comes from the definition, so that steps which have not started are drawn too; the
state comes from the executions. A loop is one node with a cell for every turn, a sub-workflow
one node with a row for every step, and the arms of a branch are nodes of their own behind it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from runs.planning.graph import Compiled
from runs.projections import words
from runs.projections.graph_layout import GraphNode, Layout, layout
from runs.projections.graph_shape import Shape, shape_of, shape_of_states
from runs.projections.step_states import StepState

CELLS = 40  # turns drawn one by one; above that, shares
ROWS = 6  # steps drawn inside a sub-workflow
NAME_MOST = 28  # characters of a name; longer ones are cut in the middle
NAME_SIGN = 7.3  # a sign of the 12 px mono face
META_SIGN = 5.9  # a sign of the 11 px sans face, on average
CALL_SIGN = 6.7  # a sign of the 11 px mono face
_BAD = frozenset({"failed", "timeout", "cancelled"})
_OVER = frozenset({"succeeded", "failed", "cancelled", "timeout", "skipped", "reused"})


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One step inside a sub-workflow's box."""

    name: str
    status: str
    time: str


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node as it is drawn."""

    path: str
    name: str  # shortened
    full_name: str
    type: str
    shape: str  # box, pill, hexagon, stack, rows
    status: str  # reused included
    word: str
    meta: str
    time: str
    since: datetime | None  # of a running node: the page counts on
    turns: tuple[str, ...]  # a status for each turn
    rows: tuple[NodeRow, ...]
    more_rows: int
    sentence: str  # of a loop
    size: GraphNode


@dataclass(frozen=True, slots=True)
class EdgeView:
    """One edge: who it joins, how it looks, and its label."""

    source: str
    target: str
    look: str  # "", ahead, live
    label: str


@dataclass(frozen=True, slots=True)
class GraphView:
    """Everything the drawing needs."""

    title: str
    nodes: tuple[NodeView, ...]
    edges: Mapping[tuple[str, str], EdgeView]
    layout: Layout
    failed: int

    @property
    def count(self) -> int:
        return len(self.nodes)


def graph_view(
    title: str,
    made: Compiled | None,
    states: Mapping[str, StepState],
    over: bool,
    now: datetime,
) -> GraphView:
    """The graph of a run."""
    shapes, edges, labels = shape_of(made) if made else shape_of_states(states)
    turns = _turns({s.path for s in shapes if s.type == "loop"}, states)
    blocked = _blocked(shapes, edges, states)
    nodes = tuple(
        _node(shape, states, turns.get(shape.path, ()), labels, shape.path in blocked, over, now)
        for shape in shapes
    )
    placed = _place(tuple(node.size for node in nodes), tuple(edges))
    looks = {node.path: node.status for node in nodes}
    drawn = {
        (a, b): EdgeView(
            a, b, _edge_look(looks.get(a, ""), looks.get(b, "")), labels.get((a, b), "")
        )
        for a, b in edges
    }
    failed = sum(1 for node in nodes if node.status in ("failed", "timeout"))
    return GraphView(title, nodes, drawn, placed, failed)


@lru_cache(maxsize=128)
def _place(nodes: tuple[GraphNode, ...], edges: tuple[tuple[str, str], ...]) -> Layout:
    # Most changes of a run change no size, so a live page lays the graph out once.
    return layout(nodes, edges)


def _edge_look(source: str, target: str) -> str:
    if target == "running":
        return "live" if source in _OVER else ""
    if target in ("pending", "queued", "skipped", "waiting") and target != source:
        return "ahead"
    return "ahead" if target in ("pending", "skipped") else ""


def _turns(loops: set[str], states: Mapping[str, StepState]) -> dict[str, tuple[str, ...]]:
    """For every loop that is drawn, the status of each turn that has begun."""
    found: dict[str, dict[int, set[str]]] = {}
    for path, state in states.items():
        bracket = path.find("[")
        while bracket > 0:
            loop = path[:bracket]
            if loop in loops:
                end = path.index("]", bracket)
                turn = int(path[bracket + 1 : end])
                found.setdefault(loop, {}).setdefault(turn, set()).add(state.look)
                break
            bracket = path.find("[", bracket + 1)
    counts = {
        loop: max(max(found.get(loop, {-1: set()})) + 1, states[loop].turns)
        for loop in loops
        if loop in states
    }
    return {
        loop: tuple(_turn_status(found.get(loop, {}).get(n, set())) for n in range(count))
        for loop, count in counts.items()
    }


def _turn_status(looks: set[str]) -> str:
    for bad in ("failed", "timeout", "cancelled", "running", "waiting", "queued", "pending"):
        if bad in looks:
            return bad
    if not looks:
        return "pending"
    if looks == {"reused"} or looks == {"reused", "skipped"}:
        return "reused"
    return "skipped" if looks == {"skipped"} else "succeeded"


def _blocked(
    shapes: Iterable[Shape], edges: Iterable[tuple[str, str]], states: Mapping[str, StepState]
) -> set[str]:
    """The paths behind something that failed."""
    outs: dict[str, list[str]] = {}
    for a, b in edges:
        outs.setdefault(a, []).append(b)
    todo = [s.path for s in shapes if s.path in states and states[s.path].status in _BAD]
    blocked: set[str] = set()
    while todo:
        for behind in outs.get(todo.pop(), ()):
            if behind not in blocked:
                blocked.add(behind)
                todo.append(behind)
    return blocked


_SHAPES = {"loop": "stack", "branch": "hexagon", "checkpoint": "pill", "subworkflow": "rows"}


def _node(
    shape: Shape,
    states: Mapping[str, StepState],
    turns: tuple[str, ...],
    arms: Mapping[tuple[str, str], str],
    blocked: bool,
    over: bool,
    now: datetime,
) -> NodeView:
    form = _SHAPES.get(shape.type, "box")
    state = states.get(shape.path)
    status = state.look if state else "pending"
    taken = _taken(shape, states) if form == "hexagon" else None
    if taken and status in ("running", "failed", "timeout", "cancelled"):
        status = "succeeded"  # its own work, the choice, is done; the arm says how it goes on
    rows: tuple[NodeRow, ...] = ()
    if form == "rows":
        rows = tuple(_rows(shape, states, now))
        if not rows:
            form = "box"
    if form == "stack" and not turns and status in ("skipped", "reused"):
        form = "box"
    name = words.shorten(shape.name, NAME_MOST)
    if form == "stack" and turns:
        name += f" ×{len(turns)}"
    ms = None
    since = None
    if state and state.status != "skipped":
        ms = state.duration_ms
        if state.status == "running" and state.started_at:
            since = state.started_at
            ms = max(0, round((now - since).total_seconds() * 1000))
    time = "" if form in ("pill", "hexagon") else words.clock(ms)
    sentence = (words.sum_of_turns(turns) or "no turns yet") if form == "stack" else ""
    meta = _meta(shape, state, taken, arms, blocked, over)
    # The reserve is for the time that a node does not have yet: a box must not grow when it comes.
    wide = max(
        29 + NAME_SIGN * len(name) + (24 if status == "reused" else 12),
        29 + META_SIGN * len(meta) + (12 if form in ("pill", "hexagon") else 14 + META_SIGN * 5),
        22 + META_SIGN * len(sentence),
        *(29 + CALL_SIGN * len(row.name) + 50 for row in rows),
    )
    width, height, tail, head = max(132.0, float(round(wide))), 50.0, 0.0, 0.0
    if form == "stack":
        width, height, tail = max(180.0, width), 104.0, 4.0
    elif form == "rows":
        height = 64.0 + 24 * len(rows) + (20 if len(shape.children) > ROWS else 0)
        width = max(164.0, width)
    elif form == "pill":
        width, height = width + 12, 46.0
    elif form == "hexagon":
        width, height = width + 16, 46.0
    return NodeView(
        path=shape.path,
        name=name,
        full_name=shape.name,
        type=shape.type,
        shape=form,
        status=status,
        word=words.STATUS_WORDS.get(status, status).lower(),
        meta=meta,
        time=time,
        since=since,
        turns=turns,
        rows=rows,
        more_rows=max(0, len(shape.children) - ROWS),
        sentence=sentence,
        size=GraphNode(shape.path, width, height, tail, head),
    )


def _taken(shape: Shape, states: Mapping[str, StepState]) -> StepState | None:
    """The arm that a branch has chosen."""
    for path in shape.arms:
        state = states.get(path)
        if state is not None and state.status not in ("pending", "skipped"):
            return state
    return None


def _rows(shape: Shape, states: Mapping[str, StepState], now: datetime) -> Iterator[NodeRow]:
    for path, name in shape.children[:ROWS]:
        state = states.get(path)
        ms = state.duration_ms if state else None
        if state and state.status == "running" and state.started_at:
            ms = max(0, round((now - state.started_at).total_seconds() * 1000))
        yield NodeRow(words.shorten(name, 24), state.look if state else "pending", words.clock(ms))


_KINDS = {"subworkflow": "workflow"}


def _meta(
    shape: Shape,
    state: StepState | None,
    taken: StepState | None,
    arms: Mapping[tuple[str, str], str],
    blocked: bool,
    over: bool,
) -> str:
    kind = _KINDS.get(shape.type, shape.type)
    if state is None or state.status == "pending":
        return "blocked" if blocked else "not reached" if over else "waits"
    if state.status == "skipped":
        return "not taken" if "/" in shape.path else "skipped"
    if state.status == "queued":
        return f"{kind}, queued"
    if shape.type == "loop" and shape.at_once != 1:
        kind += f", {shape.at_once} at once" if shape.at_once else ", all at once"
    if taken is not None:
        return f"{kind}: {arms.get((shape.path, taken.path)) or words.shorten(taken.name, 14)}"
    if state.tries > 1 and not state.reused:
        kind += f", try {state.tries}"
    if state.status == "cancelled":
        kind += ", cancelled"
    if state.status == "timeout":
        kind += ", timed out"
    return kind
