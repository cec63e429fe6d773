"""Where the nodes of a run's graph stand: layered, left to right. Pure.

Sugiyama's method in its cheap form. Layers by longest path; a dummy in every layer that a long
edge crosses, so that it keeps a lane of its own; order by barycentre, in few sweeps; heights by
isotonic regression, which moves every node as little as possible from where its neighbours want
it, with dummies pulling hardest so that long edges run straight. Every part is O(n log n) a sweep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MARGIN = 24.0  # around the drawing; the ring of a chosen node and the branch mark need some
GAP_X, GAP_X_MAX = 40.0, 132.0  # between columns; wider where edges climb far
GAP_Y, LANE_Y = 36.0, 14.0  # between two nodes; beside the lane of a long edge
PORT_Y = 14.0  # between two edges at one side of a node
ARROW = 6.0  # what the arrow head covers
# More dummies than this (a thousand steps that all need the first one) and edges from one node
# share their lane: each would cost a lane for every layer otherwise.
DUMMIES_PER_NODE = 6


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
    """One edge: its path as an SVG ``d``, and where a label on it may stand."""

    source: str
    target: str
    d: str
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


@dataclass(slots=True)
class _Cell:
    """A node or a dummy while the layout is being made."""

    height: float
    layer: int
    node: int = -1  # index of the real node; -1 for a dummy
    ins: list[int] = field(default_factory=list)
    outs: list[int] = field(default_factory=list)
    place: float = 0.0  # index in the layer, then the barycentre while sorting
    y: float = 0.0  # of its middle
    port_in: dict[int, float] = field(default_factory=dict)  # neighbour → offset from the middle
    port_out: dict[int, float] = field(default_factory=dict)


def layout(nodes: Sequence[GraphNode], edges: Sequence[tuple[str, str]]) -> Layout:
    """Place ``nodes`` and draw ``edges``. The order of ``nodes`` breaks ties: it is the file's."""
    if not nodes:
        return Layout(2 * MARGIN, 2 * MARGIN, {}, ())
    index = {node.key: i for i, node in enumerate(nodes)}
    pairs = list(
        dict.fromkeys(
            (index[a], index[b]) for a, b in edges if a in index and b in index and a != b
        )
    )
    depth, pairs = _layers(len(nodes), pairs)
    cells = [_Cell(node.height, depth[i], i) for i, node in enumerate(nodes)]
    chains = _chains(cells, pairs)
    rows = _order(cells)
    _ports(cells, nodes)
    _heights(cells, rows)
    _straighten(cells, rows)
    return _draw(nodes, cells, rows, chains)


def _layers(count: int, pairs: list[tuple[int, int]]) -> tuple[list[int], list[tuple[int, int]]]:
    """The column of every node by longest path; edges that would close a circle are left out."""
    outs: list[list[int]] = [[] for _ in range(count)]
    waits = [0] * count
    for a, b in pairs:
        outs[a].append(b)
        waits[b] += 1
    depth = [0] * count
    ready = [i for i in range(count) if not waits[i]]
    done = 0
    for i in ready:  # grows while it is read
        done += 1
        for j in outs[i]:
            depth[j] = max(depth[j], depth[i] + 1)
            waits[j] -= 1
            if not waits[j]:
                ready.append(j)
    if done < count:
        # A checked definition has no circle; a drawing must not fail on one either.
        pairs = [(a, b) for a, b in pairs if a < b]
        return _layers(count, pairs)
    return depth, pairs


def _chains(cells: list[_Cell], pairs: list[tuple[int, int]]) -> list[tuple[int, int, list[int]]]:
    """Put dummies into long edges; returns every edge with the cells it passes, ends included.

    Where lanes are shared, an edge begins at the cell where it leaves its source's lane: what
    comes before is drawn by the edge that opened the lane.
    """
    real = len(cells)
    long = sum(cells[b].layer - cells[a].layer - 1 for a, b in pairs)
    share = long > DUMMIES_PER_NODE * real + 400
    lanes: dict[int, list[int]] = {}
    chains = []
    for a, b in sorted(pairs, key=lambda pair: cells[pair[1]].layer) if share else pairs:
        span = cells[b].layer - cells[a].layer - 1
        lane = lanes.setdefault(a, []) if share else []
        chain = [lane[min(span, len(lane)) - 1] if span and lane else a]
        while len(lane) < span:
            lane.append(len(cells))
            cells.append(_Cell(0.0, cells[a].layer + len(lane)))
            _join(cells, chain[-1], lane[-1])
            chain.append(lane[-1])
        _join(cells, chain[-1], b)
        chain.append(b)
        chains.append((a, b, chain))
    return chains


