"""Which column a node of the graph stands in, and where in it: the first half of the layout. Pure."""

from dataclasses import dataclass, field

# More dummies than this (a thousand steps that all need the first one) and edges from one node
# share their lane: each would cost a lane for every layer otherwise.
DUMMIES_PER_NODE = 6


@dataclass(slots=True)
class Cell:
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


def columns_of(count: int, pairs: list[tuple[int, int]]) -> tuple[list[int], list[tuple[int, int]]]:
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
        return columns_of(count, pairs)
    return depth, pairs


def with_lanes(cells: list[Cell], pairs: list[tuple[int, int]]) -> list[tuple[int, int, list[int]]]:
    """Put dummies into long edges; returns every edge with the cells it passes, ends included.

    Where lanes are shared, an edge begins at the cell where it leaves its source's lane: what
    comes before is drawn by the edge that opened the lane.
    """
    real = len(cells)
    long = sum(cells[b].layer - cells[a].layer - 1 for a, b in pairs)
    share = long > DUMMIES_PER_NODE * real + 400
    lanes: dict[int, list[int]] = {}
    found = []
    for a, b in sorted(pairs, key=lambda pair: cells[pair[1]].layer) if share else pairs:
        span = cells[b].layer - cells[a].layer - 1
        lane = lanes.setdefault(a, []) if share else []
        chain = [lane[min(span, len(lane)) - 1] if span and lane else a]
        while len(lane) < span:
            lane.append(len(cells))
            cells.append(Cell(0.0, cells[a].layer + len(lane)))
            _join(cells, chain[-1], lane[-1])
            chain.append(lane[-1])
        _join(cells, chain[-1], b)
        chain.append(b)
        found.append((a, b, chain))
    return found


def _join(cells: list[Cell], a: int, b: int) -> None:
    cells[a].outs.append(b)
    cells[b].ins.append(a)


def ordered_rows(cells: list[Cell]) -> list[list[int]]:
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


def _number(cells: list[Cell], row: list[int]) -> None:
    for place, i in enumerate(row):
        cells[i].place = place


def _crossings(cells: list[Cell], rows: list[list[int]]) -> int:
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
