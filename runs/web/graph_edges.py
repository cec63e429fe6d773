"""The edges of a graph as SVG text: few paths, many edges each."""

from collections.abc import Iterator
from html import escape

from runs.projections.graph_layout import EdgeLine
from runs.projections.graph_nested import LABEL_SIGN
from runs.projections.graph_view import GraphView
from runs.web.graph_node import number

# One path for many edges of one look: an element each, with a marker for its head, is a third of
# the time until a large graph is drawn. One for all of them would be repainted for every corner.
EDGES_A_PATH = 80


def edges(view: GraphView) -> Iterator[str]:
    """Lines, heads and labels; at the end the critical path, that shows when it is asked for."""
    labels: list[str] = []
    lines: dict[str, list[str]] = {}
    asides: dict[str, list[str]] = {}
    heads: dict[str, list[str]] = {}
    critical: list[str] = []
    for line in view.layout.lines:
        edge = view.edges.get((line.source, line.target))
        look = edge.look if edge else ""
        drawn = line.d
        (asides if edge and edge.aside else lines).setdefault(look, []).append(drawn)
        heads.setdefault(look, []).append(_head(line))
        if edge and edge.critical:
            critical.append(drawn)
        if edge and edge.label:
            labels.append(_label(line, edge.label))
    # What is live is drawn last, so that no quiet edge lies over it.
    for look in ("ahead", "unknown", "", "live"):
        style = f"edge is-{look}" if look else "edge"
        head = f"head-{look}" if look else "edge-head"
        for shown, pieces in (
            (style, lines.get(look, [])),
            (f"{style} is-aside", asides.get(look, [])),
            (head, heads.get(look, [])),
        ):
            yield from _paths(shown, pieces)
    yield from _paths("edge is-critical", critical)
    yield from labels


def _paths(style: str, pieces: list[str]) -> Iterator[str]:
    for at in range(0, len(pieces), EDGES_A_PATH):
        yield f'<path class="{style}" d="{"".join(pieces[at : at + EDGES_A_PATH])}"/>'


def _head(line: EdgeLine) -> str:
    x, y = line.end
    if line.down:
        return f"M{number(x - 3.4)} {number(y - 2)}l3.4 7.5 3.4-7.5z"
    return f"M{number(x - 2)} {number(y - 3.4)}l7.5 3.4-7.5 3.4z"


def _label(line: EdgeLine, text: str) -> str:
    width = LABEL_SIGN * len(text) + 8
    x, y = line.label
    return (
        f'<g class="edge-label"><rect x="{number(x - width / 2)}" '
        f'y="{number(y - 7.5)}" width="{number(width)}" height="15"/>'
        f'<text x="{number(x)}" y="{number(y + 4)}">{escape(text)}</text></g>'
    )
