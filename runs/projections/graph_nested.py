"""Where everything of a graph with opened groups stands: every scope is laid out for itself, and
what is inside a group makes its frame as large as it has to be. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from runs.projections.graph_layout import Box, EdgeLine, GraphNode, Layout, layout
from runs.projections.graph_shape import Edge, Part, Shapes

HEAD = 104.0  # of a frame: its words, its bar, its sentence
HEAD_MIDDLE = 26.0  # where edges touch a frame
FOOT = 10.0
GAP = 12.0  # between two turns
TIGHT = 9.0  # around what has no frame of its own
WANTED = 1.7  # width to height of a frame
LABEL_SIGN = 6.2  # a sign of an edge's label, 11 px sans


@dataclass(frozen=True, slots=True)
class TurnBox:
    """Where one turn of an opened loop is framed."""

    title: str
    scope: str
    box: Box


@dataclass(frozen=True, slots=True)
class Nested:
    """All of it, in places of the whole drawing."""

    layout: Layout
    turns: tuple[TurnBox, ...]


@dataclass(slots=True)
class _Block:
    width: float
    height: float
    boxes: dict[str, Box]
    lines: list[EdgeLine]
    turns: list[TurnBox]
    layers: tuple[tuple[str, ...], ...] = ()

    def put(self, other: "_Block", dx: float, dy: float) -> None:
        self.boxes.update((path, box.moved(dx, dy)) for path, box in other.boxes.items())
        self.lines += [line.moved(dx, dy) for line in other.lines]
        self.turns += [replace(turn, box=turn.box.moved(dx, dy)) for turn in other.turns]


def nested(shapes: Shapes, sizes: Mapping[str, GraphNode], down: bool) -> Nested:
    """``sizes``: how large every node is by itself; of an opened group, how large its head is."""
    made = _scope(shapes, sizes, down, None)
    placed = Layout(made.width, made.height, made.boxes, tuple(made.lines), made.layers, down)
    return Nested(placed, tuple(made.turns))


def _scope(
    shapes: Shapes, sizes: Mapping[str, GraphNode], down: bool, margin: float | None
) -> _Block:
    inner: dict[str, _Block] = {}
    nodes = []
    for shape in shapes.nodes:
        size = sizes[shape.path]
        if shape.path in shapes.inside:
            block = inner[shape.path] = _packed(shapes.inside[shape.path], sizes, down)
            size = GraphNode(
                shape.path,
                max(size.width, block.width),
                HEAD + block.height + FOOT,
                head=0.0 if down else HEAD_MIDDLE,
                fixed=True,
            )
        nodes.append(size)
    labels = [(a, LABEL_SIGN * len(text)) for (a, _), text in shapes.labels.items()]
    made = _laid_out(nodes, shapes.edges, labels, down, margin)
    found = _Block(made.width, made.height, dict(made.boxes), list(made.lines), [], made.layers)
    for path, block in inner.items():
        box = made.boxes[path]
        found.put(block, box.x, box.y + HEAD)
    return found


def _packed(parts: Sequence[Part], sizes: Mapping[str, GraphNode], down: bool) -> _Block:
    """The parts of a group in rows, as wide as a frame is best read."""
    framed = len(parts) > 1 and bool(parts[0].title)
    # Steps of a sub-workflow stand in its frame as others stand on the canvas.
    margin = None if framed or len(parts) == 1 else TIGHT
    blocks = [_scope(part.shapes, sizes, down, margin) for part in parts]
    if not blocks:
        return _Block(0.0, 0.0, {}, [], [])
    gap = GAP if framed else 0.0
    wide, tall = max(b.width for b in blocks) + gap, max(b.height for b in blocks) + gap
    across = _columns(len(blocks), wide, tall)
    found = _Block(0.0, 0.0, {}, [], [])
    y = 0.0
    for at in range(0, len(blocks), across):
        row = blocks[at : at + across]
        for n, block in enumerate(row):
            x = gap + n * wide
            found.put(block, x, y)
            if framed:
                frame = Box(x, y, wide - gap, max(b.height for b in row), 0)
                part = parts[at + n]
                found.turns.append(TurnBox(part.title, part.scope, frame))
        y += max(b.height for b in row) + gap
    found.width = gap + min(across, len(blocks)) * wide
    found.height = y
    return found


def _columns(count: int, wide: float, tall: float) -> int:
    """How many parts stand side by side, so that all of them have a readable form together."""
    return min(
        range(1, count + 1),
        key=lambda n: abs(math.log(n * wide / (math.ceil(count / n) * tall) / WANTED)),
    )


def _laid_out(
    nodes: Sequence[GraphNode],
    edges: Sequence[Edge],
    labels: Sequence[tuple[str, float]],
    down: bool,
    margin: float | None,
) -> Layout:
    """By numbers and not by names: the turns of a loop are all alike, and are laid out once."""
    paths = [node.key for node in nodes]
    number = {path: str(n) for n, path in enumerate(paths)}
    made = _place(
        tuple(node.named(number[node.key]) for node in nodes),
        tuple((number[a], number[b]) for a, b in edges if a in number and b in number),
        tuple((number[a], wide) for a, wide in labels if a in number),
        down,
        margin,
    )
    return Layout(
        made.width,
        made.height,
        {paths[int(key)]: box for key, box in made.boxes.items()},
        tuple(
            line.joining(paths[int(line.source)], paths[int(line.target)]) for line in made.lines
        ),
        tuple(tuple(paths[int(key)] for key in layer) for layer in made.layers),
        down,
    )


# Most changes of a run change no size, so a live page lays the graph out once.
@lru_cache(maxsize=256)
def _place(
    nodes: tuple[GraphNode, ...],
    edges: tuple[Edge, ...],
    labels: tuple[tuple[str, float], ...],
    down: bool,
    margin: float | None,
) -> Layout:
    if margin is None:
        return layout(nodes, edges, labels, down)
    return layout(nodes, edges, labels, down, margin)
