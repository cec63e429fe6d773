"""resume_run: go on with an unfinished run from its last checkpoint, as a new run."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from runs import conf, dispatch
from runs.actor import Actor
from runs.canonical import digest, to_json_value
from runs.errors import (
    CheckpointDamaged,
    Conflict,
    InputsDiffer,
    NothingToResume,
    UnknownCheckpoint,
    WorkflowChanged,
)
from runs.masking import MASK
from runs.models import Checkpoint, Run, WorkflowVersion
from runs.models.stored import compiled_version
from runs.operations.places import project_folder
from runs.operations.publish_workflow import Checked, store_version
from runs.operations.start_run import checked_inputs, resolve, split_secrets
from runs.planning.changes import Outline, changes, outlines
from runs.planning.graph import Compiled
from runs.planning.planner import make_plan
from runs.planning.prior import PriorRun
from runs.record import checkpoints, claims, workers
from runs.record.ending import end_run
from runs.record.new_run import NewRun, create_run
from runs.record.prior_runs import prior_from_file, prior_run
from runs.record.sealing import seal, unseal
from runs.states import RUN_OVER, RunStatus, StepStatus

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


@dataclass
class _From:
    """Where a resume starts from."""

    source: Run | None
    prior: PriorRun
    saved_at: datetime
    checkpoint: Checkpoint | None = None
    content: dict[str, Any] | None = None  # of a file whose run is not in this database
    name: str | None = None


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
    start = _find(compiled, given, checkpoint, folder, warnings)
    bound = _inputs(compiled, given, start)
    _refuse_changes(compiled, start, accept_changes)
    plan = make_plan(
        compiled,
        start.prior,
        reuse="checkpoint",
        basis=f"resume:{start.source.event_seq if start.source else ''}",
    )
    shown, secret = split_secrets(compiled.spec, bound)
    with transaction.atomic():
        source = _take_over(start.source)
        try:
            run = create_run(
                NewRun(
                    version=_version(resolved),
                    compiled=compiled,
                    inputs=shown,
                    sealed=seal(secret),
                    inputs_digest=digest(bound),
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


# ---- where from -----------------------------------------------------------------------------


def _find(
    compiled: Compiled,
    given: dict[str, Any],
    wanted: str | None,
    folder: Path,
    warnings: list[str],
) -> _From:
    if wanted is not None:
        return _named(compiled, wanted, folder, warnings)
    name = compiled.spec.name
    candidates = (
        Run.objects.filter(workflow_name=name)
        .exclude(status=RunStatus.SUCCEEDED)
        .exclude(successors__kind="resume")
        .exclude(successors__status=RunStatus.SUCCEEDED)  # a restart has done what was left
        .order_by("-id")[:50]
    )
    first: Run | None = None
    for run in candidates:
        if _same_inputs(run, compiled, given):
            return _from_run(run, compiled, warnings)
        first = first or run
    if first is not None:
        _name_differences(first, compiled, given)
    raise NothingToResume(
        f"There is no unfinished run of {name} to resume.",
        hint=f"`maverick run {name}` starts one.",
    )


def _from_run(run: Run, compiled: Compiled, warnings: list[str]) -> _From:
    saved = run.checkpoints.filter(retired=False).order_by("-created_at", "-id")
    for one in saved:
        try:
            return _from_checkpoint(run, one, warnings)
        except CheckpointDamaged as error:
            warnings.append(f"{error.message} The one before it is used.")
    own = compiled_version(run.version_id)
    prior = prior_run(run, own, kept=None)
    if not any(s.status is StepStatus.SUCCEEDED for s in prior.steps.values()):
        warnings.append(f"{run.id} has no finished step; the workflow starts from the beginning.")
    else:
        warnings.append(f"{run.id} has no checkpoint; its succeeded steps are kept.")
    return _From(run, prior, run.created_at)


def _from_checkpoint(run: Run, one: Checkpoint, warnings: list[str]) -> _From:
    file = Path(one.file)
    if file.exists():
        content = checkpoints.read_file(file)
    else:
        content = checkpoints.check_content(one.content, f"checkpoint {one.name} of {run.id}")
        warnings.append(f"The file {file} is gone; the database's copy is used.")
    kept = prior_from_file(content).kept
    prior = prior_run(run, compiled_version(run.version_id), kept)
    return _From(run, prior, one.created_at, one, None, one.name)


def _named(compiled: Compiled, wanted: str, folder: Path, warnings: list[str]) -> _From:
    path = Path(wanted)
    if not path.is_absolute():
        path = folder / path
    if wanted.endswith(".json") or path.is_file():
        return _from_file(compiled, path)
    mine = Checkpoint.objects.filter(run__workflow_name=compiled.spec.name).select_related("run")
    found = (
        mine.filter(pk=wanted).first()
        or mine.filter(name=wanted).exclude(run__status=RunStatus.SUCCEEDED).first()
    )
    if found is None:
        raise UnknownCheckpoint(
            f"There is no checkpoint {wanted!r} of {compiled.spec.name}.",
            hint="`maverick checkpoint list` shows them; a path to a checkpoint file works too.",
        )
    return _from_checkpoint(found.run, found, warnings)


def _from_file(compiled: Compiled, path: Path) -> _From:
    content = checkpoints.read_file(path)
    if content.get("workflow") != compiled.spec.name:
        raise CheckpointDamaged(
            f"{path} is a checkpoint of {content.get('workflow')!r}, not of {compiled.spec.name!r}."
        )
    saved_at = datetime.fromisoformat(content["saved_at"])
    run = Run.objects.filter(pk=content["run_id"]).first()
    if run is not None and not run.successors.filter(kind="resume").exists():
        kept = prior_from_file(content).kept
        prior = prior_run(run, compiled_version(run.version_id), kept)
        return _From(run, prior, saved_at, None, None, content.get("checkpoint"))
    return _From(None, prior_from_file(content), saved_at, None, content, content.get("checkpoint"))


# ---- what has changed -------------------------------------------------------------------------


def _same_inputs(run: Run, compiled: Compiled, given: dict[str, Any]) -> bool:
    if not given:
        return True  # nothing said about inputs: those of the run are kept
    return run.inputs_digest == digest(checked_inputs(compiled.spec, given))


def _name_differences(run: Run, compiled: Compiled, given: dict[str, Any]) -> None:
    wanted = split_secrets(compiled.spec, checked_inputs(compiled.spec, given))[0]
    keys = [key for key in sorted({*wanted, *run.inputs}) if wanted.get(key) != run.inputs.get(key)]
    raise InputsDiffer(
        f"The newest unfinished run, {run.id}, has other inputs: {', '.join(keys) or 'a secret'}.",
        hint="Give the same inputs, or none; or start a new run without --resume.",
    )


def _inputs(compiled: Compiled, given: dict[str, Any], start: _From) -> dict[str, Any]:
    """The inputs to go on with. Raises InputsDiffer when others than the recorded are given."""
    if start.source is not None:
        recorded = {**start.source.inputs, **unseal(start.source.sealed)}
    else:
        recorded = dict((start.content or {}).get("inputs", {}))
    known = {key: value for key, value in recorded.items() if key in compiled.spec.inputs}
    if not given:
        hidden = [
            k for k, spec in compiled.spec.inputs.items() if spec.secret and known.get(k) == MASK
        ]
        if hidden:
            raise InputsDiffer(
                f"The secret inputs cannot be read here: {', '.join(hidden)}.",
                hint="Give all inputs again, with `-i name=value`.",
            )
        return checked_inputs(compiled.spec, known)
    bound = checked_inputs(compiled.spec, given)
    before = (
        checkpoints.input_digests(recorded)
        if start.source is not None
        else (start.content or {}).get("input_digests", {})
    )
    now = checkpoints.input_digests(bound)
    differ = [key for key in sorted({*before, *now}) if before.get(key) != now.get(key)]
    if differ:
        raise InputsDiffer(
            f"The inputs differ from those of {start.prior.run_id}: {', '.join(differ)}.",
            hint="Give the same inputs, or none; or start a new run without --resume.",
        )
    return bound


def _refuse_changes(compiled: Compiled, start: _From, accept: bool) -> None:
    if accept:
        return
    found = changes(_outline(compiled, start), outlines(compiled))
    if found:
        raise WorkflowChanged(
            f"The workflow has changed since {start.prior.run_id}: {_listed(found)}.",
            hint="--accept-changes goes on and reuses only what is unchanged.",
        )


def _outline(compiled: Compiled, start: _From) -> list[Outline]:
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
