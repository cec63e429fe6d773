"""Rows of runs written straight through the models, without an engine: for pages and pictures."""

from datetime import datetime, timedelta
from typing import Any

from runs import ids
from runs.canonical import digest
from runs.models import Execution, Run, Workflow, WorkflowVersion

PLAIN = """\
version: "1.0"
name: %s
steps:
  - {name: one, type: shell, run: "true"}
  - {name: two, type: shell, run: "true"}
"""


def version(name: str, source: str, bundle: dict[str, Any] | None = None) -> WorkflowVersion:
    """A stored workflow version."""
    workflow, _ = Workflow.objects.get_or_create(name=name)
    made, _ = WorkflowVersion.objects.get_or_create(
        workflow=workflow,
        digest=digest([source, bundle or {}]),
        defaults={
            "number": workflow.versions.count() + 1,
            "source": source,
            "bundle": bundle or {},
            "file": f"workflows/{name}.yaml",
        },
    )
    return made


def make_run(name: str, now: datetime, **fields: Any) -> Run:
    """One run; counts and times as given."""
    source = fields.pop("yaml", None) or PLAIN % name
    bundle = fields.pop("bundle", None)
    ago = fields.pop("ago", 60)
    took = fields.pop("took", None)
    created = now - timedelta(seconds=ago)
    started = None if fields.get("status") == "queued" else created
    finished = created + timedelta(seconds=took) if took is not None else None
    run = Run(
        id=fields.pop("id", None) or ids.run_id(),
        workflow_name=name,
        version=version(name, source, bundle),
        created_at=created,
        started_at=started,
        finished_at=finished,
        **fields,
    )
    run.family_id = run.family_id or run.pk
    run.save(force_insert=True)
    return run


def add(run: Run, path: str, kind: str, status: str, now: datetime, **fields: Any) -> Execution:
    """One execution of a run."""
    at = run.started_at or now
    took = fields.pop("took", None)
    began = at + timedelta(seconds=fields.pop("after", 0))
    over = status in ("succeeded", "failed", "timeout", "cancelled")
    return Execution.objects.create(
        id=fields.pop("id", None) or ids.execution_id(),
        run=run,
        path=path,
        name=path.rpartition("/")[2],
        type=kind,
        status=status,
        created_at=began,
        started_at=None if status == "skipped" else began,
        finished_at=began + timedelta(seconds=took or 0) if over else None,
        duration_ms=round(took * 1000) if took is not None else None,
        **fields,
    )
