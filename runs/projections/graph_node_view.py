"""One node of a run's graph: its form, its words, and how large it has to be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runs.projections import words
from runs.projections.graph_asked import Window
from runs.projections.graph_layout import GraphNode
from runs.projections.graph_shape import Edge, Shape
from runs.projections.graph_turns import sentence
from runs.projections.step_states import StepState

ROWS = 6  # steps drawn inside a closed group; of more, the bar alone tells
TOGGLE = 26.0  # what opens and closes a group
PAGER = 170.0  # what turns the pages of an opened group
BAR_MOST = 420.0  # how wide the bar of an opened group gets
NAME_MOST = 28  # characters of a name; longer ones are cut in the middle
NAME_SIGN = 7.3  # a sign of the 12 px mono face
META_SIGN = 5.9  # a sign of the 11 px sans face, on average
CALL_SIGN = 6.7  # a sign of the 11 px mono face
_FORMS = {"branch": "hexagon", "checkpoint": "pill"}


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
    shape: str  # box, pill, hexagon, stack, rows, undo, frame
    status: str  # reused included
    word: str
    meta: str
    time: str
    since: datetime | None  # of a running node: the page counts on
    until: datetime | None  # of one that waits for a time: the page counts down
    turns: tuple[str, ...]  # a status for each turn
    rows: tuple[NodeRow, ...]
    sentence: str  # of a group: how many of what is in it are how
    handled: bool  # it failed, and the run went on from that
    size: GraphNode
    decision: str = ""  # of a restart's preview: reuse, run, unknown; "" in it: left out
    is_group: bool = False
    window: Window | None = None  # of an opened group
    kind: str = ""  # what a group's parts are called: turns, steps, calls
    within: str = ""  # the scope in an opened group that it stands in
    inside: frozenset[str] = frozenset()  # the statuses of what a closed group holds
    heat: int = 0  # how long it took, from 1 to 5; 0: it did not work
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What a node has to know of the rest of the graph."""

    states: Mapping[str, StepState]
    arms: Mapping[Edge, str]  # labels of edges
    over: bool
    now: datetime
    turns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    undone: Mapping[str, int] = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()
    inside: Mapping[str, frozenset[str]] = field(default_factory=dict)
    heat: Mapping[str, int] = field(default_factory=dict)
    critical: frozenset[str] = frozenset()


def node_view(shape: Shape, around: Around) -> NodeView:
    """The node as it is drawn."""
    states, now = around.states, around.now
    form = _form(shape)
    state = states.get(shape.path)
    status = state.look if state else "pending"
    turns = around.turns.get(shape.path, ())
    taken = _taken(shape, states) if form == "hexagon" else None
    if taken and status in ("running", "failed", "timeout", "cancelled"):
        status = "succeeded"  # its own work, the choice, is done; the arm says how it goes on
    rows: tuple[NodeRow, ...] = ()
    if form == "rows" and len(shape.children) <= ROWS:
        rows = tuple(_rows(shape, states, now))
    if form == "stack" and not turns and status in ("skipped", "reused"):
        form = "box"
    name = words.shorten(shape.name, NAME_MOST)
    if shape.repeats and turns:
        name += f" ×{len(turns):,}"
    ms, since, until = _times(state, now)
    time = "0 s" if until and not ms else words.clock(ms)  # due, and no worker has come by yet
    time = "" if form in ("pill", "hexagon") else time
    said = ""
    if form in ("stack", "rows", "frame"):
        rounds = shape.type == "validate" and shape.repeats
        said = sentence(turns, rounds, around.undone.get(shape.path, 0))
    meta = _meta(shape, state, taken, around)
    return NodeView(
        path=shape.path,
        name=name,
        full_name=shape.name,
        type=shape.type,
        shape=form,
        status=status,
        word=words.status(status, state is not None and state.handled).lower(),
        meta=meta,
        time=time,
        since=since,
        until=until,
        turns=turns,
        rows=rows,
        sentence=said,
        handled=state is not None and state.handled,
        size=size_of(shape, form, status, name, meta, said, rows),
        is_group=form in ("stack", "rows", "frame"),
        window=shape.window,
        kind=kind_of(shape),
        within=shape.within,
        inside=around.inside.get(shape.path, frozenset()),
        heat=around.heat.get(shape.path, 0),
        critical=shape.path in around.critical,
    )


def _form(shape: Shape) -> str:
    if shape.window is not None:
        return "frame"
    if shape.repeats:
        return "stack"
    if shape.children:
        return "rows"
    return "undo" if shape.undoes else _FORMS.get(shape.type, "box")


