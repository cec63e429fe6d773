"""The rules about what is named here and lives elsewhere: actions, agents, workflows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import count

from runs.definition.inputs import coerce, misfit
from runs.definition.known import Known
from runs.definition.load import Document, Path
from runs.definition.problems import Problem
from runs.definition.reporting import STAND_IN, closest, problem_at
from runs.definition.spec import (
    AgentStep,
    GenerateStep,
    PythonStep,
    RollbackCall,
    StepBase,
    SubworkflowStep,
    ValidateStep,
    WorkflowSpec,
    called_workflows,
)
from runs.definition.walk import Site, Walk
from runs.expressions import texts

_SET_UP = {"D305": "agents", "D306": "generators"}  # the sections of the settings


def check_registered(walked: Walk, document: Document, known: Known) -> Iterator[Problem]:
    """Every action, agent, generator and context builder exists."""
    for site in walked.sites:
        for code, what, name, where in _named(site.step):
            kind: Collection[str] | None = getattr(
                known, {"agent": "agents", "generator": "generators"}.get(what, "actions")
            )
            if kind is None or name in kind or name == STAND_IN or "${{" in name:
                continue
            if code in _SET_UP and name in known.expected:
                message = f"The {what} `{name}` is not set up here."
                place = (*site.path, *where)
                hint = f"set it up: [{_SET_UP[code]}.{name}] in maverick.toml"
                yield problem_at(document, "W007", message, place, hint, severity="warning")
                continue
            message = f"The {what} `{name[:80]}` is not known."
            yield problem_at(document, code, message, (*site.path, *where), closest(name, kind))


def _named(step: StepBase) -> Iterator[tuple[str, str, str, Path]]:
    """(code if unknown, what it is, its name, where it stands in the step)"""
    match step:
        case PythonStep():
            yield "D301", "action", step.action, ("action",)
        # A name with a dot is an agent's reasoner: it may register itself when the run has begun.
        case AgentStep() if "." not in step.agent:
            yield "D305", "agent", step.agent, ("agent",)
        case GenerateStep():
            yield "D306", "generator", step.generator, ("generator",)
    context = getattr(step, "context", None)
    if isinstance(context, str) and "${{" not in context:
        yield "D307", "context builder", context, ("context",)
    if isinstance(step.rollback, RollbackCall):
        yield "D301", "action", step.rollback.action, ("rollback", "action")
    elif step.rollback is not None:
        yield "D301", "action", step.rollback, ("rollback",)


def check_stages(walked: Walk, document: Document, known: Known) -> Iterator[Problem]:
    """Every stage of a validation exists: one that does not is passed over, and counts as passed."""
    if known.stages is None:
        return
    for site in walked.sites:
        if not isinstance(site.step, ValidateStep):
            continue
        stages = site.step.stages
        named = [(stages, 0)] if isinstance(stages, str) else zip(stages, count(), strict=False)
        for stage, number in named:
            if isinstance(stage, str) and "${{" not in stage and stage not in known.stages:
                message = (
                    f"The stage `{stage[:80]}` is not known, is left out and counts as passed."
                )
                where = (*site.path, "stages", number)
                hint = closest(stage, known.stages)
                yield problem_at(document, "W007", message, where, hint, severity="warning")


def check_arguments(walked: Walk, document: Document, known: Known) -> Iterator[Problem]:
    """Actions take the arguments that they are given."""
    actions = known.actions
    if not isinstance(actions, Mapping):
        return
    for site in walked.sites:
        step = site.step
        calls = []
        if isinstance(step, PythonStep) and not step.args:
            calls.append((step.action, step.kwargs, (*site.path, "kwargs")))
        if isinstance(step.rollback, RollbackCall):
            where = (*site.path, "rollback", "kwargs")
            calls.append((step.rollback.action, step.rollback.kwargs, where))
        for name, kwargs, path in calls:
            check_kwargs = getattr(actions.get(name), "check_kwargs", None)
            for message in check_kwargs(kwargs) if check_kwargs else ():
                yield problem_at(document, "D304", message, path, key=True)


class Callees:
    """The workflows that are called, each looked up once."""

    def __init__(self, look_up: Callable[[str], WorkflowSpec | None]) -> None:
        self._look_up = look_up
        self._found: dict[str, WorkflowSpec | None] = {}

    def get(self, name: str) -> WorkflowSpec | None:
        """The spec of a workflow, or None when there is none."""
        if name not in self._found:
            self._found[name] = self._look_up(name)
        return self._found[name]

    def circle(self, name: str, above: tuple[str, ...]) -> tuple[str, ...]:
        """How a workflow comes to call itself or one of those above it; empty if it does not."""
        todo = [(name, above)]
        seen: set[str] = set()
        while todo:
            at, trail = todo.pop()
            if at in trail:
                return (*trail[trail.index(at) :], at)
            callee = self.get(at)
            if callee is None or at in seen:
                continue
            seen.add(at)
            todo += [(inner, (*trail, at)) for inner in called_workflows(callee.steps)]
        return ()


def check_subworkflows(
    walked: Walk, spec: WorkflowSpec, document: Document, known: Known, callees: Callees | None
) -> Iterator[Problem]:
    """Every sub-workflow exists, does not come back here, and is given what it takes."""
    if callees is None:
        return
    for site in walked.sites:
        step = site.step
        if not isinstance(step, SubworkflowStep) or step.workflow == STAND_IN:
            continue
        where = (*site.path, "workflow")
        circle = callees.circle(step.workflow, (spec.name,))
        if circle:
            message = f"`{circle[0]}` calls itself: {' → '.join(circle)}."
            yield problem_at(document, "D308", message, where, "use a loop")
            continue
        callee = callees.get(step.workflow)
        if callee is None and step.workflow in known.broken:
            continue
        if callee is None:
            message = f"The workflow `{step.workflow[:80]}` is not known."
            yield problem_at(document, "D302", message, where)
        else:
            yield from _check_given(step, callee, site, document)


def _check_given(
    step: SubworkflowStep, callee: WorkflowSpec, site: Site, document: Document
) -> Iterator[Problem]:
    for name, declared in callee.inputs.items():
        where = (*site.path, "inputs", name)
        if name not in step.inputs:
            if declared.required:
                message = f"`{callee.name}` requires the input `{name}`."
                hint = f"add `{name}:` below `inputs:`"
                yield problem_at(document, "D303", message, where[:-1], hint, key=True)
            continue
        value = step.inputs[name]
        if any("${{" in text for _, text in texts(value)) or (
            value is None and not declared.required
        ):
            continue
        wrong = misfit(declared, coerce(declared, value))
        if wrong:
            message = f"The input `{name}` of `{callee.name}` {wrong}."
            yield problem_at(document, "D309", message, where)
    for name in step.inputs:
        if name not in callee.inputs:
            message = f"`{callee.name}` has no input `{name[:80]}`; it is not passed on."
            where = (*site.path, "inputs", name)
            hint = closest(name, callee.inputs)
            yield problem_at(document, "W004", message, where, hint, severity="warning", key=True)
