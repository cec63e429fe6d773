"""One node of the graph as SVG text, drawn from its own upper left corner."""

from collections.abc import Iterator
from html import escape

from runs.projections.graph_node_view import BAR_MOST, NodeView
from runs.projections.words import KIND_ICONS

_ICONS = frozenset(
    {
        "succeeded",
        "failed",
        "running",
        "pending",
        "queued",
        "waiting",
        "paused",
        "cancelled",
        "timeout",
        "skipped",
    }
)
_KINDS = frozenset(
    {"shell", "python", "agent", "generate", "validate", "loop", "branch", "checkpoint", "wait",
     "approval", "call"}
)  # fmt: skip
CELLS = 40  # turns drawn one by one; above that, shares
_RING = "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z"
# Icons as one path each. A `use` makes a tree of its own in the browser; in a graph of a thousand
# nodes two thousand of them are half of the time until it is drawn. The rest stays with `use`.
_PATHS = {
    "s-succeeded": _RING + "M5.4 8.2l1.8 1.8 3.5-3.8",
    "s-failed": "M5.6 2.2h4.8l3.4 3.4v4.8l-3.4 3.4H5.6l-3.4-3.4V5.6zM6 6l4 4m0-4-4 4",
    "s-pending": "M12.2 8a4.2 4.2 0 1 1-8.4 0 4.2 4.2 0 0 1 8.4 0z",
    "s-skipped": "M3 4.2l4 3.8-4 3.8M8.6 4.2l4 3.8-4 3.8",
    "s-cancelled": _RING + "M4 12l8-8",
    "s-paused": _RING + "M6.5 5.8v4.4m3-4.4v4.4",
    "s-timeout": "M13 9A5 5 0 1 1 3 9a5 5 0 0 1 10 0zM8 6.4V9l1.8 1.2M6.2 1.8h3.6",
    "s-waiting": "M4 2.2h8M4 13.8h8M5 2.2v2.3L8 8l3-3.5V2.2M5 13.8v-2.3L8 8l3 3.5v2.3",
    "shell": "M3 4.5L6.5 8 3 11.5M8.5 12H13",
    "python": "M6 3C4.3 3 4 3.8 4 5v1.2c0 1-.6 1.8-1.5 1.8C3.4 8 4 8.8 4 9.8V11c0 1.2.3 2 2 2"
    "M10 3c1.7 0 2 .8 2 2v1.2c0 1 .6 1.8 1.5 1.8-.9 0-1.5.8-1.5 1.8V11c0 1.2-.3 2-2 2",
    "checkpoint": "M4 14V2.5M4 3h8.5l-2 2.8 2 2.7H4",
    "branch": "M8 2l6 6-6 6-6-6z",
    "approval": "M8 2L3 4v4c0 3 2.2 5 5 6 2.8-1 5-3 5-6V4zM6 8l1.5 1.5L10.2 6.5",
    "agents": "M8 1.8L13.4 5v6L8 14.2 2.6 11V5zM2.8 5.1L8 8l5.2-2.9M8 8v6",
    "once": "M3 8.5L6.5 12 13 4.5",
    "clock": "M13.7 8A5.7 5.7 0 1 1 2.3 8a5.7 5.7 0 0 1 11.4 0zM8 4.8V8l2.2 1.5",
}
_CELLS = {
    "reused": "cell-reused",
    "succeeded": "cell-done",
    "failed": "cell-failed",
    "timeout": "cell-failed",
    "running": "cell-run",
    "missed": "cell-missed",
    "again": "cell-run",
    "unknown": "cell-unknown",
}
_INSETS = {"pill": (14.0, 8.0), "hexagon": (17.0, 8.0)}  # of the icon, from the left and from above


