"""The state of one run in memory: its open scopes and what stands where in them.

``load`` builds it from recorded facts, ``observe`` takes in what another worker has recorded
since. Nothing here decides anything: the consequences of an event are ``planning.frontier``'s.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runs import steppath
from runs.expressions import render
from runs.masking import is_masked
from runs.planning.graph import Compiled, Node, ScopeSpec
from runs.planning.moves import DONE_BEFORE, RECEIPT, Fact
from runs.planning.names import Names, OutputSource
from runs.planning.resolve import called_inputs, items_of
from runs.states import STEP_BAD, STEP_OVER, StepStatus


@dataclass(slots=True)
class Scope:
    """One open list of steps: what stands where in it."""

    key: str
    spec: ScopeSpec
    item: Any = None
    index: int | None = None
    status: dict[str, StepStatus] = field(default_factory=dict)
    blocked_by: dict[str, int] = field(default_factory=dict)  # needs not yet good
    active: int = 0
    bad: str | None = None  # the first step that failed
    bad_status: StepStatus | None = None
    last: str | None = None  # the step furthest down the file that ended well, for results


@dataclass(slots=True)
class Loop:
    """An open loop: which turns are open and which have ended."""

    items: list[Any] | None  # None: an `until` loop
    limit: int  # turns at once; 0 = all
    last: int = 0  # of an `until` loop: how many turns at most
    next_turn: int = 0  # every turn below it is open or finished
    open_turns: set[int] = field(default_factory=set)
    finished: set[int] = field(default_factory=set)
    bad: str | None = None
    bad_status: StepStatus | None = None
    met: bool = False  # the `until` condition
    unmet: str = ""  # why it does not hold, after the last turn that this worker has seen end
    masked: bool = False  # the items are the ledger's, and it has masks for secrets


class RunFacts:
    """What is known of one run, as far as deciding what comes next needs it."""

    def __init__(self, compiled: Compiled, names: Names, outputs: OutputSource) -> None:
        self.compiled = compiled
        self.names = names
        self.outputs = outputs
        self.total = 0  # nodes known so far
        self.queued: dict[str, None] = {}  # paths, in the order they became ready
        self.running: set[str] = set()  # leaves held by a worker
        self.waiting: set[str] = set()
        self._scopes: dict[str, Scope] = {}
        self._loops: dict[str, Loop] = {}
        self._done: dict[str, dict[str, StepStatus]] = {}  # facts of scopes that are not open yet
        self._undoing: dict[str, Scope] = {}  # what is being undone → its rollback
        self._undoable: dict[str, int] = {}  # succeeded steps with a rollback → when
        self._kept: set[str] = set()  # done once in an earlier attempt, and not come to in this one
        self._undone: set[str] = set()  # those whose rollback has a record
        # Told when a loop opens with its list, before anything in its turns is decided.
        self.opens_loop: Callable[[Node, str, list[Any]], None] = lambda node, path, items: None

    def load(self, facts: Iterable[Fact]) -> None:
        """Take in everything that is recorded; emits nothing."""
        self._open_scope("", "")
        self.observe(facts)

    def observe(self, facts: Iterable[Fact]) -> None:
        """Take in what others recorded; its consequences are recorded as well, so emit nothing."""
        touched: set[str] = set()
        ordered = sorted(facts, key=lambda f: f.path.count("/"))
        # What is open from the outside in, then what is over from the inside out: a container
        # that closed takes its scope with it, and would leave its last steps as if running. So does
        # one that waits for its next attempt.
        opened = [fact for fact in ordered if not self._closes(fact)]
        ended = [fact for fact in reversed(ordered) if self._closes(fact)]
        for fact in opened + ended:
            self._take(fact)
            touched.add(steppath.scope_of(fact.path))
        for key in sorted(touched & self._done.keys(), key=lambda k: -k.count("/")):
            if self._is_over(steppath.split_turn(key)[0]):
                del self._done[key]  # it never opens again
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

    def _closes(self, fact: Fact) -> bool:
        waits = fact.status is StepStatus.WAITING and self.compiled.node(fact.path).is_container
        return waits or fact.status in STEP_OVER

    def _is_over(self, container: str) -> bool:
        scope, name = steppath.scope_of(container), steppath.name_of(container)
        known = self._scopes[scope].status if scope in self._scopes else self._done.get(scope, {})
        return known.get(name) in STEP_OVER

    def _take(self, fact: Fact) -> None:
        key, name = steppath.scope_of(fact.path), steppath.name_of(fact.path)
        node = self.compiled.node(fact.path)
        if node.undoes:
            self._take_undo(fact, node, key)
            return
        if self._take_left(fact, node):
            return
        if fact.order and fact.status is StepStatus.SUCCEEDED and self._has_undo(node):
            self._note_undoable(fact.path, fact.order)
        else:
            self._undoable.pop(fact.path, None)  # what an earlier attempt did is done anew
        scope = self._scopes.get(key) or self._enter(key)
        if scope is None:
            self._done.setdefault(key, {})[name] = fact.status
            return
        self._note(scope, name, fact)
        if node.is_container and fact.status is StepStatus.RUNNING:
            self._reopen(node, fact)

    def _take_left(self, fact: Fact, node: Node) -> bool:
        """What an earlier attempt of a container around it has left: it may still be undone."""
        kept = fact.status is StepStatus.SUCCEEDED and fact.reason.startswith(RECEIPT)
        if kept:
            self._kept.add(fact.path)
        elif fact.status is not StepStatus.PENDING:
            return False
        done = kept or fact.reason.startswith(DONE_BEFORE)
        if done and fact.order and self._has_undo(node):
            self._note_undoable(fact.path, fact.order)
        return True

    def _take_undo(self, fact: Fact, node: Node, undone: str) -> None:
        self._undone.add(undone)
        self._undoable.pop(undone, None)
        self._note(self._open_undo(undone, node.undoes), node.name, fact)
        if fact.status in STEP_OVER:
            del self._undoing[undone]

    def _open_undo(self, undone: str, pattern: str) -> Scope:
        scope = self._undoing.get(undone)
        if scope is None:
            scope = self._undoing[undone] = Scope(undone, self.compiled.undoing[pattern])
            self.total += 1
        return scope

    def _note_undoable(self, path: str, order: int) -> None:
        # What others recorded comes in no order: it may be undone already.
        if path not in self._undone:
            self._undoable[path] = order

    @staticmethod
    def _has_undo(node: Node) -> bool:
        return node.step.rollback is not None

    def _reopen(self, node: Node, fact: Fact) -> None:
        path = fact.path
        if node.loop is not None and path not in self._loops:
            given = fact.input or {}
            items = given.get("items")
            loop = self._open_loop_state(
                path, node, items, given.get("limit", 1), given.get("last", 0)
            )
            loop.masked = is_masked(items)
        elif node.type == "branch" and path not in self._scopes:
            self._open_scope(path, node.path)
        elif node.type == "subworkflow" and path not in self._scopes:
            self.names.set_inputs(path, lambda: self._called_inputs(node, path))
            self._open_scope(path, node.path)

    def _open_loop_state(
        self, path: str, node: Node, items: list[Any] | None, limit: int, last: int
    ) -> Loop:
        loop = self._loops[path] = Loop(items, limit, last)
        if items is not None:
            self.opens_loop(node, path, items)
            self.total += len(items) * len(self.compiled.scopes[node.path].nodes)
        return loop

    def _called_inputs(self, node: Node, path: str) -> dict[str, Any]:
        names = self.scope_names(steppath.scope_of(path))
        return called_inputs(node, self.compiled.scopes[node.path].workflow, names)

    def _enter(self, key: str) -> Scope | None:
        """The scope of a loop turn, opened when its loop is open (others are opened by facts)."""
        container, index = steppath.split_turn(key)
        loop = self._loops.get(container)
        if index is None or loop is None:
            return None
        return self._open_turn(container, loop, index)

    def _note(self, scope: Scope, name: str, fact: Fact) -> None:
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
            if new is StepStatus.WAITING:  # for its next attempt
                self._forget_inside(path)
                self.waiting.add(path)
            return
        if new is StepStatus.QUEUED:
            self.queued[path] = None
        elif new is StepStatus.RUNNING:
            self.running.add(path)
        elif new is StepStatus.WAITING:
            self.waiting.add(path)

    def _close_bookkeeping(self, scope: Scope, name: str, status: StepStatus) -> list[str]:
        """After a step ended: which steps of its scope have become ready."""
        path = steppath.child(scope.key, name)
        node = scope.spec.nodes[name]
        if node.is_container:
            self._forget_inside(path)
        if status is StepStatus.SUCCEEDED:
            nodes = scope.spec.nodes
            if scope.last is None or node.position > nodes[scope.last].position:
                scope.last = name
        ready: list[str] = []
        if node.handles:
            ready += self._handled(scope, node.handles, name)
        elif status in STEP_BAD and node.handler:
            ready += self._unblock(scope, [node.handler])
            return ready + self._handled(scope, name, node.handler)
        if status in STEP_BAD and node.on_error != "continue":
            if not node.handles:
                self._fails(scope, name, status)
            return ready
        return ready + self._unblock(scope, scope.spec.dependents.get(name, ()))

    def _forget_inside(self, path: str) -> None:
        """The container at ``path`` is over: the scope in it, or those of its turns, are gone."""
        self._scopes.pop(path, None)
        loop = self._loops.pop(path, None)
        for index in loop.open_turns if loop is not None else ():
            self._scopes.pop(steppath.turn(path, index), None)

    def _handled(self, scope: Scope, name: str, handler: str) -> list[str]:
        """When a step has failed and its handler is over as well: what follows for the scope.

        Which of the two is noted last is not said: others' records come in no order.
        """
        failed, how = scope.status.get(name), scope.status.get(handler)
        if failed not in STEP_BAD or how not in STEP_OVER:
            return []
        if how is StepStatus.SUCCEEDED:
            waiting = scope.spec.dependents.get(name, ())
            return self._unblock(scope, [other for other in waiting if other != handler])
        self._fails(scope, name, failed)  # nobody mended it
        return []

    @staticmethod
    def _fails(scope: Scope, name: str, status: StepStatus | None) -> None:
        scope.bad = scope.bad or name
        scope.bad_status = scope.bad_status or status

    @staticmethod
    def _unblock(scope: Scope, names: Iterable[str]) -> list[str]:
        ready = []
        for other in names:
            scope.blocked_by[other] -= 1
            if scope.blocked_by[other] == 0 and other not in scope.status:
                ready.append(other)
        return ready

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
        self._note(self._scope_around(path), steppath.name_of(path), Fact(path, status))

    def _scope_around(self, path: str) -> Scope:
        key = steppath.scope_of(path)
        return self._undoing[key] if self.compiled.node(path).undoes else self._scopes[key]

    def _open_turn(self, path: str, loop: Loop, index: int) -> Scope:
        scope = self._open_scope(steppath.turn(path, index), self.compiled.node(path).path)
        scope.index = index
        if loop.items is not None:
            scope.item = loop.items[index]
        else:
            self.total += len(scope.spec.nodes)
        loop.open_turns.add(index)
        return scope

    def _forget_turn(self, loop: Loop, container: str, index: int) -> None:
        loop.open_turns.discard(index)
        loop.finished.add(index)
        key = steppath.turn(container, index)
        scope = self._scopes.pop(key, None)
        if scope is not None and scope.bad is not None and loop.bad is None:
            loop.bad, loop.bad_status = steppath.child(key, scope.bad), scope.bad_status

    def _open_scope(self, key: str, pattern: str) -> Scope:
        scope = self._scopes.get(key)
        if scope is not None:
            return scope
        spec = self.compiled.scopes[pattern]
        scope = Scope(key, spec)
        scope.blocked_by = {name: len(node.needs) for name, node in spec.nodes.items()}
        self._scopes[key] = scope
        if steppath.split_turn(key)[1] is None:
            self.total += len(spec.nodes)
        for name, status in self._done.pop(key, {}).items():
            self._note(scope, name, Fact(steppath.child(key, name), status))
        return scope

    def _unmask(self, turn: str) -> None:
        """The real items of a loop that another worker opened: the ledger's have no secrets."""
        container, index = steppath.split_turn(turn)
        loop = self._loops.get(container)
        if loop is None or not loop.masked or loop.items is None or index is None:
            return
        loop.masked = False
        step = self.compiled.node(container).loop
        assert step is not None
        real = items_of(step, container, self.scope_names(steppath.scope_of(container)))
        if len(real) == len(loop.items):
            loop.items = real
            for open_turn in loop.open_turns:
                self._scopes[steppath.turn(container, open_turn)].item = real[open_turn]

    def step_names(self, path: str) -> Mapping[str, Any]:
        """What the expressions of the step at ``path`` can see.

        A step under `on_error` also sees ``error`` of the step that failed, and the one under
        `on_failure` sees ``output``, what the checks said; and so do the steps inside them.
        """
        return {**self.scope_names(steppath.scope_of(path)), **self._handed(path)}

    def _handed(self, path: str) -> Mapping[str, Any]:
        """``error`` or ``output``, if the step at ``path`` is handed one."""
        key, name = steppath.scope_of(path), steppath.name_of(path)
        node = self.compiled.node(path)
        if node.handles:
            return {"error": self.outputs.error(steppath.child(key, node.handles))}
        container, turn = steppath.split_turn(key)
        if turn is None or self.compiled.node(container).type != "validate":
            return {}
        check = next(iter(self.compiled.scopes[node.parent].nodes))
        return {} if check == name else {"output": self._output_at(key, check)}

    def _output_at(self, key: str, name: str) -> Any:
        return self.outputs.get(steppath.child(key, name))

    def with_outputs(self, path: str, output: Any) -> Any:
        """A step's output with what its `outputs` add. Raises ExpressionError."""
        names = {**self.scope_names(steppath.scope_of(path)), "output": output}
        added = render(dict(self.compiled.node(path).step.outputs), names)
        whole = dict(output) if isinstance(output, Mapping) else {"result": output}
        return {**whole, **added}

    def scope_names(self, key: str) -> Mapping[str, Any]:
        """What an expression in the scope ``key`` can see."""
        chain: list[tuple[str, ScopeSpec, Any]] = []
        item: Any = None
        index: int | None = None
        found = False
        handed: dict[str, Any] = {}
        at = key
        while True:
            scope = self._scopes.get(at)
            if scope is not None:
                chain.append((at, scope.spec, scope.status))
                if not found and scope.index is not None:
                    self._unmask(at)
                    item, index, found = scope.item, scope.index, True
            if at == "":
                break
            container, turn = steppath.split_turn(at)
            if turn is None and self.compiled.node(container).type == "subworkflow":
                break
            handed = {**self._handed(container), **handed}
            at = steppath.scope_of(container)
        return {**self.names.view(at, chain, item, index, found), **handed}
