"""A plan in small: a box for each node of the graph, solid, outlined or dashed."""

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from runs.projections import words
from runs.projections.graph_view import GraphView
from runs.web.graph_node import number

WIDE, GAP, TALL, ROW = 398.0, 12.0, 24.0, 34.0
SIGN = 5.8  # a sign of the 9.5 px mono face
MOST = 60  # nodes; more are no picture any more


def mini_svg(view: GraphView, said: str) -> SafeString:
    """The drawing, or nothing for a large graph. ``said`` is what it tells who cannot see it."""
    layers = view.layout.layers
    if not layers or len(view.nodes) > MOST:
        return SafeString("")
    width = min(96.0, (WIDE - 2 - GAP * (len(layers) - 1)) / len(layers))
    rows = max(len(layer) for layer in layers)
    height = rows * ROW
    left = (WIDE - len(layers) * width - (len(layers) - 1) * GAP) / 2
    places: dict[str, tuple[float, float]] = {}
    for n, layer in enumerate(layers):
        top = (height - len(layer) * ROW) / 2 + (ROW - TALL) / 2
        for row, path in enumerate(layer):
            places[path] = left + n * (width + GAP), top + row * ROW
    parts = [
        f'<svg class="mini" viewBox="0 0 {number(WIDE)} {number(height)}" role="img" '
        f'aria-label="{escape(said)}">'
    ]
    for a, b in view.edges:
        if a in places and b in places:
            x, y = places[a][0] + width, places[a][1] + TALL / 2
            to_x, to_y = places[b][0], places[b][1] + TALL / 2
            half = number((x + to_x) / 2)
            parts.append(
                f'<path class="m-edge" d="M{number(x)} {number(y)}C{half} {number(y)} {half} '
                f'{number(to_y)} {number(to_x)} {number(to_y)}"/>'
            )
    room = int((width - 6) / SIGN)
    for node in view.nodes:
        x, y = places[node.path]
        action = node.decision or "reuse"
        parts.append(
            f'<rect class="sw-{action}" x="{number(x)}" y="{number(y)}" width="{number(width)}" '
            f'height="{number(TALL)}" rx="4"/>'
        )
        if room >= 4:
            name = words.shorten(node.full_name, room)
            parts.append(
                f'<text class="t-{action}" x="{number(x + width / 2)}" y="{number(y + 15.5)}">'
                f"{escape(name)}</text>"
            )
    return mark_safe("".join([*parts, "</svg>"]))  # noqa: S308 - every text in it was escaped
