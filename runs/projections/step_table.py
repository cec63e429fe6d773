"""The Steps tab of a run: every step as a tree, those that have not started included."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from runs import steppath
from runs.models import Run
from runs.models.stored import drawable_version
from runs.planning.graph import Compiled
from runs.projections import words
from runs.projections.step_states import StepState
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


def step_table(
    run: Run, states: Mapping[str, StepState], now: datetime, first: int = 0
) -> StepTable:
    """The Steps tab: every step as a tree, those that have not started included."""
    made = drawable_version(run.version_id)
    rows = list(_tree(made, states, run.status in RUN_OVER))
    first = max(0, min(first, len(rows) - 1))
    page = rows[first : first + STEPS_A_PAGE]
    return StepTable(
        rows=tuple(_step_row(s, made, now) for s in page),
        total=len(rows),
        first=first + 1 if rows else 0,
        next_from=first + STEPS_A_PAGE if first + STEPS_A_PAGE < len(rows) else None,
        previous_from=max(0, first - STEPS_A_PAGE) if first else None,
    )


def _step_row(state: StepState, made: Compiled | None, now: datetime) -> StepRow:
    scope = steppath.scope_of(state.path)
    turn = scope.rpartition("/")[2]
    running = state.status == "running"
    ms = None if state.status == "skipped" else state.duration_ms
    if ms is None and running and state.started_at:
        ms = max(0, round((now - state.started_at).total_seconds() * 1000))
    return StepRow(
        path=state.path,
        name=state.name,
        turn=turn[turn.index("[") :] if turn.endswith("]") else "",
        depth=min(steppath.depth(state.path), 6),
        type=state.type,
        status=state.status,
        reused=state.reused,
        handled=state.handled,
        icon=words.KIND_ICONS.get(state.type, state.type),
        reason=_said(state) or _beside(state, made),
        until=state.due_at if state.status == "waiting" else None,
        tries=state.tries,
        duration_ms=ms,
        started_at=None if state.reused or state.status == "skipped" else state.started_at,
        open=running,
    )


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


def _tree(
    made: Compiled | None, states: Mapping[str, StepState], over: bool
) -> Iterable[StepState]:
    """Steps in file order, turn by turn, containers before what is in them."""
    scopes: dict[str, list[StepState]] = {}
    for state in states.values():
        scopes.setdefault(steppath.scope_of(state.path), []).append(state)
    turns: dict[str, list[str]] = {}
    for scope in scopes:
        container, index = steppath.split_turn(scope)
        if index is not None:
            turns.setdefault(container, []).append(scope)

    def walk(scope: str) -> Iterable[StepState]:
        here = {s.name: s for s in scopes.get(scope, ())}
        known = made.scopes.get(steppath.pattern(scope)) if made else None
        if known and (not over or here):
            for node in known.nodes.values():
                if node.name not in here:
                    here[node.name] = StepState.unborn(
                        steppath.child(scope, node.name), node.name, node.type, node.position
                    )
        for state in sorted(here.values(), key=lambda s: (s.position, s.path)):
            yield state
            for turn in sorted(turns.get(state.path, ()), key=steppath.sort_key):
                yield from walk(turn)
            # Also below a step that is no container, when it was undone.
            if state.type in ("branch", "subworkflow") or state.path in scopes:
                yield from walk(state.path)

    yield from walk("")
