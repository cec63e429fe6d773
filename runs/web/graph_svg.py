"""The graph as SVG text.

Written by functions and not by a template: a thousand nodes take a few milliseconds this way,
and several hundred through template tags. Everything from outside goes through ``escape``.
"""

from collections.abc import Iterator
from urllib.parse import quote

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from runs.projections.graph_layout import Box
from runs.projections.graph_view import CELLS, GraphView, NodeView

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
_KIND_ICONS = frozenset({"shell", "python", "agent", "loop", "checkpoint", "branch"})
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
}
_CELLS = {
    "reused": "cell-reused",
    "succeeded": "cell-done",
    "failed": "cell-failed",
    "timeout": "cell-failed",
    "running": "cell-run",
}
_MINI = {
    "reused": "mm-reused",
    "failed": "mm-failed",
    "timeout": "mm-failed",
    "running": "mm-running",
    "succeeded": "mm-done",
}
_HEADS = (("edge-head", "edge-head"), ("head-ahead", "head-ahead"), ("head-live", "head-live"))


def graph_svg(view: GraphView, chosen: str, keep: str = "") -> SafeString:
    """The whole drawing. ``keep`` is the query string that node links carry on (``&tab=…``)."""
    made = view.layout
    title = escape(view.title)
    parts = [
        f'<svg class="graph" viewBox="0 0 {_n(made.width)} {_n(made.height)}" '
        f'width="{_n(made.width)}" height="{_n(made.height)}" role="group" '
        f'aria-label="Execution graph of {title}, left to right">',
        "<defs>",
    ]
    parts += [
        f'<marker id="{name}" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="8" '
        f'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path class="{style}" d="M0 .6 7.5 4 0 7.4z"/></marker>'
        for name, style in _HEADS
    ]
    parts.append('</defs><g class="edges" aria-hidden="true">')
    parts += _edges(view)
    parts.append("</g>")
    parts += [_node(node, made.boxes[node.path], node.path == chosen, keep) for node in view.nodes]
    parts.append("</svg>")
    return mark_safe("".join(parts))  # noqa: S308 - every text in it went through escape


