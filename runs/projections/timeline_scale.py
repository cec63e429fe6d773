"""From milliseconds of a run to per cent of the drawing's width; idle time can be cut out. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from runs.projections import words

Interval = tuple[float, float]
CUT_WIDTH = 1.5  # per cent that a cut keeps
WORD_WIDTH = 5.0  # of a time on the axis, in percent of a window that is not wide
_SHARE_TO_CUT = 0.04  # of the run's time: shorter gaps are not worth a mark
_MOST_CUTS = 12


@dataclass(frozen=True, slots=True)
class Cut:
    """Idle time that is not drawn."""

    start: float
    end: float
    x: float  # of its middle
    word: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of the axis."""

    x: float
    word: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A line of straight pieces: ``(ms, per cent)``, rising."""

    points: tuple[tuple[float, float], ...]
    cuts: tuple[Cut, ...] = ()

    def x(self, ms: float) -> float:
        """Where a moment stands, from 0 to 100."""
        points = self.points
        if ms <= points[0][0]:
            return points[0][1]
        for (from_ms, from_x), (to_ms, to_x) in pairwise(points):
            if ms <= to_ms:
                share = (ms - from_ms) / (to_ms - from_ms) if to_ms > from_ms else 1.0
                return from_x + share * (to_x - from_x)
        return points[-1][1]


def make_scale(length: float, worked: Iterable[Interval] | None = None) -> Scale:
    """The scale of ``length`` milliseconds. With ``worked``, long times in which nothing worked
    shrink to a mark."""
    length = max(length, 1.0)
    gaps = [] if worked is None else _gaps(length, worked)
    room = 100.0 - CUT_WIDTH * len(gaps)
    drawn = length - sum(end - start for start, end in gaps)
    points, cuts = [(0.0, 0.0)], []
    x, at = 0.0, 0.0
    for start, end in gaps:
        x += (start - at) / drawn * room if drawn else 0.0
        points += [(start, x), (end, x + CUT_WIDTH)]
        cuts.append(Cut(start, end, x + CUT_WIDTH / 2, words.duration(end - start)))
        x, at = x + CUT_WIDTH, end
    points.append((length, 100.0))
    return Scale(tuple(points), tuple(cuts))


def ticks(scale: Scale, length: float, most: int = 6) -> tuple[Tick, ...]:
    """Round times along the axis; none inside a cut or where its mark would lie
    on the word, and none too near to the one before."""
    drawn = length - sum(cut.end - cut.start for cut in scale.cuts)
    step = _step(drawn / most)
    made: list[Tick] = []
    # By the pieces that are drawn: counting through a cut of days would give a million of them.
    begins = [0.0, *(cut.end for cut in scale.cuts)]
    ends = [*(cut.start for cut in scale.cuts), max(length, 1.0)]
    for start, end in zip(begins, ends, strict=True):
        number = -(-start // step)
        while number * step <= end and len(made) < 4 * most:
            x = scale.x(number * step)
            free = all(not -1.0 < cut.x - x < WORD_WIDTH for cut in scale.cuts)
            if free and (not made or x - made[-1].x > 60.0 / most):
                made.append(Tick(x, _word(number * step, step)))
            number += 1
    return tuple(made)


_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # ms
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


def _step(wanted: float) -> float:
    for step in (*_STEPS, *(s * 1000 for s in _SECONDS)):
        if step >= wanted:
            return float(step)
    days = -(-wanted // 86_400_000)
    return float(days * 86_400_000)


def _word(ms: float, step: float) -> str:
    if step < 1000:
        return f"{ms / 1000:.{3 if step < 10 else 2 if step < 100 else 1}f} s"
    minutes, seconds = divmod(round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours:02}:{minutes:02}"
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _gaps(length: float, worked: Iterable[Interval]) -> list[Interval]:
    """The longest times between, before and after what worked, in their order."""
    least = max(length * _SHARE_TO_CUT, 1.0)
    gaps = [gap for gap in _between(length, joined(worked)) if gap[1] - gap[0] > least]
    return sorted(sorted(gaps, key=lambda gap: gap[0] - gap[1])[:_MOST_CUTS])


def _between(length: float, worked: Sequence[Interval]) -> Iterable[Interval]:
    at = 0.0
    for start, end in worked:
        yield at, start
        at = end
    yield at, length


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time without overlaps."""
    made: list[Interval] = []
    for start, end in sorted(intervals):
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((start, end))
    return made
