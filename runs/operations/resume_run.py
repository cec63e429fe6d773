"""resume_run: go on with an unfinished run from its last checkpoint, as a new run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from runs import conf, dispatch
from runs.actor import Actor
from runs.canonical import to_json_value
from runs.errors import Conflict, NothingToResume
from runs.models import Run, WorkflowVersion
from runs.models.stored import compiled_version
from runs.operations.foreseeing import foresight_of
from runs.operations.import_checkpoint import import_source
from runs.operations.places import project_folder
from runs.operations.publish_workflow import Checked, store_version
from runs.operations.resume_changes import refuse_changes, told_defaults
from runs.operations.resume_from import Start, find_start
from runs.operations.resume_inputs import resumed_inputs
from runs.operations.resume_workspace import Answer, Workspace, look_at
from runs.operations.start_run import resolve
from runs.planning.graph import Compiled
from runs.planning.plan import Plan
from runs.planning.planner import make_plan
from runs.record import audit, claims, sealing, workers
from runs.record.ending import end_run
from runs.record.new_run import NewRun, create_run
from runs.record.prior_runs import Results, loop_items
from runs.states import RUN_OVER, RunStatus


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
    workspace: str = ""  # what became of the files, if anything is to be said of them
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ResumeRequest:
    """What a resume may ask for."""

    checkpoint: str | None = None  # an id, a name, or a file's path; None: the last one
    accept_changes: bool = False  # go on although the workflow has changed
    restore: bool | None = None  # bring the workspace back; None: ask, or leave it as it is
    force: bool = False  # also over changes that are in no snapshot
    # Asked when the working tree differs from the snapshot, and nothing is locked.
    ask: Callable[[Answer], bool] | None = None


def resume_run(
    *,
    workflow: str | None = None,
    definition: str | None = None,
    file: str = "",
    inputs: dict[str, Any],
    request: ResumeRequest | None = None,
    by: Actor,
    workspace: str | Path | None = None,
    placement: str = "",
) -> tuple[Run, ResumeNote]:
    """Continue the newest unfinished run of this workflow with these inputs.

    From its last checkpoint, or from the one that ``request`` names; without any, from the steps
    that are recorded as succeeded. A checkpoint file whose run is not in the database is imported.

    Raises NothingToResume, InputsDiffer, WorkflowChanged, UnknownCheckpoint, CheckpointDamaged,
    StillRunning, AlreadyResumed, NoSnapshot, WouldLoseChanges, and whatever start_run raises. Then
    nothing has been written and no file has been touched.
    """
    request = request or ResumeRequest()
    folder = project_folder(workspace)
    resolved = resolve(workflow, definition, file, folder)
    given = to_json_value(inputs, "inputs")
    warnings: list[str] = []
    start = find_start(_compiled(resolved), given, request.checkpoint, folder, warnings)
    return resume_start(start, resolved, given, request, warnings, by=by, placement=placement)


def resume_start(
    start: Start,
    resolved: Checked | WorkflowVersion,
    given: dict[str, Any],
    request: ResumeRequest,
    warnings: list[str],
    *,
    by: Actor,
    placement: str = "",
) -> tuple[Run, ResumeNote]:
    """Go on from ``start`` with the workflow as it is now; see ``resume_run``."""
    compiled = _compiled(resolved)
    if not request.accept_changes:
        refuse_changes(compiled, start)
    bound = resumed_inputs(compiled.spec, given, start.source, start.content, warnings)
    warnings += told_defaults(compiled, start, given, bound)
    plan = _plan(compiled, start, bound)
    files = look_at(start, request.restore, request.force, request.ask)
    shown, secret = sealing.split(compiled.spec, bound)
    with transaction.atomic():
        source = import_source(start, resolved, by) if start.source is None else start.source
        source = _take_over(source)
        try:
            run = create_run(
                NewRun(
                    version=_version(resolved),
                    compiled=compiled,
                    inputs=shown,
                    sealed=sealing.seal(secret),
                    created_by=by.name,
                    workspace=start.workspace,
                    labels=source.labels,
                    context=source.context,
                    placement=placement,
                    kind="resume",
                    source=source,
                    plan=plan,
                    asked={"checkpoint": start.name},
                )
            )
        except IntegrityError:
            raise _already(source) from None
        audit.note(by, "run.resume", run.id, source=source.id, checkpoint=start.name)
        # Last, as it cannot be rolled back; when it is refused, everything else is.
        files = _bring_back(files, source)
        if not placement:
            dispatch.wake_run(run.id)
    note = ResumeNote(
        source.id,
        start.checkpoint.id if start.checkpoint else None,
        start.name,
        max((datetime.now(UTC) - start.saved_at).total_seconds(), 0.0),
        run.n_reused,
        files.words,
        warnings,
    )
    return run, note


def _already(source: Run) -> AlreadyResumed:
    after = source.successors.filter(kind="resume").values_list("id", flat=True).first()
    return AlreadyResumed(
        f"{source.id} was resumed before" + (f", as {after}." if after else "."),
        hint="That run is the one to resume." if after else "",
    )


def _compiled(resolved: Checked | WorkflowVersion) -> Compiled:
    if isinstance(resolved, WorkflowVersion):
        return compiled_version(resolved.pk)
    return resolved.compiled


def _version(resolved: Checked | WorkflowVersion) -> WorkflowVersion:
    return resolved if isinstance(resolved, WorkflowVersion) else store_version(resolved)


def _plan(compiled: Compiled, start: Start, bound: dict[str, Any]) -> Plan:
    source, prior = start.source, start.prior
    if source is not None:
        prior = prior.with_items(loop_items(source))
    foresight = foresight_of(
        compiled,
        Results(source, start.content),
        inputs=bound,
        workspace=start.workspace,
        context=source.context if source else None,
    )
    basis = f"resume:{source.event_seq if source else ''}"
    return make_plan(compiled, prior, reuse="checkpoint", basis=basis, foresight=foresight)


# ---- taking the old run away --------------------------------------------------------------------


def _take_over(source: Run) -> Run:
    """End the source if it was left open by a process that is gone."""
    locked = Run.objects.select_for_update().get(pk=source.pk)
    if locked.state in RUN_OVER:
        if locked.state is RunStatus.SUCCEEDED:
            raise NothingToResume(f"{locked.id} has succeeded; there is nothing to resume.")
        return locked
    if locked.state is RunStatus.PAUSED:
        raise StillRunning(
            f"{locked.id} is paused.", hint=f"`maverick runs resume {locked.id}` goes on with it."
        )
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


def _bring_back(files: Workspace, source: Run) -> Workspace:
    if files.restore:
        at_work = Run.objects.filter(workspace=files.folder, status__in=_OPEN)
        other = at_work.exclude(pk=source.pk).exclude(source=source).first()
        if other is not None and not files.force:
            raise StillRunning(
                f"{other.id} works in {files.folder}; its files cannot be brought back now.",
                hint="Wait for it or cancel it, resume without --restore-workspace, or --force.",
            )
    return files.bring_back()


_OPEN = [status.value for status in RunStatus if status not in RUN_OVER]
