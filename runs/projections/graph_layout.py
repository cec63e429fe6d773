"""Where the nodes of a run's graph stand: layered, left to right or from the top down. Pure.

Sugiyama's method in its cheap form. Layers by longest path; a dummy in every layer that a long
edge crosses, so that it keeps a lane of its own; order by barycentre, in few sweeps; heights by
isotonic regression, which moves every node as little as possible from where its neighbours want
it, with dummies pulling hardest so that long edges run straight. Every part is O(n log n) a sweep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from runs.projections.graph_heights import give_heights, give_ports, straighten
from runs.projections.graph_order import Cell, columns_of, ordered_rows, with_lanes

MARGIN = 24.0  # around the drawing; the ring of a chosen node and the branch mark need some
GAP_X, GAP_X_MAX = 40.0, 132.0  # between columns; wider where edges climb far
LABEL_X = 18.0  # around a label on an edge, both sides together
LABEL_TALL = 15.0
ARROW = 6.0  # what the arrow head covers


@dataclass(frozen=True, slots=True)
class GraphNode:
    """What the layout must know of a node: its name and its size."""

    key: str
    width: float = 132.0
    height: float = 50.0
    tail: float = 0.0  # how far the drawing reaches beyond its right edge (a stack's back cards)
    head: float = 0.0  # where edges enter and leave, from the top; 0 is the middle
    fixed: bool = False  # it neither widens its column nor is widened with it

    # Here and below written out: `replace` takes three times as long, and there are thousands.
    def named(self, key: str) -> "GraphNode":
        return GraphNode(key, self.width, self.height, self.tail, self.head, self.fixed)


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

    def moved(self, dx: float, dy: float) -> "Box":
        return Box(self.x + dx, self.y + dy, self.width, self.height, self.layer)


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """One edge: where it runs, its end, and where a label on it may stand."""

    source: str
    target: str
    start: Point
    track: tuple[tuple[bool, float, float], ...]  # whether it bends, and where to
    end: Point  # it arrives level: an arrow head here points the way that the graph runs
    label: Point
    down: bool = False

    @property
    def d(self) -> str:
        """The path as SVG has it."""
        x, y = self.start
        parts = [f"M{_n(x)} {_n(y)}"]
        for bends, to_x, to_y in self.track:
            if not bends:
                parts.append(f"V{_n(to_y)}" if self.down else f"H{_n(to_x)}")
            elif self.down:
                half = _n((y + to_y) / 2)
                parts.append(f"C{_n(x)} {half} {_n(to_x)} {half} {_n(to_x)} {_n(to_y)}")
            else:
                half = _n((x + to_x) / 2)
                parts.append(f"C{half} {_n(y)} {half} {_n(to_y)} {_n(to_x)} {_n(to_y)}")
            x, y = to_x, to_y
        return "".join(parts)

    def joining(self, source: str, target: str) -> "EdgeLine":
        return EdgeLine(source, target, self.start, self.track, self.end, self.label, self.down)

    def moved(self, dx: float, dy: float) -> "EdgeLine":
        return replace(
            self,
            start=(self.start[0] + dx, self.start[1] + dy),
            track=tuple((bends, x + dx, y + dy) for bends, x, y in self.track),
            end=(self.end[0] + dx, self.end[1] + dy),
            label=(self.label[0] + dx, self.label[1] + dy),
        )

    def turned(self) -> "EdgeLine":
        """The same line with both axes changed: it runs down."""
        return EdgeLine(
            self.source,
            self.target,
            self.start[::-1],
            tuple((bends, y, x) for bends, x, y in self.track),
            self.end[::-1],
            self.label[::-1],
            True,
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """A laid out graph: its size, and every node and edge."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    lines: tuple[EdgeLine, ...]
    layers: tuple[tuple[str, ...], ...] = ()  # the nodes of each column, from the top
    down: bool = False


