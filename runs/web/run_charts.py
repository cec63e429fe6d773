"""The past of a workflow as SVG: how long its runs took, and how many of them succeeded.

Geometry is in attributes, so the content policy needs no exception. Each bar is a link: to its run,
or to the runs that it counts. What failed has a cross besides its colour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from runs.projections import words
from runs.projections.workflow_stats import PastRun
from runs.web.time_axis import axis_of

WIDE, TALL = 720.0, 124.0
LEFT, TOP, FOOT = 58.0, 14.0, 8.0
ROOM, BASE = TALL - TOP - FOOT, TALL - FOOT
MOST_BUCKETS = 12
_GOOD = "succeeded"
_OVER = frozenset({"succeeded", "failed", "timeout", "cancelled"})
_CROSSED = frozenset({"failed", "timeout"})


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, and the times of its first and its last bar."""

    svg: SafeString
    since: datetime
    until: datetime
    runs: int
    is_log: bool = False  # its axis


def durations_chart(runs: Sequence[PastRun]) -> Chart | None:
    """A bar for each run that is over, the oldest on the left; nothing with fewer than two."""
    shown = [run for run in reversed(runs) if run.took_ms is not None and run.status in _OVER]
    if len(shown) < 2:
        return None
    longest = max(max(run.took_ms or 0 for run in shown), 1.0)
    axis = axis_of([run.took_ms or 0.0 for run in shown])
    good = [run.took_ms or 0.0 for run in shown if run.status == _GOOD]
    usual = median(good) if good else None
    scale = ", on a logarithmic axis" if axis.is_log else ""
    said = f"{words.count(len(shown), 'run')}{scale}, the longest took {words.duration(longest)}"
    if usual is not None:
        said += f"; those that succeeded took {words.duration(usual)} as a rule"
    step = (WIDE - LEFT) / len(shown)
    width = min(step * 0.72, 28.0)
    parts = [_open(said), *_axis(axis.ticks())]
    for at, run in enumerate(shown):
        height = max(2.0, ROOM * axis.place(run.took_ms or 0))
        middle, y = LEFT + (at + 0.5) * step, BASE - height
        label = (
            f"{run.id}, {words.status(run.status)}, {words.duration(run.took_ms)}, "
            f"{_time(run.created_at)}"
        )
        parts.append(
            f'<a href="{escape(reverse("run", args=[run.id]))}" aria-label="{escape(label)}">'
            f"<title>{escape(label)}</title>"
            f'<rect class="hit-area" x="{LEFT + at * step:.1f}" y="{TOP}" width="{step:.1f}" '
            f'height="{ROOM:.1f}"/>'
            f'<rect class="c-bar" data-status="{escape(run.status)}" x="{middle - width / 2:.1f}" '
            f'y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1"/>'
            f"{_cross(middle, y - 6, run.status) if run.status in _CROSSED else ''}</a>"
        )
    if usual is not None:
        y = BASE - ROOM * axis.place(usual)
        parts.append(f'<path class="c-usual" d="M{LEFT} {y:.1f}H{WIDE}"/>')
    return Chart(_close(parts), shown[0].created_at, shown[-1].created_at, len(shown), axis.is_log)


def success_chart(name: str, runs: Sequence[PastRun]) -> Chart | None:
    """The share of runs that succeeded, in groups of equal size, the oldest on the left."""
    judged = [run for run in reversed(runs) if run.status in _OVER - {"cancelled"}]
    if len(judged) < 2:
        return None
    size = -(-len(judged) // MOST_BUCKETS)
    # Counted from the newest, so that the last group is whole and the first one may be smaller.
    cuts = list(range(len(judged), 0, -size))[::-1]
    groups = [judged[max(0, cut - size) : cut] for cut in cuts]
    rate = 100 * sum(1 for run in judged if run.status == _GOOD) / len(judged)
    said = f"{rate:.0f} % of {words.count(len(judged), 'run')} succeeded"
    step = (WIDE - LEFT) / len(groups)
    width = min(step * 0.72, 40.0)
    parts = [_open(said), *_axis(((1.0, "100 %"), (0.5, "50 %"), (0.0, "0")))]
    for at, group in enumerate(groups):
        good = sum(1 for run in group if run.status == _GOOD)
        middle, high = LEFT + (at + 0.5) * step, ROOM * good / len(group)
        label = f"{good} of {words.count(len(group), 'run')} succeeded, {_span(group)}"
        parts.append(
            f'<a href="{escape(_started(name, group))}" aria-label="{escape(label)}">'
            f"<title>{escape(label)}</title>"
            f'<rect class="hit-area" x="{LEFT + at * step:.1f}" y="{TOP}" width="{step:.1f}" '
            f'height="{ROOM:.1f}"/>'
        )
        if good:
            parts.append(_rect("c-good", middle - width / 2, BASE - high, width, high))
        if good < len(group):
            parts.append(_rect("c-missed", middle - width / 2, TOP, width, ROOM - high))
            parts.append(_cross(middle, TOP - 6, "failed"))
        parts.append("</a>")
    return Chart(_close(parts), judged[0].created_at, judged[-1].created_at, len(judged))


def _started(name: str, group: Sequence[PastRun]) -> str:
    """The run list with what one bar counts, and what was started in between."""
    until = group[-1].created_at + timedelta(milliseconds=1)
    started = f"{group[0].created_at.isoformat()}..{until.isoformat()}"
    return f"{reverse('run-list')}?{urlencode({'workflow': name, 'started': started})}"


def _time(then: datetime) -> str:
    return words.at(timezone.localtime(then), timezone.localtime())


def _span(group: Sequence[PastRun]) -> str:
    first, last = _time(group[0].created_at), _time(group[-1].created_at)
    return first if first == last else f"{first} to {last}"


def _cross(x: float, y: float, status: str) -> str:
    return (
        f'<path class="c-cross" data-status="{escape(status)}" '
        f'd="M{x - 3:.1f} {y - 3:.1f}l6 6m0-6l-6 6"/>'
    )


def _rect(style: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="1"/>'
    )


def _open(said: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDE:.0f} {TALL:.0f}" role="group" '
        f'aria-label="{escape(said)}">'
    )


def _axis(ticks: Iterable[tuple[float, str]]) -> list[str]:
    return [
        f'<path class="c-line" d="M{LEFT} {y:.1f}H{WIDE}"/>'
        f'<text class="c-label" x="{LEFT - 8}" y="{y + 4:.1f}">{escape(text)}</text>'
        for y, text in ((BASE - ROOM * share, text) for share, text in ticks)
    ]


def _close(parts: list[str]) -> SafeString:
    return mark_safe("".join([*parts, "</svg>"]))  # noqa: S308 - every text in it was escaped