def kind_of(shape: Shape) -> str:
    """What the parts of a group are called."""
    if shape.repeats:
        return "rounds" if shape.type == "validate" else "turns"
    return "calls" if shape.calls else "steps"


def _times(
    state: StepState | None, now: datetime
) -> tuple[int | None, datetime | None, datetime | None]:
    """Milliseconds to show; since when they grow; until when they shrink."""
    if state is None or state.status == "skipped":
        return None, None, None
    if state.status == "running" and state.started_at:
        return (
            max(0, round((now - state.started_at).total_seconds() * 1000)),
            state.started_at,
            None,
        )
    if state.status == "waiting" and state.due_at:
        return max(0, round((state.due_at - now).total_seconds() * 1000)), None, state.due_at
    return state.duration_ms, None, None


def size_of(
    shape: Shape,
    form: str,
    status: str,
    name: str,
    meta: str,
    said: str,
    rows: tuple[NodeRow, ...],
) -> GraphNode:
    """How much room a node needs for its words."""
    if form == "undo":
        return GraphNode(shape.path, 29.0 + META_SIGN * (len(meta) + 6) + 12, 30.0)
    # The reserve is for the time that a node does not have yet: a box must not grow when it comes.
    toggle = TOGGLE if form in ("stack", "rows", "frame") else 0
    wide = max(
        29 + NAME_SIGN * len(name) + (24 if status == "reused" else 12) + toggle,
        29 + META_SIGN * len(meta) + (12 if form in ("pill", "hexagon") else 14 + META_SIGN * 5),
        # What it will say while it waits, so that it does not grow then either.
        29 + META_SIGN * len(_WAITS_FOR.get(shape.type, "")) + 14 + META_SIGN * 8,
        22 + META_SIGN * len(said),
        *(29 + CALL_SIGN * len(row.name) + 50 for row in rows),
    )
    width, height, tail = max(132.0, float(round(wide))), 50.0, 0.0
    if form == "stack":
        width, height, tail = max(180.0, width), 104.0, 4.0
    elif form == "rows":
        height = 104.0 + (24 * len(rows) + 8 if rows else 0)
        width = max(180.0, width)
    elif form == "frame":
        width = max(260.0, width + PAGER)  # its height is that of what is in it
    elif form == "pill":
        width, height = width + 12, 46.0
    elif form == "hexagon":
        width, height = width + 16, 46.0
    return GraphNode(shape.path, width, height, tail, 0.0)


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
        ms, _, _ = _times(state, now)
        yield NodeRow(words.shorten(name, 24), state.look if state else "pending", words.clock(ms))


_KINDS = {"subworkflow": "workflow"}


def kind_words(shape: Shape) -> str:
    """What kind of step it is, and of a loop how many turns run at once."""
    kind = _KINDS.get(shape.type, shape.type)
    if shape.type == "loop" and shape.at_once != 1:
        kind += f", {shape.at_once} at once" if shape.at_once else ", all at once"
    return kind


def _meta(shape: Shape, state: StepState | None, taken: StepState | None, around: Around) -> str:
    if state is None or state.status == "pending":
        if shape.path in around.blocked:
            return "blocked"
        return "not reached" if around.over else "waits"
    if shape.undoes:
        return f"undoes {words.shorten(shape.undoes.rpartition('/')[2], 18)}"
    if state.status == "skipped":
        if shape.handles:
            return "not needed"
        return "not taken" if "/" in shape.path else "skipped"
    if state.status == "queued":
        return f"{_KINDS.get(shape.type, shape.type)}, queued"
    if state.status == "waiting" and shape.type in _WAITS_FOR:
        return _WAITS_FOR[shape.type]
    kind = kind_words(shape)
    if taken is not None:
        arm = around.arms.get((shape.path, taken.path)) or words.shorten(taken.name, 14)
        return f"{kind}: {arm}"
    if state.tries > 1 and not state.reused and shape.type not in _WAITS_FOR:
        kind += f", try {state.tries}"
    if state.handled:
        kind += ", handled"
    elif state.status == "cancelled":
        kind += ", cancelled"
    elif state.status == "timeout":
        kind += ", timed out"
    elif state.passed is False and state.status == "succeeded":
        kind += ", not passed"
    return kind


# A second attempt of these is what follows the waiting: nobody tried again.
_WAITS_FOR = {"approval": "needs a decision", "wait": "waits for"}
