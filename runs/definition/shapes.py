"""What results look like, as far as a file says it, and who reads a field that they do not have.

A condition reads such a field as null, everything else fails on it; both are found out when the
run is half way, so what can be proven is told beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runs.definition.elsewhere import Callees
from runs.definition.problems import Problem
from runs.definition.references import Use
from runs.definition.reporting import STAND_IN, closest
from runs.definition.spec import (
    ApprovalStep,
    BranchStep,
    LoopStep,
    StepBase,
    SubworkflowStep,
    WorkflowSpec,
)
from runs.definition.walk import Scope

# The fields that the output of each kind of step can have, and no others.
OUTPUT_FIELDS: dict[str, frozenset[str]] = {
    "shell": frozenset({"exit_code", "stdout", "stderr", "truncated"}),
    "checkpoint": frozenset({"checkpoint_id", "name", "file", "steps", "ref"}),
    "validate": frozenset({"success", "passed", "stages", "stage_results", "attempts", "fixes"}),
    "wait": frozenset({"until", "seconds"}),
    "approval": frozenset({"approved", "by", "at", "comment"}),  # and what the form asks
}
ROOT_FIELDS: dict[str, frozenset[str]] = {
    "run": frozenset({"id", "workflow", "workspace", "context"}),
    "error": frozenset({"code", "message", "hint", "detail"}),
}
_NO_FIELDS = {"integer": "a whole number", "boolean": "true or false", "float": "a number"}


@dataclass(frozen=True, slots=True)
class Shape:
    """`fields`: all that a mapping has. `is_list`: it is a list instead."""

    fields: frozenset[str] = frozenset()
    is_list: bool = False


def output_shape(step: StepBase, callees: Callees | None) -> Shape | None:
    """What the output of a step looks like when it is not null; None when that is not known."""
    if isinstance(step.on_error, StepBase):
        return None  # the output may be that of the other step
    shape = _own_shape(step, callees)
    if not step.outputs or shape is None:
        return shape
    own = frozenset({"result"}) if shape.is_list else shape.fields
    return Shape(own | step.outputs.keys())


def _own_shape(step: StepBase, callees: Callees | None) -> Shape | None:
    match step:
        case LoopStep():
            return Shape(is_list=True)
        case SubworkflowStep():
            callee = callees.get(step.workflow) if callees is not None else None
            if callee is None or not callee.outputs:
                return None  # without `outputs` it is what the last step gave
            return Shape(frozenset({"success", "passed"}) | callee.outputs.keys())
        case BranchStep():
            arms = [option.step for option in step.options]
            arms += [step.otherwise] if step.otherwise is not None else []
            shapes = [output_shape(arm, callees) for arm in arms]
            fields: frozenset[str] = frozenset()
            for shape in shapes:
                if shape is None or shape.is_list:
                    return None
                fields |= shape.fields
            return Shape(fields)
        case _:
            known = OUTPUT_FIELDS.get(step.type)
            if isinstance(step, ApprovalStep) and known is not None:
                known |= step.form.keys()
            return None if known is None else Shape(known)


def check_fields(
    uses: list[Use], spec: WorkflowSpec, callees: Callees | None, file: str
) -> Iterator[Problem]:
    """Fields that are read and, as far as the file says, can never be there."""
    for use in uses:
        for reference in sorted(use.reads, key=str):
            path = reference.path
            message = hint = ""
            if reference.root == "steps" and len(path) > 2 and path[1] == "output":
                step = find_step(str(path[0]), use.scope)
                if step is not None and step.name != STAND_IN:
                    message, hint = _misread(step, path[2], callees)
            elif reference.root == "inputs" and len(path) > 1 and path[0] in spec.inputs:
                kind = spec.inputs[str(path[0])].type
                if kind in _NO_FIELDS or (kind in ("string", "array") and isinstance(path[1], str)):
                    what = _NO_FIELDS.get(kind, "a text" if kind == "string" else "a list")
                    message = f"The input `{path[0]}` is {what} and has no field `{path[1]}`."
            elif reference.root == "steps" and len(path) > 2 and path[1] == "error":
                message, hint = _no_such("error", path[2])
            elif reference.root in ROOT_FIELDS and path:
                message, hint = _no_such(reference.root, path[0])
            if message:
                yield Problem("W008", message, hint, use.line, use.column, file, "warning")


def _no_such(root: str, key: str | int) -> tuple[str, str]:
    fields = ROOT_FIELDS[root]
    if key in fields:
        return "", ""
    return f"`{root}` has no field `{str(key)[:80]}`.", closest(str(key), fields)


def _misread(step: StepBase, key: str | int, callees: Callees | None) -> tuple[str, str]:
    shape = output_shape(step, callees)
    if shape is None:
        return "", ""
    if shape.is_list:
        if isinstance(key, int):
            return "", ""
        message = f"The output of `{step.name}` is a list, one entry for each turn."
        return message, f"write `steps.{step.name}.output[0]`"
    if key in shape.fields:
        return "", ""
    message = f"The output of `{step.name}` never has the field `{str(key)[:80]}`."
    return message, closest(str(key), shape.fields)


def find_step(name: str, scope: Scope | None) -> StepBase | None:
    """The step that a name means where it is read."""
    while scope is not None and scope.siblings is not None:
        position = scope.siblings.positions.get(name)
        if position is not None:
            return scope.siblings.steps[position]
        scope = scope.outer
    return None
