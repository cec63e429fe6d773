"""The workflows that were published or run, their versions and their last run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from runs.errors import UnknownWorkflow
from runs.models import Run, Workflow, WorkflowVersion
from runs.models.run import NEWEST_FIRST


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of a workflow."""

    id: str
    status: str


@dataclass(frozen=True, slots=True)
class WorkflowFacts:
    """One workflow at its newest version."""

    name: str
    description: str
    version: int
    digest: str
    file: str
    published_at: datetime
    last_run: LastRun | None


@dataclass(frozen=True, slots=True)
class WorkflowPage:
    """Some workflows by name, and the name to go on from (None at the end)."""

    items: tuple[WorkflowFacts, ...]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """One text of a workflow."""

    number: int
    digest: str
    file: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WorkflowDetail:
    """A workflow, its newest text and all its versions, newest first."""

    workflow: WorkflowFacts
    source: str
    versions: tuple[VersionFacts, ...]


def list_workflows(*, after: str = "", limit: int = 50) -> WorkflowPage:
    """One page of workflows in the order of their names. One query."""
    rows = _rows(Workflow.objects.filter(name__gt=after) if after else Workflow.objects.all())
    found = list(rows[: limit + 1])
    items = tuple(_facts(row) for row in found[:limit])
    return WorkflowPage(items, items[-1].name if len(found) > limit else None)


def get_workflow(name: str) -> WorkflowDetail:
    """One workflow with its source. Raises UnknownWorkflow."""
    row = _rows(Workflow.objects.filter(name=name)).first()
    if row is None:
        raise UnknownWorkflow(f"There is no workflow {name!r}.")
    versions = list(
        WorkflowVersion.objects.filter(workflow_id=row["id"])
        .order_by("-number")
        .values_list("number", "digest", "file", "created_at")
    )
    source = WorkflowVersion.objects.get(workflow_id=row["id"], number=row["version"]).source
    return WorkflowDetail(_facts(row), source, tuple(VersionFacts(*one) for one in versions))


def _rows(workflows: Any) -> Any:
    newest = WorkflowVersion.objects.filter(workflow=OuterRef("pk")).order_by("-number")
    last = Run.objects.filter(workflow_name=OuterRef("name")).order_by(*NEWEST_FIRST)
    return (
        workflows.annotate(
            version_id=Subquery(newest.values("id")[:1]),
            version=Subquery(newest.values("number")[:1]),
            digest=Subquery(newest.values("digest")[:1]),
            file=Subquery(newest.values("file")[:1]),
            published_at=Subquery(newest.values("created_at")[:1]),
            last_run_id=Subquery(last.values("id")[:1]),
            last_run_status=Subquery(last.values("status")[:1]),
        )
        .filter(version__isnull=False)
        .order_by("name")
        .values(
            "id",
            "name",
            "description",
            "version_id",
            "version",
            "digest",
            "file",
            "published_at",
            "last_run_id",
            "last_run_status",
        )
    )


def _facts(row: dict[str, Any]) -> WorkflowFacts:
    return WorkflowFacts(
        name=row["name"],
        description=row["description"],
        version=row["version"],
        digest=row["digest"],
        file=row["file"],
        published_at=row["published_at"],
        last_run=LastRun(row["last_run_id"], row["last_run_status"])
        if row["last_run_id"]
        else None,
    )


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest version of a workflow, without its text."""

    id: int
    number: int
    file: str
    description: str


def newest_versions(most: int) -> dict[str, Newest]:
    """By name, the first ``most`` names. One query."""
    rows = _rows(Workflow.objects.all())[:most]
    return {
        row["name"]: Newest(row["version_id"], row["version"], row["file"], row["description"])
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version by its number, without its text."""

    id: int
    number: int
    digest: str
    file: str
    created_at: datetime


def stored_versions(name: str) -> tuple[StoredVersion, ...]:
    """All versions of a workflow, newest first; none when it is not known. One query."""
    rows = WorkflowVersion.objects.filter(workflow__name=name).order_by("-number")
    columns = rows.values_list("id", "number", "digest", "file", "created_at")
    return tuple(StoredVersion(*row) for row in columns)


def version_text(name: str, number: int) -> tuple[str, str] | None:
    """Text and file of a version."""
    rows = WorkflowVersion.objects.filter(workflow__name=name, number=number)
    return rows.values_list("source", "file").first()
