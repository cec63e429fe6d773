"""What may start, what is skipped, what closes, and whether the run is over.

A ``Frontier`` is the state of one run in memory. ``load`` builds it from recorded facts,
``observe`` takes in what another worker has recorded since, and ``begin`` and ``settle`` answer
with moves: the consequences of one event, to be recorded in the same transaction as the event.
So what is in the database is always closed under consequences: nobody has to come back later.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

from runs import steppath
from runs.canonical import to_json_value
from runs.definition.spec import BranchStep, LoopStep
from runs.errors import MaverickError
from runs.expressions import ExpressionError, evaluate_condition, render
from runs.planning.graph import Compiled, Node
from runs.planning.moves import Fact, Move, Open, Queue, RunEnd, Settle
from runs.planning.names import Names, OutputSource
from runs.planning.resolve import items_of, resolve_input
from runs.planning.run_state import Loop, RunFacts, Scope
from runs.states import STEP_BAD, RunStatus, StepStatus


class Frontier(RunFacts):
    """What may start next in one run, and what follows when something ends."""

    def __init__(self, compiled: Compiled, names: Names, outputs: OutputSource) -> None:
        super().__init__(compiled, names, outputs)
        self.over = False
        self._cause: dict[str, str] = {}  # failed container → the step inside that failed first
        self._moves: list[Move] = []
        self._todo: deque[tuple[str, str]] = deque()  # (ready | check, path or scope)

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

    def _finish(self, scope: Scope, name: str, status: StepStatus) -> None:
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

    def _start_ready(self, scope: Scope) -> None:
        for name in scope.spec.nodes:
            if scope.blocked_by[name] == 0 and name not in scope.status:
                self._todo.append(("ready", steppath.child(scope.key, name)))
                scope.status[name] = StepStatus.PENDING
                scope.active += 1

    def _ready(self, scope: Scope, name: str) -> None:
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

    def _fail_at_once(self, scope: Scope, node: Node, path: str, error: Exception) -> None:
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
        scope: Scope,
        node: Node,
        path: str,
        status: StepStatus,
        reason: str,
        error: dict[str, Any] | None = None,
    ) -> None:
        self._moves.append(Settle(path, node, status, reason, error=error))
        self._finish(scope, node.name, status)

    # ---- containers -----------------------------------------------------------------------------

    def _open(self, scope: Scope, node: Node, path: str, names: Mapping[str, Any]) -> None:
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

    def _begin_container(self, scope: Scope, node: Node, path: str, resolved: Any) -> None:
        scope.status[node.name] = StepStatus.RUNNING
        self._moves.append(Open(path, node, resolved))

    def _open_loop(
        self, scope: Scope, node: Node, step: LoopStep, path: str, names: Mapping[str, Any]
    ) -> None:
        if step.until is not None:
            items, limit, resolved = None, 1, {}
        else:
            items = items_of(step, path, names)
            limit, resolved = int(step.max_concurrency), {"items": items}
        self._begin_container(scope, node, path, resolved)
        loop = self._loops[path] = Loop(items, limit)
        if items is not None:
            self.total += len(items) * len(step.steps)
        self._next_turns(path, node, loop)

    def _next_turns(self, path: str, node: Node, loop: Loop) -> None:
        step = node.step
        assert isinstance(step, LoopStep)
        last = int(step.max_iterations) if loop.items is None else len(loop.items)
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

    def _close_loop(self, path: str, node: Node, loop: Loop) -> None:
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
        self, scope: Scope, node: Node, step: BranchStep, path: str, names: Mapping[str, Any]
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

    def _scope_over(self, scope: Scope) -> None:
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

    def _turn_over(self, container: str, node: Node, index: int, scope: Scope) -> None:
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

    def _end_run(self, scope: Scope) -> None:
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

    def _declared(self, scope: Scope) -> Any:
        declared = scope.spec.workflow.outputs
        if not declared:
            return self._output(scope, scope.last) if scope.last is not None else None
        return render(declared, self.scope_names(scope.key), lenient=True)

    def _result(self, scope: Scope) -> Any:
        """A sub-workflow's result; it always says `success` and `passed` (product, section 3)."""
        value = self._declared(scope)
        result = dict(value) if isinstance(value, Mapping) else {"result": value}
        verdict = bool(result.get("success", result.get("passed", True)))
        return {"success": verdict, "passed": verdict, **result}

    def _output(self, scope: Scope, name: str) -> Any:
        return self.outputs.get(steppath.child(scope.key, name))


__all__ = ["Fact", "Frontier", "Move", "Open", "Queue", "RunEnd", "Settle"]
