"""Parts of the node panel: attempts, log, documents, what stands inside and beside a step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs import steppath
from runs.canonical import canonical
from runs.models import Execution
from runs.planning.graph import Compiled
from runs.projections import words
from runs.projections.step_states import StepState
from runs.projections.usage import Usage, usage_of

States = Mapping[str, StepState]

SHOW_BYTES = 64 * 1024  # of one JSON value; more is offered as a file
INSIDE = 60  # steps inside a container that are listed; the Steps tab has all


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at the step."""

    n: int
    status: str
    reason: str
    duration_ms: int | None
    worker: str
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value to show, or its size when it is too large to show."""

    value: Any
    there: bool
    size: str
    keys: str  # "4 keys"
    too_large: bool


@dataclass(frozen=True, slots=True)
class Inside:
    """One step inside a container."""

    path: str
    name: str
    turn: str  # "[2]", or "" where there are no turns
    status: str  # reused included
    handled: bool
    icon: str
    said: str  # "not passed", or why it was skipped
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class Beside:
    """A step that belongs to this one: it handles its failure, or undid it, or the other way."""

    word: str  # Handles, Handled by, Undoes, Undone by
    path: str
    there: bool  # whether it has run


@dataclass(frozen=True, slots=True)
class Decided:
    """What somebody decided about an approval."""

    approved: bool
    by: str
    at: datetime | None
    comment: str


def document(value: Any, there: bool, size: int | None = None) -> Document:
    """A value as it is shown; ``size`` is that of its canonical JSON where it is known."""
    there = there and value is not None
    if size is None:
        size = len(canonical(value)) if there else 0
    keys = ""
    if isinstance(value, Mapping):
        keys = words.count(len(value), "key")
    elif isinstance(value, list):
        keys = words.count(len(value), "item")
    too_large = size > SHOW_BYTES
    return Document(None if too_large else value, there, words.size(size), keys, too_large)


def output_of(execution: Execution | None) -> Document:
    """What the step answered, if it has."""
    if execution is None or execution.status in ("pending", "queued", "running", "skipped"):
        return document(None, False)
    if execution.payload is not None:
        return document(execution.payload.value, True, execution.payload.size)
    if execution.status == "succeeded" or execution.output is not None:
        return document(execution.output, True, execution.output_size or None)
    return document(None, False)


def attempts_of(tries: Sequence[Mapping[str, Any]] | None) -> tuple[Attempt, ...]:
    """The stored tries as they are read."""
    made = []
    for n, one in enumerate(tries or (), start=1):
        outcome = str(one.get("outcome") or "running")
        started, finished = when(one.get("started_at")), when(one.get("finished_at"))
        ms = (
            max(0, round((finished - started).total_seconds() * 1000))
            if started and finished
            else None
        )
        status = {"interrupted": "timeout"}.get(outcome, outcome)
        reason = words.reason(str(one.get("reason") or ""))
        if outcome == "interrupted":
            reason = reason or "interrupted, taken over"
        worker, used = str(one.get("worker") or ""), usage_of([one.get("usage")])
        made.append(Attempt(int(one.get("n") or n), status, reason, ms, worker, used))
    return tuple(made)


def decided(tries: Sequence[Mapping[str, Any]] | None) -> Decided | None:
    """The decision that an approval's attempts hold."""
    for one in reversed(tries or ()):
        said = one.get("decision")
        if isinstance(said, Mapping):
            return Decided(
                bool(said.get("approved")),
                str(said.get("by") or ""),
                when(said.get("at")),
                str(said.get("comment") or ""),
            )
    return None


def when(text: Any) -> datetime | None:
    """A time that was stored as text."""
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def inside_of(container: str, path: str, states: States) -> tuple[tuple[Inside, ...], int]:
    """The steps of a container (of this kind), turn by turn, and how many more there are."""
    inside = [one for one in states.values() if steppath.parent_of(one.path) == path]
    inside.sort(key=lambda one: (steppath.sort_key(steppath.scope_of(one.path)), one.position))
    found = []
    for one in inside[:INSIDE]:
        _, turn = steppath.split_turn(steppath.scope_of(one.path))
        found.append(
            Inside(
                path=one.path,
                name=one.name,
                turn="" if turn is None else f"[{turn}]",
                status=one.look,
                handled=one.handled,
                icon=words.KIND_ICONS.get(one.type, one.type),
                said=_said(container, one),
                duration_ms=one.duration_ms if one.status != "skipped" else None,
            )
        )
    return tuple(found), max(0, len(inside) - INSIDE)


def _said(container: str, state: StepState) -> str:
    if state.status == "skipped":
        # What mends a validation is skipped when there is nothing to mend, or no round left.
        return "not needed" if container == "validate" else state.reason
    return "not passed" if state.status == "succeeded" and state.passed is False else ""


def besides(made: Compiled | None, path: str) -> list[tuple[str, str]]:
    """The steps that handle this one or are handled by it, undo it or are undone by it: what they
    are to it, and where they stand if they have run."""
    node = made.nodes.get(steppath.pattern(path)) if made else None
    if node is None:
        return []
    scope = steppath.scope_of(path)
    pairs = []
    if node.handles:
        pairs.append(("Handles", steppath.child(scope, node.handles)))
    if node.handler:
        pairs.append(("On error", steppath.child(scope, node.handler)))
    if node.undoes:
        pairs.append(("Undoes", scope))
    elif node.step.rollback is not None:
        pairs.append(("Undone by", steppath.child(path, "rollback")))
    return pairs


def beside_of(made: Compiled | None, path: str, states: States) -> list[Beside]:
    """The same as they are told."""
    # What would undo a step is told only when it has.
    return [
        Beside(word, other, other in states)
        for word, other in besides(made, path)
        if other in states or word != "Undone by"
    ]
