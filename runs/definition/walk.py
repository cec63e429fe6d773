"""Every step of a workflow with what it can see, and every expression with where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from runs.definition.load import Path
from runs.definition.spec import (
    BranchStep,
    CheckpointStep,
    LoopStep,
    PythonStep,
    ShellStep,
    StepBase,
    SubworkflowStep,
    WorkflowSpec,
)


@dataclass(frozen=True, slots=True)
class StepList:
    """The steps of one list: which finish before which, as bits of integers (bit n: step n)."""

    steps: Sequence[StepBase]
    positions: dict[str, int]  # the first step of each name
    before: list[int]  # for each step, all that have finished when it starts
    circle: tuple[int, ...] = ()  # steps that need each other
    stuck: int = 0  # bits of the steps that a circle keeps from ever starting


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can see at one place."""

    siblings: StepList | None = None
    position: int = -1  # of the step in `siblings` that the expression belongs to
    visible: int = 0  # bits of the siblings whose results can be read
    outer: Scope | None = None
    item: bool = False
    index: bool = False

    @property
    def step(self) -> StepBase | None:
        """The step of this scope's list that holds the expression."""
        if self.siblings is None or self.position < 0:
            return None
        return self.siblings.steps[self.position]


@dataclass(frozen=True, slots=True)
class Site:
    """One step where it stands. `arm`: it is the step of a branch option and has no siblings."""

    step: StepBase
    path: Path
    scope: Scope
    arm: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A value that may hold expressions. `bare`: the text is one, with or without `${{ }}`."""

    value: Any
    path: Path
    scope: Scope
    bare: bool = False


@dataclass(slots=True)
class Walk:
    """All of a workflow, in file order."""

    sites: list[Site] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    lists: list[tuple[StepList, Path]] = field(default_factory=list)


def walk(spec: WorkflowSpec) -> Walk:
    """Visit every step and every place where an expression may stand."""
    found = Walk()
    top = _visit_list(found, spec.steps, ("steps",), Scope())
    every = Scope(siblings=top, visible=_everything(top))
    for name, value in spec.outputs.items():
        found.places.append(Place(value, ("outputs", name), every))
    return found


def _visit_list(found: Walk, steps: Sequence[StepBase], path: Path, outer: Scope) -> StepList:
    siblings = step_list(steps)
    found.lists.append((siblings, path))
    for number, step in enumerate(steps):
        scope = Scope(siblings, number, siblings.before[number], outer, outer.item, outer.index)
        _visit(found, step, (*path, number), scope)
    return siblings


def _visit(found: Walk, step: StepBase, path: Path, scope: Scope, *, arm: bool = False) -> None:
    found.sites.append(Site(step, path, scope, arm))

    def place(key: str, value: Any, *, bare: bool = False) -> None:
        if value is not None:
            found.places.append(Place(value, (*path, key), scope, bare))

    place("when", step.when, bare=True)
    match step:
        case PythonStep():
            place("args", step.args)
            place("kwargs", step.kwargs)
        case ShellStep():
            place("run", step.run)
            place("cwd", step.cwd)
            place("env", step.env)
            place("shell", step.shell)
        case CheckpointStep():
            place("checkpoint_id", step.checkpoint_id)
        case SubworkflowStep():
            place("inputs", step.inputs)
        case LoopStep():
            _visit_loop(found, step, path, scope)
        case BranchStep():
            for number, option in enumerate(step.options):
                where: Path = (*path, "options", number)
                found.places.append(Place(option.when, (*where, "when"), scope, bare=True))
                _visit(found, option.step, (*where, "step"), scope, arm=True)
            if step.otherwise is not None:
                _visit(found, step.otherwise, (*path, "else"), scope, arm=True)


def _visit_loop(found: Walk, step: LoopStep, path: Path, scope: Scope) -> None:
    if step.for_each is not None:
        bare = isinstance(step.for_each, str)
        found.places.append(Place(step.for_each, (*path, "for_each"), scope, bare))
    inside = Scope(
        scope.siblings,
        scope.position,
        scope.visible,
        scope.outer,
        item=scope.item or step.for_each is not None,
        index=scope.index or step.for_each is not None or step.until is not None,
    )
    body = _visit_list(found, step.steps, (*path, "steps"), inside)
    if step.until is not None:
        after = Scope(body, -1, _everything(body), inside, inside.item, inside.index)
        found.places.append(Place(step.until, (*path, "until"), after, bare=True))


def _everything(siblings: StepList) -> int:
    return (1 << len(siblings.steps)) - 1


def needed(steps: Sequence[StepBase], position: int, positions: dict[str, int]) -> list[int]:
    """The positions a step depends on directly; names that do not exist are left out."""
    needs = steps[position].needs
    if needs is None:
        return [position - 1] if position else []
    return [positions[name] for name in needs if name in positions]


def step_list(steps: Sequence[StepBase]) -> StepList:
    """Work out which steps of a list have finished before which."""
    positions: dict[str, int] = {}
    for number, step in enumerate(steps):
        positions.setdefault(step.name, number)
    needs = [needed(steps, number, positions) for number in range(len(steps))]
    waiting = [len(set(each)) for each in needs]
    followers: list[list[int]] = [[] for _ in steps]
    for number, each in enumerate(needs):
        for other in set(each):
            followers[other].append(number)
    before = [0] * len(steps)
    ready = [number for number, count in enumerate(waiting) if not count]
    while ready:
        number = ready.pop()
        for follower in followers[number]:
            before[follower] |= before[number] | (1 << number)
            waiting[follower] -= 1
            if not waiting[follower]:
                ready.append(follower)
    stuck = sum(1 << number for number, count in enumerate(waiting) if count)
    return StepList(steps, positions, before, _circle(needs, waiting), stuck)


def _circle(needs: list[list[int]], waiting: list[int]) -> tuple[int, ...]:
    """Some circle among the steps that never became ready, if there is one."""
    current = next((number for number, count in enumerate(waiting) if count), None)
    seen: dict[int, int] = {}
    trail: list[int] = []
    while current is not None:
        if current in seen:
            return tuple(reversed(trail[seen[current] :]))
        seen[current] = len(trail)
        trail.append(current)
        current = next((other for other in needs[current] if waiting[other]), None)
    return ()
