"""A workflow, laid out: every step it can have, sub-workflows included, and what needs what.

The definition is a tree of scopes. A scope is a list of steps that see each other: the top of the
workflow, the body of a loop, the arms of a branch, the steps of a called workflow. In a scope a
step needs what its `needs` names or, without `needs`, the step before it (product page, section 3).
Names here are patterns, that is step paths without turns: ``fix/review``, not ``fix[2]/review``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import networkx as nx

from runs import steppath
from runs.definition.spec import (
    BranchStep,
    LoopStep,
    Step,
    SubworkflowStep,
    WorkflowSpec,
)
from runs.errors import Refused
from runs.planning.fingerprint import condition_digest, definition_digest

MAX_NESTING = 16  # containers within containers; a sub-workflow that calls itself meets it first


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the definition at one place of the run."""

    path: str  # pattern
    name: str
    type: str
    position: int  # order within its scope, from 0
    needs: tuple[str, ...]  # names in the same scope
    step: Step
    digest: str  # of its own definition
    condition: str  # digest of what decides whether it runs
    file: str  # which workflow's text it stands in

    @property
    def is_container(self) -> bool:
        """Whether it has steps inside and does no work of its own."""
        return self.type in CONTAINERS

    @property
    def parent(self) -> str:
        """The pattern of the container around it, or "" at the top."""
        return steppath.scope_of(self.path)


CONTAINERS = frozenset({"loop", "branch", "subworkflow"})


@dataclass(frozen=True, slots=True)
class ScopeSpec:
    """The steps of one scope in file order, and who waits for whom."""

    pattern: str
    nodes: Mapping[str, Node]
    dependents: Mapping[str, tuple[str, ...]]
    workflow: WorkflowSpec  # whose inputs the steps see
    is_ordered: bool  # whether a step without `needs` comes after the one before it


@dataclass(frozen=True)
class Compiled:
    """A workflow with the workflows it calls, laid out."""

    spec: WorkflowSpec
    scopes: Mapping[str, ScopeSpec]
    nodes: Mapping[str, Node] = field(repr=False)

    def node(self, path: str) -> Node:
        """The definition of the step at ``path`` (turns allowed). KeyError when unknown."""
        return self.nodes[steppath.pattern(path)]

    def graph(self, scope: str) -> "nx.DiGraph[str]":
        """The steps of one scope as a directed graph, an edge from what is needed."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        for node in self.scopes[scope].nodes.values():
            graph.add_node(node.name)
            graph.add_edges_from((need, node.name) for need in node.needs)
        return graph

    def in_order(self, scope: str = "") -> list[str]:
        """The names of a scope, each after what it needs, else in file order."""
        nodes = self.scopes[scope].nodes
        return list(
            nx.lexicographical_topological_sort(
                self.graph(scope), key=lambda name: nodes[name].position
            )
        )


def compile_workflow(spec: WorkflowSpec, called: Mapping[str, WorkflowSpec]) -> Compiled:
    """Lay ``spec`` out; ``called`` holds every workflow that it calls, by name.

    Raises Refused when a called workflow is missing, calls itself, or nesting is too deep.
    """
    scopes: dict[str, ScopeSpec] = {}
    nodes: dict[str, Node] = {}
    todo: list[tuple[str, tuple[Step, ...], WorkflowSpec, bool, tuple[str, ...]]] = [
        ("", spec.steps, spec, True, (spec.name,))
    ]
    while todo:
        pattern, steps, owner, ordered, callers = todo.pop()
        if pattern.count("/") >= MAX_NESTING:
            raise Refused(
                f"{pattern} is nested deeper than {MAX_NESTING} containers.",
                hint="Flatten the workflow, or move a part into a workflow of its own.",
            )
        scope = _scope(pattern, steps, owner, ordered, called)
        scopes[pattern] = scope
        for node in scope.nodes.values():
            nodes[node.path] = node
            step = node.step
            if isinstance(step, LoopStep):
                todo.append((node.path, step.steps, owner, True, callers))
            elif isinstance(step, BranchStep):
                arms = tuple(option.step for option in step.options)
                arms += (step.otherwise,) if step.otherwise is not None else ()
                todo.append((node.path, arms, owner, False, callers))
            elif isinstance(step, SubworkflowStep):
                if step.workflow in callers:
                    raise Refused(
                        f"{node.path} calls {step.workflow}, which calls it again: "
                        + " → ".join((*callers, step.workflow)),
                        hint="A workflow cannot call itself; use a loop.",
                    )
                if step.workflow not in called:
                    raise Refused(f"{node.path} calls the unknown workflow {step.workflow!r}.")
                inner = called[step.workflow]
                todo.append((node.path, inner.steps, inner, True, (*callers, inner.name)))
    return Compiled(spec=spec, scopes=scopes, nodes=nodes)


def _scope(
    pattern: str,
    steps: tuple[Step, ...],
    owner: WorkflowSpec,
    ordered: bool,
    called: Mapping[str, WorkflowSpec],
) -> ScopeSpec:
    nodes: dict[str, Node] = {}
    dependents: dict[str, list[str]] = {}
    before: str | None = None
    for position, step in enumerate(steps):
        if not ordered:
            needs: tuple[str, ...] = ()
        elif step.needs is not None:
            needs = tuple(dict.fromkeys(step.needs))
        else:
            needs = (before,) if before is not None else ()
        callee = called.get(step.workflow) if isinstance(step, SubworkflowStep) else None
        nodes[step.name] = Node(
            path=steppath.child(pattern, step.name),
            name=step.name,
            type=step.type,
            position=position,
            needs=needs,
            step=step,
            digest=definition_digest(step, callee),
            condition=condition_digest(step),
            file=owner.file,
        )
        for need in needs:
            dependents.setdefault(need, []).append(step.name)
        before = step.name
    return ScopeSpec(
        pattern=pattern,
        nodes=nodes,
        dependents={name: tuple(others) for name, others in dependents.items()},
        workflow=owner,
        is_ordered=ordered,
    )


@dataclass(frozen=True, slots=True)
class StaticNode:
    """A step as the definition draws it, for graphs of runs that have not come so far."""

    path: str  # pattern
    name: str
    type: str
    needs: tuple[str, ...]  # patterns of what it needs, in the same scope
    parent: str  # pattern of the container, or ""
    position: int
    line: int
    file: str


def static_graph(compiled: Compiled) -> list[StaticNode]:
    """Every step of the definition, scope by scope, in file order."""
    return list(_static_nodes(compiled))


def _static_nodes(compiled: Compiled) -> Iterator[StaticNode]:
    for scope in compiled.scopes.values():
        for node in scope.nodes.values():
            yield StaticNode(
                path=node.path,
                name=node.name,
                type=node.type,
                needs=tuple(steppath.child(scope.pattern, need) for need in node.needs),
                parent=scope.pattern,
                position=node.position,
                line=node.step.mark.line,
                file=node.file,
            )
