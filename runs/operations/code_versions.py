"""Which version of its code, or which agent, a step would run with today."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runs.actions import ActionImportError, find_action, load_project_actions
from runs.agents.settings import AgentBook, load_agents
from runs.agents.setup import AgentSetup, Role
from runs.definition.spec import AgentStep, GenerateStep, PythonStep
from runs.errors import StepFailure
from runs.operations.places import user_folder
from runs.planning.graph import Node


def setup_version(setup: AgentSetup) -> str:
    """The version of a configured agent: its model's name, and a digest of all that is set."""
    return f"{setup.model or setup.kind} {setup.fingerprint[:12]}"[:100]


def with_context(config: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """A step's settings of its agent as the run's context wants them: `model` counts for all."""
    model = context.get("model")
    if not isinstance(model, str) or not model:
        return dict(config)
    without = {key: value for key, value in config.items() if key not in ("model", "model_id")}
    return {**without, "model_id": model}


def code_versions(workspace: Path, context: Mapping[str, Any]) -> Callable[[Node], str | None]:
    """The declared version of a step's action, or None when it has none to compare.

    An action that is gone has none either: the step that needs it will say so when it runs.
    """
    try:
        load_project_actions(workspace)
    except ActionImportError:
        return lambda node: None

    book = load_agents(workspace, user_folder())

    def version(node: Node) -> str | None:
        if isinstance(node.step, AgentStep):
            return _agent_version(book, "agent", node.step.agent, node.step, context)
        if isinstance(node.step, GenerateStep):
            return _agent_version(book, "generator", node.step.generator, node.step, context)
        if not isinstance(node.step, PythonStep):
            return None
        action = find_action(node.step.action, workspace)
        return action.version if action is not None else None

    return version


def _agent_version(
    book: AgentBook,
    role: Role,
    name: str,
    step: AgentStep | GenerateStep,
    context: Mapping[str, Any],
) -> str | None:
    if "${{" in name:
        return None  # which agent that is depends on the step's input, and that is compared
    try:
        return setup_version(
            book.resolve(role, name, step.name, with_context(step.config, context))
        )
    except StepFailure:
        return None
