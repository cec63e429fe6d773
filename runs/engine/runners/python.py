"""`type: python`: call a registered action."""

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any

from runs.actions import find_action, load_project_actions
from runs.definition.spec import PythonStep
from runs.engine.context import StepContext
from runs.errors import ActionFailed, StepFailure


class UnknownAction(StepFailure):
    """There is no such action."""

    code = "unknown-action"
    permanent = True


def run_python(context: StepContext, given: Any) -> Any:
    """Call the step's action with its input.

    Raises UnknownAction, or ActionFailed when the action returns a mapping whose ``success`` is
    exactly false (a rule of the original language, which its actions rely on).
    """
    step = context.job.node.step
    assert isinstance(step, PythonStep)
    load_project_actions(context.workspace)
    action = find_action(step.action, context.workspace)
    if action is None:
        raise UnknownAction(
            f"There is no action {step.action!r}.",
            hint="Define it with @action in the project's maverick_actions.py.",
        )
    context.code_version = action.version
    args: list[Any] = given["args"] if step.args else []
    kwargs: dict[str, Any] = dict(given["kwargs"] if step.args else given)
    wrong = [] if args else action.check_kwargs(kwargs)
    if wrong:
        raise ActionFailed("; ".join(wrong), hint=f"Compare kwargs with {step.action}'s signature.")
    if action.context_name:
        kwargs[action.context_name] = context
    value = action.function(*args, **kwargs)
    if inspect.isawaitable(value):
        value = asyncio.run(_wait(value))
    failed = isinstance(value, Mapping) and value.get("success") is False
    if failed and not action.reports:
        raise ActionFailed(str(value.get("error") or "The action says success: false."))
    return value


async def _wait(value: Any) -> Any:
    return await value