def _join(cells: list[_Cell], a: int, b: int) -> None:
    cells[a].outs.append(b)
    cells[b].ins.append(a)


def _order(cells: list[_Cell]) -> list[list[int]]:
    """The cells of each layer from the top, with few crossings."""
    rows: list[list[int]] = [[] for _ in range(max(cell.layer for cell in cells) + 1)]
    # A first order by walking the edges depth first, from the file's first nodes: what hangs
    # together starts out together, and a graph without crossings is drawn without any.
    seen = [False] * len(cells)
    for start in range(len(cells)):
        if seen[start] or cells[start].ins:
            continue
        stack = [start]
        while stack:
            i = stack.pop()
            if seen[i]:
                continue
            seen[i] = True
            rows[cells[i].layer].append(i)
            stack.extend(j for j in reversed(cells[i].outs) if not seen[j])
    for row in rows:
        _number(cells, row)
    best, fewest = [row[:] for row in rows], _crossings(cells, rows)
    sweeps = 8 if len(cells) <= 600 else 4 if len(cells) <= 2400 else 2
    for sweep in range(sweeps):
        if not fewest:
            break
        down = sweep % 2 == 0
        for row in rows[1:] if down else rows[-2::-1]:
            if len(row) < 2:
                continue
            keys = {}
            for i in row:
                near = cells[i].ins if down else cells[i].outs
                keys[i] = sum(cells[j].place for j in near) / len(near) if near else cells[i].place
            row.sort(key=keys.__getitem__)
            _number(cells, row)
        crossings = _crossings(cells, rows)
        if crossings < fewest:
            best, fewest = [row[:] for row in rows], crossings
    for row in best:
        _number(cells, row)
    return best


def _number(cells: list[_Cell], row: list[int]) -> None:
    for place, i in enumerate(row):
        cells[i].place = place


def _crossings(cells: list[_Cell], rows: list[list[int]]) -> int:
    """How many pairs of edges cross, layer by layer, with a Fenwick tree."""
    total = 0
    for row in rows[:-1]:
        ends = [
            int(cells[j].place)
            for i in row
            for j in sorted(cells[i].outs, key=lambda j: cells[j].place)
        ]
        if len(ends) < 2:
            continue
        size = max(ends) + 1
        tree = [0] * (size + 1)
        for before, end in enumerate(ends):
            at, smaller = end + 1, 0
            while at:
                smaller += tree[at]
                at -= at & -at
            total += before - smaller
            at = end + 1
            while at <= size:
                tree[at] += 1
                at += at & -at
    return total


def _ports(cells: list[_Cell], nodes: Sequence[GraphNode]) -> None:
    """Give every edge its own point at the sides of a node, in the order of its other ends."""

    def spread(cell: _Cell, near: list[int]) -> dict[int, float]:
        if cell.node < 0:
            return {}
        room = min(cell.height, 110.0) - 22
        step = min(PORT_Y, room / max(len(near) - 1, 1))
        head = nodes[cell.node].head
        middle = head - cell.height / 2 if head else 0.0
        first = middle - step * (len(near) - 1) / 2
        ranked = sorted(near, key=lambda j: cells[j].place)
        return {j: first + step * n for n, j in enumerate(ranked)}

    for cell in cells:
        cell.port_in = spread(cell, cell.ins)
        cell.port_out = spread(cell, cell.outs)


def _heights(cells: list[_Cell], rows: list[list[int]]) -> None:
    """Find every cell's height: near its neighbours, in order, apart."""
    for row in rows:
        y = 0.0
        for before, i in zip([None, *row], row, strict=False):
            y += _apart(cells[before], cells[i]) if before is not None else 0.0
            cells[i].y = y
        for i in row:
            cells[i].y -= y / 2
    wide = len(cells) > 2400

    def wanted(i: int, left: bool, right: bool) -> tuple[float, float]:
        cell = cells[i]
        at = weight = 0.0
        for use, near in ((left, cell.ins), (right, cell.outs)):
            if not use:
                continue
            for j in near:
                other = cells[j]
                if near is cell.ins:
                    there = other.y + other.port_out.get(i, 0.0) - cell.port_in.get(j, 0.0)
                else:
                    there = other.y + other.port_in.get(i, 0.0) - cell.port_out.get(j, 0.0)
                # Two dummies belong to one long edge, and a bend in it is the ugliest.
                pull = (
                    8.0
                    if cell.node < 0 and other.node < 0
                    else 2.0
                    if (cell.node < 0 or other.node < 0)
                    else 1.0
                )
                at += pull * there
                weight += pull
        return (at / weight, weight) if weight else (cell.y, 0.01)

    def settle(order: Sequence[list[int]], left: bool, right: bool) -> float:
        moved = 0.0
        for row in order:
            wishes = [wanted(i, left, right) for i in row]
            moved = max(moved, _spread(cells, row, wishes))
        return moved

    for _ in range(1 if wide else 3):
        if settle(rows[1:], True, False) + settle(rows[-2::-1], False, True) < 0.5:
            break
    for _ in range(1 if wide else 3):
        if settle(rows, True, True) + settle(rows[::-1], True, True) < 0.5:
            break


