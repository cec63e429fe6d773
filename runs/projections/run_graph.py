"""A run as a graph: what was executed, and the steps of the definition that never started."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs import steppath
from runs.errors import UnknownRun
from runs.models import Execution, Run
from runs.planning.graph import StaticNode
from runs.projections.compiled import static_nodes
from runs.projections.run_facts import Decision, Reuse, decision, reuse


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One node; ``id`` is None when it has not started."""

    id: str | None
    path: str
    name: str
    type: str
    parent: str | None  # path of the container around it
    status: str
    status_reason: str
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None
    reused: bool
    reuse: Reuse | None
    decision: Decision | None
    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """``target`` needs ``source``; both are paths."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class RunGraph:
    """Nodes, containers before what they hold, and the edges among them."""

    run_id: str
    status: str
    seq: int  # the journal number that this picture shows at least
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]


_COLUMNS = (
    "id",
    "path",
    "name",
    "type",
    "status",
    "status_reason",
    "tries",
    "started_at",
    "finished_at",
    "duration_ms",
    "reused_from",
    "reused_run",
    "origin_execution",
    "origin_run",
    "decision",
)


def run_graph(run_id: str) -> RunGraph:
    """The graph of a run. Raises UnknownRun. Two queries, three the first time."""
    # The head before the nodes: a reader who follows the journal from `seq` misses nothing.
    head = Run.objects.filter(pk=run_id).values_list("version_id", "status", "event_seq").first()
    if head is None:
        raise UnknownRun(f"There is no run {run_id!r}.")
    version_id, status, seq = head
    rows = Execution.objects.filter(run_id=run_id).order_by().values(*_COLUMNS)
    executed = {row["path"]: row for row in rows}
    nodes, edges = assemble(static_nodes(version_id), executed)
    return RunGraph(run_id, status, seq, nodes, edges)


def assemble(
    static: Sequence[StaticNode], executed: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[GraphNode, ...], tuple[GraphEdge, ...]]:
    """Put the executed nodes and the definition's steps together. Pure.

    A step inside a loop stands once for each turn that was begun; in a loop without a turn it
    stands once, under its path without turns.
    """
    begun = _scopes(executed)
    places: dict[str, list[str]] = {}  # pattern of a step → the paths where it stands
    nodes: dict[str, GraphNode] = {}
    edges: list[GraphEdge] = []
    for step in static:
        if step.parent:
            containers = places.get(step.parent, ())
            scopes = [scope for at in containers for scope in begun.get(at, (at,))]
        else:
            scopes = [""]
        here = places.setdefault(step.path, [])
        for scope in scopes:
            path = steppath.child(scope, step.name)
            here.append(path)
            row = executed.get(path)
            nodes[path] = _planned(path, step) if row is None else _node(row, step)
            for need in step.needs:
                source = steppath.child(scope, steppath.name_of(need))
                edges.append(GraphEdge(source, path))
    for path, row in executed.items():
        if path not in nodes:
            nodes[path] = _node(row, None)
    return tuple(nodes.values()), tuple(edges)


def _scopes(paths: Iterable[str]) -> dict[str, list[str]]:
    """Container path → the scopes begun in it: turns for a loop, itself for the others."""
    seen = {steppath.scope_of(path) for path in paths}
    begun: dict[str, list[str]] = {}
    for scope in sorted(seen - {""}, key=steppath.sort_key):
        begun.setdefault(steppath.split_turn(scope)[0], []).append(scope)
    return begun


def _planned(path: str, step: StaticNode) -> GraphNode:
    return GraphNode(
        id=None,
        path=path,
        name=step.name,
        type=step.type,
        parent=steppath.parent_of(path) or None,
        status="pending",
        status_reason="",
        attempts=0,
        started_at=None,
        finished_at=None,
        duration_ms=None,
        reused=False,
        reuse=None,
        decision=None,
        file=step.file,
        line=step.line,
    )


def _node(row: Mapping[str, Any], step: StaticNode | None) -> GraphNode:
    came_from = reuse(row)
    return GraphNode(
        id=row["id"],
        path=row["path"],
        name=row["name"],
        type=row["type"],
        parent=steppath.parent_of(row["path"]) or None,
        status=row["status"],
        status_reason=row["status_reason"],
        attempts=len(row["tries"] or ()),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        duration_ms=row["duration_ms"],
        reused=came_from is not None,
        reuse=came_from,
        decision=decision(row["decision"]),
        file=step.file if step else "",
        line=step.line if step else None,
    )
