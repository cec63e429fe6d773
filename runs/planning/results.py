"""What a container that is over gives: its output, or the error of what failed in it."""

from collections.abc import Mapping
from typing import Any

from runs import steppath
from runs.expressions import render
from runs.planning.graph import Compiled, Node
from runs.planning.names import Names, OutputSource
from runs.planning.run_state import Loop, Scope
from runs.planning.stopping import Stopping


class Results(Stopping):
    """Outputs and errors, worked out from those of the steps inside."""

    def __init__(self, compiled: Compiled, names: Names, outputs: OutputSource) -> None:
        super().__init__(compiled, names, outputs)
        self._cause: dict[str, str] = {}  # failed container → the step inside that failed first
        self._said: dict[str, Mapping[str, Any]] = {}  # failed container → that step's error

    def mended(self, path: str, node: Node, loop: Loop) -> list[Any]:
        """What the step under `on_failure` gave, round by round."""
        inside = self.compiled.scopes[node.path].nodes
        mend = next((name for name in list(inside)[1:]), None)
        if mend is None:
            return []
        done = [steppath.child(steppath.turn(path, turn), mend) for turn in sorted(loop.finished)]
        # In the last round nothing was mended: it passed, or no round was left.
        return [self.outputs.get(each) for each in done[:-1]]

    def declared(self, scope: Scope) -> Any:
        declared = scope.spec.workflow.outputs
        if not declared:
            return self.output_in(scope, scope.last) if scope.last is not None else None
        return render(declared, self.scope_names(scope.key), lenient=True)

    def result(self, scope: Scope) -> Any:
        """A sub-workflow's result; it always says `success` and `passed` (product, section 3)."""
        value = self.declared(scope)
        result = dict(value) if isinstance(value, Mapping) else {"result": value}
        verdict = bool(result.get("success", result.get("passed", True)))
        return {"success": verdict, "passed": verdict, **result}

    def output_in(self, scope: Scope, name: str) -> Any:
        return self.outputs.get(steppath.child(scope.key, name))

    def blame(self, container: str, child: str) -> str:
        """Why a container failed, in words; remembers the step that is the root of it."""
        self._cause[container] = self._cause.get(child, child)
        # The child's, and not the root's: a decision that closes several containers at once has
        # recorded nothing yet, and the error that is remembered is the last one.
        self._said[container] = self._said.get(child) or self.outputs.error(child) or {}
        return f"failed: {self._cause[container]}"

    def error_inside(self, path: str, reason: str) -> dict[str, Any]:
        """The error of a container: that of the step in it that failed first."""
        said = self._said.get(path, {})
        message = f"{self._cause[path]}: {said['message']}" if said.get("message") else reason
        return {"code": "step-inside-failed", "message": message, "hint": said.get("hint") or ""}
