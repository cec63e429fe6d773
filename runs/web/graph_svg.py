"""The graph as SVG text.

Written by functions and not by a template: a thousand nodes take a few milliseconds this way,
and several hundred through template tags. Everything from outside goes through ``escape``, which
is Python's own in the drawing: Django's is the same behind a wrapper for lazy texts, which a
thousand nodes would go through six thousand times.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from django.utils.safestring import SafeString, mark_safe

from runs.projections.graph_layout import Box
from runs.projections.graph_node_view import NodeView
from runs.projections.graph_view import GraphView
from runs.web.graph_edges import edges
from runs.web.graph_node import node_body, number
from runs.web.graph_query import PLAIN, GraphQuery
from runs.web.graph_toggle import toggles

_MINI = {
    "reused": "mm-reused",
    "failed": "mm-failed",
    "timeout": "mm-failed",
    "running": "mm-running",
    "succeeded": "mm-done",
}
_MINI_PREVIEW = {"reuse": "mm-reused", "run": "mm-run", "unknown": "mm-unknown"}
# From this many nodes on, those out of sight are sent undrawn: the browser spends its time on
# text, and of a thousand nodes it shows fifty. The page draws them as they come into view.
CULLED_FROM = 120
_SIGHT_X, _SIGHT_Y = 1300.0, 800.0  # each way from the node that the page will show first
TURN_SIGN = 6.2  # a sign of a turn's title, 11 px sans


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What every node of one drawing has to know."""

    chosen: str
    keep: str  # what links carry on, with its `&`
    marks: Mapping[str, str]
    query: GraphQuery
    near: Callable[[Box], bool] | None  # None: everything is drawn
    base: str  # the query of what opens and closes groups; "" and nothing does
    is_file: bool


def graph_svg(
    view: GraphView,
    chosen: str,
    keep: str = "",
    marks: Mapping[str, str] | None = None,
    query: GraphQuery = PLAIN,
) -> SafeString:
    """The whole drawing. ``keep`` is the query string that node links carry on (``&tab=…``).

    ``marks``: by path, a word that the node's look is made from besides its status.
    """
    near = _in_sight(view, chosen)
    base = f"node={quote(chosen, safe='')}&" if chosen else ""
    drawing = _Drawing(chosen, keep, marks or {}, query, near, base + query.text(view), False)
    return _drawn(view, drawing, "")


def graph_file(view: GraphView, query: GraphQuery, style: str) -> SafeString:
    """The drawing as a file of its own: no links, all of it drawn, ``style`` inside it."""
    drawing = _Drawing("", "", {}, query, None, "", True)
    return _drawn(view, drawing, style)


def _drawn(view: GraphView, drawing: _Drawing, style: str) -> SafeString:
    made, query = view.layout, drawing.query
    wide, tall = number(made.width), number(made.height)
    looks = ["graph"]
    looks += ["is-culled"] if drawing.near else []
    looks += ["is-heat"] if query.heat else []
    looks += ["is-critical"] if query.critical else []
    mode = ' data-mode="preview"' if view.is_preview else ""
    mode += ' xmlns="http://www.w3.org/2000/svg"' if drawing.is_file else ""
    parts = [
        f'<svg class="{" ".join(looks)}"{mode} viewBox="0 0 {wide} {tall}" '
        f'width="{wide}" height="{tall}" role="group" '
        f'aria-label="{"Restart plan" if view.is_preview else "Execution graph"} of '
        f'{escape(view.title)}, {"top down" if made.down else "left to right"}">{style}'
        '<g class="frames" aria-hidden="true">'
    ]
    parts += _grounds(view)
    parts.append('</g><g class="edges" aria-hidden="true">')
    parts += edges(view)
    parts.append("</g>")
    for node in view.nodes:
        box = made.boxes[node.path]
        far = drawing.near is not None and not drawing.near(box)
        parts.append(_node(node, box, far, drawing))
        if not view.fixed and not drawing.is_file:
            parts += toggles(node, box, far, drawing.base)
    parts += _turns(view, drawing)
    parts.append("</svg>")
    return mark_safe("".join(parts))  # noqa: S308 - every text in it went through escape


