"""Where the nodes of a run's graph stand: layered, left to right. Pure.

Sugiyama's method in its cheap form. Layers by longest path; a dummy in every layer that a long
edge crosses, so that it keeps a lane of its own; order by barycentre, in few sweeps; heights by
isotonic regression, which moves every node as little as possible from where its neighbours want
it, with dummies pulling hardest so that long edges run straight. Every part is O(n log n) a sweep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runs.projections.graph_heights import give_heights, give_ports, straighten
from runs.projections.graph_order import Cell, columns_of, ordered_rows, with_lanes

MARGIN = 24.0  # around the drawing; the ring of a chosen node and the branch mark need some
GAP_X, GAP_X_MAX = 40.0, 132.0  # between columns; wider where edges climb far
LABEL_X = 18.0  # around a label on an edge, both sides together
ARROW = 6.0  # what the arrow head covers


@dataclass(frozen=True, slots=True)
class GraphNode:
    """What the layout must know of a node: its name and its size."""

    key: str
    width: float = 132.0
    height: float = 50.0
    tail: float = 0.0  # how far the drawing reaches beyond its right edge (a stack's back cards)
    head: float = 0.0  # where edges enter and leave, from the top; 0 is the middle


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node stands. All nodes of a column are as wide as its widest."""

    x: float
    y: float
    width: float
    height: float
    layer: int

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """One edge: its path as an SVG ``d``, its end, and where a label on it may stand."""

    source: str
    target: str
    d: str
    end_x: float  # it arrives level, from the left: an arrow head here points right
    end_y: float
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A laid out graph: its size, and every node and edge."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    lines: tuple[EdgeLine, ...]
    layers: tuple[tuple[str, ...], ...] = ()  # the nodes of each column, from the top


def layout(
    nodes: Sequence[GraphNode],
    edges: Sequence[tuple[str, str]],
    labels: Sequence[tuple[str, float]] = (),
) -> Layout:
    """Place ``nodes`` and draw ``edges``. The order of ``nodes`` breaks ties: it is the file's.

    ``labels``: how wide the labels are on edges that leave a node, by its key. They stand between
    the columns and want room there.
    """
    if not nodes:
        return Layout(2 * MARGIN, 2 * MARGIN, {}, ())
    index = {node.key: i for i, node in enumerate(nodes)}
    pairs = list(
        dict.fromkeys(
            (index[a], index[b]) for a, b in edges if a in index and b in index and a != b
        )
    )
    depth, pairs = columns_of(len(nodes), pairs)
    cells = [Cell(node.height, depth[i], i) for i, node in enumerate(nodes)]
    chains = with_lanes(cells, pairs)
    rows = ordered_rows(cells)
    give_ports(cells, [node.head for node in nodes])
    give_heights(cells, rows)
    straighten(cells, rows)
    wanted = [0.0] * len(rows)
    for key, width in labels:
        if key in index:
            layer = depth[index[key]]
            wanted[layer] = max(wanted[layer], width + LABEL_X)
    return _draw(nodes, cells, rows, chains, wanted)


def _draw(
    nodes: Sequence[GraphNode],
    cells: list[Cell],
    rows: list[list[int]],
    chains: list[tuple[int, int, list[int]]],
    gaps: list[float],
) -> Layout:
    top = min(cell.y - cell.height / 2 for cell in cells)
    for cell in cells:
        # Half pixels: hairlines stay sharp, and what is straight stays straight.
        cell.y = round(2 * (cell.y - top + MARGIN)) / 2
    climb = [0.0] * len(rows)
    for cell in cells:
        for j in cell.outs:
            climb[cell.layer] = max(climb[cell.layer], abs(cells[j].y - cell.y))
    lefts, rights, x = [], [], MARGIN
    for layer, row in enumerate(rows):
        real = [nodes[cells[i].node] for i in row if cells[i].node >= 0]
        lefts.append(x)
        x += max((node.width + node.tail for node in real), default=0.0)
        rights.append(x)
        climbing = min(GAP_X_MAX, GAP_X + max(0.0, climb[layer] - 120) / 10)
        x += max(climbing, gaps[layer])
    boxes = {}
    for cell in cells:
        if cell.node < 0:
            continue
        node = nodes[cell.node]
        boxes[node.key] = Box(
            lefts[cell.layer],
            cell.y - cell.height / 2,
            rights[cell.layer] - lefts[cell.layer],
            cell.height,
            cell.layer,
        )
    lines = [
        EdgeLine(nodes[a].key, nodes[b].key, *_line(cells, lefts, rights, chain))
        for a, b, chain in chains
    ]
    bottom = max(cell.y + cell.height / 2 for cell in cells)
    order = tuple(
        tuple(nodes[cells[i].node].key for i in row if cells[i].node >= 0) for row in rows
    )
    return Layout(rights[-1] + MARGIN, bottom + MARGIN, boxes, tuple(lines), order)


def _line(
    cells: list[Cell], lefts: list[float], rights: list[float], chain: list[int]
) -> tuple[str, float, float, float, float]:
    """The path of one edge, its end, and the middle of its first turn."""
    first = cells[chain[0]]
    x, y = rights[first.layer], first.y + first.port_out.get(chain[1], 0.0)
    start, parts = f"M{_n(x)} {_n(y)}", [""]
    label: tuple[float, float] | None = None
    for n, i in enumerate(chain[1:], start=1):
        cell = cells[i]
        end = n == len(chain) - 1
        to_x = lefts[cell.layer] - (ARROW if end else 0)
        to_y = cell.y + (cell.port_in.get(chain[-2], 0.0) if end else 0.0)
        if abs(to_y - y) < 1.5 and not end:
            to_y = y  # a wobble of a pixel is not a turn
        if label is None:
            label = ((x + to_x) / 2, (y + to_y) / 2)
        if abs(to_y - y) >= 0.75:
            half = _n((x + to_x) / 2)
            parts.append(f"C{half} {_n(y)} {half} {_n(to_y)} {_n(to_x)} {_n(to_y)}")
        x, y = to_x if end else rights[cell.layer], to_y
        if parts[-1].startswith("H"):
            parts.pop()
        if not end or (abs(to_y - y) < 0.75 and not parts[-1].endswith(f" {_n(x)} {_n(y)}")):
            parts.append(f"H{_n(x)}")
    at_x, at_y = label or (x, y)
    return start + "".join(parts), x, y, at_x, at_y


def _n(value: float) -> str:
    """A coordinate as short as SVG allows."""
    return f"{value:.1f}".removesuffix(".0")
