"""How high the nodes of a graph stand, and where edges touch them: the layout's second half. Pure."""

from collections.abc import Sequence

from runs.projections.graph_order import Cell

GAP_Y, LANE_Y = 36.0, 14.0  # between two nodes; beside the lane of a long edge
PORT_Y = 14.0  # between two edges at one side of a node


def give_ports(cells: list[Cell], heads: Sequence[float]) -> None:
    """Give every edge its own point at the sides of a node, in the order of its other ends."""

    def spread(cell: Cell, near: list[int]) -> dict[int, float]:
        if cell.node < 0:
            return {}
        room = min(cell.height, 110.0) - 22
        step = min(PORT_Y, room / max(len(near) - 1, 1))
        head = heads[cell.node]
        middle = head - cell.height / 2 if head else 0.0
        first = middle - step * (len(near) - 1) / 2
        ranked = sorted(near, key=lambda j: cells[j].place)
        return {j: first + step * n for n, j in enumerate(ranked)}

    for cell in cells:
        cell.port_in = spread(cell, cell.ins)
        cell.port_out = spread(cell, cell.outs)


def give_heights(cells: list[Cell], rows: list[list[int]]) -> None:
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


def straighten(cells: list[Cell], rows: list[list[int]]) -> None:
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


def _align(cells: list[Cell], rows: list[list[int]], forward: bool) -> None:
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


def _level(cells: list[Cell], i: int, forward: bool) -> float | None:
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


def _apart(above: Cell, below: Cell) -> float:
    """The least distance between the middles of two neighbours."""
    real = (above.node >= 0) + (below.node >= 0)
    return (above.height + below.height) / 2 + (LANE_Y, 24.0, GAP_Y)[real]


def _spread(cells: list[Cell], row: list[int], wishes: list[tuple[float, float]]) -> float:
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