def _straighten(cells: list[_Cell], rows: list[list[int]]) -> None:
    """Move cells by the little that makes edges straight.

    First nodes, just so far that a main line does not wobble; then lanes: a lane stays at the
    height at which its edge leaves and turns in the last gap only, and nodes make way for it.
    """
    for forward in (True, False, True):
        _align(cells, rows if forward else rows[::-1], forward)
    for row in rows[1:]:
        if not any(cells[i].node < 0 for i in row):
            continue
        wishes = []
        for i in row:
            level = _level(cells, i, True) if cells[i].node < 0 else None
            wishes.append((cells[i].y, 1.0) if level is None else (level, 50.0))
        _spread(cells, row, wishes)
    _align(cells, rows, True)


def _align(cells: list[_Cell], rows: list[list[int]], forward: bool) -> None:
    """Bring every node level with its one neighbour, if that is near and there is room."""
    for row in rows:
        for place, i in enumerate(row):
            cell = cells[i]
            wish = _level(cells, i, forward) if cell.node >= 0 else None
            if wish is None or not 0.01 < abs(wish - cell.y) < 26:
                continue
            if place and wish < cells[row[place - 1]].y + _apart(cells[row[place - 1]], cell):
                continue
            if place + 1 < len(row):
                below = cells[row[place + 1]]
                if wish > below.y - _apart(cell, below):
                    continue
            cell.y = wish


def _level(cells: list[_Cell], i: int, forward: bool) -> float | None:
    """The height at which the cell's edge to the left (or right) would be straight."""
    cell = cells[i]
    near = cell.ins if forward else cell.outs
    if len(near) != 1:
        return None
    j = near[0]
    other = cells[j]
    if forward:
        return other.y + other.port_out.get(i, 0.0) - cell.port_in.get(j, 0.0)
    if cell.node < 0 or len(other.ins) != 1:
        return None  # a lane keeps the height of its source
    return other.y + other.port_in.get(i, 0.0) - cell.port_out.get(j, 0.0)


def _apart(above: _Cell, below: _Cell) -> float:
    """The least distance between the middles of two neighbours."""
    real = (above.node >= 0) + (below.node >= 0)
    return (above.height + below.height) / 2 + (LANE_Y, 24.0, GAP_Y)[real]


def _spread(cells: list[_Cell], row: list[int], wishes: list[tuple[float, float]]) -> float:
    """Isotonic regression (pool adjacent violators) on the wishes, less the least distances.

    Returns how far the cell that moved most has moved.
    """
    offsets, offset = [], 0.0
    for n, i in enumerate(row):
        offset += _apart(cells[row[n - 1]], cells[i]) if n else 0.0
        offsets.append(offset)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for (wish, weight), offset in zip(wishes, offsets, strict=True):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, heft, many = blocks.pop()
            mean = (mean * weight + other * heft) / (weight + heft)
            weight += heft
            count += many
        blocks.append((mean, weight, count))
    at, moved = 0, 0.0
    for mean, _, count in blocks:
        for n in range(at, at + count):
            cell = cells[row[n]]
            moved = max(moved, abs(cell.y - mean - offsets[n]))
            cell.y = mean + offsets[n]
        at += count
    return moved


def _draw(
    nodes: Sequence[GraphNode],
    cells: list[_Cell],
    rows: list[list[int]],
    chains: list[tuple[int, int, list[int]]],
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
        x += min(GAP_X_MAX, GAP_X + max(0.0, climb[layer] - 120) / 10)
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
    cells: list[_Cell], lefts: list[float], rights: list[float], chain: list[int]
) -> tuple[str, float, float]:
    """The path of one edge, and the middle of its first turn."""
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
    return start + "".join(parts), at_x, at_y


def _n(value: float) -> str:
    """A coordinate as short as SVG allows."""
    return f"{value:.1f}".removesuffix(".0")
