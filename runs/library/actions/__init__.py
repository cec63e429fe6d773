"""The actions that every workflow can use. Importing this package registers them all."""

from runs.library.actions import (
    branches,
    dependencies,
    files,
    git,
    github,
    preflight,
    repository,
    tasks,
    text,
)

__all__ = [
    "branches",
    "dependencies",
    "files",
    "git",
    "github",
    "preflight",
    "repository",
    "tasks",
    "text",
]
