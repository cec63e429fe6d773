"""The axis of durations: from 0 in equal steps, or, where they are far apart, by their size.

With one run of hours among runs of seconds, equal steps would leave a line of the others. Then the
axis is logarithmic, and says so: ten times as long is as much higher everywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

_SECOND, _MINUTE, _HOUR, _DAY = 1000.0, 60_000.0, 3_600_000.0, 86_400_000.0
# The ends of an axis, so that its half is a short word as well.
_ENDS = (
    *(_SECOND * n for n in (0.002, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 1, 2, 4, 10, 20, 30)),
    *(_MINUTE * n for n in (1, 2, 4, 10, 20, 30)),
    *(_HOUR * n for n in (1, 2, 4, 8, 12)),
    *(_DAY * n for n in (1, 2, 4, 10, 20, 40, 100)),
)
# Where a logarithmic axis may begin, and what may stand beside it.
_MARKS = (
    *(0.1, 1.0, 10.0, 100.0),
    *(_SECOND, 10 * _SECOND, _MINUTE, 10 * _MINUTE),
    *(_HOUR, 6 * _HOUR, _DAY, 10 * _DAY, 100 * _DAY),
)
FAR = 20  # the longest is as many times as long as the one in the middle of the shorter half
NEAR = 0.24  # of the axis: labels do not stand closer, on a phone neither


@dataclass(frozen=True, slots=True)
class Axis:
    """Where a duration stands; ``low`` is 0 when equal steps are equal times."""

    low: float  # ms
    high: float

    @property
    def is_log(self) -> bool:
        """Whether equal steps are equal factors."""
        return self.low > 0

    def place(self, ms: float) -> float:
        """The share of the axis below ``ms``."""
        if not self.is_log:
            return ms / self.high
        return log(max(ms, self.low) / self.low) / log(self.high / self.low)

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Share of the axis and label, from the top down."""
        yield 1.0, tick(self.high)
        if self.is_log:
            above = 1.0
            for mark in reversed([one for one in _MARKS if self.low < one < self.high]):
                share = self.place(mark)
                if above - share >= NEAR and share >= NEAR:
                    above = share
                    yield share, tick(mark)
            yield 0.0, tick(self.low)
        else:
            yield 0.5, tick(self.high / 2)
            yield 0.0, "0"


def axis_of(times: Sequence[float]) -> Axis:
    """The axis for these durations in milliseconds; there is at least one."""
    ordered = sorted(max(ms, 0.0) for ms in times)
    shorter, longest = max(ordered[len(ordered) // 4], 1.0), max(ordered[-1], 1.0)
    if longest < shorter * FAR:
        return Axis(0.0, axis_end(longest))
    shortest = max(ordered[0], 1.0)
    # Below the shortest, so that it is a bar as well.
    return Axis(max(mark for mark in _MARKS if mark < shortest), axis_end(longest))


def axis_end(longest: float) -> float:
    """The shortest round time, in milliseconds, that is not shorter than ``longest``."""
    found = next((end for end in _ENDS if end >= longest), None)
    return found if found is not None else _DAY * (longest // _DAY + 1)


def tick(ms: float) -> str:
    """A round time with its unit: ``30 s``, ``10 min``."""
    units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (_SECOND, "s"), (1.0, "ms"))
    size, unit = next((pair for pair in units if ms >= pair[0]), units[-1])
    return f"{ms / size:g} {unit}"
