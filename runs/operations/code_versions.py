"""Which version of its code, or which agent, a step would run with today."""

from collections.abc import Callable
from pathlib import Path

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


def code_versions(workspace: Path) -> Callable[[Node], str | None]:
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
            return _agent_version(book, "agent", node.step.agent, node.step)
        if isinstance(node.step, GenerateStep):
            return _agent_version(book, "generator", node.step.generator, node.step)
        if not isinstance(node.step, PythonStep):
            return None
        action = find_action(node.step.action, workspace)
        return action.version if action is not None else None

    return version


def _agent_version(
    book: AgentBook, role: Role, name: str, step: AgentStep | GenerateStep
) -> str | None:
    if "${{" in name:
        return None  # which agent that is depends on the step's input, and that is compared
    try:
        return setup_version(book.resolve(role, name, step.name, step.config))
    except StepFailure:
        return None
