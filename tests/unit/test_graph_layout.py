"""The layout promises: nothing overlaps, edges go right, order is stable, large graphs are quick."""

import random
import time
from itertools import combinations, pairwise

import pytest

from runs.projections.graph_layout import GraphNode, Layout, layout

Edges = list[tuple[str, str]]


def nodes(*names: str) -> list[GraphNode]:
    return [GraphNode(name) for name in names]


def numbered(count: int) -> list[GraphNode]:
    return nodes(*(f"s{n}" for n in range(count)))


def random_graph(seed: int, count: int) -> Edges:
    rng = random.Random(seed)
    return [
        (f"s{rng.randrange(max(0, n - 12), n)}", f"s{n}")
        for n in range(1, count)
        for _ in range(rng.choice((1, 1, 2, 3)))
    ]


SHAPES: dict[str, tuple[int, Edges]] = {
    "line": (5, [(f"s{n}", f"s{n + 1}") for n in range(4)]),
    "fan": (8, [("s0", f"s{n}") for n in range(1, 7)] + [(f"s{n}", "s7") for n in range(1, 7)]),
    "diamond": (4, [("s0", "s1"), ("s0", "s2"), ("s1", "s3"), ("s2", "s3")]),
    "long edge": (4, [("s0", "s1"), ("s1", "s2"), ("s2", "s3"), ("s0", "s3")]),
    "islands": (6, [("s0", "s1"), ("s2", "s3")]),
    "random": (60, random_graph(7, 60)),
    "dense": (40, [(f"s{a}", f"s{b}") for a in range(40) for b in range(a + 1, 40, 5)]),
}


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> tuple[list[GraphNode], Edges]:
    count, edges = SHAPES[request.param]
    return numbered(count), edges


def test_no_two_nodes_overlap(shape: tuple[list[GraphNode], Edges]) -> None:
    made = layout(*shape)
    for a, b in combinations(made.boxes.values(), 2):
        apart = a.right <= b.x or b.right <= a.x or a.bottom <= b.y or b.bottom <= a.y
        assert apart, (a, b)


def test_every_edge_goes_from_left_to_right(shape: tuple[list[GraphNode], Edges]) -> None:
    made = layout(*shape)
    assert len(made.lines) == len(set(shape[1]))
    for line in made.lines:
        assert made.boxes[line.source].right < made.boxes[line.target].x


def test_everything_is_inside_the_drawing(shape: tuple[list[GraphNode], Edges]) -> None:
    made = layout(*shape)
    assert set(made.boxes) == {node.key for node in shape[0]}
    for box in made.boxes.values():
        assert box.x >= 0
        assert box.y >= 0
        assert box.right <= made.width
        assert box.bottom <= made.height


def test_the_same_graph_is_drawn_the_same_way(shape: tuple[list[GraphNode], Edges]) -> None:
    assert layout(*shape) == layout(*shape)


def test_siblings_keep_the_order_of_the_file() -> None:
    made = layout(numbered(8), SHAPES["fan"][1])
    assert made.layers[1] == tuple(f"s{n}" for n in range(1, 7))


def test_a_line_is_straight() -> None:
    made = layout(numbered(5), SHAPES["line"][1])
    assert len({box.y for box in made.boxes.values()}) == 1
    assert all("C" not in line.d for line in made.lines)


def test_a_long_edge_passes_no_node() -> None:
    made = layout(numbered(4), SHAPES["long edge"][1])
    line = next(one for one in made.lines if (one.source, one.target) == ("s0", "s3"))
    heights = {round(float(part.split()[-1])) for part in line.d.split("H")[0].split("C")[1:]}
    middle = [made.boxes["s1"], made.boxes["s2"]]
    assert all(not box.y <= height <= box.bottom for box in middle for height in heights)


def test_edges_enter_a_node_at_points_of_their_own() -> None:
    made = layout(numbered(8), SHAPES["fan"][1])
    ends = [line.d.replace("H", " ").split()[-1] for line in made.lines if line.target == "s7"]
    assert len(set(ends)) == len(ends)


def test_nodes_of_a_column_are_as_wide_as_its_widest() -> None:
    made = layout([GraphNode("a"), GraphNode("b", 200), GraphNode("c")], [("a", "c"), ("b", "c")])
    assert made.boxes["a"].width == made.boxes["b"].width == 200


def test_a_graph_without_crossings_is_drawn_without() -> None:
    edges = [("a", "c"), ("b", "d"), ("c", "e"), ("d", "f")]
    made = layout(nodes("a", "b", "c", "d", "e", "f"), edges)
    assert made.layers == (("a", "b"), ("c", "d"), ("e", "f"))


def test_a_circle_or_an_unknown_name_does_not_break_the_drawing() -> None:
    made = layout(nodes("a", "b"), [("a", "b"), ("b", "a"), ("a", "gone"), ("a", "a")])
    assert set(made.boxes) == {"a", "b"}


def test_nothing_to_draw_is_a_small_empty_drawing() -> None:
    assert layout([], []).boxes == {}


BIG: dict[str, Edges] = {
    "chain": [(f"s{n}", f"s{n + 1}") for n in range(999)],
    "fan and join": [("s0", f"s{n}") for n in range(1, 999)]
    + [(f"s{n}", "s999") for n in range(1, 999)],
    "all need the first": [(f"s{n}", f"s{n + 1}") for n in range(999)]
    + [("s0", f"s{n}") for n in range(2, 1000)],
    "random": random_graph(1, 1000),
}


def took(edges: Edges) -> tuple[float, Layout]:
    began = time.process_time()
    made = layout(numbered(1000), edges)
    return time.process_time() - began, made


@pytest.mark.parametrize("name", BIG)
def test_a_thousand_nodes_are_laid_out_quickly(name: str) -> None:
    seconds, made = min((took(BIG[name]) for _ in range(2)), key=lambda pair: pair[0])
    assert len(made.boxes) == 1000
    assert seconds < 0.6  # 0.05 to 0.2 s on a quiet machine
    columns: dict[int, list[tuple[float, float]]] = {}
    for box in made.boxes.values():
        columns.setdefault(box.layer, []).append((box.y, box.bottom))
    for column in columns.values():
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(column)))


def test_a_label_has_room_between_the_columns() -> None:
    made = layout(nodes("a", "b", "c"), [("a", "b"), ("b", "c")], [("a", 60.0)])
    assert made.boxes["b"].x - made.boxes["a"].right > 60
    assert made.boxes["c"].x - made.boxes["b"].right < 60
