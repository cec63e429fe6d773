"""What only the run list draws: its chart."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from runs.projections import words
from runs.projections.run_counts import ACTIVITY_TO, Activity, ActivityBar

register = template.Library()
_TALL, _FOOT = 32.0, 42.0  # above the tallest bar there is room for a cross


@register.simple_tag
def activity(shown: Activity, here: str) -> SafeString:
    """Runs started over time: grey bars, failures red on top with a cross; a bar leads to its runs.

    A list of links for who does not see it. They are left out of the order of the Tab key: 48 of
    them would stand before the first run, and `started:` in the search does the same.
    """
    bars = shown.bars
    most = max(bar.total for bar in bars)
    step = 100 / len(bars)
    drawn = "".join(
        _bar(bar, n * step, step, most, here) for n, bar in enumerate(bars) if bar.total
    )
    every = f"Newest {ACTIVITY_TO:,}, per {shown.every}" if shown.is_cut else f"Per {shown.every}"
    return format_html(
        '<figure class="activity"><figcaption><span>{}</span><span>{}{} failed</span></figcaption>'
        '<svg height="43" role="group" aria-label="{}">{}'
        '<path class="bar-base" d="M0 42.5H2000"/></svg>'
        "<figcaption><span>{}</span><span>{}</span></figcaption></figure>",
        f"Started {every[0].lower()}{every[1:]}" if not shown.is_cut else every,
        mark_safe('<span aria-hidden="true">× </span>' if shown.failed else ""),  # noqa: S308
        f"{shown.failed:,}",
        in_words(shown),
        mark_safe(drawn),  # noqa: S308 - numbers, and what went through escape
        _edge(bars[0].since),
        _edge(bars[-1].until),
    )


def in_words(shown: Activity) -> str:
    """The chart as a sentence."""
    started = words.count(sum(bar.total for bar in shown.bars), "run")
    peak = max(shown.bars, key=lambda bar: bar.total)
    said = (
        f"{started} started, {shown.failed:,} failed. Most: {peak.total:,} at {_time(peak.since)}"
    )
    worst = max(shown.bars, key=lambda bar: bar.bad)
    return f"{said}. Most failures: {worst.bad:,} at {_time(worst.since)}" if worst.bad else said


def _bar(bar: ActivityBar, x: float, step: float, most: int, here: str) -> str:
    good, bad = _TALL * bar.good / most, _TALL * bar.bad / most
    width = f'width="{step * 0.7:.2f}%"'
    failed = f", {bar.bad:,} failed" if bar.bad else ""
    said = f"{_time(bar.since)}: {words.count(bar.total, 'run')}{failed}"
    parts = [
        f'<a href="{escape(here + bar.query)}" tabindex="-1" aria-label="{escape(said)}">'
        f"<title>{escape(said)}</title>"
        f'<rect class="bar-hit" x="{x:.2f}%" y="0" width="{step:.2f}%" height="43"/>'
    ]
    if bar.good:
        parts.append(
            f'<rect class="bar-ok" x="{x:.2f}%" y="{_FOOT - good:.1f}" {width} '
            f'height="{good:.1f}"/>'
        )
    if bar.bad:
        top = _FOOT - good - (1 if bar.good else 0) - bad
        parts.append(
            f'<rect class="bar-bad" x="{x:.2f}%" y="{top:.1f}" {width} height="{bad:.1f}"/>'
            # A drawing within the drawing: only so does a cross of pixels stand at a share of it.
            f'<svg class="bar-cross" x="{x + step * 0.35:.2f}%" y="{top - 5:.1f}" width="1" '
            'height="1"><path d="M-2.5-2.5l5 5m0-5l-5 5"/></svg>'
        )
    return "".join((*parts, "</a>"))


def _time(then: datetime) -> str:
    return timezone.localtime(then).strftime("%d %b, %H:%M").lstrip("0")


def _edge(then: datetime) -> SafeString:
    ago = words.ago(then, timezone.now())
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', then.isoformat(), _time(then), ago
    )