def node_body(node: NodeView, width: float, height: float) -> str:
    """What is inside a node's link; ``width`` is that of its column."""
    parts: list[str] = []
    icon = f"s-{node.status}" if node.status in _ICONS else "s-succeeded"
    if node.shape == "undo":
        _undo(node, width, height, icon, parts)
        return "".join(parts)
    draw = _SHAPES.get(node.shape, _box)
    width = draw(node, width, height, parts)
    left, top = _INSETS.get(node.shape, (10.0, 10.0))
    kind = KIND_ICONS.get(node.type, node.type) if node.type in _KINDS else "workflows"
    decided = node.decision  # of a preview: there is no status, the kind stands in its place
    first = (
        _icon("n-kind", kind, left, top, 14) if decided else _icon("n-icon", icon, left, top, 14)
    )
    parts.append(
        f"{first}"
        f'<text class="n-name" x="{left + 19:g}" y="{top + 11:g}">{escape(node.name)}</text>'
        f"{'' if decided else _icon('n-kind', kind, left + 1, top + 19.5, 12)}"
        f'<text class="n-meta" x="{left + 19:g}" y="{top + 29:g}">{escape(node.meta)}</text>'
    )
    if node.time:
        parts.append(
            f'<text class="n-time" x="{number(width - 10)}" y="{top + 29:g}"{_counting(node)}>'
            f"{node.time}</text>"
        )
    if node.status == "reused":
        x = width - (26 if node.shape == "pill" else 14)
        parts.append(
            f'<g class="mark"><circle class="mark-bg" cx="{number(x)}" cy="0" r="8.5"/>'
            f'<use class="mark-i" href="#reuse" x="{number(x - 5.5)}" y="-5.5" width="11" '
            f'height="11"/></g>'
        )
    if node.status == "running":
        parts.append(f'<path class="scan" d="M4 {number(height - 0.5)}h{number(width - 8)}"/>')
    return "".join(parts)


def _counting(node: NodeView) -> str:
    """What lets the page keep a time true: it grows since then, or shrinks until then."""
    if node.since:
        return f' data-since="{node.since.isoformat()}"'
    return f' data-until="{node.until.isoformat()}"' if node.until else ""


def number(value: float) -> str:
    """A coordinate as short as SVG allows."""
    return f"{value:.1f}".removesuffix(".0")


def _icon(style: str, name: str, x: float, y: float, size: float) -> str:
    path = _PATHS.get(name)
    if path is None:
        return (
            f'<use class="{style}" href="#{name}" x="{x:g}" y="{y:g}" width="{size:g}" '
            f'height="{size:g}"/>'
        )
    return (
        f'<path class="{style}" transform="translate({x:g} {y:g})scale({size / 16:g})" d="{path}"/>'
    )


def _box(node: NodeView, width: float, height: float, parts: list[str]) -> float:
    _rects(width, height, 5, 8, parts)
    return width


def _undo(node: NodeView, width: float, height: float, icon: str, parts: list[str]) -> None:
    """Small, of one line: it belongs to the step that it undid."""
    _rects(width, height, 5, 8, parts)
    parts.append(
        f"{_icon('n-icon', icon, 10, 8.5, 13)}"
        f'<text class="n-meta" x="29" y="19">{escape(node.meta)}</text>'
    )
    if node.time:
        parts.append(
            f'<text class="n-time" x="{number(width - 10)}" y="19"{_counting(node)}>{node.time}'
            "</text>"
        )


def _pill(node: NodeView, width: float, height: float, parts: list[str]) -> float:
    _rects(width, height, height / 2, height / 2 + 4, parts)
    return width


def _rects(width: float, height: float, r: float, ring_r: float, parts: list[str]) -> None:
    """The box, and the ring around it that shows when the node is chosen."""
    wide, tall = number(width), number(height)
    parts.append(
        f'<rect class="box" width="{wide}" height="{tall}" rx="{r:g}"/>'
        f'<rect class="ring" x="-4" y="-4" width="{number(width + 8)}" '
        f'height="{number(height + 8)}" rx="{ring_r:g}"/>'
    )


def _hexagon(node: NodeView, width: float, height: float, parts: list[str]) -> float:
    half, inner = height / 2, width - 26
    parts.append(
        f'<path class="box" d="M13 0h{number(inner)}l13 {number(half)}-13 {number(half)}'
        f'h-{number(inner)}l-13-{number(half)}z"/>'
        f'<path class="ring" d="M11-4h{number(inner + 4)}l15 {number(half + 4)}-15 '
        f'{number(half + 4)}h-{number(inner + 4)}l-15-{number(half + 4)}z"/>'
    )
    return width