def minimap_svg(view: GraphView) -> SafeString:
    """The whole graph as small boxes; the page adds the window that is in view."""
    made = view.layout
    # A very long or very tall graph would be a line: it is squeezed into a readable box.
    ratio = made.height / made.width
    height = min(96.0, max(30.0, 138 * ratio))
    squeeze = ' preserveAspectRatio="none"' if abs(138 * ratio - height) > 1 else ""
    parts = [
        f'<svg viewBox="0 0 {_n(made.width)} {_n(made.height)}" width="138" '
        f'height="{_n(height)}"{squeeze}>'
    ]
    shapes: dict[str, list[str]] = {}
    for node in view.nodes:
        box = made.boxes[node.path]
        wide, tall = _n(box.width), _n(box.height)
        shapes.setdefault(_MINI.get(node.status, "mm-pending"), []).append(
            f"M{_n(box.x)} {_n(box.y)}h{wide}v{tall}h-{wide}z"
        )
    parts += [f'<path class="mm {style}" d="{"".join(d)}"/>' for style, d in shapes.items()]
    parts.append(
        '<rect class="mm-view" x="0" y="0" width="0" height="0" rx="4" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )
    return mark_safe("".join(parts))  # noqa: S308 - every text in it went through escape


def _edges(view: GraphView) -> Iterator[str]:
    labels: list[str] = []
    # What is live is drawn last, so that no quiet edge lies over it.
    lines = sorted(view.layout.lines, key=lambda line: _rank(view, line.source, line.target))
    for line in lines:
        edge = view.edges.get((line.source, line.target))
        look = edge.look if edge else ""
        style = f"edge is-{look}" if look else "edge"
        head = f"head-{look}" if look else "edge-head"
        yield f'<path class="{style}" marker-end="url(#{head})" d="{line.d}"/>'
        if edge and edge.label:
            width = 6.2 * len(edge.label) + 8
            labels.append(
                f'<g class="edge-label"><rect x="{_n(line.label_x - width / 2)}" '
                f'y="{_n(line.label_y - 7.5)}" width="{_n(width)}" height="15"/>'
                f'<text x="{_n(line.label_x)}" y="{_n(line.label_y + 4)}">'
                f"{escape(edge.label)}</text></g>"
            )
    yield from labels


def _rank(view: GraphView, source: str, target: str) -> int:
    edge = view.edges.get((source, target))
    return 0 if edge is None or edge.look == "ahead" else 2 if edge.look == "live" else 1


def _node(node: NodeView, box: Box, chosen: bool, keep: str) -> str:
    name = escape(node.full_name)
    said = ", ".join(part for part in (name, node.type, node.word, node.time) if part)
    current = ' aria-current="true"' if chosen else ""
    link = escape("?node=" + quote(node.path, safe="") + keep)
    since = f' data-since="{node.since.isoformat()}"' if node.since else ""
    parts = [
        f'<a class="node" href="{link}" data-path="{escape(node.path)}" '
        f'data-status="{node.status}"{current} aria-label="{said}">'
    ]
    if node.name != node.full_name:
        parts.append(f"<title>{name}</title>")
    draw = {"pill": _pill, "hexagon": _hexagon, "stack": _stack, "rows": _rows}.get(
        node.shape, _box
    )
    inset = {"pill": 14.0, "hexagon": 17.0}.get(node.shape, 10.0)
    front = draw(node, box, parts)
    x, y, width = box.x, box.y, front
    icon = f"s-{node.status}" if node.status in _ICONS else "s-succeeded"
    kind = node.type if node.type in _KIND_ICONS else "workflows"
    top = y + (8 if node.shape in ("pill", "hexagon") else 10)
    parts.append(
        f"{_icon('n-icon', icon, x + inset, top, 14)}"
        f'<text class="n-name" x="{_n(x + inset + 19)}" y="{_n(top + 11)}">'
        f"{escape(node.name)}</text>"
        f"{_icon('n-kind', kind, x + inset + 1, top + 19.5, 12)}"
        f'<text class="n-meta" x="{_n(x + inset + 19)}" y="{_n(top + 29)}">'
        f"{escape(node.meta)}</text>"
    )
    if node.time:
        parts.append(
            f'<text class="n-time" x="{_n(x + width - 10)}" y="{_n(top + 29)}"{since}>'
            f"{node.time}</text>"
        )
    if node.status == "reused":
        mark_x, mark_y = x + width - (26 if node.shape == "pill" else 14), y
        parts.append(
            f'<g class="mark"><circle class="mark-bg" cx="{_n(mark_x)}" cy="{_n(mark_y)}" '
            f'r="8.5"/><use class="mark-i" href="#reuse" x="{_n(mark_x - 5.5)}" '
            f'y="{_n(mark_y - 5.5)}" width="11" height="11"/></g>'
        )
    if node.status == "running":
        parts.append(
            f'<path class="scan" d="M{_n(x + 4)} {_n(y + box.height - 0.5)}h{_n(width - 8)}"/>'
        )
    parts.append("</a>")
    return "".join(parts)


def _icon(style: str, name: str, x: float, y: float, size: float) -> str:
    path = _PATHS.get(name)
    if path is None:
        return (
            f'<use class="{style}" href="#{name}" x="{_n(x)}" y="{_n(y)}" width="{size:g}" '
            f'height="{size:g}"/>'
        )
    return (
        f'<path class="{style}" transform="translate({_n(x)} {_n(y)})scale({size / 16:g})" '
        f'd="{path}"/>'
    )


def _box(node: NodeView, box: Box, parts: list[str]) -> float:
    parts.append(_rect("box", box.x, box.y, box.width, box.height, 5))
    parts.append(_rect("ring", box.x - 4, box.y - 4, box.width + 8, box.height + 8, 8))
    return box.width


def _pill(node: NodeView, box: Box, parts: list[str]) -> float:
    parts.append(_rect("box", box.x, box.y, box.width, box.height, box.height / 2))
    parts.append(
        _rect("ring", box.x - 4, box.y - 4, box.width + 8, box.height + 8, box.height / 2 + 4)
    )
    return box.width


def _hexagon(node: NodeView, box: Box, parts: list[str]) -> float:
    half, inner = box.height / 2, box.width - 26
    parts.append(
        f'<path class="box" d="M{_n(box.x + 13)} {_n(box.y)}h{_n(inner)}l13 {_n(half)}-13 '
        f'{_n(half)}h-{_n(inner)}l-13-{_n(half)}z"/>'
        f'<path class="ring" d="M{_n(box.x + 11)} {_n(box.y - 4)}h{_n(inner + 4)}l15 '
        f'{_n(half + 4)}-15 {_n(half + 4)}h-{_n(inner + 4)}l-15-{_n(half + 4)}z"/>'
    )
    return box.width


def _stack(node: NodeView, box: Box, parts: list[str]) -> float:
    x, y, width, height = box.x, box.y, box.width - 4, box.height
    if len(node.turns) != 1:
        # Only what peeks out of the cards behind: the front one may be transparent.
        parts += [
            f'<path class="box back" d="M{_n(x + 4 * card)} {_n(y + height + 4 * card - 4)}'
            f"v1a3 3 0 0 0 3 3H{_n(x + width + 2 * card - 5)}a5 5 0 0 0 5-5"
            f'V{_n(y + 4 * card + 3)}a3 3 0 0 0-2-3"/>'
            for card in (2, 1)
        ]
    parts.append(_rect("box", x, y, width, height, 5))
    parts.append(_rect("ring", x - 4, y - 4, width + 8, height + 8, 8))
    parts += _cells(node.turns, x + 11, y + 54, width - 22)
    parts.append(
        f'<text class="n-meta" x="{_n(x + 11)}" y="{_n(y + 89)}">{escape(node.sentence)}</text>'
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
        "succeeded",
        "failed",
        "timeout",
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
    return (
        f'<rect class="{style}" x="{x:.2f}" y="{_n(y)}" width="{width:.2f}" height="14" rx="1.5"/>'
    )


def _rows(node: NodeView, box: Box, parts: list[str]) -> float:
    _box(node, box, parts)
    x, y, width = box.x, box.y, box.width
    parts.append(f'<path class="n-rule" d="M{_n(x)} {_n(y + 52.5)}h{_n(width)}"/>')
    for n, row in enumerate(node.rows):
        at = y + 63 + 24 * n
        icon = row.status if row.status in _ICONS or row.status == "reused" else "pending"
        parts.append(
            f'<g data-status="{row.status}"><use class="n-icon" href="#s-{icon}" x="{_n(x + 11)}" '
            f'y="{_n(at)}" width="12" height="12"/><text class="n-call" x="{_n(x + 29)}" '
            f'y="{_n(at + 10)}">{escape(row.name)}</text><text class="n-time" '
            f'x="{_n(x + width - 10)}" y="{_n(at + 10)}">{row.time}</text></g>'
        )
    if node.more_rows:
        parts.append(
            f'<text class="n-meta" x="{_n(x + 29)}" y="{_n(y + 72 + 24 * len(node.rows))}">'
            f"+{node.more_rows} more</text>"
        )
    return width


def _rect(style: str, x: float, y: float, width: float, height: float, r: float) -> str:
    return (
        f'<rect class="{style}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" '
        f'height="{_n(height)}" rx="{_n(r)}"/>'
    )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
