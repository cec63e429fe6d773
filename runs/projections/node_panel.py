"""One step of a run in full: why, source and origin, input, output, log, attempts, timing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs import steppath
from runs.canonical import canonical
from runs.models import Execution, LogChunk, Run
from runs.planning.graph import Compiled
from runs.projections import words
from runs.projections.run_detail import level_of

LOG_LINES = 200
SHOW_BYTES = 64 * 1024  # of one JSON value; more is offered as a file


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at the step."""

    n: int
    status: str
    reason: str
    duration_ms: int | None
    worker: str


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
class NodePanel:
    """What the panel beside the graph shows."""

    run_id: str
    path: str
    name: str
    type: str
    status: str
    word: str
    reused: bool
    begins: str  # "Reused because"
    because: str
    reason: str
    source_run: str
    source_path: str
    origin_run: str
    origin_at: datetime | None
    origin_differs: bool
    execution_id: str
    effect: str
    target: str  # what it calls, in one line
    file: str
    line: int
    input: Document
    output: Document
    error: Mapping[str, Any] | None
    log: tuple[PanelLine, ...]
    log_cut: bool
    log_from_source: bool
    attempts: tuple[Attempt, ...]
    attempts_run: str  # "" when they are this run's
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None
    can_restart_from: bool


def node_panel(run: Run, made: Compiled | None, path: str, now: datetime) -> NodePanel | None:
    """The panel of the step at ``path``, or None when the run knows no such step."""
    path = path[:1000].replace("\x00", "")
    execution = Execution.objects.select_related("payload").filter(run_id=run.pk, path=path).first()
    node = made.nodes.get(steppath.pattern(path)) if made else None
    if execution is None and node is None:
        return None
    source = _source(execution)
    log_of = source if source is not None else execution
    lines, cut = _log(log_of)
    status = execution.status if execution else "pending"
    begins, because = words.because(execution.decision if execution else None, status)
    step = node.step if node else None
    tries = log_of.tries if log_of else []
    finished = execution.finished_at if execution else None
    started = execution.started_at if execution else None
    duration = execution.duration_ms if execution else None
    if duration is None and started and not finished and status == "running":
        duration = max(0, round((now - started).total_seconds() * 1000))
    reused = bool(execution and execution.reused_from)
    return NodePanel(
        run_id=run.pk,
        path=path,
        name=steppath.name_of(path),
        type=execution.type if execution else node.type if node else "",
        status=status,
        word=words.STATUS_WORDS.get(status, status),
        reused=reused,
        begins=begins,
        because=because,
        reason=words.reason(execution.status_reason) if execution else "",
        source_run=execution.reused_run if execution and reused else "",
        source_path=source.path if source else path,
        origin_run=execution.origin_run if execution and reused else "",
        origin_at=source.finished_at if source else None,
        origin_differs=bool(
            execution and execution.origin_run and execution.origin_run != execution.reused_run
        ),
        execution_id=execution.pk if execution else "",
        effect=step.effect if step else "",
        target=_target(step),
        file=node.file if node else "",
        line=step.mark.line if step else 0,
        input=_document(execution.input if execution else None, execution is not None),
        output=_output(execution),
        error=execution.error if execution else None,
        log=lines,
        log_cut=cut,
        log_from_source=source is not None and bool(lines),
        attempts=_attempts(tries),
        attempts_run=source.run_id if source else "",
        started_at=started,
        finished_at=finished,
        duration_ms=duration,
        can_restart_from=execution is not None,
    )


def _source(execution: Execution | None) -> Execution | None:
    """The execution that did the work of a reused one, if its row still exists."""
    if execution is None or not execution.reused_from:
        return None
    wanted = execution.origin_execution or execution.reused_from
    return Execution.objects.filter(pk=wanted).defer("input", "output").first()


def _log(execution: Execution | None) -> tuple[tuple[PanelLine, ...], bool]:
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


def _attempts(tries: Sequence[Mapping[str, Any]] | None) -> tuple[Attempt, ...]:
    made = []
    for n, one in enumerate(tries or (), start=1):
        outcome = str(one.get("outcome") or "running")
        started, finished = _when(one.get("started_at")), _when(one.get("finished_at"))
        ms = (
            max(0, round((finished - started).total_seconds() * 1000))
            if started and finished
            else None
        )
        status = {"interrupted": "timeout"}.get(outcome, outcome)
        reason = words.reason(str(one.get("reason") or ""))
        if outcome == "interrupted":
            reason = reason or "interrupted, taken over"
        made.append(
            Attempt(int(one.get("n") or n), status, reason, ms, str(one.get("worker") or ""))
        )
    return tuple(made)


def _when(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _document(value: Any, there: bool, size: int | None = None) -> Document:
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


def _output(execution: Execution | None) -> Document:
    if execution is None or execution.status in ("pending", "queued", "running", "skipped"):
        return _document(None, False)
    if execution.payload is not None:
        return _document(execution.payload.value, True, execution.payload.size)
    there = execution.status == "succeeded" or execution.output is not None
    document = _document(execution.output, True, execution.output_size or None)
    return document if there else _document(None, False)


def _target(step: object) -> str:
    for name in ("action", "workflow", "run"):
        said = getattr(step, name, None)
        if isinstance(said, str):
            first, *rest = said.strip().split("\n")
            return words.shorten(first, 60) + (" …" if rest else "")
    return ""


def document_of(run_id: str, path: str, what: str) -> tuple[bool, Any]:
    """A step's whole input or output, and whether there is such a step."""
    path = path.replace("\x00", "")
    row = Execution.objects.select_related("payload").filter(run_id=run_id, path=path).first()
    if row is None:
        return False, None
    if what == "input":
        return True, row.input
    return True, row.payload.value if row.payload is not None else row.output
