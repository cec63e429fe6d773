"""The Steps tab of a run: every step as a tree, those that have not started included."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runs import steppath
from runs.models import Run
from runs.models.stored import drawable_version
from runs.planning.graph import Compiled
from runs.projections import words
from runs.projections.step_states import StepState
from runs.projections.step_tree import (
    Match,
    Openness,
    Shown,
    TreeNode,
    everything,
    shown,
    step_tree,
)
from runs.states import RUN_OVER

STEPS_A_PAGE = 400


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of the Steps tab."""

    path: str
    name: str
    turn: str  # "[2]" where a turn begins to be told apart
    depth: int
    type: str
    status: str
    reused: bool
    handled: bool  # it failed, and the run went on from that
    icon: str  # of its kind
    is_turn: bool
    is_open: bool | None  # None: nothing inside
    failed: int  # of the steps inside a row that is closed
    reason: str
    until: datetime | None  # of what waits
    tries: int
    duration_ms: int | None
    started_at: datetime | None
    open: bool


@dataclass(frozen=True, slots=True)
class StepTable:
    """A page of the Steps tab."""

    rows: tuple[StepRow, ...]
    total: int
    first: int
    next_from: int | None
    previous_from: int | None
    counts: tuple[tuple[str, int], ...]  # how many steps of each status there are
    has_inside: bool
    failed: int  # that nothing handled, as the Timeline counts them
    begins: str  # open, closed: what loops are that nobody has turned


SORTS = ("longest", "shortest")


@dataclass(frozen=True, slots=True)
class StepsAsked:
    """What the address asks for."""

    opened: Openness = field(default_factory=Openness)
    status: str = ""
    find: str = ""
    sort: str = ""  # longest, shortest; "" is the order of the file
    chosen: str = ""
    first: int = 0


def step_table(
    run: Run, states: Mapping[str, StepState], now: datetime, asked: StepsAsked | None = None
) -> StepTable:
    """The Steps tab: every step as a tree, those that have not started included."""
    asked = asked or StepsAsked()
    made = drawable_version(run.version_id)
    tree = step_tree(made, states, run.status in RUN_OVER)
    rows = shown(
        tree, asked.opened, match=_match(asked), order=_order(asked.sort, now), chosen=asked.chosen
    )
    first = max(0, min(asked.first, len(rows) - 1))
    page = rows[first : first + STEPS_A_PAGE]
    counts: dict[str, int] = {}
    failed = 0
    for node in everything(tree):
        if not node.is_turn:
            counts[node.state.look] = counts.get(node.state.look, 0) + 1
            failed += node.state.look in _BAD and not node.state.handled
    return StepTable(
        rows=tuple(_step_row(one, made, now) for one in page),
        total=len(rows),
        first=first + 1 if rows else 0,
        next_from=first + STEPS_A_PAGE if first + STEPS_A_PAGE < len(rows) else None,
        previous_from=max(0, first - STEPS_A_PAGE) if first else None,
        counts=tuple((look, counts[look]) for look in words.STATUS_WORDS if look in counts),
        has_inside=any(node.children for node in tree),
        failed=failed,
        begins="open" if asked.opened.begins_open(tree) else "closed",
    )


def _match(asked: StepsAsked) -> Match | None:
    find = asked.find.casefold()
    if not (find or asked.status):
        return None

    def match(node: TreeNode) -> bool:
        if asked.status and (node.is_turn or node.state.look != asked.status):
            return False
        return find in node.path.casefold()

    return match


def _order(sort: str, now: datetime) -> Callable[[TreeNode], float] | None:
    if sort not in SORTS:
        return None

    def order(node: TreeNode) -> float:
        took = _took(node.state, now)
        if sort == "longest":
            return -(took or 0)
        return float("inf") if took is None else took

    return order


def _took(state: StepState, now: datetime) -> int | None:
    ms = None if state.status == "skipped" else state.duration_ms
    if ms is None and state.status == "running" and state.started_at:
        ms = max(0, round((now - state.started_at).total_seconds() * 1000))
    return ms


def _step_row(one: Shown, made: Compiled | None, now: datetime) -> StepRow:
    node, state = one.node, one.node.state
    bad = 0
    if one.is_open is False:
        bad = sum(
            1
            for inside in everything(node.children)
            if not inside.is_turn and inside.state.look in _BAD and not inside.state.handled
        )
    return StepRow(
        path=state.path,
        name=state.name,
        turn="" if node.is_turn else node.turn,
        depth=min(node.depth, 6),
        type=state.type,
        status=state.status,
        reused=state.reused,
        handled=state.handled,
        icon=words.KIND_ICONS.get(state.type, state.type),
        is_turn=node.is_turn,
        is_open=one.is_open,
        failed=bad,
        reason=_said(state) or _beside(state, made),
        until=state.due_at if state.status == "waiting" else None,
        tries=state.tries,
        duration_ms=_took(state, now),
        started_at=None if state.reused or state.status == "skipped" else state.started_at,
        open=state.status == "running",
    )


_BAD = frozenset({"failed", "timeout"})


def _said(state: StepState) -> str:
    word, _, detail = state.reason.partition(": ")
    if state.status == "waiting" and word in ("approval", "timer"):
        return f"waits for a decision: {detail}" if word == "approval" else "waits"
    if state.passed is False and state.status == "succeeded":
        return "not passed"
    return (state.because if state.reused else "") or words.reason(state.reason)


def _beside(state: StepState, made: Compiled | None) -> str:
    """What a step is there for, when that is another one's failure."""
    node = made.nodes.get(steppath.pattern(state.path)) if made else None
    if node is None or state.status == "pending":
        return ""
    if node.undoes:
        return f"undoes `{steppath.name_of(node.undoes)}`"
    return f"handles `{node.handles}`" if node.handles else ""
