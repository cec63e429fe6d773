"""The workspace of an action: paths inside it, whatever a workflow says, and its settings."""

from pathlib import Path
from typing import Any

from runs.actions import StepContext
from runs.project_file import load_settings


class OutsideWorkspace(ValueError):
    """A path leads out of the workspace."""


def inside(workspace: Path, path: str) -> Path:
    """The path in the workspace, links followed. Raises OutsideWorkspace."""
    if "\0" in path:
        raise OutsideWorkspace("A path cannot hold a NUL character.")
    root = workspace.resolve()
    full = (root / path).resolve()
    if not full.is_relative_to(root):
        raise OutsideWorkspace(f"{path!r} leads out of the workspace.")
    return full


def settings(context: StepContext, section: str) -> dict[str, Any]:
    """A section of the project's settings; what is wrong with the file is in the log."""
    found = load_settings(context.workspace, None)
    for problem in found.problems:
        context.log(str(problem), "warning")
    return found.table(section)


def own_folder(workspace: Path) -> Path:
    """`.maverick` of a project, made when it is not there; git ignores it."""
    folder = workspace / ".maverick"
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    return folder