def _stack(node: NodeView, width: float, height: float, parts: list[str]) -> float:
    width -= 4
    if len(node.turns) != 1:
        # Only what peeks out of the cards behind: the front one may be transparent.
        parts += [
            f'<path class="box back" d="M{4 * card} {number(height + 4 * card - 4)}'
            f"v1a3 3 0 0 0 3 3H{number(width + 2 * card - 5)}a5 5 0 0 0 5-5"
            f'V{4 * card + 3}a3 3 0 0 0-2-3"/>'
            for card in (2, 1)
        ]
    _rects(width, height, 5, 8, parts)
    _bar(node, width - 22, parts)
    return width


def _bar(node: NodeView, width: float, parts: list[str]) -> None:
    """How what is inside a group stands, as cells and as a sentence."""
    parts += _cells(node.turns, 11, 54, width)
    parts.append(f'<text class="n-meta" x="11" y="89">{escape(node.sentence)}</text>')


def _frame(node: NodeView, width: float, height: float, parts: list[str]) -> float:
    """An opened group. Its ground is drawn below the edges; only its head answers to the pointer."""
    _rects(width, height, 5, 8, parts)
    parts.append(f'<rect class="hit" width="{number(width)}" height="52"/>')
    _bar(node, min(width - 22, BAR_MOST), parts)
    window = node.window
    if window is not None and window.of > window.size:
        # Turns are counted from 0, as their paths are; calls have no number of their own.
        first = window.first + (node.kind == "calls")
        last = first + window.size - 1
        parts.append(
            f'<text class="n-time" x="{number(width - 70)}" y="90">'
            f"{first:,} to {last:,} of {window.of:,}</text>"
        )
    return width


def _cells(turns: tuple[str, ...], x: float, y: float, width: float) -> Iterator[str]:
    """One cell a turn; above forty, a cell for each status, as wide as its share."""
    if not turns:
        return
    if len(turns) <= CELLS:
        gap = 3.0 if len(turns) <= 20 else 1.4
        wide = min(26.0, (width - gap * (len(turns) - 1)) / len(turns))
        for n, turn in enumerate(turns):
            yield _cell(turn, x + n * (wide + gap), y, wide)
        return
    order = (
        "reused",
        "again",
        "unknown",
        "succeeded",
        "failed",
        "timeout",
        "missed",
        "cancelled",
        "running",
        "waiting",
        "queued",
        "pending",
        "skipped",
    )
    kinds = [(kind, sum(1 for turn in turns if turn == kind)) for kind in order]
    kinds = [(kind, number) for kind, number in kinds if number]
    room = width - 3 * (len(kinds) - 1)
    for kind, number in kinds:
        wide = max(3.0, room * number / len(turns))
        yield _cell(kind, x, y, wide)
        x += wide + 3


def _cell(turn: str, x: float, y: float, width: float) -> str:
    style = _CELLS.get(turn, "cell-off")
    return f'<rect class="{style}" x="{x:.2f}" y="{number(y)}" width="{width:.2f}" height="14" rx="1.5"/>'


def _rows(node: NodeView, width: float, height: float, parts: list[str]) -> float:
    _rects(width, height, 5, 8, parts)
    _bar(node, width - 22, parts)
    if node.rows:
        parts.append(f'<path class="n-rule" d="M0 100.5h{number(width)}"/>')
    for n, row in enumerate(node.rows):
        at = 109 + 24 * n
        icon = row.status if row.status in _ICONS or row.status == "reused" else "pending"
        parts.append(
            f'<g data-status="{row.status}"><use class="n-icon" href="#s-{icon}" x="11" y="{at}" '
            f'width="12" height="12"/><text class="n-call" x="29" y="{at + 10}">'
            f'{escape(row.name)}</text><text class="n-time" x="{number(width - 10)}" '
            f'y="{at + 10}">{row.time}</text></g>'
        )
    return width


_SHAPES = {"pill": _pill, "hexagon": _hexagon, "stack": _stack, "rows": _rows, "frame": _frame}
