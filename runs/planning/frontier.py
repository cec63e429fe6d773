"""What may start, what is skipped, what closes, and whether the run is over.

A ``Frontier`` is the state of one run in memory. ``load`` builds it from recorded facts,
``observe`` takes in what another worker has recorded since, and ``begin`` and ``settle`` answer
with moves: the consequences of one event, to be recorded in the same transaction as the event.
So what is in the database is always closed under consequences: nobody has to come back later.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runs import steppath
from runs.canonical import to_json_value
from runs.definition.spec import BranchStep, LoopStep
from runs.errors import MaverickError
from runs.expressions import ExpressionError, evaluate, evaluate_condition, render
from runs.planning.graph import Compiled, Node, ScopeSpec
from runs.planning.names import Names, OutputSource
from runs.planning.resolve import called_inputs, resolve_input
from runs.states import STEP_BAD, STEP_OVER, RunStatus, StepStatus

MAX_TURNS = 100_000


@dataclass(frozen=True, slots=True)
class Fact:
    """What is recorded about one execution."""

    path: str
    status: StepStatus
    input: Any = None  # containers only: {"items": […]} of a loop, {"arm": name} of a branch
    reason: str = ""


@dataclass(slots=True)
class Queue:
    """A step is ready: a row with the status queued."""

    path: str
    node: Node
    input: Any


@dataclass(slots=True)
class Open:
    """A container starts: a row with the status running, held by nobody."""

    path: str
    node: Node
    input: Any


@dataclass(slots=True)
class Settle:
    """An execution ends without a worker: skipped, failed before it began, or a container closed."""

    path: str
    node: Node
    status: StepStatus
    reason: str = ""
    output: Any = None
    error: dict[str, Any] | None = None
    is_new: bool = True  # no row yet


@dataclass(slots=True)
class RunEnd:
    """Nothing is left to do."""

    status: RunStatus
    reason: str
    outputs: Any
    cause: str = ""  # the path of the step that is the root of the failure


Move = Queue | Open | Settle | RunEnd


@dataclass(slots=True)
class _Scope:
    key: str
    spec: ScopeSpec
    item: Any = None
    index: int | None = None
    item_known: bool = False
    status: dict[str, StepStatus] = field(default_factory=dict)
    blocked_by: dict[str, int] = field(default_factory=dict)  # needs not yet good
    active: int = 0
    bad: str | None = None  # the first step that failed
    bad_status: StepStatus | None = None
    last: str | None = None  # the step furthest down the file that ended well, for results


@dataclass(slots=True)
class _Loop:
    items: list[Any] | None  # None: an `until` loop
    limit: int  # turns at once; 0 = all
    next_turn: int = 0  # every turn below it is open or finished
    open_turns: set[int] = field(default_factory=set)
    finished: set[int] = field(default_factory=set)
    bad: str | None = None
    bad_status: StepStatus | None = None
    met: bool = False  # the `until` condition


class Frontier:
    """The state of one run, as far as deciding what comes next needs it."""

    def __init__(self, compiled: Compiled, names: Names, outputs: OutputSource) -> None:
        self.compiled = compiled
        self.names = names
        self.outputs = outputs
        self.total = 0  # nodes known so far
        self.queued: dict[str, None] = {}  # paths, in the order they became ready
        self.running: set[str] = set()  # leaves held by a worker
        self.waiting: set[str] = set()
        self.over = False
        self._scopes: dict[str, _Scope] = {}
        self._loops: dict[str, _Loop] = {}
        self._done: dict[str, dict[str, StepStatus]] = {}  # facts of scopes that are not open yet
        self._cause: dict[str, str] = {}  # failed container → the step inside that failed first
        self._moves: list[Move] = []
        self._todo: deque[tuple[str, str]] = deque()  # (ready | check, path or scope)

    # ---- building ---------------------------------------------------------------------------

    def load(self, facts: Iterable[Fact]) -> None:
        """Take in everything that is recorded; emits nothing."""
        self._open_scope("", "")
        self.observe(facts)

    def observe(self, facts: Iterable[Fact]) -> None:
        """Take in what others recorded; its consequences are recorded as well, so emit nothing."""
        touched: set[str] = set()
        for fact in sorted(facts, key=lambda f: f.path.count("/")):
            self._take(fact)
            touched.add(steppath.scope_of(fact.path))
        for key in touched:
            container, index = steppath.split_turn(key)
            scope, loop = self._scopes.get(key), self._loops.get(container)
            if loop is None or index is None or scope is None or scope.active:
                continue
            if scope.bad or len(scope.status) == len(scope.spec.nodes):
                self._forget_turn(loop, container, index)
            else:
                # A turn of which a restart has reused a part, and which has not begun yet.
                self._done[key] = dict(scope.status)
                loop.open_turns.discard(index)
                del self._scopes[key]

    def _take(self, fact: Fact) -> None:
        key, name = steppath.scope_of(fact.path), steppath.name_of(fact.path)
        scope = self._scopes.get(key) or self._enter(key)
        if scope is None:
            self._done.setdefault(key, {})[name] = fact.status
            return
        self._note(scope, name, fact)
        node = scope.spec.nodes[name]
        if node.is_container and fact.status is StepStatus.RUNNING:
            self._reopen(node, fact)

    def _reopen(self, node: Node, fact: Fact) -> None:
        path = fact.path
        if node.type == "loop" and path not in self._loops:
            step = node.step
            assert isinstance(step, LoopStep)
            items = (fact.input or {}).get("items") if step.until is None else None
            self._loops[path] = _Loop(items, 1 if step.until is not None else step.max_concurrency)
            if items is not None:
                self.total += len(items) * len(step.steps)
        elif node.type == "branch" and path not in self._scopes:
            self._open_scope(path, node.path)
        elif node.type == "subworkflow" and path not in self._scopes:
            self.names.set_inputs(path, lambda: self._called_inputs(node, path))
            self._open_scope(path, node.path)

    def _called_inputs(self, node: Node, path: str) -> dict[str, Any]:
        names = self.scope_names(steppath.scope_of(path))
        return called_inputs(node, self.compiled.scopes[node.path].workflow, names)

    def _enter(self, key: str) -> _Scope | None:
        """The scope of a loop turn, opened when its loop is open (others are opened by facts)."""
        container, index = steppath.split_turn(key)
        loop = self._loops.get(container)
        if index is None or loop is None:
            return None
        return self._open_turn(container, loop, index)

    def _note(self, scope: _Scope, name: str, fact: Fact) -> None:
        path, new = fact.path, fact.status
        old = scope.status.get(name)
        if old is not None and old in STEP_OVER:
            return
        was_active = old is not None
        self.queued.pop(path, None)
        self.running.discard(path)
        self.waiting.discard(path)
        scope.status[name] = new
        if new in STEP_OVER:
            scope.active -= was_active
            self._close_bookkeeping(scope, name, new)
            return
        scope.active += not was_active
        if scope.spec.nodes[name].is_container:
            return
        if new is StepStatus.QUEUED:
            self.queued[path] = None
        elif new is StepStatus.RUNNING:
            self.running.add(path)
        elif new is StepStatus.WAITING:
            self.waiting.add(path)

    def _close_bookkeeping(self, scope: _Scope, name: str, status: StepStatus) -> list[str]:
        """After a step ended: which steps of its scope have become ready."""
        path = steppath.child(scope.key, name)
        self._scopes.pop(path, None)
        self._loops.pop(path, None)
        if status in STEP_BAD:
            scope.bad = scope.bad or name
            scope.bad_status = scope.bad_status or status
            return []
        if status is StepStatus.SUCCEEDED:
            nodes = scope.spec.nodes
            if scope.last is None or nodes[name].position > nodes[scope.last].position:
                scope.last = name
        ready = []
        for other in scope.spec.dependents.get(name, ()):
            scope.blocked_by[other] -= 1
            if scope.blocked_by[other] == 0 and other not in scope.status:
                ready.append(other)
        return ready

    # ---- events -----------------------------------------------------------------------------

    def begin(self) -> list[Move]:
        """The first moves of a run (a restarted one has reused facts loaded already)."""
        self._start_ready(self._scopes[""])
        self._todo.append(("check", ""))
        return self._drain()

    def settle(self, path: str, status: StepStatus) -> list[Move]:
        """A leaf ended. ``outputs`` must know its output already."""
        scope = self._scopes[steppath.scope_of(path)]
        self._finish(scope, steppath.name_of(path), status)
        return self._drain()

    def claim(self, path: str) -> None:
        """A worker takes a queued step."""
        self._mark(path, StepStatus.RUNNING)

    def park(self, path: str) -> None:
        """A running step waits for its next try."""
        self._mark(path, StepStatus.WAITING)

    def requeue(self, path: str) -> None:
        """A running or waiting step is ready again."""
        self._mark(path, StepStatus.QUEUED)

    def _mark(self, path: str, status: StepStatus) -> None:
        scope = self._scopes[steppath.scope_of(path)]
        self._note(scope, steppath.name_of(path), Fact(path, status))

    @property
    def open_status(self) -> RunStatus:
        """What an open run's status is: waiting when only timers can move it on."""
        if self.waiting and not self.running and not self.queued:
            return RunStatus.WAITING
        return RunStatus.RUNNING

    # ---- consequences -------------------------------------------------------------------------

    def _drain(self) -> list[Move]:
        # A worklist instead of recursion: ten thousand skipped steps in a row must not overflow.
        while self._todo:
            what, key = self._todo.popleft()
            if what == "ready":
                scope = self._scopes.get(steppath.scope_of(key))
                if scope is not None:
                    self._ready(scope, steppath.name_of(key))
            else:
                scope = self._scopes.get(key)
                if scope is not None and scope.active == 0:
                    self._scope_over(scope)
        moves, self._moves = self._moves, []
        return moves

    def _finish(self, scope: _Scope, name: str, status: StepStatus) -> None:
        path = steppath.child(scope.key, name)
        if name in scope.status:
            scope.active -= 1
        self.queued.pop(path, None)
        self.running.discard(path)
        self.waiting.discard(path)
        scope.status[name] = status
        for other in self._close_bookkeeping(scope, name, status):
            self._todo.append(("ready", steppath.child(scope.key, other)))
            scope.status[other] = StepStatus.PENDING
            scope.active += 1
        self._todo.append(("check", scope.key))

    def _start_ready(self, scope: _Scope) -> None:
        for name in scope.spec.nodes:
            if scope.blocked_by[name] == 0 and name not in scope.status:
                self._todo.append(("ready", steppath.child(scope.key, name)))
                scope.status[name] = StepStatus.PENDING
                scope.active += 1

    def _ready(self, scope: _Scope, name: str) -> None:
        node = scope.spec.nodes[name]
        path = steppath.child(scope.key, name)
        names = self.scope_names(scope.key)
        try:
            if node.step.when is not None and not evaluate_condition(node.step.when, names):
                self._end_at_once(scope, node, path, StepStatus.SKIPPED, "condition is false")
                return
            if node.is_container:
                self._open(scope, node, path, names)
                return
            resolved = to_json_value(resolve_input(node.step, names), "input")
        except (ExpressionError, MaverickError) as error:
            self._fail_at_once(scope, node, path, error)
            return
        scope.status[name] = StepStatus.QUEUED
        self.queued[path] = None
        self._moves.append(Queue(path, node, resolved))

    def _fail_at_once(self, scope: _Scope, node: Node, path: str, error: Exception) -> None:
        code = getattr(error, "code", "expression-error")
        message = getattr(error, "message", str(error))
        self._end_at_once(
            scope,
            node,
            path,
            StepStatus.FAILED,
            f"{code}: {message}",
            {"code": code, "message": message, "hint": getattr(error, "hint", "") or ""},
        )

    def _end_at_once(
        self,
        scope: _Scope,
        node: Node,
        path: str,
        status: StepStatus,
        reason: str,
        error: dict[str, Any] | None = None,
    ) -> None:
        self._moves.append(Settle(path, node, status, reason, error=error))
        self._finish(scope, node.name, status)

    # ---- containers -----------------------------------------------------------------------------

    def _open(self, scope: _Scope, node: Node, path: str, names: Mapping[str, Any]) -> None:
        step = node.step
        if isinstance(step, LoopStep):
            self._open_loop(scope, node, step, path, names)
        elif isinstance(step, BranchStep):
            self._open_branch(scope, node, step, path, names)
        else:
            resolved = self._called_inputs(node, path)
            self._begin_container(scope, node, path, resolved)
            self.names.set_inputs(path, lambda: resolved)
            inner = self._open_scope(path, node.path)
            self._start_ready(inner)
            self._todo.append(("check", path))

    def _begin_container(self, scope: _Scope, node: Node, path: str, resolved: Any) -> None:
        scope.status[node.name] = StepStatus.RUNNING
        self._moves.append(Open(path, node, resolved))

    def _open_loop(
        self, scope: _Scope, node: Node, step: LoopStep, path: str, names: Mapping[str, Any]
    ) -> None:
        if step.until is not None:
            items, limit, resolved = None, 1, {}
        else:
            items = self._items(step, path, names)
            limit, resolved = step.max_concurrency, {"items": items}
        self._begin_container(scope, node, path, resolved)
        loop = self._loops[path] = _Loop(items, limit)
        if items is not None:
            self.total += len(items) * len(step.steps)
        self._next_turns(path, node, loop)

    def _items(self, step: LoopStep, path: str, names: Mapping[str, Any]) -> list[Any]:
        if step.for_each is None:
            return [None]  # neither for_each nor until: the body runs once
        value = (
            render(step.for_each, names)
            if not isinstance(step.for_each, str) or "${{" in step.for_each
            else evaluate(step.for_each, names)
        )
        if not isinstance(value, list | tuple):
            kind = "null" if value is None else type(value).__name__
            raise ExpressionError(f"for_each of {path} must give a list, got {kind}.")
        if len(value) > MAX_TURNS:
            raise ExpressionError(f"for_each of {path} gives {len(value)} items, over {MAX_TURNS}.")
        items: list[Any] = to_json_value(list(value), "for_each")
        return items

    def _open_turn(self, path: str, loop: _Loop, index: int) -> _Scope:
        scope = self._open_scope(steppath.turn(path, index), self.compiled.node(path).path)
        scope.index = index
        if loop.items is not None:
            scope.item, scope.item_known = loop.items[index], True
        else:
            self.total += len(scope.spec.nodes)
        loop.open_turns.add(index)
        return scope

    def _next_turns(self, path: str, node: Node, loop: _Loop) -> None:
        step = node.step
        assert isinstance(step, LoopStep)
        last = step.max_iterations if loop.items is None else len(loop.items)
        while (
            loop.bad is None
            and not loop.met
            and (loop.limit == 0 or len(loop.open_turns) < loop.limit)
        ):
            while loop.next_turn in loop.open_turns or loop.next_turn in loop.finished:
                loop.next_turn += 1
            if loop.next_turn >= last:
                break
            scope = self._open_turn(path, loop, loop.next_turn)
            self._start_ready(scope)
            self._todo.append(("check", scope.key))
        if not loop.open_turns:
            self._close_loop(path, node, loop)

    def _close_loop(self, path: str, node: Node, loop: _Loop) -> None:
        if loop.bad is not None:
            bad_status = loop.bad_status or StepStatus.FAILED
            self._close(path, node, bad_status, self._blame(path, loop.bad))
            return
        body = self.compiled.scopes[node.path].nodes
        paths = [
            [steppath.child(steppath.turn(path, turn), name) for name in body]
            for turn in sorted(loop.finished)
        ]
        self._close(path, node, StepStatus.SUCCEEDED, "", self.outputs.tree(paths))

    def _open_branch(
        self, scope: _Scope, node: Node, step: BranchStep, path: str, names: Mapping[str, Any]
    ) -> None:
        chosen: str | None = None
        for option in step.options:
            if evaluate_condition(option.when, names):
                chosen = option.step.name
                break
        if chosen is None and step.otherwise is not None:
            chosen = step.otherwise.name
        self._begin_container(scope, node, path, {"arm": chosen})
        inner = self._open_scope(path, node.path)
        for arm, arm_node in inner.spec.nodes.items():
            if arm in inner.status:
                continue
            if arm != chosen:
                arm_path = steppath.child(path, arm)
                self._moves.append(Settle(arm_path, arm_node, StepStatus.SKIPPED, "not taken"))
                inner.status[arm] = StepStatus.SKIPPED
        self._start_ready(inner)
        self._todo.append(("check", path))

    def _scope_over(self, scope: _Scope) -> None:
        """Nothing in the scope runs and nothing became ready."""
        if scope.key == "":
            self._end_run(scope)
            return
        container, index = steppath.split_turn(scope.key)
        node = self.compiled.node(container)
        if index is not None:
            self._turn_over(container, node, index, scope)
            return
        if scope.bad is not None:
            reason = self._blame(container, steppath.child(scope.key, scope.bad))
            self._close(container, node, scope.bad_status or StepStatus.FAILED, reason)
        elif node.type == "branch":
            output = self._output(scope, scope.last) if scope.last is not None else None
            self._close(container, node, StepStatus.SUCCEEDED, "", output)
        else:
            self._close(container, node, StepStatus.SUCCEEDED, "", self._result(scope))

    def _blame(self, container: str, child: str) -> str:
        """Why a container failed, in words; remembers the step that is the root of it."""
        self._cause[container] = self._cause.get(child, child)
        return f"failed: {self._cause[container]}"

    def _turn_over(self, container: str, node: Node, index: int, scope: _Scope) -> None:
        loop = self._loops.get(container)
        if loop is None or index not in loop.open_turns:
            return
        if scope.bad is None and loop.items is None:
            step = node.step
            assert isinstance(step, LoopStep)
            assert step.until is not None
            try:
                loop.met = evaluate_condition(step.until, self.scope_names(scope.key))
            except ExpressionError as error:
                loop.bad, loop.bad_status = f"until: {error.message}", StepStatus.FAILED
        self._forget_turn(loop, container, index)
        self._next_turns(container, node, loop)

    def _forget_turn(self, loop: _Loop, container: str, index: int) -> None:
        loop.open_turns.discard(index)
        loop.finished.add(index)
        key = steppath.turn(container, index)
        scope = self._scopes.pop(key, None)
        if scope is not None and scope.bad is not None and loop.bad is None:
            loop.bad, loop.bad_status = steppath.child(key, scope.bad), scope.bad_status

    def _close(
        self, path: str, node: Node, status: StepStatus, reason: str, output: Any = None
    ) -> None:
        error = None
        if status in STEP_BAD:
            error = {"code": "step-inside-failed", "message": reason, "hint": ""}
        self._moves.append(Settle(path, node, status, reason, output, error, is_new=False))
        if status is StepStatus.SUCCEEDED:
            self.outputs.put(path, output)
        self._scopes.pop(path, None)
        self._loops.pop(path, None)
        self._finish(self._scopes[steppath.scope_of(path)], node.name, status)

    def _end_run(self, scope: _Scope) -> None:
        if self.over:
            return
        self.over = True
        if scope.bad is not None:
            status = RunStatus.FAILED
            if scope.bad_status is StepStatus.TIMEOUT:
                status = RunStatus.TIMEOUT
            cause = self._cause.get(scope.bad, scope.bad)
            self._moves.append(RunEnd(status, f"step-failed: {cause}", None, cause))
            return
        try:
            outputs = to_json_value(self._declared(scope), "outputs")
        except (ExpressionError, MaverickError) as error:
            message = getattr(error, "message", str(error))
            self._moves.append(RunEnd(RunStatus.FAILED, f"outputs-failed: {message}", None))
            return
        self._moves.append(RunEnd(RunStatus.SUCCEEDED, "", outputs))

    def _declared(self, scope: _Scope) -> Any:
        declared = scope.spec.workflow.outputs
        if not declared:
            return self._output(scope, scope.last) if scope.last is not None else None
        return render(declared, self.scope_names(scope.key), lenient=True)

    def _result(self, scope: _Scope) -> Any:
        """A sub-workflow's result; it always says `success` and `passed` (product, section 3)."""
        value = self._declared(scope)
        result = dict(value) if isinstance(value, Mapping) else {"result": value}
        verdict = bool(result.get("success", result.get("passed", True)))
        return {"success": verdict, "passed": verdict, **result}

    def _output(self, scope: _Scope, name: str) -> Any:
        return self.outputs.get(steppath.child(scope.key, name))

    # ---- scopes -----------------------------------------------------------------------------------

    def _open_scope(self, key: str, pattern: str) -> _Scope:
        scope = self._scopes.get(key)
        if scope is not None:
            return scope
        spec = self.compiled.scopes[pattern]
        scope = _Scope(key, spec)
        scope.blocked_by = {name: len(node.needs) for name, node in spec.nodes.items()}
        self._scopes[key] = scope
        if steppath.split_turn(key)[1] is None:
            self.total += len(spec.nodes)
        for name, status in self._done.pop(key, {}).items():
            self._note(scope, name, Fact(steppath.child(key, name), status))
        return scope

    def status_in(self, key: str, name: str) -> StepStatus | None:
        """The status of step ``name`` in the open scope ``key``, None when it has none yet."""
        scope = self._scopes.get(key)
        return None if scope is None else scope.status.get(name)

    def scope_names(self, key: str) -> Mapping[str, Any]:
        """What an expression in the scope ``key`` can see."""
        chain: list[tuple[str, ScopeSpec, Any]] = []
        item: Any = None
        index: int | None = None
        found = False
        at = key
        while True:
            scope = self._scopes.get(at)
            if scope is not None:
                chain.append((at, scope.spec, scope.status))
                if not found and scope.index is not None:
                    item, index, found = scope.item, scope.index, True
            if at == "":
                break
            container, turn = steppath.split_turn(at)
            if turn is None and self.compiled.node(container).type == "subworkflow":
                break
            at = steppath.scope_of(container)
        return self.names.view(at, chain, item, index, found)
