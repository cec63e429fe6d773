"""One run: its header, its graph with statuses, its steps as a tree, checkpoints, log."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import F, Func, IntegerField
from django.db.models.fields.json import KeyTransform

from runs import steppath
from runs.errors import UnknownRun
from runs.models import Checkpoint, Execution, LogChunk, Run
from runs.models.stored import drawable_version
from runs.planning.graph import Compiled
from runs.projections import words
from runs.projections.graph_view import GraphView, StepState, graph_view
from runs.projections.run_list import Progress, progress, run_duration
from runs.states import RUN_OVER

STEPS_A_PAGE = 400
LOG_A_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Relative:
    """A run that this one came from, or that came from it."""

    id: str
    kind: str
    word: str  # Restarted, Forked, Resumed
    status: str


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What stands above the tabs."""

    id: str
    workflow: str
    status: str
    word: str
    golden: str | None
    kind: str
    came_by: str  # "Restarted from"
    source_id: str
    successors: tuple[Relative, ...]
    reason_path: str  # the step that the reason speaks of, "" if none
    reason: str
    reason_status: str
    why_started: str
    progress: Progress
    reused: int
    saved_ms: int
    duration_ms: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    by: str
    labels: tuple[tuple[str, str], ...]
    over: bool
    can_cancel: bool
    seq: int
    steps: int
    checkpoints: int
    relatives: int
    version: int
    file: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of the Steps tab."""

    path: str
    name: str
    turn: str  # "[2]" where a turn begins to be told apart
    depth: int
    type: str
    status: str
    word: str
    reused: bool
    reason: str
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


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """One saved checkpoint."""

    id: str
    name: str
    path: str
    steps: int
    digest: str
    file: str
    retired: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the whole run's log."""

    path: str
    level: str
    text: str
    at: datetime


def load_run(run_id: str) -> Run:
    """The row with its version and source. Raises UnknownRun."""
    try:
        return Run.objects.select_related("version__workflow").get(pk=run_id)
    except (Run.DoesNotExist, ValueError):
        raise UnknownRun(f"There is no run {run_id[:60]!r}.") from None


_LIGHT = (
    "id",
    "path",
    "name",
    "type",
    "position",
    "status",
    "status_reason",
    "tries",
    "started_at",
    "finished_at",
    "duration_ms",
    "reused_from",
    "reused_run",
    "decision",
)


def states_of(run: Run) -> dict[str, StepState]:
    """Where every execution of the run stands, by path. One query, without inputs and outputs."""
    rows = Execution.objects.filter(run_id=run.pk).values_list(*_LIGHT)
    states = {}
    for row in rows.iterator(chunk_size=5000):
        (
            pk,
            path,
            name,
            kind,
            position,
            status,
            reason,
            tries,
            started,
            finished,
            ms,
            reused,
            reused_run,
            decision,
        ) = row
        states[path] = StepState(
            id=pk,
            path=path,
            name=name,
            type=kind,
            position=position,
            status=status,
            reason=reason,
            tries=len(tries or ()),
            started_at=started,
            finished_at=finished,
            duration_ms=ms,
            reused=bool(reused or reused_run),
            because=str((decision or {}).get("because") or ""),
        )
    loops = (
        Execution.objects.filter(run_id=run.pk, type="loop", input__items__isnull=False)
        .annotate(
            turns=Func(
                KeyTransform("items", F("input")),
                function="jsonb_array_length",
                output_field=IntegerField(),
            )
        )
        .values_list("path", "turns")
    )
    if any(state.type == "loop" for state in states.values()):
        for path, turns in loops:
            states[path] = replace(states[path], turns=turns or 0)
    return states


def definition_of(run: Run) -> Compiled | None:
    """The run's workflow, laid out, or None when its text cannot be read any more."""
    return drawable_version(run.version_id)


def header(run: Run, states: Mapping[str, StepState], now: datetime) -> RunHeader:
    """What stands above the tabs."""
    successors = tuple(
        Relative(pk, kind, words.KIND_WORDS.get(kind, ""), status)
        for pk, kind, status in Run.objects.filter(source_id=run.pk)
        .order_by("-id")
        .values_list("id", "kind", "status")[:20]
    )
    reused = [s for s in states.values() if s.reused]
    over = run.status in RUN_OVER
    path, reason, reason_status = _reason(run, states)
    word = words.KIND_WORDS.get(run.kind, "")
    return RunHeader(
        id=run.pk,
        workflow=run.workflow_name,
        status=run.status,
        word=words.STATUS_WORDS.get(run.status, run.status),
        golden=run.golden_name,
        kind=run.kind,
        came_by=f"{word} from" if word else "",
        source_id=run.source_id or "",
        successors=successors,
        reason_path=path,
        reason=reason,
        reason_status=reason_status,
        why_started=run.reason,
        progress=progress(
            run.n_total,
            run.n_succeeded,
            run.n_reused,
            run.n_failed,
            run.n_running,
            run.n_skipped,
            over,
        ),
        reused=run.n_reused,
        saved_ms=sum(s.duration_ms or 0 for s in reused if s.type not in CONTAINER_TYPES),
        duration_ms=run_duration(run.started_at, run.finished_at, over, now),
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        by=run.created_by,
        labels=tuple((str(key), str(value)) for key, value in (run.labels or {}).items()),
        over=over,
        can_cancel=not over,
        seq=run.event_seq,
        steps=max(len(states), run.n_total),
        checkpoints=sum(1 for s in states.values() if s.type == "checkpoint"),
        relatives=len(successors) + (1 if run.source_id else 0),
        version=run.version.number,
        file=run.version.file,
    )


