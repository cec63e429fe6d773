"""resume_run: go on with an unfinished run from its last checkpoint, as a new run."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from runs import conf, dispatch
from runs.actor import Actor
from runs.canonical import to_json_value
from runs.errors import (
    CheckpointDamaged,
    Conflict,
    NothingToResume,
    WorkflowChanged,
)
from runs.models import Run, WorkflowVersion
from runs.models.stored import compiled_version
from runs.operations.places import project_folder
from runs.operations.publish_workflow import Checked, store_version
from runs.operations.resume_from import Start, find_start
from runs.operations.resume_inputs import resumed_inputs
from runs.operations.start_run import resolve
from runs.planning.changes import Outline, changes, outlines
from runs.planning.graph import Compiled
from runs.planning.planner import make_plan
from runs.record import claims, sealing, workers
from runs.record.ending import end_run
from runs.record.new_run import NewRun, create_run
from runs.states import RUN_OVER, RunStatus

MOST_NAMED = 20  # changed steps in one message


class StillRunning(Conflict):
    """The run to resume is still going on."""

    code = "run-still-running"


class AlreadyResumed(Conflict):
    """The run was resumed before; its successor is what to resume."""

    code = "already-resumed"


@dataclass
class ResumeNote:
    """What was resumed, for people."""

    source_run_id: str
    checkpoint_id: str | None
    checkpoint_name: str | None
    age_seconds: float
    kept_steps: int
    warnings: list[str] = field(default_factory=list)


def resume_run(
    *,
    workflow: str | None = None,
    definition: str | None = None,
    file: str = "",
    inputs: dict[str, Any],
    checkpoint: str | None = None,
    accept_changes: bool = False,
    force: bool = False,
    by: Actor,
    workspace: str | Path | None = None,
    placement: str = "",
) -> tuple[Run, ResumeNote]:
    """Continue the newest unfinished run of this workflow with these inputs.

    From its last checkpoint, or from ``checkpoint`` (an id, a name, or a file's path); without
    any, from the steps that are recorded as succeeded. ``accept_changes`` goes on although the
    workflow has changed, reusing only what is unchanged. ``force`` is for workspace snapshots.

    Raises NothingToResume, InputsDiffer, WorkflowChanged, UnknownCheckpoint, CheckpointDamaged,
    StillRunning, AlreadyResumed, and whatever start_run raises.
    """
    folder = project_folder(workspace)
    resolved = resolve(workflow, definition, file, folder)
    compiled = (
        compiled_version(resolved.pk)
        if isinstance(resolved, WorkflowVersion)
        else resolved.compiled
    )
    given = to_json_value(inputs, "inputs")
    warnings: list[str] = []
    start = find_start(compiled, given, checkpoint, folder, warnings)
    bound = resumed_inputs(compiled.spec, given, start.source, start.content, warnings)
    _refuse_changes(compiled, start, accept_changes)
    plan = make_plan(
        compiled,
        start.prior,
        reuse="checkpoint",
        basis=f"resume:{start.source.event_seq if start.source else ''}",
    )
    shown, secret = sealing.split(compiled.spec, bound)
    with transaction.atomic():
        source = _take_over(start.source)
        try:
            run = create_run(
                NewRun(
                    version=_version(resolved),
                    compiled=compiled,
                    inputs=shown,
                    sealed=sealing.seal(secret),
                    created_by=by.name,
                    workspace=source.workspace if source else str(folder),
                    labels=source.labels if source else {},
                    placement=placement,
                    kind="resume",
                    source=source,
                    plan=plan,
                    file_steps=start.content["steps"] if start.content else None,
                    file_source=start.prior.run_id,
                )
            )
        except IntegrityError:
            raise AlreadyResumed(f"{start.prior.run_id} was resumed before.") from None
        if not placement:
            dispatch.wake_run(run.id)
    note = ResumeNote(
        start.prior.run_id,
        start.checkpoint.id if start.checkpoint else None,
        start.name,
        max((datetime.now(UTC) - start.saved_at).total_seconds(), 0.0),
        run.n_reused,
        warnings,
    )
    return run, note


def _version(resolved: Checked | WorkflowVersion) -> WorkflowVersion:
    return resolved if isinstance(resolved, WorkflowVersion) else store_version(resolved)


# ---- what has changed -------------------------------------------------------------------------


def _refuse_changes(compiled: Compiled, start: Start, accept: bool) -> None:
    if accept:
        return
    found = changes(_outline(compiled, start), outlines(compiled))
    if found:
        raise WorkflowChanged(
            f"The workflow has changed since {start.prior.run_id}: {_listed(found)}.",
            hint="--accept-changes goes on and reuses only what is unchanged.",
        )


def _outline(compiled: Compiled, start: Start) -> list[Outline]:
    """The workflow as the run to resume had it."""
    if start.source is not None:
        return outlines(compiled_version(start.source.version_id))
    try:
        return [Outline.from_json(one) for one in (start.content or {})["outline"]]
    except (KeyError, TypeError):
        raise CheckpointDamaged(
            f"The checkpoint of {start.prior.run_id} does not say which steps its workflow had.",
            hint="--accept-changes goes on from it all the same.",
        ) from None


def _listed(found: list[str]) -> str:
    shown = ", ".join(found[:MOST_NAMED])
    return shown + (f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else "")


# ---- taking the old run away --------------------------------------------------------------------


def _take_over(source: Run | None) -> Run | None:
    """End the source if it was left open by a process that is gone."""
    if source is None:
        return None
    locked = Run.objects.select_for_update().get(pk=source.pk)
    if locked.state in RUN_OVER:
        if locked.state is RunStatus.SUCCEEDED:
            raise NothingToResume(f"{locked.id} has succeeded; there is nothing to resume.")
        return locked
    holder: object = workers.living_command(locked.placement)
    holder = holder or next(filter(_is_alive, claims.holders(locked.id)), None)
    if holder:
        raise StillRunning(
            f"{locked.id} is still being worked on by {holder}.",
            hint=f"Wait for it, or cancel it: `maverick runs cancel {locked.id}`.",
        )
    # A run for any worker goes on by itself as long as there is a worker.
    if not locked.placement and workers.living(conf.worker_silence_seconds()):
        raise StillRunning(
            f"{locked.id} is still {locked.status}; workers go on with it by themselves.",
            hint=f"`maverick runs watch {locked.id}` follows it; cancel it to resume it here.",
        )
    end_run(locked, RunStatus.FAILED, "interrupted: its process is gone", code="interrupted")
    locked.refresh_from_db()
    return locked


def _is_alive(worker: str) -> bool:
    """Whether the worker ``host:pid`` lives; another host's lease is believed."""
    host, _, pid = worker.rpartition(":")
    return not pid.isdigit() or workers.is_alive(host, int(pid))
