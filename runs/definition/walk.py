"""Every step of a workflow with what it can see, and every expression with where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from runs.definition.load import Path
from runs.definition.spec import (
    AgentStep,
    ApprovalStep,
    BranchStep,
    CheckpointStep,
    GenerateStep,
    LoopStep,
    PythonStep,
    RollbackCall,
    ShellStep,
    StageCommand,
    StepBase,
    SubworkflowStep,
    ValidateStep,
    WaitStep,
    WorkflowSpec,
    nested,
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
    output: bool = False  # in `outputs`, a roll-back and `on_failure`: what the step gave
    error: bool = False  # in `on_error`: what went wrong

    @property
    def step(self) -> StepBase | None:
        """The step of this scope's list that holds the expression."""
        if self.siblings is None or self.position < 0:
            return None
        return self.siblings.steps[self.position]


@dataclass(frozen=True, slots=True)
class Site:
    """One step where it stands. `alone`: an arm, an `on_error`, an `on_failure`: no siblings."""

    step: StepBase
    path: Path
    scope: Scope
    alone: bool = False


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
        scope = replace(
            outer, siblings=siblings, position=number, visible=siblings.before[number], outer=outer
        )
        _visit(found, step, (*path, number), scope)
    return siblings


def _visit(found: Walk, step: StepBase, path: Path, scope: Scope, *, alone: bool = False) -> None:
    found.sites.append(Site(step, path, scope, alone))
    _own_places(found, step, path, scope)
    if isinstance(step, LoopStep):
        _visit_loop(found, step, path, scope)
    for where, inner in nested(step):
        if where[0] == "steps":
            continue  # a loop's body sees itself; that was done above
        around = scope
        if where[0] == "on_error":
            around = replace(scope, error=True)
        elif where[0] == "on_failure":
            around = replace(scope, output=True)
        _visit(found, inner, (*path, *where), around, alone=True)


def _own_places(found: Walk, step: StepBase, path: Path, scope: Scope) -> None:
    """The values of one step that may hold expressions, except those of the steps inside it."""

    def place(value: Any, *where: str | int, bare: bool = False, after: bool = False) -> None:
        if value is not None and value != {}:
            seen = replace(scope, output=True) if after else scope
            found.places.append(Place(value, (*path, *where), seen, bare))

    place(step.when, "when", bare=True)
    match step:
        case PythonStep():
            place(step.args, "args")
            place(step.kwargs, "kwargs")
        case ShellStep():
            place(step.run, "run")
            place(step.cwd, "cwd")
            place(step.env, "env")
        case CheckpointStep():
            place(step.checkpoint_id, "checkpoint_id")
        case SubworkflowStep():
            place(step.inputs, "inputs")
        case AgentStep():
            place(step.agent, "agent")
            place(step.context, "context")
            place(step.cwd, "cwd")
        case GenerateStep():
            place(step.context, "context")
            place(step.cwd, "cwd")
        case ValidateStep():
            place(step.cwd, "cwd")
            place(step.rounds, "rounds")
            _stages(place, step)
        case WaitStep():
            place(step.seconds, "seconds")
            place(step.until, "until")
        case ApprovalStep():
            place(step.prompt, "prompt")
        case BranchStep():
            for number, option in enumerate(step.options):
                place(option.when, "options", number, "when", bare=True)
    place(step.config, "config")
    place(step.outputs, "outputs", after=True)
    if isinstance(step.rollback, RollbackCall):
        place(step.rollback.kwargs, "rollback", "kwargs", after=True)


def _stages(place: Any, step: ValidateStep) -> None:
    if isinstance(step.stages, str):
        place(step.stages, "stages")
        return
    for number, stage in enumerate(step.stages):
        if isinstance(stage, StageCommand):
            place(stage.run, "stages", number, "run")
            place(stage.cwd, "stages", number, "cwd")
        else:
            place(stage, "stages", number)


def _visit_loop(found: Walk, step: LoopStep, path: Path, scope: Scope) -> None:
    if step.for_each is not None:
        bare = isinstance(step.for_each, str)
        found.places.append(Place(step.for_each, (*path, "for_each"), scope, bare))
    for key in ("max_concurrency", "max_iterations"):
        found.places.append(Place(getattr(step, key), (*path, key), scope))
    inside = replace(
        scope,
        item=scope.item or step.for_each is not None,
        index=scope.index or step.for_each is not None or step.until is not None,
    )
    body = _visit_list(found, step.steps, (*path, "steps"), inside)
    if step.until is not None:
        after = replace(inside, siblings=body, position=-1, visible=_everything(body), outer=inside)
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