def layout(
    nodes: Sequence[GraphNode],
    edges: Sequence[tuple[str, str]],
    labels: Sequence[tuple[str, float]] = (),
    down: bool = False,
    margin: float = MARGIN,
) -> Layout:
    """Place ``nodes`` and draw ``edges``. The order of ``nodes`` breaks ties: it is the file's.

    ``labels``: how wide the labels are on edges that leave a node, by its key. They stand between
    the columns and want room there.
    """
    if not nodes:
        return Layout(2 * margin, 2 * margin, {}, (), (), down)
    if down:
        lying = [GraphNode(n.key, n.height, n.width, fixed=True) for n in nodes]
        low = [(key, LABEL_TALL) for key, _ in labels]
        return _turned(_reckon(lying, edges, low, margin))
    return _reckon(nodes, edges, labels, margin)


def _turned(made: Layout) -> Layout:
    boxes = {k: Box(b.y, b.x, b.height, b.width, b.layer) for k, b in made.boxes.items()}
    lines = tuple(line.turned() for line in made.lines)
    return Layout(made.height, made.width, boxes, lines, made.layers, True)


def _reckon(
    nodes: Sequence[GraphNode],
    edges: Sequence[tuple[str, str]],
    labels: Sequence[tuple[str, float]],
    margin: float,
) -> Layout:
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
    return _draw(nodes, cells, rows, chains, wanted, margin)


def _draw(
    nodes: Sequence[GraphNode],
    cells: list[Cell],
    rows: list[list[int]],
    chains: list[tuple[int, int, list[int]]],
    gaps: list[float],
    margin: float,
) -> Layout:
    top = min(cell.y - cell.height / 2 for cell in cells)
    for cell in cells:
        # Half pixels: hairlines stay sharp, and what is straight stays straight.
        cell.y = round(2 * (cell.y - top + margin)) / 2
    climb = [0.0] * len(rows)
    for cell in cells:
        for j in cell.outs:
            climb[cell.layer] = max(climb[cell.layer], abs(cells[j].y - cell.y))
    lefts, rights, widths, x = [], [], [], margin
    for layer, row in enumerate(rows):
        real = [nodes[cells[i].node] for i in row if cells[i].node >= 0]
        lefts.append(x)
        widths.append(max((n.width + n.tail for n in real if not n.fixed), default=0.0))
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
            node.width if node.fixed else widths[cell.layer],
            cell.height,
            cell.layer,
        )
    lines = [
        _line(nodes[a].key, nodes[b].key, cells, lefts, rights, chain, boxes)
        for a, b, chain in chains
    ]
    bottom = max(cell.y + cell.height / 2 for cell in cells)
    order = tuple(
        tuple(nodes[cells[i].node].key for i in row if cells[i].node >= 0) for row in rows
    )
    return Layout(rights[-1] + margin, bottom + margin, boxes, tuple(lines), order)


def _line(
    source: str,
    target: str,
    cells: list[Cell],
    lefts: list[float],
    rights: list[float],
    chain: list[int],
    boxes: Mapping[str, Box],
) -> EdgeLine:
    """One edge: straight across columns, bent in the gaps between them."""
    first = cells[chain[0]]
    start = boxes[source].right if first.node >= 0 else rights[first.layer]
    x, y = rights[first.layer], first.y + first.port_out.get(chain[1], 0.0)
    track: list[tuple[bool, float, float]] = []
    if start < x:
        track.append((False, x, y))
    begin, label = (start, y), None
    for n, i in enumerate(chain[1:], start=1):
        cell = cells[i]
        end = n == len(chain) - 1
        to_x = lefts[cell.layer] - (ARROW if end else 0)
        to_y = cell.y + (cell.port_in.get(chain[-2], 0.0) if end else 0.0)
        if abs(to_y - y) < 1.5 and not end:
            to_y = y  # a wobble of a pixel is not a turn
        if label is None:
            label = ((x + to_x) / 2, (y + to_y) / 2)
        if bends := abs(to_y - y) >= 0.75:
            track.append((True, to_x, to_y))
        x = to_x if end else rights[cell.layer]
        y = to_y
        if not end or not bends:
            if track and not track[-1][0]:
                track.pop()
            track.append((False, x, track[-1][2] if track else begin[1]))
    return EdgeLine(source, target, begin, tuple(track), (x, y), label or (x, y))


def _n(value: float) -> str:
    """A coordinate as short as SVG allows."""
    return f"{value:.1f}".removesuffix(".0")
