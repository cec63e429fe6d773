"""A step's input, with its expressions replaced by values."""

from collections.abc import Mapping
from typing import Any

from runs.canonical import to_json_value
from runs.definition.inputs import bind_inputs
from runs.definition.spec import (
    CheckpointStep,
    PythonStep,
    ShellStep,
    Step,
    SubworkflowStep,
    WorkflowSpec,
)
from runs.errors import InvalidInputs
from runs.expressions import render
from runs.planning.graph import Node


def resolve_input(step: Step, names: Mapping[str, Any]) -> Any:
    """What a step without steps inside is given. Raises ExpressionError.

    python: its keyword arguments, or ``{args, kwargs}`` when it has positional ones; shell:
    ``{run, cwd, env}``; checkpoint: ``{checkpoint_id}``.
    """
    if isinstance(step, PythonStep):
        kwargs = render(dict(step.kwargs), names)
        return {"args": render(list(step.args), names), "kwargs": kwargs} if step.args else kwargs
    if isinstance(step, ShellStep):
        given = {"run": render(step.run, names)}
        if not isinstance(given["run"], str):
            given["run"] = str(given["run"])
        if step.cwd is not None:
            given["cwd"] = render(step.cwd, names)
        if step.env:
            given["env"] = render(dict(step.env), names)
        return given
    if isinstance(step, CheckpointStep):
        return {"checkpoint_id": render(step.checkpoint_id or step.name, names)}
    raise TypeError(f"{step.type} steps have no input of their own")


def called_inputs(node: Node, callee: WorkflowSpec, names: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of the workflow that a sub-workflow step calls.

    Raises ExpressionError, or InvalidInputs when they do not fit the callee's declaration.
    """
    step = node.step
    assert isinstance(step, SubworkflowStep)
    given = to_json_value(render(dict(step.inputs), names), "inputs")
    # What the callee does not declare was warned about at load and is left out (specification
    # of the original language, 10.4: files people have pass such inputs).
    known = {key: value for key, value in given.items() if key in callee.inputs}
    bound, problems = bind_inputs(callee, known)
    if any(problem.severity == "error" for problem in problems):
        raise InvalidInputs(
            problems, "; ".join(f"input {callee.name}: {p.message}" for p in problems)
        )
    return bound
