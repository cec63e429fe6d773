"""Which version of its code a step would run with today."""

from collections.abc import Callable
from pathlib import Path

from runs.actions import ActionImportError, find_action, load_project_actions
from runs.definition.spec import PythonStep
from runs.planning.graph import Node


def code_versions(workspace: Path) -> Callable[[Node], str | None]:
    """The declared version of a step's action, or None when it has none to compare.

    An action that is gone has none either: the step that needs it will say so when it runs.
    """
    try:
        load_project_actions(workspace)
    except ActionImportError:
        return lambda node: None

    def version(node: Node) -> str | None:
        if not isinstance(node.step, PythonStep):
            return None
        action = find_action(node.step.action, workspace)
        return action.version if action is not None else None

    return version
