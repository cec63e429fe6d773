"""The step before all others: it checks what the steps of a workflow require."""

from collections.abc import Iterator, Mapping

from runs.definition.spec import (
    BranchStep,
    PythonStep,
    Step,
    StepBase,
    SubworkflowStep,
    WorkflowSpec,
    nested,
)
from runs.expressions import ExpressionError, condition_references

PREFLIGHT = "preflight"  # the action, and the step if no step of the workflow is called so


def preflight_step(spec: WorkflowSpec, called: Mapping[str, WorkflowSpec]) -> Step | None:
    """The step that checks what any step, of called workflows too, requires; None when none does.

    What is only required by steps whose `when` the inputs have made false is not checked: a dry
    run needs no token.
    """
    wanted: dict[str, list[str]] = {}  # name → conditions; "" among them: in any case
    for step in spec.steps:
        for name, condition in _required(step, called, "", (spec.name,)):
            wanted.setdefault(name, []).append(condition)
    if not wanted:
        return None
    beside = {step.name for step in spec.steps}
    beside |= {step.on_error.name for step in spec.steps if isinstance(step.on_error, StepBase)}
    # Workflows have steps of this name that do their own checks; theirs keep it.
    names = (PREFLIGHT, *(f"{PREFLIGHT}-{number}" for number in range(2, len(beside) + 3)))
    return PythonStep(
        name=next(name for name in names if name not in beside),
        action=PREFLIGHT,
        kwargs={"requires": [_entry(name, wanted[name]) for name in wanted]},
        effect="pure",
    )


def _required(
    step: StepBase,
    called: Mapping[str, WorkflowSpec],
    condition: str,
    callers: tuple[str, ...],
) -> Iterator[tuple[str, str]]:
    """Each prerequisite of a step and of what is inside it, with the condition it depends on."""
    if len(callers) == 1:  # the inputs that conditions read are those of the run
        condition = _both(condition, _of_inputs(step.when))
    for name in step.requires:
        yield name, condition
    arms = step.options if isinstance(step, BranchStep) else ()
    asked = {id(arm.step): _of_inputs(arm.when) for arm in arms} if len(callers) == 1 else {}
    for _, inner in nested(step):
        yield from _required(inner, called, _both(condition, asked.get(id(inner), "")), callers)
    if isinstance(step, SubworkflowStep) and step.workflow not in callers:
        callee = called.get(step.workflow)
        for inner in callee.steps if callee is not None else ():
            yield from _required(inner, called, condition, (*callers, step.workflow))


def _of_inputs(when: str | None) -> str:
    """A condition that reads inputs and nothing else; "" for any other."""
    if when is None:
        return ""
    try:
        read = condition_references(when)
    except ExpressionError:
        return ""
    if not all(one.root == "inputs" and len(one.path) == 1 for one in read):
        return ""
    return when.strip().removeprefix("${{").removesuffix("}}").strip()


def _both(one: str, other: str) -> str:
    return f"({one}) and ({other})" if one and other else one or other


def _entry(name: str, conditions: list[str]) -> str:
    if "" in conditions:
        return name
    asked = " or ".join(f"({one})" for one in dict.fromkeys(conditions))
    return f"${{{{ '{name}' if {asked} else '' }}}}"
