"""Workflows and their versions."""

from datetime import datetime

from pydantic import ConfigDict, Field

from runs.api.v1.schemas.base import In, Out, ProblemItem, shown
from runs.states import RunStatus


class LastRunOut(Out):
    """The newest run of a workflow."""

    id: str
    status: RunStatus


class WorkflowOut(Out):
    """A workflow at its newest version."""

    model_config = shown(
        {
            "name": "release-notes",
            "description": "Notes of a release, from its commits.",
            "version": 3,
            "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "file": "workflows/release-notes.yaml",
            "published_at": "2026-11-21T04:45:55.410000Z",
            "last_run": {"id": "run_0pkx3m7q2a9f4c", "status": "succeeded"},
        }
    )

    name: str
    description: str
    version: int
    digest: str
    file: str
    published_at: datetime
    last_run: LastRunOut | None


class WorkflowPageOut(Out):
    """Workflows in the order of their names."""

    items: list[WorkflowOut]
    next_cursor: str | None


class VersionOut(Out):
    """One text of a workflow."""

    number: int
    digest: str
    file: str
    created_at: datetime


class WorkflowDetailOut(Out):
    """A workflow, its newest text, and its versions, newest first."""

    workflow: WorkflowOut
    source: str
    versions: list[VersionOut]


class ValidationOut(Out):
    """What is wrong with a workflow's text."""

    ok: bool = Field(description="No errors; there may be warnings.")
    name: str = Field(description="The workflow's name; empty when the text could not be read.")
    problems: list[ProblemItem]


class WorkflowIn(In):
    """A workflow's text."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "example": {
                "definition": "version: '1.0'\nname: hello\nsteps:\n  - name: greet\n"
                "    type: shell\n    run: echo hello\n"
            }
        },
    )

    definition: str = Field(min_length=1, description="The YAML text.")
    file: str = Field("", max_length=1000, description="The name that problems are told under.")
