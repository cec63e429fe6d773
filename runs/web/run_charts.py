"""The past of a workflow as SVG: how long its runs took, and how many of them succeeded.

Geometry is in attributes, so the content policy needs no exception; each bar is a link to its run.
"""

from collections.abc import Sequence
from statistics import median

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from runs.projections import words
from runs.projections.workflow_stats import PastRun

WIDE, TALL = 720.0, 132.0
LEFT, TOP, FOOT = 58.0, 10.0, 18.0
MOST_BUCKETS = 12
_GOOD = "succeeded"
_OVER = frozenset({"succeeded", "failed", "timeout", "cancelled"})


def durations_svg(runs: Sequence[PastRun]) -> SafeString:
    """A bar for each run that is over, the oldest on the left; nothing with fewer than two."""
    shown = [run for run in reversed(runs) if run.took_ms is not None and run.status in _OVER]
    if len(shown) < 2:
        return SafeString("")
    most = max(max(run.took_ms or 0 for run in shown), 1.0)
    good = [run.took_ms or 0.0 for run in shown if run.status == _GOOD]
    usual = median(good) if good else None
    said = f"{words.count(len(shown), 'run')}, the longest took {words.duration(most)}"
    if usual is not None:
        said += f"; those that succeeded took {words.duration(usual)} as a rule"
    room, step = TALL - TOP - FOOT, (WIDE - LEFT) / len(shown)
    width = min(step * 0.72, 28.0)
    parts = [_open(said), *_axis(words.clock(most), words.clock(most / 2))]
    for at, run in enumerate(shown):
        height = max(2.0, room * (run.took_ms or 0) / most)
        x, y = LEFT + at * step + (step - width) / 2, TALL - FOOT - height
        label = f"{run.id}, {words.status(run.status)}, {words.duration(run.took_ms)}"
        parts.append(
            f'<a href="{escape(reverse("run", args=[run.id]))}" aria-label="{escape(label)}">'
            f"<title>{escape(label)}</title>"
            f'<rect class="hit-area" x="{LEFT + at * step:.1f}" y="{TOP}" width="{step:.1f}" '
            f'height="{room:.1f}"/>'
            f'<rect class="c-bar" data-status="{escape(run.status)}" x="{x:.1f}" y="{y:.1f}" '
            f'width="{width:.1f}" height="{height:.1f}" rx="1"/></a>'
        )
    if usual is not None:
        y = TALL - FOOT - room * usual / most
        parts.append(f'<path class="c-usual" d="M{LEFT} {y:.1f}H{WIDE}"/>')
    return _close(parts)


def success_svg(runs: Sequence[PastRun]) -> SafeString:
    """The share of runs that succeeded, in groups of equal size, the oldest on the left."""
    judged = [run for run in reversed(runs) if run.status in _OVER - {"cancelled"}]
    if len(judged) < 2:
        return SafeString("")
    size = -(-len(judged) // MOST_BUCKETS)
    # Counted from the newest, so that the last group is whole and the first one may be smaller.
    cuts = list(range(len(judged), 0, -size))[::-1]
    groups = [judged[max(0, cut - size) : cut] for cut in cuts]
    rate = 100 * sum(1 for run in judged if run.status == _GOOD) / len(judged)
    said = f"{rate:.0f} % of {words.count(len(judged), 'run')} succeeded"
    room, step = TALL - TOP - FOOT, (WIDE - LEFT) / len(groups)
    width = min(step * 0.72, 40.0)
    parts = [_open(said), *_axis("100 %", "50 %")]
    for at, group in enumerate(groups):
        good = sum(1 for run in group if run.status == _GOOD)
        x, base = LEFT + at * step + (step - width) / 2, TALL - FOOT
        high = room * good / len(group)
        parts.append(f"<g><title>{good} of {words.count(len(group), 'run')} succeeded</title>")
        if good:
            parts.append(_rect("c-good", x, base - high, width, high))
        if good < len(group):
            parts.append(_rect("c-missed", x, base - room, width, room - high))
        parts.append("</g>")
    return _close(parts)


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


def _axis(top: str, half: str) -> list[str]:
    room, base = TALL - TOP - FOOT, TALL - FOOT
    lines = [
        f'<path class="c-line" d="M{LEFT} {y:.1f}H{WIDE}"/>'
        f'<text class="c-label" x="{LEFT - 8}" y="{y + 4:.1f}">{escape(text)}</text>'
        for y, text in ((TOP, top), (TOP + room / 2, half), (base, "0"))
    ]
    lines.append(f'<text class="c-label c-first" x="{LEFT}" y="{TALL - 4}">older</text>')
    lines.append(f'<text class="c-label" x="{WIDE}" y="{TALL - 4}">newest</text>')
    return lines


def _close(parts: list[str]) -> SafeString:
    return mark_safe("".join([*parts, "</svg>"]))  # noqa: S308 - every text in it was escaped
