"""The bars of one step: attempts, what it waited, and what a reused one would have taken. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs.projections import words
from runs.projections.panel_parts import when
from runs.projections.step_states import StepState


@dataclass(frozen=True, slots=True)
class Span:
    """One bar, in milliseconds from the beginning of the run."""

    kind: str  # done, running, failed, retry, lost, stopped, wait, ghost, around
    start: float
    end: float
    text: str = ""  # inside it


@dataclass(frozen=True, slots=True)
class Clock:
    """Where a run begins and until when it is drawn."""

    start: datetime
    end: datetime

    def ms(self, then: datetime) -> float:
        """Milliseconds from the beginning, never outside the run."""
        return min(max((then - self.start).total_seconds() * 1000, 0.0), self.length)

    @property
    def length(self) -> float:
        """Of the whole run."""
        return max((self.end - self.start).total_seconds() * 1000, 1.0)


Tries = Sequence[Mapping[str, Any]]
_LAST = {
    "succeeded": "done",
    "failed": "failed",
    "timeout": "failed",
    "running": "running",
    "waiting": "wait",
    "cancelled": "stopped",
}
_WAITS = frozenset({"wait", "approval"})  # kinds whose whole time is waiting
_MARGIN_MS = 1.0


def spans_of(
    state: StepState, ready: datetime | None, tries: Tries, around: bool, clock: Clock
) -> tuple[Span, ...]:
    """The bars of one row, in their order. ``ready``: since when it could have started."""
    if state.reused:
        if state.duration_ms is None or around:
            return ()
        start = clock.ms(ready) if ready else 0.0
        return (Span("ghost", start, min(start + max(state.duration_ms, 1), clock.length)),)
    if state.status in ("pending", "skipped"):
        return ()
    if state.started_at is None:
        return (Span("wait", clock.ms(ready), clock.length),) if ready and _open(state) else ()
    if around:
        end = state.finished_at or clock.end
        return (Span("around", clock.ms(state.started_at), clock.ms(end)),)
    made = _attempts(state, tries, clock)
    return tuple(_with_waiting(made, None if ready is None else clock.ms(ready)))


def waited_ms(spans: Sequence[Span]) -> float:
    """How long it waited, before and between its attempts."""
    return sum(one.end - one.start for one in spans if one.kind == "wait")


def worked_ms(spans: Sequence[Span]) -> float:
    """How long it worked, all attempts together."""
    return sum(one.end - one.start for one in spans if one.kind not in ("wait", "ghost", "around"))


def _attempts(state: StepState, tries: Tries, clock: Clock) -> list[Span]:
    assert state.started_at is not None
    end = state.finished_at or clock.end
    kind = _LAST.get(state.status, "wait")
    if state.type in _WAITS and kind != "stopped":
        return [Span("wait", clock.ms(state.started_at), clock.ms(end))]
    timed = [(n, one, when(one.get("started_at"))) for n, one in enumerate(tries, start=1)]
    known = [(n, one, begin) for n, one, begin in timed if begin is not None]
    if not known:
        return [Span(kind, clock.ms(state.started_at), clock.ms(end))]
    made = []
    for place, (n, one, begin) in enumerate(known):
        last = n == len(tries)
        following = clock.ms(known[place + 1][2]) if place + 1 < len(known) else clock.ms(end)
        finish = when(one.get("finished_at"))
        until = clock.ms(finish) if finish else following
        sort, text = kind, str(n) if len(tries) > 1 else ""
        if not last:
            lost = one.get("outcome") == "interrupted"
            sort, text = ("lost", f"{n}: worker lost") if lost else ("retry", text)
        elif state.status == "waiting" and finish is not None:
            sort = "retry"  # it failed, and the next attempt is due later
        made.append(Span(sort, clock.ms(begin), until, text))
    if state.status == "waiting" and made[-1].kind == "retry":
        made.append(Span("wait", made[-1].end, clock.ms(end)))
    return made


def _with_waiting(made: Sequence[Span], ready: float | None) -> list[Span]:
    """The attempts with the time before and between them."""
    spans: list[Span] = []
    at = ready
    for one in made:
        if at is not None and one.start - at > _MARGIN_MS:
            spans.append(Span("wait", at, one.start))
        spans.append(one)
        at = one.end
    return spans


def _open(state: StepState) -> bool:
    return state.status in ("queued", "waiting", "running")


def label(spans: Sequence[Span], state: StepState, around: bool) -> str:
    """What stands behind the last bar."""
    if not spans or around:
        return ""
    if spans[-1].kind == "ghost":
        return f"reused, saves {words.duration(state.duration_ms)}"
    if spans[-1].kind in ("done", "failed", "stopped"):
        return words.duration(worked_ms(spans[-1:]))
    return ""
