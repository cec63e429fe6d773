"""What an expression can see: inputs, steps, item, index, run, secrets, env.

Step outputs are read when an expression asks for them and not before, so that a run of ten
thousand steps holds none of them in memory.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from runs import steppath
from runs.states import STEP_BAD, STEP_OVER, StepStatus


class OutputReader(Protocol):
    """What expressions ask of recorded steps."""

    def get(self, path: str) -> Any:
        """The output of a settled step; None for one that was skipped."""
        ...

    def error(self, path: str) -> Any:
        """The error of a failed step, ``{code, message, hint}``."""
        ...


class OutputSource(OutputReader, Protocol):
    """Where recorded outputs are read, and those kept that are about to be recorded."""

    def input(self, path: str) -> Any:
        """What a step was given, as it is recorded: secrets are masked."""
        ...

    def put_error(self, path: str, error: Any) -> None:
        """Remember an error that is about to be recorded."""
        ...

    def put(self, path: str, value: Any) -> None:
        """Remember an output that is about to be recorded."""
        ...

    def tree(self, paths: list[list[str]]) -> list[list[Any]]:
        """Many outputs at once, in the given shape."""
        ...


class SeenStep(Mapping[str, Any]):
    """``steps.x`` in an expression: output (read on demand), status, skipped, error.

    The output of a step whose failure `on_error` mended is that of the step that mended it.
    """

    def __init__(
        self, path: str, status: StepStatus, outputs: OutputReader, stand_in: str = ""
    ) -> None:
        self._path, self._status, self._outputs = path, status, outputs
        self._stand_in = stand_in  # the path of the handler that mended its failure

    def __getitem__(self, key: str) -> Any:
        if key == "output":
            done = self._path if self._status is StepStatus.SUCCEEDED else self._stand_in
            return self._outputs.get(done) if done else None
        if key == "error":
            return self._outputs.error(self._path) if self._status in STEP_BAD else None
        if key == "status":
            return self._status.value
        if key == "skipped":
            return self._status is StepStatus.SKIPPED
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(("output", "status", "skipped", "error"))

    def __len__(self) -> int:
        return 4


class SeenSteps(Mapping[str, SeenStep]):
    """``steps`` in an expression: the settled steps of this scope and of those around it."""

    def __init__(self, chain: Sequence[tuple[str, Any, Any]], outputs: OutputReader) -> None:
        self._chain, self._outputs = chain, outputs

    def __getitem__(self, name: str) -> SeenStep:
        for key, spec, statuses in self._chain:
            if name in spec.nodes:
                status = statuses.get(name)
                if status is None or status not in STEP_OVER:
                    break
                handler = spec.nodes[name].handler
                mended = status in STEP_BAD and statuses.get(handler) is StepStatus.SUCCEEDED
                stand_in = steppath.child(key, handler) if mended else ""
                return SeenStep(steppath.child(key, name), status, self._outputs, stand_in)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        seen: set[str] = set()
        for _key, _spec, statuses in self._chain:
            for name, status in statuses.items():
                if status in STEP_OVER and name not in seen:
                    seen.add(name)
                    yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Names:
    """The values behind the names, for one run."""

    def __init__(
        self,
        inputs: Mapping[str, Any],
        run: Mapping[str, Any],
        outputs: OutputReader,
        secrets: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._inputs: dict[str, Mapping[str, Any]] = {"": inputs}
        self._later: dict[str, Callable[[], Mapping[str, Any]]] = {}
        self._fixed = {"run": run, "secrets": secrets or {}, "env": env or {}}
        self._outputs = outputs

    def set_inputs(self, container: str, inputs: Callable[[], Mapping[str, Any]]) -> None:
        """Say what ``inputs`` is inside the sub-workflow at ``container``; asked for once."""
        self._inputs.pop(container, None)
        self._later[container] = inputs

    def _inputs_of(self, container: str) -> Mapping[str, Any]:
        if container not in self._inputs:
            self._inputs[container] = self._later[container]()
        return self._inputs[container]

    def view(
        self,
        scope: str,
        chain: Sequence[tuple[str, Any, Any]],
        item: Any,
        index: int | None,
        in_loop: bool,
    ) -> dict[str, Any]:
        """The names for one scope. ``chain``: (scope key, ScopeSpec, statuses), innermost first."""
        owner = scope
        while owner and owner not in self._later:
            owner = (
                steppath.split_turn(owner)[0] if owner.endswith("]") else (steppath.scope_of(owner))
            )
        names: dict[str, Any] = {
            "inputs": self._inputs_of(owner),
            "steps": SeenSteps(chain, self._outputs),
            **self._fixed,
        }
        if in_loop:
            names["item"], names["index"] = item, index
        return names
