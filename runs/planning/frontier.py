"""What may start, what is skipped, what closes, and whether the run is over.

A ``Frontier`` is the state of one run in memory. ``load`` builds it from recorded facts,
``observe`` takes in what another worker has recorded since, and ``begin`` and ``settle`` answer
with moves: the consequences of one event, to be recorded in the same transaction as the event.
So what is in the database is always closed under consequences: nobody has to come back later.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runs import steppath
from runs.canonical import to_json_value
from runs.definition.spec import BranchStep, LoopStep, ValidateStep
from runs.errors import MaverickError
from runs.expressions import ExpressionError, judge
from runs.planning.graph import ROLLBACK, Compiled, Node
from runs.planning.moves import Again, Fact, Keep, Move, Open, Queue, Recalled, RunEnd, Settle
from runs.planning.names import Names, OutputSource
from runs.planning.reasons import LEFT_OUT
from runs.planning.resolve import count_of, items_of, resolve_input
from runs.planning.results import Results
from runs.planning.run_state import Loop, Scope
from runs.planning.stopping import TIME_OF
from runs.states import STEP_BAD, RunStatus, StepStatus

_PERMANENT = frozenset({"outputs-failed"})  # the codes that another attempt cannot help


class Frontier(Results):
    """What may start next in one run, and what follows when something ends."""

    def __init__(self, compiled: Compiled, names: Names, outputs: OutputSource) -> None:
        super().__init__(compiled, names, outputs)
        self.over = False
        self._moves: list[Move] = []
        self._todo: deque[tuple[str, str]] = deque()  # (ready | check, path or scope)
        self.only = ""  # the step that alone does its work; the others are skipped
        # Asked for a step that is ready, with its input: what an earlier run has, if it may count.
        self.recall: Callable[[str, Any], Recalled | None] = lambda path, given: None
        # Asked for a step with the effect `once`: its receipt, whatever its input is now.
        self.receipt: Callable[[str], Recalled | None] = lambda path: None
        # Asked when a container with a `retry` has failed, with the codes of its error and of its
        # cause's: seconds until the next attempt, None when there is none.
        self.next_attempt: Callable[[str, Node, tuple[str, ...]], float | None] = (
            lambda path, node, codes: None
        )
        # Told the list that a loop is about to open with; raises when it must not.
        self.may_open: Callable[[str, Node, list[Any]], None] = lambda path, node, items: None

    # ---- events -----------------------------------------------------------------------------

    def begin(self) -> list[Move]:
        """The first moves of a run (a restarted one has reused facts loaded already)."""
        self._start_ready(self._scopes[""])
        self._todo.append(("check", ""))
        return self._drain()

    def settle(self, path: str, status: StepStatus) -> list[Move]:
        """A leaf ended. ``outputs`` must know its output already."""
        scope = self._scope_around(path)
        node = self.compiled.node(path)
        if status is StepStatus.SUCCEEDED and self._has_undo(node):
            self.note_done(path)
        self._finish(scope, steppath.name_of(path), status)
        return self._drain()

    def expire(self, path: str) -> list[Move]:
        """The time of the open container at ``path`` is over: what is inside ends with it."""
        node = self.compiled.node(path)
        limit = node.limit or 0.0
        self._moves.extend(self.stop_inside(path, f"{TIME_OF}`{node.name}`"))
        error = {
            "code": "timeout",
            "message": f"The step did not end within {limit:g} s.",
            "hint": "Give it a longer `timeout`, or look which step inside it took the time.",
        }
        self._fail(path, node, StepStatus.TIMEOUT, f"timeout: {error['message']}", None, error)
        return self._drain()

    def begin_again(self, path: str) -> list[Move]:
        """The container at ``path`` begins anew. What is inside is set back in the record already,
        and this frontier was loaded after that."""
        scope, node = self._scope_around(path), self.compiled.node(path)
        self.waiting.discard(path)
        try:
            self._open(scope, node, path, self.step_names(path))
        except (ExpressionError, MaverickError) as error:
            self._fail_at_once(scope, node, path, error)
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
                # What is undone is over, so that no other scope has its key.
                scope = self._undoing.get(key) or self._scopes.get(key)
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
        if self.only and not _is_part(path, self.only):
            reason = f"{LEFT_OUT}{self.only}` runs"
            self._end_at_once(scope, node, path, StepStatus.SKIPPED, reason)
            return
        if path in self._kept:
            self._kept.discard(path)
            self._moves.append(Keep(path, node))
            self._finish(scope, name, StepStatus.SUCCEEDED)
            return
        self._undoable.pop(path, None)  # what an earlier attempt did is done anew
        if node.handles and scope.status.get(node.handles) not in STEP_BAD:
            reason = f"`{node.handles}` did not fail"
            self._end_at_once(scope, node, path, StepStatus.SKIPPED, reason)
            return
        if node.step.effect == "once" and (receipt := self.receipt(path)) is not None:
            self._reused(scope, node, path, receipt)
            return
        names = self.step_names(path)
        try:
            if node.step.when is not None:
                said = judge(node.step.when, names)
                if not said.holds:
                    reason = _told("condition is false", said.notes)
                    self._end_at_once(scope, node, path, StepStatus.SKIPPED, reason)
                    return
            if node.is_container:
                self._open(scope, node, path, names)
                return
            resolved = to_json_value(resolve_input(node.step, names), "input")
        except (ExpressionError, MaverickError) as error:
            self._fail_at_once(scope, node, path, error)
            return
        known = self.recall(path, resolved)
        if known is not None:
            self._reused(scope, node, path, known)
            return
        scope.status[name] = StepStatus.QUEUED
        self.queued[path] = None
        self._moves.append(Queue(path, node, resolved))

    def _reused(self, scope: Scope, node: Node, path: str, known: Recalled) -> None:
        self.outputs.put(path, known.output)
        self._moves.append(Settle(path, node, StepStatus.SUCCEEDED, "reused", recalled=known))
        self._finish(scope, node.name, StepStatus.SUCCEEDED)

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
        recorded = self.recorded_as(node, status)
        if recorded is not status:
            status, reason = recorded, f"on-error-skip: {reason}"
        self.outputs.put_error(path, error)
        self._moves.append(Settle(path, node, status, reason, error=error))
        self._finish(scope, node.name, status)

    @staticmethod
    def recorded_as(node: Node, status: StepStatus) -> StepStatus:
        """How the end of a step is recorded: a failure that may be skipped is a skip."""
        if status in (StepStatus.FAILED, StepStatus.TIMEOUT) and node.on_error == "skip":
            return StepStatus.SKIPPED
        return status

    # ---- containers -----------------------------------------------------------------------------

    def _open(self, scope: Scope, node: Node, path: str, names: Mapping[str, Any]) -> None:
        step = node.step
        if node.loop is not None:
            self._open_loop(scope, node, node.loop, path, names)
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
        resolved: dict[str, Any]
        items: list[Any] | None = None
        limit, last = 1, 0
        if step.until is not None:
            last = count_of(step.max_iterations, f"max_iterations of {path}", 1, names)
            resolved = {"last": last}
        else:
            items = items_of(step, path, names)
            limit = count_of(step.max_concurrency, f"max_concurrency of {path}", 0, names)
            self.may_open(path, node, items)
            resolved = {"items": items, "limit": limit}
        self._begin_container(scope, node, path, resolved)
        loop = self._open_loop_state(path, node, items, limit, last)
        self._next_turns(path, node, loop)

    def _next_turns(self, path: str, node: Node, loop: Loop) -> None:
        last = loop.last if loop.items is None else len(loop.items)
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
            self._close(path, node, bad_status, self.blame(path, loop.bad))
            return
        if node.type == "validate":
            self._close_validation(path, node, loop)
            return
        body = self.compiled.scopes[node.path].nodes
        paths = [
            [steppath.child(steppath.turn(path, turn), name) for name in body]
            for turn in sorted(loop.finished)
        ]
        reason = ""
        if loop.items is None and not loop.met:
            reason = f"until-not-met: after {len(loop.finished)} turns {loop.unmet}"
        self._close(path, node, StepStatus.SUCCEEDED, reason, self.outputs.tree(paths))

    def _close_validation(self, path: str, node: Node, loop: Loop) -> None:
        """A mended validation: what its last check said, and after how many."""
        check = next(iter(self.compiled.scopes[node.path].nodes))
        last = steppath.turn(path, max(loop.finished))
        said = self.outputs.get(steppath.child(last, check))
        output = {
            **(said if isinstance(said, Mapping) else {}),
            "attempts": len(loop.finished),
            "fixes": self.mended(path, node, loop),
        }
        step = node.step
        assert isinstance(step, ValidateStep)
        if step.fail and not output.get("passed"):
            reason = f"validation-failed: not passed after {len(loop.finished)} checks"
            self._close(path, node, StepStatus.FAILED, reason, output)
        else:
            self._close(path, node, StepStatus.SUCCEEDED, "", output)

    def _open_branch(
        self, scope: Scope, node: Node, step: BranchStep, path: str, names: Mapping[str, Any]
    ) -> None:
        chosen: str | None = None
        why: dict[str, str] = {}
        for option in step.options:
            said = judge(option.when, names)
            if said.holds:
                chosen = option.step.name
                break
            why[option.step.name] = _told("condition is false", said.notes)
        if chosen is None and step.otherwise is not None:
            chosen = step.otherwise.name
        self._begin_container(scope, node, path, {"arm": chosen})
        inner = self._open_scope(path, node.path)
        for arm, arm_node in inner.spec.nodes.items():
            if arm in inner.status:
                continue
            if chosen not in (arm, arm_node.handles):
                arm_path = steppath.child(path, arm)
                if arm_path in self._kept:  # taken by an earlier attempt, and recorded so
                    inner.status[arm] = StepStatus.SKIPPED
                    continue
                reason = f"not taken: {why[arm]}" if arm in why else "not taken"
                self._moves.append(Settle(arm_path, arm_node, StepStatus.SKIPPED, reason))
                inner.status[arm] = StepStatus.SKIPPED
        self._start_ready(inner)
        self._todo.append(("check", path))

    def _scope_over(self, scope: Scope) -> None:
        """Nothing in the scope runs and nothing became ready."""
        if self._undoing.pop(scope.key, None):  # the rest of the run ended before
            self._todo.append(("check", ""))
            return
        if scope.key == "":
            self._end_run(scope)
            return
        container, index = steppath.split_turn(scope.key)
        node = self.compiled.node(container)
        if index is not None:
            self._turn_over(container, node, index, scope)
            return
        if scope.bad is not None:
            reason = self.blame(container, steppath.child(scope.key, scope.bad))
            self._close(container, node, scope.bad_status or StepStatus.FAILED, reason)
        elif node.type == "branch":
            output = self.output_in(scope, scope.last) if scope.last is not None else None
            self._close(container, node, StepStatus.SUCCEEDED, "", output)
        else:
            self._close(container, node, StepStatus.SUCCEEDED, "", self.result(scope))

    def _turn_over(self, container: str, node: Node, index: int, scope: Scope) -> None:
        loop = self._loops.get(container)
        if loop is None or index not in loop.open_turns:
            return
        if scope.bad is None and loop.items is None:
            assert node.loop is not None
            assert node.loop.until is not None
            try:
                said = judge(node.loop.until, self.scope_names(scope.key))
                loop.met, loop.unmet = said.holds, _told("its condition is false", said.notes)
            except ExpressionError as error:
                loop.bad, loop.bad_status = f"until: {error.message}", StepStatus.FAILED
        self._forget_turn(loop, container, index)
        self._next_turns(container, node, loop)

    def _close(
        self, path: str, node: Node, status: StepStatus, reason: str, output: Any = None
    ) -> None:
        if status in STEP_BAD:
            code, _, said = reason.partition(": ")
            error = self.error_inside(path, reason)
            if code == "validation-failed":
                error = {"code": code, "message": said, "hint": "Its checks' logs say more."}
            self._fail(path, node, status, reason, output, error)
            return
        if node.step.outputs:
            try:
                output = to_json_value(self.with_outputs(path, output), "outputs")
            except (ExpressionError, MaverickError) as wrong:
                reason = f"outputs-failed: {getattr(wrong, 'message', wrong)}"
                error = {"code": "outputs-failed", "message": reason, "hint": ""}
                self._fail(path, node, StepStatus.FAILED, reason, None, error)
                return
        self._moves.append(Settle(path, node, status, reason, output, is_new=False))
        self.outputs.put(path, output)
        if self._has_undo(node):
            self.note_done(path)
        self._over(path, node, status)

    def _fail(
        self,
        path: str,
        node: Node,
        status: StepStatus,
        reason: str,
        output: Any,
        error: dict[str, Any],
    ) -> None:
        if node.retry is not None and error["code"] not in _PERMANENT:
            cause = str(self._said.get(path, {}).get("code") or "")
            wait = self.next_attempt(path, node, (error["code"], cause))
            if wait is not None:
                self._wait_for_next(path, node, wait, error)
                return
        status = self.recorded_as(node, status)
        self.outputs.put_error(path, error)
        self._moves.append(Settle(path, node, status, reason, output, error, is_new=False))
        self._over(path, node, status)

    def _wait_for_next(self, path: str, node: Node, wait: float, error: dict[str, Any]) -> None:
        self._forget_inside(path)
        self._cause.pop(path, None)
        self._said.pop(path, None)
        self._scope_around(path).status[node.name] = StepStatus.WAITING
        self.waiting.add(path)
        self._moves.append(Again(path, node, wait, f"{error['code']}: {error['message']}", error))

    def _over(self, path: str, node: Node, status: StepStatus) -> None:
        self._forget_inside(path)
        self._finish(self._scopes[steppath.scope_of(path)], node.name, status)

    def _end_run(self, scope: Scope) -> None:
        if self.over or (scope.bad is not None and self._undo_next()):
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
            outputs = to_json_value(self.declared(scope), "outputs")
        except (ExpressionError, MaverickError) as error:
            message = getattr(error, "message", str(error))
            self._moves.append(RunEnd(RunStatus.FAILED, f"outputs-failed: {message}", None))
            return
        self._moves.append(RunEnd(RunStatus.SUCCEEDED, "", outputs))

    def _undo_next(self) -> bool:
        """Undo the step that ended last and is not undone yet; whether something is being undone.

        One after the other, in the reverse order of the work. A failed one does not keep the
        others from being undone.
        """
        if self._undoing:
            return True
        path = self.to_undo()
        if path is None:
            return False
        node = self.compiled.node(path)
        scope = self._open_undo(path, node.path)
        undo = scope.spec.nodes[ROLLBACK]
        own = steppath.child(path, ROLLBACK)
        scope.active += 1
        scope.status[ROLLBACK] = StepStatus.PENDING
        try:
            given = to_json_value(self.undo_input(path, node, undo), "input")
        except (ExpressionError, MaverickError) as error:
            self._fail_at_once(scope, undo, own, error)
            return True
        scope.status[ROLLBACK] = StepStatus.QUEUED
        self.queued[own] = None
        self._moves.append(Queue(own, undo, given))
        return True


def _is_part(path: str, only: str) -> bool:
    """Whether the step is the one, is inside it, or is a container around it."""
    return (
        path == only
        or path.startswith(steppath.below(only))
        or only.startswith(steppath.below(path))
    )


def _told(what: str, notes: Iterable[str]) -> str:
    """With what was missing in a condition, which may be why it does not hold."""
    return "; ".join([what, *notes])


__all__ = ["Fact", "Frontier", "Move", "Open", "Queue", "RunEnd", "Settle"]
