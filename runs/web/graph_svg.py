"""The graph as SVG text.

Written by functions and not by a template: a thousand nodes take a few milliseconds this way,
and several hundred through template tags. Everything from outside goes through ``escape``.
"""

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from runs.projections.graph_layout import Box
from runs.projections.graph_node_view import NodeView
from runs.projections.graph_view import LABEL_SIGN, GraphView
from runs.web.graph_node import node_body, number

_MINI = {
    "reused": "mm-reused",
    "failed": "mm-failed",
    "timeout": "mm-failed",
    "running": "mm-running",
    "succeeded": "mm-done",
}
_MINI_PREVIEW = {"reuse": "mm-reused", "run": "mm-run", "unknown": "mm-unknown"}
# One path for many edges of one look: an element each, with a marker for its head, is a third of
# the time until a large graph is drawn. One for all of them would be repainted for every corner.
EDGES_A_PATH = 80
# From this many nodes on, those out of sight are sent undrawn: the browser spends its time on
# text, and of a thousand nodes it shows fifty. The page draws them as they come into view.
CULLED_FROM = 120
_SIGHT_X, _SIGHT_Y = 1300.0, 800.0  # each way from the node that the page will show first


def graph_svg(
    view: GraphView, chosen: str, keep: str = "", marks: Mapping[str, str] | None = None
) -> SafeString:
    """The whole drawing. ``keep`` is the query string that node links carry on (``&tab=…``).

    ``marks``: by path, a word that the node's look is made from besides its status.
    """
    made = view.layout
    title = escape(view.title)
    near = _in_sight(view, chosen)
    style = "graph is-culled" if near else "graph"
    mode = ' data-mode="preview"' if view.is_preview else ""
    parts = [
        f'<svg class="{style}"{mode} viewBox="0 0 {number(made.width)} {number(made.height)}" '
        f'width="{number(made.width)}" height="{number(made.height)}" role="group" '
        f'aria-label="{"Restart plan" if view.is_preview else "Execution graph"} of {title}, '
        'left to right">'
        '<g class="edges" aria-hidden="true">'
    ]
    parts += _edges(view)
    parts.append("</g>")
    for node in view.nodes:
        box = made.boxes[node.path]
        far = near is not None and not near(box)
        mark = (marks or {}).get(node.path, "")
        parts.append(_node(node, box, node.path == chosen, far, keep, mark))
    parts.append("</svg>")
    return mark_safe("".join(parts))  # noqa: S308 - every text in it went through escape


def _in_sight(view: GraphView, chosen: str) -> Callable[[Box], bool] | None:
    """Whether a node is near the one that the page shows first; None: draw all."""
    if view.count < CULLED_FROM:
        return None
    by_look: dict[str, str] = {}
    for node in view.nodes:
        if not node.handled:
            by_look.setdefault("failed" if node.status == "timeout" else node.status, node.path)
    boxes = view.layout.boxes
    first = chosen if chosen in boxes else by_look.get("failed") or by_look.get("running")
    box = boxes[first or view.nodes[0].path]
    x, y = box.x + box.width / 2, box.y + box.height / 2
    return lambda box: (
        abs(box.x + box.width / 2 - x) < _SIGHT_X and abs(box.y + box.height / 2 - y) < _SIGHT_Y
    )


def minimap_svg(view: GraphView) -> SafeString:
    """The whole graph as small boxes; the page adds the window that is in view."""
    made = view.layout
    # A very long or very tall graph would be a line: it is squeezed into a readable box.
    ratio = made.height / made.width
    height = min(96.0, max(30.0, 138 * ratio))
    squeeze = ' preserveAspectRatio="none"' if abs(138 * ratio - height) > 1 else ""
    parts = [
        f'<svg viewBox="0 0 {number(made.width)} {number(made.height)}" width="138" '
        f'height="{number(height)}"{squeeze}>'
    ]
    shapes: dict[str, list[str]] = {}
    for node in view.nodes:
        box = made.boxes[node.path]
        wide, tall = number(box.width), number(box.height)
        look = "mm-done" if node.handled else _MINI.get(node.status, "mm-pending")
        look = _MINI_PREVIEW.get(node.decision, look)
        shapes.setdefault(look, []).append(
            f"M{number(box.x)} {number(box.y)}h{wide}v{tall}h-{wide}z"
        )
    parts += [f'<path class="mm {style}" d="{"".join(d)}"/>' for style, d in shapes.items()]
    parts.append(
        '<rect class="mm-view" x="0" y="0" width="0" height="0" rx="4" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )
    return mark_safe("".join(parts))  # noqa: S308 - every text in it went through escape


def _edges(view: GraphView) -> Iterator[str]:
    labels: list[str] = []
    lines: dict[str, list[str]] = {}
    asides: dict[str, list[str]] = {}
    heads: dict[str, list[str]] = {}
    for line in view.layout.lines:
        edge = view.edges.get((line.source, line.target))
        look = edge.look if edge else ""
        (asides if edge and edge.aside else lines).setdefault(look, []).append(line.d)
        heads.setdefault(look, []).append(
            f"M{number(line.end_x - 2)} {number(line.end_y - 3.4)}l7.5 3.4-7.5 3.4z"
        )
        if edge and edge.label:
            width = LABEL_SIGN * len(edge.label) + 8
            labels.append(
                f'<g class="edge-label"><rect x="{number(line.label_x - width / 2)}" '
                f'y="{number(line.label_y - 7.5)}" width="{number(width)}" height="15"/>'
                f'<text x="{number(line.label_x)}" y="{number(line.label_y + 4)}">'
                f"{escape(edge.label)}</text></g>"
            )
    # What is live is drawn last, so that no quiet edge lies over it.
    for look in ("ahead", "unknown", "", "live"):
        style = f"edge is-{look}" if look else "edge"
        head = f"head-{look}" if look else "edge-head"
        for drawn, pieces in (
            (style, lines.get(look, [])),
            (f"{style} is-aside", asides.get(look, [])),
            (head, heads.get(look, [])),
        ):
            for at in range(0, len(pieces), EDGES_A_PATH):
                yield f'<path class="{drawn}" d="{"".join(pieces[at : at + EDGES_A_PATH])}"/>'
    yield from labels


def _node(node: NodeView, box: Box, chosen: bool, far: bool, keep: str, mark: str) -> str:
    name = escape(node.full_name)
    said = ", ".join(part for part in (name, node.type, node.word, node.time, escape(mark)) if part)
    link = escape("?node=" + quote(node.path, safe="") + keep)
    x, y = number(box.x), number(box.y)
    current = ' aria-current="true"' if chosen else ""
    current += " data-handled" if node.handled else ""
    current += f' data-decision="{node.decision}"' if node.decision else ""
    current += f' data-mark="{escape(mark)}"' if mark else ""
    title = f"<title>{name}</title>" if node.name != node.full_name else ""
    return (
        f'<a class="node{" far" if far else ""}" href="{link}" data-path="{escape(node.path)}" '
        f'data-status="{node.status}" data-box="{x} {y} {number(box.width)} {number(box.height)}"'
        f'{current} aria-label="{said}">{title}'
        f'<svg x="{x}" y="{y}">{node_body(node, box.width, box.height)}</svg></a>'
    )
