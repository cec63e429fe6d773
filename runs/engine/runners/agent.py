"""`type: agent` and `type: generate`: an agent, or a generator, does the step."""

import asyncio
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runs import environment
from runs.actions import find_action, load_project_actions
from runs.agents.call import AgentRequest, call_agent
from runs.agents.settings import load_agents
from runs.agents.setup import Role
from runs.definition.spec import AgentStep, GenerateStep
from runs.engine.context import StepContext
from runs.engine.runners.remote_agent import is_remote, run_remote
from runs.engine.runners.stopping import Stop
from runs.errors import ActionFailed
from runs.library.actions.workspace import inside
from runs.operations.code_versions import setup_version, with_context
from runs.operations.places import user_folder


def run_agent(context: StepContext, given: Any) -> Any:
    """Ask the agent that the step names; the output is its answer. Raises what `call_agent` does."""
    if is_remote(given["agent"]):
        return run_remote(context, given["agent"], _told(context, given["context"]))
    return _ask(context, "agent", given["agent"], given)


def run_generate(context: StepContext, given: Any) -> Any:
    """Ask the generator that the step names; the output is its text, or JSON of its schema."""
    return _ask(context, "generator", given["generator"], given)


def _ask(context: StepContext, role: Role, name: str, given: Mapping[str, Any]) -> Any:
    step = context.job.node.step
    assert isinstance(step, AgentStep | GenerateStep)
    book = load_agents(context.workspace, user_folder())
    config = with_context(given.get("config") or {}, context.state.run_names["context"])
    setup = book.resolve(role, name, step.name, config)
    context.code_version = setup_version(setup)
    schema = step.output_schema if isinstance(step.output_schema, Mapping) else None
    stop = Stop(context)
    request = AgentRequest(
        prompt="",
        context=_told(context, given["context"]),
        schema=schema,
        workspace=_folder(context, given.get("cwd")),
        run_id=context.run_id,
        execution_id=context.execution_id,
        attempt=context.attempt,
        path=context.path,
    )
    context.state.masker.add(setup.secret_values(environment.secrets()))
    result = call_agent(
        setup,
        request,
        log=lambda text, stream: context.buffer.add(text, stream),
        stopped=stop.asked,
        on_process=stop.on_process,
    )
    context.usage = {
        "agent": name,
        "model": result.model,
        "tokens_in": result.tokens_in,
        "tokens_out": result.tokens_out,
        "cost": result.cost,
    }
    return result.output


def _folder(context: StepContext, cwd: Any) -> Path:
    folder = inside(context.workspace, str(cwd)) if cwd else context.workspace
    if not folder.is_dir():
        raise ActionFailed(f"The folder {cwd} does not exist.")
    return folder


def _told(context: StepContext, told: Any) -> Mapping[str, Any]:
    """The context: as written, or what the action of that name builds from inputs and steps."""
    if isinstance(told, Mapping):
        return told
    load_project_actions(context.workspace)
    action = find_action(str(told), context.workspace)
    if action is None:
        raise ActionFailed(
            f"There is no action {told!r} that could build the context.",
            hint="Write the context as a mapping, or define the action in maverick_actions.py.",
        )
    names = context.state.frontier.step_names(context.path)
    known = {"inputs": names["inputs"], "steps": _outputs(names["steps"])}
    known[action.context_name or "context"] = context
    wanted = inspect.signature(action.function).parameters
    anything = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in wanted.values())
    built = action.function(**{k: v for k, v in known.items() if anything or k in wanted})
    if inspect.isawaitable(built):
        built = asyncio.run(_wait(built))
    if not isinstance(built, Mapping):
        raise ActionFailed(f"{told} built no mapping, but {type(built).__name__}.")
    return built


def _outputs(seen: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"output": seen[name]["output"], "status": seen[name]["status"]} for name in seen}


async def _wait(value: Any) -> Any:
    return await value
