"""A workflow, laid out: every step it can have, sub-workflows included, and what needs what.

The definition is a tree of scopes. A scope is a list of steps that see each other: the top of the
workflow, the body of a loop, the arms of a branch, the steps of a called workflow. In a scope a
step needs what its `needs` names or, without `needs`, the step before it (product page, section 3).
Names here are patterns, that is step paths without turns: ``fix/review``, not ``fix[2]/review``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runs import steppath
from runs.definition.spec import (
    BranchStep,
    LoopStep,
    PythonStep,
    Retry,
    RollbackCall,
    Step,
    StepBase,
    SubworkflowStep,
    ValidateStep,
    WorkflowSpec,
)
from runs.errors import Refused
from runs.planning.fingerprint import condition_digest, definition_digest
from runs.planning.preflight import preflight_step

if TYPE_CHECKING:
    import networkx as nx  # a tenth of a second, that only those pay who ask for an order

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
    handler: str = ""  # the step of the same scope that runs when this one fails
    handles: str = ""  # the step of the same scope whose failure this one waits for
    loop: LoopStep | None = None  # how its steps are repeated, of those that repeat them
    undoes: str = ""  # the pattern of the step that this one undoes when the run fails

    @property
    def is_container(self) -> bool:
        """Whether it has steps inside and does no work of its own."""
        return self.loop is not None or self.type in CONTAINERS

    @property
    def limit(self) -> float | None:
        """How many seconds all that is inside may take; a validation's are of each check."""
        return self.step.timeout if self.type in CONTAINERS else None

    @property
    def retry(self) -> Retry | None:
        """When all that is inside begins anew; a validation's is of each check."""
        return self.step.retry if self.type in CONTAINERS else None

    @property
    def on_error(self) -> str:
        """What a failure means for the run: "" (it fails), continue, skip or handle."""
        return "handle" if self.handler else _ON_ERROR.get(str(self.step.on_error), "")

    @property
    def parent(self) -> str:
        """The pattern of the container around it, or "" at the top."""
        return steppath.scope_of(self.path)


