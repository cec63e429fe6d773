"""How far a run is: the parts of its bar, and words beside it."""

from dataclasses import dataclass
from datetime import datetime

from runs.projections import words


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a progress bar, in per cent of its width."""

    kind: str  # reused, done, bad, run
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: the parts of its bar, and words beside it."""

    bars: tuple[Bar, ...]
    short: str  # 22/29
    long: str  # 22 of 29
    title: str


def run_duration(
    started: datetime | None, finished: datetime | None, over: bool, now: datetime
) -> int | None:
    """Milliseconds from start to end, or to now while it runs."""
    if started is None:
        return None
    end = finished or (None if over else now)
    return None if end is None else max(0, round((end - started).total_seconds() * 1000))


def progress(
    total: int,
    succeeded: int,
    reused: int,
    failed: int,
    running: int,
    skipped: int,
    handled: int,
    over: bool,
) -> Progress:
    """Hollow reused, solid worked, red failed, blue now.

    ``succeeded`` includes the reused ones, ``failed`` the handled ones: they are done, and
    nothing to look at.
    """
    worked = max(0, succeeded - reused)
    done = worked + reused + skipped
    total = max(total, done + failed + running)
    bars: list[Bar] = []
    at = 0.0
    parts = (
        ("reused", reused),
        ("done", worked + skipped + handled),
        ("bad", failed - handled),
        ("run", running),
    )
    for kind, number in parts:
        if number and total:
            width = 100 * number / total
            bars.append(Bar(kind, round(at, 2), round(width, 2)))
            at += width
    settled = done + failed
    if over and done + handled == total and failed == handled:
        short = words.count(reused, "reused", "reused") if reused else str(total)
        if reused and reused < total:
            short = f"{reused} reused"
    else:
        short = f"{settled}/{total}"
    title = f"{settled} of {total} done, {reused} reused"
    if failed:
        title += f", {failed} failed" + (f" ({handled} handled)" if handled else "")
    return Progress(tuple(bars), short, f"{settled} of {total}", title)
