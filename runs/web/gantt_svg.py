"""The drawing of a timeline as SVG: per cent across, so that it is as wide as its place."""

from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from runs.projections import words
from runs.projections.timeline import Timeline, TimelineRow
from runs.projections.timeline_bars import Span
from runs.projections.timeline_critical import places
from runs.projections.timeline_scale import Scale

ROW, HEAD = 28, 30
_WIDE, _LEAST = 10_000, 0.15  # of the critical path's own grid; per cent that a bar has at least
_OUTLINED = frozenset({"retry", "lost", "wait", "ghost", "stopped"})


def axis_svg(made: Timeline) -> SafeString:
    """The labels above the drawing."""
    parts = [f'<svg height="{HEAD}" aria-hidden="true">']
    now = None if made.now is None else made.scale.x(made.now)
    for tick in made.ticks:
        parts.append(f'<line x1="{tick.x:.2f}%" x2="{tick.x:.2f}%" y1="22" y2="30"/>')
        if tick.x < (97 if now is None else 80):
            parts.append(f'<text x="{tick.x:.2f}%" dx="6" y="19">{escape(tick.word)}</text>')
    parts += [
        f'<text class="g-cut-word" x="{cut.x:.2f}%" y="19" text-anchor="middle">//'
        f"<title>{escape(cut.word)} without work</title></text>"
        for cut in made.scale.cuts
    ]
    if now is not None:
        said = words.clock(made.now)
        parts.append(
            f'<text class="g-now" x="{now:.2f}%" dx="-6" y="19" text-anchor="end">now {said}</text>'
        )
    return _safe([*parts, "</svg>"])


def gantt_svg(made: Timeline, chosen: str = "") -> SafeString:
    """The bars. What they show stands in the table beside them, so the drawing is one picture."""
    height = max(len(made.rows) * ROW, 1)
    parts = [
        f'<svg height="{height}" role="img" aria-label="{escape(_said(made))}"><defs>'
        '<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path class="hatch-line" d="M0 0v5"/></pattern>'
        f'<pattern id="g-rows" width="3000" height="{ROW}" patternUnits="userSpaceOnUse">'
        f'<path class="row" d="M0 {ROW - 0.5}H3000"/></pattern></defs>'
    ]
    row = next((n for n, one in enumerate(made.rows) if one.path == chosen), -1)
    parts.append(f'<rect class="g-chosen" y="{row * ROW}" width="100%" height="{ROW}"/>')
    for tick in made.ticks:
        at = f"{tick.x:.2f}%"
        parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="0" y2="{height}"/>')
    parts.append(f'<rect fill="url(#g-rows)" width="100%" height="{height}"/>')
    for cut in made.scale.cuts:
        left, right = made.scale.x(cut.start), made.scale.x(cut.end)
        parts.append(
            f'<rect class="g-cut" x="{left:.2f}%" width="{right - left:.2f}%" height="{height}"/>'
        )
    for number, one in enumerate(made.rows):
        parts += _row(one, number * ROW, made.scale)
    parts += _chain(made, height)
    for number, one in enumerate(made.rows):
        parts += _words(one, number * ROW, made.scale)
    if made.now is not None:
        x = made.scale.x(made.now)
        parts.append(f'<line class="now" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{height}"/>')
    return _safe([*parts, "</svg>"])


def _row(row: TimelineRow, top: int, scale: Scale) -> Iterator[str]:
    for span, left, right in _placed(row, scale):
        yield from (
            _around(row, left, right, top)
            if span.kind == "around"
            else _bar(span, left, right - left, top)
        )


def _placed(row: TimelineRow, scale: Scale) -> Iterator[tuple[Span, float, float]]:
    for span in row.spans:
        left, right = scale.x(span.start), scale.x(span.end)
        if span.kind != "wait" or right - left >= _LEAST:
            yield span, min(left, 100 - _LEAST), max(right, left + _LEAST)


def _words(row: TimelineRow, top: int, scale: Scale) -> Iterator[str]:
    """What stands beside the bars; over the critical path, which would strike it through."""
    if row.label:
        end = max((right for _, _, right in _placed(row, scale)), default=0.0)
        yield from _label(row.label, scale.x(row.spans[0].start), end, top)
    elif row.note:
        yield f'<text x="0" dx="7" y="{top + 18}">{escape(row.note)}</text>'


def _bar(span: Span, x: float, width: float, top: int) -> Iterator[str]:
    thin = span.kind in _OUTLINED
    y, high = (top + 8.5, 11) if thin else (top + 8, 12)
    yield (
        f'<rect class="b-{span.kind}" x="{x:.2f}%" y="{y}" width="{width:.2f}%" '
        f'height="{high}" rx="2"/>'
    )
    if span.text and width > len(span.text) * 0.8 + 0.8:
        style = "" if thin else ' class="on"'
        yield f'<text{style} x="{x:.2f}%" dx="6" y="{top + 18}">{escape(span.text)}</text>'


def _around(row: TimelineRow, left: float, right: float, top: int) -> Iterator[str]:
    """What a container holds together: a line with ends."""
    style = "g-span" if row.handled else f"g-span is-{row.look}"
    y = top + 14
    yield (
        f'<g class="{style}"><line x1="{left:.2f}%" x2="{right:.2f}%" y1="{y}" y2="{y}"/>'
        f'<line x1="{left:.2f}%" x2="{left:.2f}%" y1="{y - 5}" y2="{y + 5}"/>'
        f'<line x1="{right:.2f}%" x2="{right:.2f}%" y1="{y - 5}" y2="{y + 5}"/></g>'
    )


def _label(text: str, start: float, end: float, top: int) -> Iterator[str]:
    """Behind the bar; before it where there is no room behind."""
    if end < 84:
        yield f'<text x="{end:.2f}%" dx="7" y="{top + 18}">{escape(text)}</text>'
    elif start > 16:
        yield (
            f'<text class="before" x="{start:.2f}%" dx="-7" y="{top + 18}">{escape(text)}</text>'
        )


def _chain(made: Timeline, height: int) -> Iterator[str]:
    """The critical path, below the bars; steps of a closed container are told by its row."""
    rows = {row.path: n for n, row in enumerate(made.rows)}
    points: list[tuple[float, int]] = []
    for path, start, end in made.chain:
        number = next((rows[place] for place in places(path) if place in rows), None)
        if number is None:
            continue
        y = number * ROW + 23
        left, right = (made.scale.x(ms) / 100 * _WIDE for ms in (start, end))
        if points and points[-1][1] != y:
            points.append((points[-1][0], y))
        points += [(left, y)] if not points else []
        points.append((right, y))
    if points:
        drawn = "M" + "L".join(f"{x:.0f} {y}" for x, y in points)
        yield (
            f'<svg width="100%" height="{height}" viewBox="0 0 {_WIDE} {height}" '
            f'preserveAspectRatio="none"><path class="crit-line" d="{drawn}"/></svg>'
        )


def _said(made: Timeline) -> str:
    said = f"Gantt chart of {words.count(made.total, 'row')}."
    if made.chain:
        names = [path for path, _, _ in made.chain]
        told = ", then ".join(names if len(names) < 7 else [*names[:3], "…", *names[-2:]])
        said += f" Critical path, {made.chain_said}: {told}."
    return said


def _safe(parts: list[str]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 - every text in it went through escape