CONTAINERS = frozenset({"branch", "loop", "subworkflow"})
_ON_ERROR = {"continue": "continue", "skip": "skip"}


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
    undoing: Mapping[str, ScopeSpec] = field(default_factory=dict, repr=False)  # by what is undone
    preflight: str = ""  # the path of the step that checks what the others require
    # A loop asks for the order of its steps in every turn; sorting again was half of a plan's time.
    _orders: dict[str, tuple[str, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def node(self, path: str) -> Node:
        """The definition of the step at ``path`` (turns allowed). KeyError when unknown."""
        return self.nodes[steppath.pattern(path)]

    def graph(self, scope: str) -> "nx.DiGraph[str]":
        """The steps of one scope as a directed graph, an edge from what is needed."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        for node in self.scopes[scope].nodes.values():
            graph.add_node(node.name)
            graph.add_edges_from((need, node.name) for need in node.needs)
        return graph

    def in_order(self, scope: str = "") -> tuple[str, ...]:
        """The names of a scope, each after what it needs, else in file order."""
        import networkx as nx

        known = self._orders.get(scope)
        if known is None:
            nodes = self.scopes[scope].nodes
            order = nx.lexicographical_topological_sort(
                self.graph(scope), key=lambda name: nodes[name].position
            )
            known = self._orders[scope] = tuple(order)
        return known


def compile_workflow(spec: WorkflowSpec, called: Mapping[str, WorkflowSpec]) -> Compiled:
    """Lay ``spec`` out; ``called`` holds every workflow that it calls, by name.

    Raises Refused when a called workflow is missing, calls itself, or nesting is too deep.
    """
    scopes: dict[str, ScopeSpec] = {}
    undoing: dict[str, ScopeSpec] = {}
    nodes: dict[str, Node] = {}
    first = preflight_step(spec, called)
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
        scope = _scope(pattern, steps, owner, ordered, called, None if pattern else first)
        scopes[pattern] = scope
        if pattern in undoing and ROLLBACK in scope.nodes:
            raise Refused(
                f"{pattern} has a rollback, and a step inside it is called {ROLLBACK!r}.",
                hint="What undoes a step stands below it under that name: rename the step inside.",
            )
        for node in scope.nodes.values():
            nodes[node.path] = node
            step = node.step
            if step.rollback is not None:
                undo = _undo(node, owner)
                undoing[node.path] = ScopeSpec(node.path, {undo.name: undo}, {}, owner, False)
                nodes[undo.path] = undo
            if node.loop is not None:
                todo.append((node.path, node.loop.steps, owner, True, callers))
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
    return Compiled(
        spec=spec,
        scopes=scopes,
        nodes=nodes,
        undoing=undoing,
        preflight=first.name if first is not None else "",
    )


def _scope(
    pattern: str,
    steps: tuple[Step, ...],
    owner: WorkflowSpec,
    ordered: bool,
    called: Mapping[str, WorkflowSpec],
    first: Step | None = None,
) -> ScopeSpec:
    nodes: dict[str, Node] = {}
    dependents: dict[str, list[str]] = {}
    before: str | None = None

    def add(step: Step, needs: tuple[str, ...], handler: str = "", handles: str = "") -> None:
        callee = called.get(step.workflow) if isinstance(step, SubworkflowStep) else None
        if step.name in nodes:
            raise Refused(
                f"Two steps are called {steppath.child(pattern, step.name)!r}.",
                hint="A step under `on_error` stands beside the others: give it its own name.",
            )
        nodes[step.name] = Node(
            path=steppath.child(pattern, step.name),
            name=step.name,
            type=step.type,
            position=len(nodes),
            needs=needs,
            step=step,
            digest=definition_digest(step, callee),
            condition=condition_digest(step),
            file=owner.file,
            handler=handler,
            handles=handles,
            loop=repeated(step),
        )
        for need in needs:
            dependents.setdefault(need, []).append(step.name)

    if first is not None:
        add(first, ())
    for step in steps:
        if not ordered:
            needs: tuple[str, ...] = ()
        elif step.needs is not None:
            needs = tuple(dict.fromkeys(step.needs))
        else:
            needs = (before,) if before is not None else ()
        if first is not None and not needs:
            needs = (first.name,)
        handler = step.on_error if isinstance(step.on_error, StepBase) else None
        add(step, needs, handler=handler.name if handler else "")
        if handler is not None:
            if isinstance(handler.on_error, StepBase):
                raise Refused(
                    f"{steppath.child(pattern, handler.name)} handles an error and has a handler.",
                    hint="A step under `on_error` may say `continue` or `skip`, not another step.",
                )
            add(handler, (step.name,), handles=step.name)
        before = step.name
    return ScopeSpec(
        pattern=pattern,
        nodes=nodes,
        dependents={name: tuple(others) for name, others in dependents.items()},
        workflow=owner,
        is_ordered=ordered,
    )


MEND_ROUNDS = 3  # how often a validation is mended when its author names no number
ROLLBACK = "rollback"
LAST = 900_000  # the position of what undoes a step: behind all that stands inside it


def _undo(node: Node, owner: WorkflowSpec) -> Node:
    """The step that undoes ``node``, a child of it."""
    written = node.step.rollback
    call = RollbackCall(action=written) if isinstance(written, str) else written
    assert call is not None
    step = PythonStep(
        name=ROLLBACK, action=call.action, kwargs=dict(call.kwargs), mark=node.step.mark
    )
    return Node(
        path=steppath.child(node.path, ROLLBACK),
        name=ROLLBACK,
        type=step.type,
        position=LAST,
        needs=(),
        step=step,
        digest=definition_digest(step),
        condition=condition_digest(step),
        file=owner.file,
        undoes=node.path,
    )


def repeated(step: Step) -> LoopStep | None:
    """How the steps inside ``step`` are repeated: a loop, or a validation that is mended.

    A `validate` step with `on_failure` is the loop that its author would have to write by hand:
    check, stop when it passed or no round is left, mend, check again.
    """
    if isinstance(step, LoopStep):
        return step
    if not isinstance(step, ValidateStep) or (step.on_failure is None and not step.rounds):
        return None
    mend = step.on_failure
    check = "check" if mend is None or mend.name != "check" else "validate"
    rounds = _inner(str(MEND_ROUNDS if step.rounds is None else step.rounds))
    mending: tuple[Step, ...] = ()
    if mend is not None:
        failed = f"not steps.{check}.output.passed and index < ({rounds})"
        if mend.when is not None:
            failed = f"{failed} and ({_inner(mend.when)})"
        mending = (mend.model_copy(update={"when": failed, "needs": None}),)
    return LoopStep(
        name=step.name,
        mark=step.mark,
        until=f"steps.{check}.output.passed",
        max_iterations=f"${{{{ ({rounds}) + 1 }}}}",
        steps=(
            step.model_copy(
                update={
                    "name": check,
                    "on_failure": None,
                    "rounds": None,
                    "fail": False,
                    "when": None,
                    "needs": None,
                    "on_error": None,
                    "rollback": None,
                    "outputs": {},
                }
            ),
            *mending,
        ),
    )


def _inner(expression: str) -> str:
    """An expression without the marks around it, so that it may stand in another one."""
    return expression.strip().removeprefix("${{").removesuffix("}}").strip()


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
    on_error: str  # what its failure means: "" (the run fails), continue, skip, handle
    handles: str  # pattern of the step whose failure it waits for, or ""
    undoes: str  # pattern of the step that it undoes, or ""


def static_graph(compiled: Compiled) -> list[StaticNode]:
    """Every step of the definition, scope by scope, in file order."""
    return list(_static_nodes(compiled))


def _static_nodes(compiled: Compiled) -> Iterator[StaticNode]:
    for scope in (*compiled.scopes.values(), *compiled.undoing.values()):
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
                on_error=node.on_error,
                handles=steppath.child(scope.pattern, node.handles) if node.handles else "",
                undoes=node.undoes,
            )
