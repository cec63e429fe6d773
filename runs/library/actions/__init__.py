"""The actions that every workflow can use. Importing this package registers them all."""

from runs.library.actions import (
    branches,
    contexts,
    dependencies,
    files,
    findings,
    git,
    github,
    notes,
    preflight,
    preflight_checks,
    reports,
    repository,
    review,
    tasks,
    text,
)

__all__ = [
    "branches",
    "contexts",
    "dependencies",
    "files",
    "findings",
    "git",
    "github",
    "notes",
    "preflight",
    "preflight_checks",
    "reports",
    "repository",
    "review",
    "tasks",
    "text",
]
