"""A checkpoint file's run, written into a database that does not know it.

The run stands there as it was when the checkpoint was saved: ended, with what it had finished, so
that it can be looked at, resumed and restarted like any other.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from runs import ids, steppath
from runs.canonical import digest
from runs.errors import CheckpointDamaged
from runs.masking import is_masked
from runs.models import Checkpoint, Event, Execution, Run, WorkflowVersion
from runs.planning.graph import Compiled
from runs.record.payloads import store
from runs.states import RunStatus

REASON = "imported: from a checkpoint file"
# Stands for secret inputs that are not in the file: they count as lost, not as never given.
NOT_HERE = b"not in the checkpoint file"
_OPEN = "it was not finished when the checkpoint was saved"


def import_run(
    content: Mapping[str, Any],
    *,
    version: WorkflowVersion,
    compiled: Compiled,
    workspace: Path,
    by: str,
) -> Run:
    """Write the run of a checked content. Raises IntegrityError when the database knows its ids."""
    saved_at = datetime.fromisoformat(content["saved_at"])
    open_: Mapping[str, Any] = content.get("open", {})
    with transaction.atomic():
        run = Run.objects.create(
            id=content["run_id"],
            workflow_name=content["workflow"],
            version=version,
            status=RunStatus.FAILED,
            status_reason=REASON,
            family_id=content["run_id"],
            inputs=content["inputs"],
            sealed=NOT_HERE if is_masked(content["inputs"]) else None,
            event_seq=2,
            created_at=saved_at,
            finished_at=saved_at,
            created_by=by,
            workspace=str(workspace),
        )
        known = {**open_, **content["steps"]}
        rows = [
            _row(run, path, known, compiled, saved_at)
            for path in sorted(known, key=steppath.sort_key)
        ]
        Execution.objects.bulk_create(rows, batch_size=500)
        statuses = [row.status for row in rows]
        run.n_succeeded = statuses.count("succeeded")
        run.n_skipped = statuses.count("skipped")
        run.n_failed = statuses.count("failed") + statuses.count("timeout")
        run.n_total = max(len(rows), len(compiled.scopes[""].nodes))
        run.save()
        Event.objects.bulk_create(
            [
                Event(run=run, seq=1, kind="run.created", data={"imported": True}, at=saved_at),
                Event(run=run, seq=2, kind="run.failed", data={"reason": REASON}, at=saved_at),
            ]
        )
    return run


def _row(
    run: Run, path: str, known: Mapping[str, Any], compiled: Compiled, saved_at: datetime
) -> Execution:
    step = known[path]
    node = compiled.nodes.get(steppath.pattern(path))
    inline, payload, size = store(step.get("output"))
    status = step.get("status", "cancelled")
    parent = known.get(steppath.parent_of(path))
    return Execution(
        id=step["execution_id"],
        run=run,
        parent_id=parent["execution_id"] if parent else None,
        path=path,
        name=steppath.name_of(path),
        type=str(step.get("type") or (node.type if node else "")),
        position=node.position if node else 0,
        status=status,
        status_reason=str(step.get("reason") or "") if "status" in step else f"imported: {_OPEN}",
        seq=2,
        input=step.get("input"),
        input_digest=digest(step["input"]) if step.get("input") is not None else "",
        output=inline,
        payload_id=payload,
        output_size=size,
        error=step.get("error"),
        created_at=saved_at,
        started_at=None if status == "skipped" else saved_at,
        finished_at=saved_at,
        duration_ms=step.get("duration_ms"),
        code_version=str(step.get("code_version") or ""),
        **_origin(step, run.id),
    )


def _origin(step: Mapping[str, Any], run_id: str) -> dict[str, str]:
    """Who really did the work, if that run had itself reused it."""
    origin = str(step.get("origin_execution_id") or step["execution_id"])
    if origin == step["execution_id"] or step.get("status") != "succeeded":
        return {}
    there = str(step.get("origin_run_id") or "")
    return {
        "reused_from": origin,
        "reused_run": there,
        "origin_execution": origin,
        "origin_run": there,
    }


def import_checkpoint(run: Run, content: dict[str, Any], file: str) -> Checkpoint:
    """The checkpoint itself, beside its run; one that is there already stays as it is.

    ``content`` is checked (checkpoint_files.check): its reference is its own run's. Raises
    CheckpointDamaged when it is of another workflow, or of steps that other runs have.
    """
    _refuse_strange(run, content)
    values = {
        "id": ids.checkpoint_id(),
        "execution_id": _saved_by(content),
        "path": "/".join(_segment(one) for one in content.get("position", ())),
        "content": content,
        "digest": content["sha256"],
        "file": file,
        "ref": (_workspace(content).get("ref") or ""),
        "n_steps": len(content["steps"]),
        "created_at": datetime.fromisoformat(content["saved_at"]),
    }
    name = content["checkpoint"]
    return Checkpoint.objects.get_or_create(run=run, name=name, defaults=values)[0]


def _refuse_strange(run: Run, content: Mapping[str, Any]) -> None:
    if content["workflow"] != run.workflow_name:
        raise CheckpointDamaged(
            f"{run.id} is a run of {run.workflow_name!r}, and the checkpoint one of "
            f"{content['workflow'][:80]!r}."
        )
    ids_ = [step["execution_id"] for step in content["steps"].values()]
    # By its execution a checkpoint is found for the runs that reused it.
    taken = Execution.objects.filter(pk__in=ids_).exclude(run=run).first()
    if taken is not None:
        raise CheckpointDamaged(
            f"Steps of {run.id} are in this database already: {taken.id} is one of {taken.run_id}."
        )


def _workspace(content: Mapping[str, Any]) -> Mapping[str, Any]:
    known = content.get("workspace")
    return known if isinstance(known, Mapping) else {}


def _saved_by(content: Mapping[str, Any]) -> str:
    path = "/".join(_segment(one) for one in content.get("position", ()))
    step = content["steps"].get(path, {})
    return str(step.get("execution_id", ""))


def _segment(one: Mapping[str, Any]) -> str:
    return steppath.turn(str(one["step"]), one["turn"]) if "turn" in one else str(one["step"])
