"""What the list of a loop will be when the loop opens again, told before the run is made.

All that a loop needs is reused, so its expression can be worked out from what the earlier run has
recorded. What cannot be worked out is not known, and then the turns count as unchanged.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from runs import steppath
from runs.canonical import digest
from runs.definition.spec import LoopStep, SubworkflowStep
from runs.errors import MaverickError
from runs.expressions import (
    ExpressionError,
    Reference,
    condition_references,
    judge,
    references,
)
from runs.masking import is_masked
from runs.planning.fields import fields_read
from runs.planning.graph import Compiled, Node, ScopeSpec
from runs.planning.names import Names
from runs.planning.resolve import called_inputs, items_of, resolve_input
from runs.planning.turns import item_digests
from runs.states import STEP_BAD, StepStatus


class Recorded(Protocol):
    """What an earlier run has recorded, by the paths that its steps had there."""

    def output(self, path: str) -> Any:
        """The output of a step; None when there is none."""
        ...

    def error(self, path: str) -> Any:
        """The error of a failed step, ``{code, message, hint}``."""
        ...


class Foresight:
    """Takes note of what is decided, scope by scope, and works out lists from it."""

    def __init__(
        self,
        compiled: Compiled,
        recorded: Recorded,
        *,
        inputs: Mapping[str, Any],
        run: Mapping[str, Any],
        secrets: Mapping[str, Any],
        env: Mapping[str, str],
        mask: Callable[[Any], Any],
    ) -> None:
        self._compiled, self._recorded, self._mask = compiled, recorded, mask
        self._names = Names(inputs, run, self, secrets, env)
        self._statuses: dict[str, dict[str, StepStatus]] = {}  # scope → name → how it stands
        self._was: dict[str, str] = {}  # path → the path it had
        self._turns: dict[str, tuple[Any, int]] = {}  # turns whose item is known

    # ---- what is decided ----------------------------------------------------------------------

    def note(self, path: str, was: str, status: StepStatus) -> None:
        """The step at ``path`` will stand as it stood."""
        self._was[path] = was
        scope = self._statuses.setdefault(steppath.scope_of(path), {})
        scope[steppath.name_of(path)] = status

    def opens(self, node: Node, path: str) -> None:
        """The called workflow at ``path`` opens again; its inputs are asked for when needed."""
        callee = self._compiled.scopes[node.path].workflow
        names = self._names_in(steppath.scope_of(path))
        self._names.set_inputs(path, lambda: called_inputs(node, callee, names))

    def turn(self, scope: str, item: Any, index: int) -> None:
        """The turn ``scope`` opens again with an item that is known."""
        self._turns[scope] = (item, index)

    # ---- what follows -------------------------------------------------------------------------

    def items(self, node: Node, path: str) -> list[Any] | None:
        """The list of the loop at ``path``; None when it cannot be told now."""
        assert node.loop is not None
        scope = steppath.scope_of(path)
        if not self._is_known(scope):
            return None
        try:
            return items_of(node.loop, path, self._names_in(scope))
        except (ExpressionError, MaverickError, KeyError):
            return None

    def certain_items(self, node: Node, path: str) -> list[Any] | None:
        """The same, only if all that the list is made of stands as it stood or is given anew: a
        step that runs again is no step without an output."""
        assert node.loop is not None
        read = list_references(node.loop)
        if read is None or not self._stands(read, steppath.scope_of(path)):
            return None
        return self.items(node, path)

    def certainly_runs(self, node: Node, path: str) -> bool | None:
        """Whether the condition of the step at ``path`` will hold; None when that is not known."""
        return self.runs(node, path) if self.stands([node.step.when], path) else None

    def stands(self, conditions: Iterable[Any], path: str) -> bool:
        """Whether all that these conditions of the step at ``path`` read stands as it stood."""
        try:
            asked = [text for text in conditions if isinstance(text, str)]
            read = [one for text in asked for one in condition_references(text)]
        except ExpressionError:
            return False
        return self._stands(read, steppath.scope_of(path))

    def _stands(self, read: Iterable[Reference], scope: str) -> bool:
        for one in read:
            first = str(one.path[0]) if one.path else ""
            if one.root == "steps" and not self._is_settled(first, scope):
                return False
            if one.root == "run" and first not in ("context", "workflow", "workspace"):
                return False  # the new run's id, for one, is not there yet
            if one.root == "inputs" and not self._are_certain(scope):
                return False
        return True

    def _is_settled(self, name: str, scope: str) -> bool:
        """Whether the step that ``name`` means in ``scope`` stands as it stood."""
        while True:
            container = steppath.split_turn(scope)[0]
            nodes = self._compiled.scopes[steppath.pattern(container)].nodes
            statuses = self._statuses.get(scope, {})
            if name in nodes:
                handler = nodes[name].handler
                mended = statuses.get(name) in STEP_BAD and bool(handler)
                return name in statuses and (not mended or handler in statuses)
            if not scope:
                return False
            scope = steppath.scope_of(container)

    def _are_certain(self, scope: str) -> bool:
        """Whether the inputs that ``scope`` sees are those of the run, or follow from what stands."""
        while scope:
            container, turn = steppath.split_turn(scope)
            scope, step = steppath.scope_of(container), self._compiled.node(container).step
            if turn is None and isinstance(step, SubworkflowStep):
                try:
                    return self._stands(references(dict(step.inputs)), scope)
                except ExpressionError:
                    return False
        return True

    def digests(self, items: list[Any]) -> tuple[str, ...]:
        """The digests of a list's items, as those of the earlier run were made: masked."""
        return item_digests([self._mask(item) for item in items])

    def given(self, node: Node, path: str) -> str | None:
        """The digest of what the step at ``path`` would be given, as recorded ones are made."""
        if fields_read(node.step, "run"):
            return None  # the new run's id, for one, is not there yet
        names = self._known_names(path)
        try:
            return None if names is None else digest(self._mask(resolve_input(node.step, names)))
        except (ExpressionError, MaverickError, KeyError, TypeError):
            return None

    def runs(self, node: Node, path: str) -> bool | None:
        """Whether the condition of the step at ``path`` would hold."""
        names = self._known_names(path)
        if names is None or not isinstance(node.step.when, str):
            return None
        try:
            return judge(node.step.when, names).holds
        except (ExpressionError, MaverickError, KeyError):
            return None

    def _known_names(self, path: str) -> Mapping[str, Any] | None:
        scope = steppath.scope_of(path)
        return self._names_in(scope) if self._is_known(scope) else None

    def hides(self, items: list[Any]) -> bool:
        """Whether the earlier run's items had masks where these have secrets."""
        return is_masked([self._mask(item) for item in items])

    def _is_known(self, scope: str) -> bool:
        """Whether the item of every turn around is known."""
        while scope:
            container, index = steppath.split_turn(scope)
            if index is not None and scope not in self._turns:
                return False
            scope = steppath.scope_of(container)
        return True

    def _names_in(self, key: str) -> Mapping[str, Any]:
        chain: list[tuple[str, ScopeSpec, Any]] = []
        item: Any = None
        index: int | None = None
        at = key
        while True:
            container, turn = steppath.split_turn(at)
            pattern = steppath.pattern(container)
            chain.append((at, self._compiled.scopes[pattern], self._statuses.get(at, {})))
            if index is None and at in self._turns:
                item, index = self._turns[at]
            if at == "" or (turn is None and self._compiled.node(at).type == "subworkflow"):
                break
            at = steppath.scope_of(container)
        return self._names.view(at, chain, item, index, index is not None)

    # ---- as what expressions ask (planning.names.OutputReader) ---------------------------------

    def get(self, path: str) -> Any:
        """What the step at ``path`` put out in the earlier run."""
        return self._recorded.output(self._was.get(path, path))

    def error(self, path: str) -> Any:
        """How the step at ``path`` failed in the earlier run."""
        return self._recorded.error(self._was.get(path, path))


def list_references(loop: LoopStep) -> frozenset[Reference] | None:
    """What the list of a loop is made of; None when that cannot be told."""
    try:
        if isinstance(loop.for_each, str):
            return condition_references(loop.for_each)
        return references(loop.for_each)
    except ExpressionError:
        return None
