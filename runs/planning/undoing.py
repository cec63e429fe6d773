"""What is undone when a run fails, in which order, and what its rollback is given."""

from math import inf
from typing import Any

from runs import steppath
from runs.planning.graph import Node
from runs.planning.resolve import resolve_input
from runs.planning.run_state import RunFacts


class Undoing(RunFacts):
    """The steps of one run that have succeeded and have a rollback."""

    def note_done(self, path: str) -> None:
        """A step with a rollback has succeeded, after all the others that this worker knows of."""
        self._note_undoable(path, max(self._undoable.values(), default=0) + 1)

    def to_undo(self) -> str | None:
        """The step that ended last of those that are not undone yet; it is not told again."""
        if not self._undoable:
            return None
        last = max(self._undoable.values())
        path = max((one for one, at in self._undoable.items() if at == last), key=self._in_file)
        del self._undoable[path]
        self._undone.add(path)
        return path

    def _in_file(self, path: str) -> list[tuple[int, float]]:
        """Sorts what one statement has recorded: in file order, what is around after what is in it,
        as the end of a step closes what is around it."""
        key: list[tuple[int, float]] = []
        scope = ""
        for segment in path.split("/"):
            name, turn = steppath.split_turn(segment)
            position = self.compiled.node(steppath.child(scope, name)).position
            key.append((position, -1 if turn is None else turn))
            scope = steppath.child(scope, segment)
        return [*key[:-1], (key[-1][0], inf)]  # later than all its turns

    def input_of(self, path: str) -> Any:
        """The input of the leaf at ``path``, secrets and all. Raises ExpressionError."""
        node = self.compiled.node(path)
        if node.undoes:
            undone = steppath.scope_of(path)
            return self.undo_input(undone, self.compiled.node(undone), node)
        return resolve_input(node.step, self.step_names(path))

    def undo_input(self, path: str, node: Node, undo: Node) -> Any:
        """What the step itself was given, unless its rollback names arguments of its own."""
        is_open = steppath.scope_of(path) in self._scopes
        if isinstance(node.step.rollback, str):
            return self._given(path, node, is_open)
        names = self.step_names(path) if is_open else {}
        return resolve_input(undo.step, {**names, "output": self.outputs.get(path)})

    def _given(self, path: str, node: Node, is_open: bool) -> Any:
        """The step's own arguments; a loop and a branch have none."""
        if node.type in ("loop", "branch"):
            return {}
        if node.type == "subworkflow":
            return self._called_inputs(node, path) if is_open else self.outputs.input(path)
        if is_open:
            return resolve_input(node.step, self.step_names(path))
        if node.loop is not None:  # a validation that repeats: what its first check was given
            path = steppath.child(steppath.turn(path, 0), node.loop.steps[0].name)
        return self.outputs.input(path)
