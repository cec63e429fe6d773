"""What stands above the tabs of a run's page."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime

from runs import steppath
from runs.models import Run
from runs.models.stored import compiled_version
from runs.planning.graph import ROLLBACK
from runs.projections import words
from runs.projections.approvals import ASKED
from runs.projections.progress import Progress, progress, run_duration
from runs.projections.step_states import StepState
from runs.projections.usage import Usage, total
from runs.states import RUN_OVER


@dataclass(frozen=True, slots=True)
class Relative:
    """A run that this one came from, or that came from it."""

    id: str
    kind: str
    word: str  # Restarted, Forked, Resumed
    status: str


@dataclass(frozen=True, slots=True)
class Timer:
    """A step that waits for a time."""

    path: str
    until: datetime
    left_ms: int


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
    decisions: tuple[str, ...]  # the steps that wait for somebody's decision
    timer: Timer | None  # the one whose time comes first
    handled: int  # failures that the run went on from
    usage: Usage | None  # of all agents together, in this run
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


def header(run: Run, states: Mapping[str, StepState], now: datetime) -> RunHeader:
    """What stands above the tabs. No query: ``run`` is as ``load_run`` gives it."""
    came: list[dict[str, str]] = vars(run)["came_from_it"]
    successors = tuple(
        Relative(one["id"], one["kind"], words.KIND_WORDS.get(one["kind"], ""), one["status"])
        for one in came
    )
    reused = [s for s in states.values() if s.reused]
    over = run.status in RUN_OVER
    around = {steppath.parent_of(path) for path in states}
    decisions, timer = _decisions(states, over), _timer(states, over, now)
    path, reason, reason_status = _reason(run, states, around)
    if run.status == "waiting" and not (reason or decisions or timer):
        reason, reason_status = words.reason(run.status_reason), run.status
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
        decisions=decisions,
        timer=timer,
        handled=sum(1 for s in states.values() if s.handled and not _inside(s, around)),
        usage=total(s.usage for s in states.values()),
        why_started=run.reason,
        progress=progress(
            run.n_total,
            run.n_succeeded,
            run.n_reused,
            run.n_failed,
            run.n_running,
            run.n_skipped,
            sum(1 for s in states.values() if s.handled),
            over,
        ),
        reused=run.n_reused,
        saved_ms=sum(s.duration_ms or 0 for s in reused if s.path not in around),
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


def _inside(state: StepState, around: Set[str]) -> bool:
    """Whether a container failed because of a step inside it, which is told instead of it."""
    return state.path in around and state.reason.startswith("failed: ")


def _reason(run: Run, states: Mapping[str, StepState], around: Set[str]) -> tuple[str, str, str]:
    """The line under the title: which step is to blame, what happened, and in which colour."""
    if run.status == "cancelled":
        return "", words.reason(run.status_reason) or "Cancelled.", "cancelled"
    bad = sorted(
        (
            s
            for s in states.values()
            if s.status in ("failed", "timeout") and not s.handled and not _inside(s, around)
        ),
        key=lambda s: s.finished_at or run.created_at,
    )
    undoing = [s for s in bad if s.name == ROLLBACK and _undoes(s, run, states)]
    stuck = [steppath.scope_of(s.path) for s in undoing]
    bad = [s for s in bad if s not in undoing]
    if bad and run.status != "succeeded":
        first = next((s for s in bad if s.path == _blamed(run.status_reason)), bad[0])
        said = words.reason(first.reason).removesuffix(".")
        text = "ran out of time" if first.status == "timeout" else "failed"
        text += f": {said}." if said else "."
        if run.status not in RUN_OVER:
            text += " Steps that do not need it go on."
        elif len(bad) > 1:
            text += f" {words.count(len(bad) - 1, 'other step')} failed too."
        if stuck:
            text += f" Not undone: {', '.join(stuck[:3])}{', …' if stuck[3:] else '.'}"
        return first.path, text, first.status
    if run.status_reason and run.status not in ("succeeded", "running", "waiting"):
        return "", words.reason(run.status_reason), run.status
    return "", "", ""


def _undoes(state: StepState, run: Run, states: Mapping[str, StepState]) -> bool:
    """Whether what is called `rollback` is one: in a container a step may have that name."""
    around = states.get(steppath.scope_of(state.path))
    if around is None or around.type not in words.CONTAINERS:
        return around is not None
    node = compiled_version(run.version_id).nodes.get(steppath.pattern(state.path))
    return node is not None and bool(node.undoes)


def _blamed(status_reason: str) -> str:
    """The path in ``step-failed: deploy: exit code 3``; no name of a step has a colon."""
    word, _, rest = status_reason.partition(": ")
    return rest.partition(": ")[0] if word == "step-failed" else ""


def _decisions(states: Mapping[str, StepState], over: bool) -> tuple[str, ...]:
    if over:
        return ()
    waiting = [
        s
        for s in states.values()
        if s.status == "waiting" and (s.type == "approval" or s.reason == ASKED)
    ]
    return tuple(s.path for s in sorted(waiting, key=lambda s: steppath.sort_key(s.path)))


def _timer(states: Mapping[str, StepState], over: bool, now: datetime) -> Timer | None:
    waiting = [
        (s.due_at, s.path)
        for s in states.values()
        if s.type == "wait" and s.status == "waiting" and s.due_at is not None
    ]
    if over or not waiting:
        return None
    until, path = min(waiting)
    return Timer(path, until, max(0, round((until - now).total_seconds() * 1000)))
