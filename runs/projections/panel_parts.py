"""Parts of the node panel: attempts, log, documents, what stands inside and beside a step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.db.models.fields.json import KT

from runs import steppath
from runs.canonical import canonical
from runs.models import Execution, LogChunk
from runs.planning.graph import Compiled, Node
from runs.projections import words
from runs.projections.run_detail import level_of
from runs.projections.usage import Usage, usage_of

LOG_LINES = 200
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
class PanelLine:
    """One line of the step's log."""

    at: datetime
    level: str
    text: str


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


def log_of(execution: Execution | None) -> tuple[tuple[PanelLine, ...], bool]:
    """The newest lines, oldest first, and whether there were more."""
    if execution is None:
        return (), False
    chunks = list(
        LogChunk.objects.filter(execution_id=execution.pk)
        .order_by("-id")
        .values_list("at", "level", "stream", "text")[: LOG_LINES + 1]
    )
    lines = [
        PanelLine(at, level_of(level, stream), line[:2000])
        for at, level, stream, text in reversed(chunks)
        for line in text.rstrip("\n").split("\n")
    ]
    return tuple(lines[-LOG_LINES:]), len(lines) > LOG_LINES or len(chunks) > LOG_LINES


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


def inside_of(run_id: str, execution: Execution) -> tuple[tuple[Inside, ...], int]:
    """The steps of a container, turn by turn, and how many more there are. One query."""
    rows = list(
        Execution.objects.filter(run_id=run_id, parent_id=execution.pk)
        .annotate(passed=KT("output__passed"), reused=F("reused_from"))
        .values("path", "name", "type", "position", "status", "status_reason", "passed", "reused",
                "duration_ms")
    )  # fmt: skip
    rows.sort(key=lambda row: (steppath.sort_key(steppath.scope_of(row["path"])), row["position"]))
    found = []
    for row in rows[:INSIDE]:
        path, status = row["path"], row["status"]
        _, turn = steppath.split_turn(steppath.scope_of(path))
        found.append(
            Inside(
                path=path,
                name=row["name"],
                turn="" if turn is None else f"[{turn}]",
                status="reused" if row["reused"] else status,
                handled=False,  # whoever asked knows the rest of the run
                icon=words.KIND_ICONS.get(row["type"], row["type"]),
                said=_said(execution.type, row),
                duration_ms=row["duration_ms"] if status != "skipped" else None,
            )
        )
    return tuple(found), max(0, len(rows) - INSIDE)


def _said(container: str, row: Mapping[str, Any]) -> str:
    if row["status"] == "skipped":
        # What mends a validation is skipped when there is nothing to mend, or no round left.
        return "not needed" if container == "validate" else str(row["status_reason"])
    if row["type"] == "validate" and row["status"] == "succeeded" and row["passed"] == "false":
        return "not passed"
    return ""


def beside_of(made: Compiled | None, run_id: str, path: str, node: Node | None) -> list[Beside]:
    """The steps that handle this one or are handled by it, undo it or are undone by it."""
    if node is None or made is None:
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
    if not pairs:
        return []
    paths = [other for _, other in pairs]
    known = set(
        Execution.objects.filter(run_id=run_id, path__in=paths).values_list("path", flat=True)
    )
    # What would undo a step is told only when it has.
    return [
        Beside(word, other, other in known)
        for word, other in pairs
        if other in known or word != "Undone by"
    ]
