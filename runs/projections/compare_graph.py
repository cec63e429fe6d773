"""The graphs of two runs merged into one, and the steps beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from runs import steppath
from runs.models import Run
from runs.models.stored import drawable_version
from runs.projections.compare import ComparedNode, Comparison, is_at
from runs.projections.graph_groups import shapes_of
from runs.projections.graph_shape import Shape, Shapes
from runs.projections.graph_view import GraphView, view_of
from runs.projections.step_states import StepState, states_of_runs

# How a node is called in the drawing; the look follows from it.
CHANGED, FOLLOWS, ONLY_A, ONLY_B = "changed", "follows", "only in A", "only in B"
SAME, REUSED, NEITHER = "same", "reused", "in neither"
_WEIGHT = (NEITHER, REUSED, SAME, ONLY_B, ONLY_A, FOLLOWS, CHANGED)
SHOW = ("both", "a", "b")
STEPS = 400  # of the table


@dataclass(frozen=True, slots=True)
class MergedGraph:
    """Every step of either run, once, and what became of it."""

    view: GraphView
    marks: Mapping[str, str]
    first: str  # the drawn node that the first divergence is in, or ""


def mark_of(node: ComparedNode) -> str:
    """What became of a step, in the words of the drawing."""
    if node.verdict == "only_a":
        return ONLY_A
    if node.verdict == "only_b":
        return ONLY_B
    if node.verdict == "changed":
        return CHANGED if node.role == "cause" else FOLLOWS
    return REUSED if node.verdict == "reused" else SAME


def merged_graph(runs: tuple[Run, Run], found: Comparison, show: str, now: datetime) -> MergedGraph:
    """Both graphs in one. With ``show`` "a" or "b" the states are that run's, and what the other
    one alone has is drawn back. One query."""
    of_a, of_b = states_of_runs(runs)
    drawn = _merged(_shapes(runs[0], of_a), _shapes(runs[1], of_b))
    both = {**of_b, **of_a} if show == "a" else {**of_a, **of_b}
    view = view_of(f"{found.a.id} and {found.b.id}", drawn, both, True, now)
    paths = {shape.path for shape in drawn.nodes}
    marks, first = _marks(found, paths)
    nodes = tuple(
        replace(node, meta=marks.get(node.path, NEITHER), time="", since=None, until=None)
        for node in view.nodes
    )
    if show != "both":
        other = ONLY_B if show == "a" else ONLY_A
        marks = {path: "away" if mark == other else mark for path, mark in marks.items()}
    return MergedGraph(replace(view, nodes=nodes), marks, first)


def _shapes(run: Run, states: Mapping[str, StepState]) -> Shapes:
    return shapes_of(drawable_version(run.version_id), states)


def _merged(a: Shapes, b: Shapes) -> Shapes:
    nodes: list[Shape] = list(b.nodes)
    at = {shape.path: n for n, shape in enumerate(nodes)}
    before = ""
    for shape in a.nodes:
        if shape.path not in at:
            # Behind the step that it stood behind.
            place = at[before] + 1 if before in at else 0
            nodes.insert(place, shape)
            at = {one.path: n for n, one in enumerate(nodes)}
        before = shape.path
    return Shapes(
        nodes,
        list(dict.fromkeys([*b.edges, *a.edges])),
        {**a.labels, **b.labels},
        a.asides | b.asides,
        a.undoing | b.undoing,
    )


def _marks(found: Comparison, drawn: set[str]) -> tuple[dict[str, str], str]:
    """What became of every drawn node; of a closed container also what is inside it."""
    marks: dict[str, str] = {}
    first = ""
    for node in found.nodes:
        place = _drawn(node.path, drawn)
        if not place:
            continue
        mark = mark_of(node)
        inside = place != node.path
        if inside and mark in (ONLY_A, ONLY_B):
            mark = FOLLOWS if node.role == "consequence" else CHANGED
        known = marks.get(place)
        if inside and known in (ONLY_A, ONLY_B):
            continue  # all that is inside is so too
        if known is None or _WEIGHT.index(mark) > _WEIGHT.index(known):
            marks[place] = mark
        if node.path == found.first_divergence:
            first = place
    return marks, first


def _drawn(path: str, drawn: set[str]) -> str:
    while path and path not in drawn:
        path = steppath.parent_of(path) or steppath.scope_of(path)
    return path


@dataclass(frozen=True, slots=True)
class Inside:
    """What the panel shows of a step: the step, and what differs inside it."""

    node: ComparedNode
    mark: str
    differing: tuple[ComparedNode, ...]
    more: int


MOST_INSIDE = 60


def inside_of(found: Comparison, path: str) -> Inside | None:
    """A step of a comparison, with what stands inside it."""
    node = next((one for one in found.nodes if one.path == path), None)
    if node is None:
        node = next((one for one in found.nodes if one.stands_at(path)), None)
    if node is None:
        return None
    others = [
        one
        for one in found.nodes
        if one is not node and is_at(one, path) and one.verdict not in ("same", "reused")
    ]
    return Inside(
        node, mark_of(node), tuple(others[:MOST_INSIDE]), max(0, len(others) - MOST_INSIDE)
    )
