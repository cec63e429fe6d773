"""Where a resume starts from: a run's last checkpoint, a named one, a file, or what succeeded."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from runs.errors import CheckpointDamaged, NothingToResume, UnknownCheckpoint
from runs.models import Checkpoint, Run
from runs.models.stored import compiled_version
from runs.operations.resume_inputs import has_inputs, refuse_other_inputs
from runs.planning.graph import Compiled
from runs.planning.prior import PriorRun
from runs.record import checkpoints
from runs.record.prior_runs import prior_from_file, prior_run
from runs.states import RunStatus, StepStatus

MOST_CANDIDATES = 50


@dataclass
class Start:
    """Where a resume starts from."""

    source: Run | None
    prior: PriorRun
    saved_at: datetime
    checkpoint: Checkpoint | None = None
    content: dict[str, Any] | None = None  # of a file whose run is not in this database
    name: str | None = None


def find_start(
    compiled: Compiled,
    given: dict[str, Any],
    wanted: str | None,
    folder: Path,
    warnings: list[str],
) -> Start:
    """The checkpoint that is wanted, or the newest unfinished run with these inputs.

    What was passed over is told in ``warnings``. Raises NothingToResume, InputsDiffer,
    UnknownCheckpoint, CheckpointDamaged.
    """
    if wanted is not None:
        return _named(compiled, wanted, folder, warnings)
    name = compiled.spec.name
    candidates = (
        Run.objects.filter(workflow_name=name)
        .exclude(status=RunStatus.SUCCEEDED)
        .exclude(successors__kind="resume")
        .exclude(successors__status=RunStatus.SUCCEEDED)  # a restart has done what was left
        .order_by("-id")[:MOST_CANDIDATES]
    )
    first: Run | None = None
    for run in candidates:
        if has_inputs(run, compiled.spec, given):
            return _from_run(run, compiled, warnings)
        first = first or run
    if first is not None:
        refuse_other_inputs(first, compiled.spec, given)
    raise NothingToResume(
        f"There is no unfinished run of {name} to resume.",
        hint=f"`maverick run {name}` starts one.",
    )


def _from_run(run: Run, compiled: Compiled, warnings: list[str]) -> Start:
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
    return Start(run, prior, run.created_at)


def _from_checkpoint(run: Run, one: Checkpoint, warnings: list[str]) -> Start:
    file = Path(one.file)
    if file.exists():
        content = checkpoints.read_file(file)
    else:
        content = checkpoints.check_content(one.content, f"checkpoint {one.name} of {run.id}")
        warnings.append(f"The file {file} is gone; the database's copy is used.")
    kept = prior_from_file(content).kept
    prior = prior_run(run, compiled_version(run.version_id), kept)
    return Start(run, prior, one.created_at, one, None, one.name)


def _named(compiled: Compiled, wanted: str, folder: Path, warnings: list[str]) -> Start:
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


def _from_file(compiled: Compiled, path: Path) -> Start:
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
        return Start(run, prior, saved_at, None, None, content.get("checkpoint"))
    return Start(None, prior_from_file(content), saved_at, None, content, content.get("checkpoint"))