def _grounds(view: GraphView) -> Iterator[str]:
    """Below the edges: what opened groups and their turns stand on."""
    for node in view.nodes:
        if node.window is not None:
            box = view.layout.boxes[node.path]
            yield (
                f'<rect class="ground" x="{number(box.x)}" y="{number(box.y)}" '
                f'width="{number(box.width)}" height="{number(box.height)}" rx="5"/>'
            )
    for turn in view.turns:
        box = turn.box
        yield (
            f'<rect class="turn-ground" x="{number(box.x)}" y="{number(box.y)}" '
            f'width="{number(box.width)}" height="{number(box.height)}" rx="4"/>'
        )


def _turns(view: GraphView, drawing: _Drawing) -> Iterator[str]:
    for turn in view.turns:
        box = turn.box
        far = " far" if drawing.near is not None and not drawing.near(box) else ""
        wide = number(TURN_SIGN * len(turn.title) + 8)
        yield (
            f'<g class="turn{far}" aria-hidden="true" data-key="turn {escape(turn.scope)}" '
            f'data-box="{number(box.x)} {number(box.y)} {number(box.width)} 24">'
            f'<svg x="{number(box.x + 5)}" y="{number(box.y + 3)}"><rect width="{wide}" '
            f'height="16"/><text x="4" y="12">{escape(turn.title)}</text></svg></g>'
        )


def _in_sight(view: GraphView, chosen: str) -> Callable[[Box], bool] | None:
    """Whether something is near the node that the page shows first; None: draw all."""
    if view.count < CULLED_FROM:
        return None
    by_look: dict[str, str] = {}
    for node in view.nodes:
        if not node.handled:
            by_look.setdefault("failed" if node.status == "timeout" else node.status, node.path)
    boxes = view.layout.boxes
    first = chosen if chosen in boxes else by_look.get("failed") or by_look.get("running")
    box = boxes[first or view.nodes[0].path]
    # Of an opened group, its head.
    x, y = box.x + min(box.width, 300) / 2, box.y + min(box.height, 120) / 2
    return lambda box: (
        max(box.x - x, x - box.right) < _SIGHT_X and max(box.y - y, y - box.bottom) < _SIGHT_Y
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
        look = "mm-frame" if node.window else _MINI_PREVIEW.get(node.decision, look)
        shapes.setdefault(look, []).append(
            f"M{number(box.x)} {number(box.y)}h{wide}v{tall}h-{wide}z"
        )
    parts += [f'<path class="mm {style}" d="{"".join(d)}"/>' for style, d in shapes.items()]
    parts.append(
        '<rect class="mm-view" x="0" y="0" width="0" height="0" rx="4" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )
    return mark_safe("".join(parts))  # noqa: S308 - every text in it went through escape


def _node(node: NodeView, box: Box, far: bool, drawing: _Drawing) -> str:
    name = escape(node.full_name)
    x, y = number(box.x), number(box.y)
    style = "node" + (" far" if far else "") + (" is-frame" if node.window else "")
    if drawing.query.statuses and not drawing.query.matches(node):
        style += " dim"
    body = node_body(node, box.width, box.height)
    state, looks = f'data-status="{node.status}"', _looks(node, drawing.marks.get(node.path, ""))
    if drawing.is_file:
        return (
            f'<g class="{style}" {state}{looks}>'
            f'<svg x="{x}" y="{y}" overflow="visible">{body}</svg></g>'
        )
    mark = escape(drawing.marks.get(node.path, ""))
    where = f"in {escape(node.within)}" if node.within else ""
    said = ", ".join(
        part for part in (name, where, node.type, node.word, node.time, mark, node.sentence) if part
    )
    link = escape("?node=" + quote(node.path, safe="") + drawing.keep)
    current = ' aria-current="true"' if node.path == drawing.chosen else ""
    title = f"<title>{name}</title>" if node.name != node.full_name else ""
    return (
        f'<a class="{style}" href="{link}" data-path="{escape(node.path)}" '
        f'{state} data-box="{x} {y} {number(box.width)} {number(box.height)}"'
        f'{current}{looks} aria-label="{said}">{title}'
        f'<svg x="{x}" y="{y}">{body}</svg></a>'
    )


def _looks(node: NodeView, mark: str) -> str:
    """What the look of a node follows from, besides its status."""
    found = ' data-handled=""' if node.handled else ""
    found += f' data-decision="{node.decision}"' if node.decision else ""
    found += f' data-mark="{escape(mark)}"' if mark else ""
    found += f' data-heat="{node.heat}"' if node.heat else ""
    found += ' data-critical=""' if node.critical else ""
    found += f' data-inside="{" ".join(sorted(node.inside))}"' if node.inside else ""
    return found
