"""Paths of an action: always inside the workspace, whatever a workflow says."""

from pathlib import Path


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
