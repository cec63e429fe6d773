"""publish_workflow: YAML → checked, versioned workflow, with every workflow that it calls."""

from pathlib import Path

from django.db import transaction
from django.db.models import Max

from runs.actor import Actor
from runs.canonical import digest
from runs.errors import InvalidDefinition
from runs.models import Workflow, WorkflowVersion
from runs.operations.check_workflow import Checked, check_workflow, pending_problems
from runs.record import audit

__all__ = ["Checked", "check_workflow", "publish_workflow", "store_version"]


def store_version(checked: Checked) -> WorkflowVersion:
    """The version row of a checked workflow: the same text and calls give the same version.

    Raises InvalidDefinition for what this version of the program cannot run.
    """
    spec = checked.compiled.spec
    pending = pending_problems(checked.compiled)
    if pending:
        raise InvalidDefinition(pending)
    content = digest([checked.source, {n: b["source"] for n, b in checked.bundle.items()}])
    known = WorkflowVersion.objects.filter(workflow__name=spec.name, digest=content).first()
    if known is not None:
        return known
    with transaction.atomic():
        Workflow.objects.get_or_create(
            name=spec.name, defaults={"description": spec.description or ""}
        )
        # Two first starts at once: the lock makes the second one see the first one's version.
        workflow = Workflow.objects.select_for_update().get(name=spec.name)
        last = workflow.versions.aggregate(last=Max("number"))["last"] or 0
        version, created = WorkflowVersion.objects.get_or_create(
            workflow=workflow,
            digest=content,
            defaults={
                "number": last + 1,
                "source": checked.source,
                "bundle": checked.bundle,
                "file": checked.file,
            },
        )
        if created and workflow.description != (spec.description or ""):
            workflow.description = spec.description or ""
            workflow.save(update_fields=["description"])
    return version


def publish_workflow(
    text: str | bytes, *, file: str = "", project: Path | None = None, by: Actor
) -> WorkflowVersion:
    """Check a workflow text and keep it as a version. Raises InvalidDefinition."""
    checked = check_workflow(text, file=file, project=project)
    with transaction.atomic():
        version = store_version(checked)
        audit.note(by, "workflow.publish", checked.compiled.spec.name, version=version.number)
    return version
