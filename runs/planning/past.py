"""An earlier run as the planner walks through it: what stands inside what, and what is final."""

from collections.abc import Iterator

from runs import steppath
from runs.planning.graph import ROLLBACK, Compiled
from runs.planning.prior import PriorRun, PriorStep
from runs.planning.tolerated import SKIPPED_OVER, tolerated
from runs.states import StepStatus


class Past:
    """One earlier run, seen by the workflow as it is now."""

    def __init__(self, compiled: Compiled, prior: PriorRun) -> None:
        self.compiled, self.prior, self.steps = compiled, prior, prior.steps
        self.turns: dict[str, list[int]] = {}  # of each loop, those with a record
        self.inside: dict[str, list[str]] = {}  # of each scope
        seen: set[str] = set()
        for path in prior.steps:
            scope = steppath.scope_of(path)
            self.inside.setdefault(scope, []).append(path)
            while scope and scope not in seen:
                seen.add(scope)
                container, index = steppath.split_turn(scope)
                if index is not None:
                    self.turns.setdefault(container, []).append(index)
                scope = steppath.scope_of(container)
        for indexes in self.turns.values():
            indexes.sort()
        self._tolerated: frozenset[str] = frozenset()
        if prior.kept is not None:
            statuses = {path: step.status for path, step in prior.steps.items()}
            self._tolerated = tolerated(compiled, statuses) & prior.kept

    def is_held(self, path: str) -> bool:
        """Whether a checkpoint holds the step."""
        return self.prior.kept is not None and path in self.prior.kept

    def was_undone(self, step: PriorStep) -> bool:
        """Whether its rollback has run, or has tried to."""
        path = steppath.child(step.path, ROLLBACK)
        undone, inside = self.steps.get(path), self.compiled.nodes.get(steppath.pattern(path))
        if inside is not None and not inside.undoes:
            return False  # a step inside a container may have that name
        return undone is not None and undone.status is not StepStatus.SKIPPED

    def stays_failed(self, step: PriorStep) -> bool:
        """Whether a checkpoint holds the failure, and nothing that it came from has changed."""
        skipped_over = step.reason.startswith(SKIPPED_OVER) and self.is_held(step.path)
        if step.path not in self._tolerated and not skipped_over:
            return False
        return all(map(self._is_unchanged, [step, *self.all_inside(step.path)]))

    def _is_unchanged(self, step: PriorStep) -> bool:
        node = self.compiled.nodes.get(steppath.pattern(step.path))
        return (
            node is not None
            and step.definition in ("", node.digest)
            and step.condition in ("", node.condition)
            and not self.was_undone(step)
        )

    def all_inside(self, container: str) -> Iterator[PriorStep]:
        """Everything that is recorded inside, at any depth, what is around before what is in it."""
        turns = (steppath.turn(container, n) for n in self.turns.get(container, ()))
        for scope in (container, *turns):
            for path in self.inside.get(scope, ()):
                yield self.steps[path]
                yield from self.all_inside(path)
