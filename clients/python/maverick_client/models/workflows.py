"""Workflows, their texts and what is wrong with them."""

from typing import NotRequired, TypedDict

from maverick_client.models.runs import RunStatus


class LastRun(TypedDict):
    """The newest run of a workflow."""

    id: str
    status: RunStatus


class Workflow(TypedDict):
    """A workflow at its newest version."""

    name: str
    description: str
    version: int
    digest: str
    file: str
    published_at: str
    last_run: LastRun | None


class Version(TypedDict):
    """One text of a workflow."""

    number: int
    digest: str
    file: str
    created_at: str


class WorkflowDetail(TypedDict):
    """A workflow, its newest text, and its versions, newest first."""

    workflow: Workflow
    source: str
    versions: list[Version]


class ProblemItem(TypedDict):
    """One thing that is wrong, and where."""

    code: str
    column: NotRequired[int | None]
    file: NotRequired[str | None]
    hint: NotRequired[str | None]
    line: NotRequired[int | None]
    message: NotRequired[str | None]
    path: NotRequired[str | None]  # the field of the request, e.g. `inputs.topic`.
    severity: NotRequired[str | None]  # `error` or `warning`, of a workflow's text


class Validation(TypedDict):
    """What is wrong with a workflow's text."""

    ok: bool  # no errors; there may be warnings
    name: str  # the workflow's name; empty when the text could not be read
    problems: list[ProblemItem]
