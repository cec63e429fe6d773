"""A workflow's graph before any run of it: kinds of steps in the place of states."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from runs.planning.graph import Compiled, ScopeSpec
from runs.projections import words
from runs.projections.graph_asked import CLOSED
from runs.projections.graph_groups import shapes_of
from runs.projections.graph_node_view import NodeView, kind_words
from runs.projections.graph_shape import Shape
from runs.projections.graph_view import GraphView, view_of

DEFINED = "defined"  # a decision that nobody has taken yet
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # nothing in it has begun


def definition_view(title: str, made: Compiled) -> GraphView:
    """The graph of a definition: every step, what kind it is, and how many are in a group."""
    shapes = shapes_of(made, {}, CLOSED)
    view = view_of(title, shapes, {}, False, _NEVER)
    nodes = zip(shapes.nodes, view.nodes, strict=True)
    return replace(view, nodes=tuple(_defined(shape, node, made.scopes) for shape, node in nodes))


def _defined(shape: Shape, node: NodeView, scopes: Mapping[str, ScopeSpec]) -> NodeView:
    said = ""
    if node.is_group and shape.path in scopes:
        said = words.count(len(scopes[shape.path].nodes), "step")
        said += f" a {'round' if node.kind == 'rounds' else 'turn'}" if shape.repeats else ""
    return replace(
        node,
        decision=DEFINED,
        word="",
        meta=kind_words(shape),
        turns=(),
        sentence=said,
        inside=frozenset(),
    )
