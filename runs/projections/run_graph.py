"""A run as a graph: what was executed, and the steps of the definition that never started."""

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from django.db import connection

from runs import steppath
from runs.errors import UnknownRun
from runs.models import Run
from runs.models.stored import drawable_version
from runs.planning.graph import StaticNode
from runs.projections.compiled import static_nodes
from runs.projections.failures import handled
from runs.projections.run_facts import Decision, Reuse, came_from
from runs.projections.usage import USAGE_SQL, Usage, usage_of


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
    started_at: str | None  # as it goes out: 2026-11-21T04:45:00.000000Z
    finished_at: str | None
    duration_ms: int | None
    reused: bool
    reuse: Reuse | None
    decision: Decision | None
    file: str
    line: int | None
    on_error: str  # what a failure of it means: "" (the run fails), continue, skip, handle
    handled: bool  # it failed, and the run went on from that
    undoes: str | None  # path of the step that it undid
    usage: Usage | None  # of an agent: what its attempts in this run used together


NEEDS, ON_ERROR, UNDOES = "needs", "on_error", "undoes"


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """How two paths belong together.

    needs: ``target`` needs ``source``. on_error: ``target`` runs if ``source`` fails. undoes:
    ``target`` undid ``source`` when the run had failed.
    """

    source: str
    target: str
    kind: str


@dataclass(frozen=True, slots=True)
class RunGraph:
    """Nodes, containers before what they hold, and the edges among them."""

    run_id: str
    status: str
    seq: int  # the journal number that this picture shows at least
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]


# In words of PostgreSQL, since a graph has many nodes and few of their bytes are shown: counted,
# picked and written there, a row costs a third of what it costs as a model's values.
_TIME = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_SQL = f"""
SELECT id, path, name, type, status, status_reason, jsonb_array_length(tries),
  {_TIME.format("started_at")}, {_TIME.format("finished_at")}, duration_ms,
  reused_from, reused_run, origin_execution, origin_run,
  {USAGE_SQL}, decision ->> 'action', decision ->> 'because'
FROM runs_execution WHERE run_id = %s
"""  # noqa: S608 - nothing but the two columns is put in
Row = tuple[Any, ...]


def run_graph(run_id: str) -> RunGraph:
    """The graph of a run. Raises UnknownRun. Two queries, three the first time."""
    # The head before the nodes: a reader who follows the journal from `seq` misses nothing.
    head = Run.objects.filter(pk=run_id).values_list("version_id", "status", "event_seq").first()
    if head is None:
        raise UnknownRun(f"There is no run {run_id!r}.")
    version_id, status, seq = head
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [run_id])
        executed = {row[1]: row for row in cursor.fetchall()}
    went_on = handled(
        drawable_version(version_id), {path: row[4] for path, row in executed.items()}
    )
    nodes, edges = assemble(static_nodes(version_id), executed, went_on)
    return RunGraph(run_id, status, seq, nodes, edges)


def assemble(
    static: Sequence[StaticNode], executed: Mapping[str, Row], went_on: Set[str]
) -> tuple[tuple[GraphNode, ...], tuple[GraphEdge, ...]]:
    """Put the executed nodes and the definition's steps together. Pure.

    A step inside a loop stands once for each turn that was begun; in a loop without a turn it
    stands once, under its path without turns. What undoes a step stands there only if it did.
    ``went_on`` has the paths of failures that the run went on from.
    """
    undoing = {step.path for step in static if step.undoes}
    begun = _scopes(path for path in executed if steppath.pattern(path) not in undoing)
    places: dict[str, list[str]] = {}  # pattern of a step → the paths where it stands
    nodes: dict[str, GraphNode] = {}
    edges: list[GraphEdge] = []
    for step in static:
        if step.undoes:
            scopes = places.get(step.parent, [])
        elif step.parent:
            containers = places.get(step.parent, ())
            scopes = [scope for at in containers for scope in begun.get(at, (at,))]
        else:
            scopes = [""]
        here = places.setdefault(step.path, [])
        for scope in scopes:
            path = steppath.child(scope, step.name)
            row = executed.get(path)
            if step.undoes:
                if row is not None:
                    nodes[path] = _node(row, step, False)
                    edges.append(GraphEdge(scope, path, UNDOES))
                continue
            here.append(path)
            nodes[path] = _planned(path, step) if row is None else _node(row, step, path in went_on)
            for need in step.needs:
                source = steppath.child(scope, steppath.name_of(need))
                edges.append(GraphEdge(source, path, ON_ERROR if need == step.handles else NEEDS))
    for path, row in executed.items():
        if path not in nodes:
            nodes[path] = _node(row, None, False)
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
        on_error=step.on_error,
        handled=False,
        undoes=None,
        usage=None,
    )


def _node(row: Row, step: StaticNode | None, went_on: bool) -> GraphNode:
    pk, path, name, kind, status, why, tries, started, finished, took, *pointers, act, because = row
    source, source_run, origin, origin_run, used = pointers
    return GraphNode(
        id=pk,
        path=path,
        name=name,
        type=kind,
        parent=steppath.parent_of(path) or None,
        status=status,
        status_reason=why,
        attempts=tries,
        started_at=started,
        finished_at=finished,
        duration_ms=took,
        reused=bool(source),
        reuse=came_from(source, source_run, origin, origin_run) if source else None,
        decision=Decision(act, because or "") if act else None,
        file=step.file if step else "",
        line=step.line if step else None,
        on_error=step.on_error if step else "",
        handled=went_on,
        undoes=steppath.scope_of(path) if step and step.undoes else None,
        usage=usage_of(json.loads(used)) if used else None,
    )
