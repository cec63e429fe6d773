"""A step's input, with its expressions replaced by values."""

from collections.abc import Mapping
from typing import Any

from runs.canonical import to_json_value
from runs.definition.inputs import bind_inputs
from runs.definition.spec import (
    AgentStep,
    ApprovalStep,
    CheckpointStep,
    GenerateStep,
    LoopStep,
    PythonStep,
    ShellStep,
    Step,
    SubworkflowStep,
    ValidateStep,
    WaitStep,
    WorkflowSpec,
)
from runs.errors import InvalidInputs
from runs.expressions import ExpressionError, evaluate, render
from runs.planning.graph import Node

MAX_TURNS = 100_000


def resolve_input(step: Step, names: Mapping[str, Any]) -> Any:
    """What a step without steps inside is given. Raises ExpressionError.

    python: its keyword arguments, or ``{args, kwargs}`` when it has positional ones; shell:
    ``{run, cwd, env}``; checkpoint: ``{checkpoint_id}``; wait: ``{seconds, until}``; approval:
    ``{prompt}``; agent: ``{agent, context, config, cwd}``; generate: ``{generator, context,
    config, cwd}``; validate: ``{stages, cwd}``.
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
    if isinstance(step, WaitStep):
        return {"seconds": render(step.seconds, names), "until": render(step.until, names)}
    if isinstance(step, ApprovalStep):
        return {"prompt": str(render(step.prompt, names))}
    if isinstance(step, AgentStep):
        return {"agent": render(step.agent, names), **_told(step, names)}
    if isinstance(step, GenerateStep):
        return {"generator": render(step.generator, names), **_told(step, names)}
    if isinstance(step, ValidateStep):
        return _stages(step, names)
    raise TypeError(f"{step.type} steps have no input of their own")


def items_of(step: LoopStep, path: str, names: Mapping[str, Any]) -> list[Any]:
    """The items of a loop that is no `until` loop. Raises ExpressionError."""
    if step.for_each is None:
        return [None]  # neither for_each nor until: the body runs once
    value = (
        render(step.for_each, names)
        if not isinstance(step.for_each, str) or "${{" in step.for_each
        else evaluate(step.for_each, names)
    )
    if not isinstance(value, list | tuple):
        kind = "null" if value is None else type(value).__name__
        raise ExpressionError(f"for_each of {path} must give a list, got {kind}.")
    if len(value) > MAX_TURNS:
        raise ExpressionError(f"for_each of {path} gives {len(value)} items, over {MAX_TURNS}.")
    items: list[Any] = to_json_value(list(value), "for_each")
    return items


def count_of(written: Any, what: str, least: int, names: Mapping[str, Any]) -> int:
    """A bound of a loop, which may be an expression. Raises ExpressionError."""
    value = render(written, names) if isinstance(written, str) else written
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ExpressionError(f"{what} must be a whole number from {least}, got {value!r}.")
    return min(value, MAX_TURNS)


def _told(step: AgentStep | GenerateStep, names: Mapping[str, Any]) -> dict[str, Any]:
    # A text names the action that builds the context when the step runs, unless it is an expression.
    written = step.context
    if isinstance(written, str):
        context = render(written, names) if "${{" in written else written
    else:
        context = render(dict(written), names)
    return {
        "context": context,
        **({"config": render(dict(step.config), names)} if step.config else {}),
        **({"cwd": render(step.cwd, names)} if step.cwd is not None else {}),
    }


def _stages(step: ValidateStep, names: Mapping[str, Any]) -> dict[str, Any]:
    written = step.stages if isinstance(step.stages, str) else list(step.stages)
    stages = render(
        written
        if isinstance(written, str)
        else [one if isinstance(one, str) else one.model_dump(mode="json") for one in written],
        names,
    )
    if isinstance(stages, str):
        stages = [stages]
    if not isinstance(stages, list):
        raise ExpressionError(f"stages must be a list of names, got {type(stages).__name__}.")
    given: dict[str, Any] = {"stages": stages}
    if step.cwd is not None:
        given["cwd"] = render(step.cwd, names)
    return given


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