CONTAINER_TYPES = frozenset({"loop", "branch", "subworkflow"})


def _reason(run: Run, states: Mapping[str, StepState]) -> tuple[str, str, str]:
    """The line under the title: which step is to blame, what happened, and in which colour."""
    bad = sorted(
        (
            s
            for s in states.values()
            if s.status in ("failed", "timeout") and s.type not in CONTAINER_TYPES
        ),
        key=lambda s: s.finished_at or run.created_at,
    )
    if run.status == "cancelled":
        return "", words.reason(run.status_reason) or "Cancelled.", "cancelled"
    if bad and run.status != "succeeded":
        first = bad[0]
        said = words.reason(first.reason).removesuffix(".")
        text = "ran out of time" if first.status == "timeout" else "failed"
        text += f": {said}." if said else "."
        if run.status not in RUN_OVER:
            text += " Steps that do not need it go on."
        elif len(bad) > 1:
            text += f" {words.count(len(bad) - 1, 'other step')} failed too."
        return first.path, text, first.status
    if run.status_reason and run.status not in ("succeeded", "running"):
        return "", words.reason(run.status_reason), run.status
    return "", "", ""


def graph(run: Run, states: Mapping[str, StepState], now: datetime) -> GraphView:
    """The graph, placed."""
    return graph_view(run.workflow_name, definition_of(run), states, run.status in RUN_OVER, now)


def step_table(
    run: Run, states: Mapping[str, StepState], now: datetime, first: int = 0
) -> StepTable:
    """The Steps tab: every step as a tree, those that have not started included."""
    made = definition_of(run)
    rows = list(_tree(made, states, run.status in RUN_OVER))
    first = max(0, min(first, len(rows) - 1))
    page = rows[first : first + STEPS_A_PAGE]
    return StepTable(
        rows=tuple(_step_row(s, now) for s in page),
        total=len(rows),
        first=first + 1 if rows else 0,
        next_from=first + STEPS_A_PAGE if first + STEPS_A_PAGE < len(rows) else None,
        previous_from=max(0, first - STEPS_A_PAGE) if first else None,
    )


def _step_row(state: StepState, now: datetime) -> StepRow:
    scope = steppath.scope_of(state.path)
    turn = scope.rpartition("/")[2]
    running = state.status == "running"
    ms = state.duration_ms
    if ms is None and running and state.started_at:
        ms = max(0, round((now - state.started_at).total_seconds() * 1000))
    return StepRow(
        path=state.path,
        name=state.name,
        turn=turn[turn.index("[") :] if turn.endswith("]") else "",
        depth=min(steppath.depth(state.path), 6),
        type=state.type,
        status=state.status,
        word=words.STATUS_WORDS.get(state.status, state.status),
        reused=state.reused,
        reason=words.reason(state.reason) or (state.because if state.reused else ""),
        tries=state.tries,
        duration_ms=ms,
        started_at=None if state.reused else state.started_at,
        open=running,
    )


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
            if state.type in ("branch", "subworkflow"):
                yield from walk(state.path)

    yield from walk("")


def checkpoints(run: Run) -> tuple[CheckpointRow, ...]:
    """The saved checkpoints, newest first."""
    rows = Checkpoint.objects.filter(run_id=run.pk).defer("content").order_by("-created_at")
    return tuple(
        CheckpointRow(c.pk, c.name, c.path, c.n_steps, c.digest, c.file, c.retired, c.created_at)
        for c in rows
    )


def log_of_run(run: Run) -> tuple[tuple[LogLine, ...], bool]:
    """The newest lines of all steps together, oldest first, and whether there were more."""
    chunks = list(
        LogChunk.objects.filter(execution__run_id=run.pk)
        .order_by("-id")
        .values_list("execution__path", "level", "stream", "text", "at")[: LOG_A_PAGE + 1]
    )
    more = len(chunks) > LOG_A_PAGE
    lines = [
        LogLine(path, level_of(level, stream), line, at)
        for path, level, stream, text, at in reversed(chunks[:LOG_A_PAGE])
        for line in text.rstrip("\n").split("\n")
    ]
    return tuple(lines[-LOG_A_PAGE:]), more or len(lines) > LOG_A_PAGE


def level_of(level: str, stream: str) -> str:
    """``info``, ``warn`` or ``err``: what the log shows before a line."""
    level = level.lower()
    if level.startswith("warn"):
        return "warn"
    if level.startswith(("err", "crit", "fatal")):
        return "err"
    return "err" if stream == "stderr" and level in ("", "err") else (level[:5] or "info")


def as_text(value: Any) -> str:
    """JSON as a person reads it."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
