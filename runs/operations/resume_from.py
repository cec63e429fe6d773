"""Where a resume starts from: a run's last checkpoint, a named one, a file, or what succeeded."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Q

from runs.errors import CheckpointDamaged, MaverickError, NothingToResume, UnknownCheckpoint
from runs.models import Checkpoint, Execution, Run
from runs.models.run import NEWEST_FIRST
from runs.models.stored import compile_texts, compiled_version
from runs.operations.resume_inputs import has_inputs, refuse_other_inputs
from runs.planning.graph import Compiled
from runs.planning.prior import PriorRun
from runs.record import checkpoint_files
from runs.record.prior_runs import held_paths, prior_from_file, prior_run
from runs.states import RunStatus, StepStatus

MOST_CANDIDATES = 10_000


@dataclass
class Start:
    """Where a resume starts from."""

    source: Run | None  # None: a file whose run is not in this database yet
    prior: PriorRun
    saved_at: datetime
    before: Compiled | None  # the workflow as it was; None: only its outline is known
    checkpoint: Checkpoint | None = None
    content: dict[str, Any] | None = None  # what the checkpoint holds
    file: str = ""  # the file that was named
    workspace: str = ""  # where to go on; empty: here

    @property
    def name(self) -> str | None:
        """The checkpoint's id; None without one."""
        return str(self.content["checkpoint"]) if self.content else None

    @property
    def snapshot(self) -> dict[str, Any] | None:
        """What the checkpoint says of the workspace; None without a checkpoint."""
        known = (self.content or {}).get("workspace")
        return known if isinstance(known, dict) else None


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
    others: Run | None = None  # unfinished, with other inputs
    elsewhere: Run | None = None  # unfinished, with these inputs, of another folder
    for run in unfinished(name)[:MOST_CANDIDATES]:
        if not has_inputs(run, compiled.spec, given):
            others = others or run
        elif not _is_of(run, folder):
            elsewhere = elsewhere or run
        else:
            return _from_run(run, folder, warnings)
    if elsewhere is not None:
        raise NothingToResume(
            f"There is no unfinished run of {name} in {folder}; {elsewhere.id} is one of "
            f"{elsewhere.workspace}.",
            hint="Resume it there, or name one of its checkpoints with --resume-from.",
        )
    if others is not None:
        refuse_other_inputs(others, compiled.spec, given)
    raise NothingToResume(
        f"There is no unfinished run of {name} to resume.",
        hint=f"`maverick run {name}` starts one.",
    )


def unfinished(workflow: str) -> Any:
    """The runs of a workflow that did not succeed and that nobody went on with, newest first."""
    return (
        Run.objects.filter(workflow_name=workflow)
        .exclude(status=RunStatus.SUCCEEDED)
        .exclude(successors__kind="resume")
        .exclude(successors__status=RunStatus.SUCCEEDED)  # a restart has done what was left
        .order_by(*NEWEST_FIRST)
    )


def _is_of(run: Run, folder: Path) -> bool:
    """Whether the run worked in this folder, or in one that is gone (a project that was moved)."""
    return run.workspace in ("", str(folder)) or not Path(run.workspace).is_dir()


def _place(run: Run, folder: Path) -> str:
    return run.workspace if run.workspace and Path(run.workspace).is_dir() else str(folder)


# ---- checkpoints of a run -----------------------------------------------------------------------


def checkpoints_of(run: Run) -> list[Checkpoint]:
    """The checkpoints that a run can be resumed from, newest first: its own, and those that it
    has reused from the run that it came from."""
    reused = Execution.objects.filter(run=run, type="checkpoint", status="succeeded")
    origins = reused.exclude(origin_execution="").values("origin_execution")
    rows = Checkpoint.objects.filter(Q(run=run) | Q(execution_id__in=origins))
    return list(rows.select_related("run").order_by("-created_at", "-id"))


def _from_run(run: Run, folder: Path, warnings: list[str]) -> Start:
    for one in checkpoints_of(run):
        try:
            return from_checkpoint(run, one, folder, warnings)
        except CheckpointDamaged as error:
            warnings.append(f"{error.message} The one before it is used.")
    own = compiled_version(run.version_id)
    prior = prior_run(run, own, kept=None)
    if not any(s.status is StepStatus.SUCCEEDED for s in prior.steps.values()):
        warnings.append(f"{run.id} has no finished step; the workflow starts from the beginning.")
    else:
        warnings.append(f"{run.id} has no checkpoint; its succeeded steps are kept.")
    return Start(run, prior, run.created_at, own, workspace=_place(run, folder))


def from_checkpoint(run: Run, one: Checkpoint, folder: Path, warnings: list[str]) -> Start:
    """A checkpoint that ``run`` has saved, or reused. Raises CheckpointDamaged."""
    file = Path(one.file) if one.file else None
    if file is not None and file.exists():
        content = checkpoint_files.read(file)
        if content["run_id"] != one.run_id:
            raise CheckpointDamaged(f"The checkpoint file {file} is one of {content['run_id']}.")
    else:
        content = checkpoint_files.check(one.content, f"The checkpoint {one.name} of {one.run_id}")
        if file is not None:
            warnings.append(f"The file {file} is gone; the database's copy is used.")
    own = compiled_version(run.version_id)
    prior = prior_run(run, own, held_paths(run, content))
    return Start(run, prior, one.created_at, own, one, content, workspace=_place(run, folder))


# ---- a checkpoint that is named -----------------------------------------------------------------


def _named(compiled: Compiled, wanted: str, folder: Path, warnings: list[str]) -> Start:
    path = Path(wanted).expanduser()
    if not path.is_absolute():
        path = folder / path
    if wanted.endswith(".json") or path.is_file():
        return from_file(checkpoint_files.read(path), str(path), folder, warnings, compiled)
    name = compiled.spec.name
    known = Checkpoint.objects.filter(pk=wanted, run__workflow_name=name).select_related("run")
    if known:
        return from_checkpoint(last_of_line(known[0].run), known[0], folder, warnings)
    for run in unfinished(name)[:MOST_CANDIDATES]:
        for one in checkpoints_of(run):
            if one.name == wanted:
                return from_checkpoint(run, one, folder, warnings)
    raise UnknownCheckpoint(
        f"There is no checkpoint {wanted!r} of an unfinished run of {name}.",
        hint="`maverick checkpoint list` shows them; a path to a checkpoint file works too.",
    )


def from_file(
    content: dict[str, Any],
    file: str,
    folder: Path,
    warnings: list[str],
    compiled: Compiled | None = None,
) -> Start:
    """A checkpoint file, its run known here or not. Work goes on in this ``folder``.

    Raises CheckpointDamaged when it is of another workflow than ``compiled``.
    """
    if compiled is not None and content["workflow"] != compiled.spec.name:
        raise CheckpointDamaged(
            f"{file} is a checkpoint of {content['workflow']!r}, not of {compiled.spec.name!r}."
        )
    saved_at = datetime.fromisoformat(content["saved_at"])
    run = Run.objects.filter(pk=content["run_id"]).first()
    if run is None:
        before = texts_of(content)
        prior = prior_from_file(content, before)
        return Start(None, prior, saved_at, before, None, content, file, str(folder))
    run = last_of_line(run)
    own = compiled_version(run.version_id)
    prior = prior_run(run, own, held_paths(run, content))
    return Start(run, prior, saved_at, own, None, content, file, str(folder))


def texts_of(content: dict[str, Any]) -> Compiled | None:
    """The workflow as a checkpoint's run had it; None when its texts are not in the file."""
    texts = content.get("sources")
    if not isinstance(texts, dict):
        return None
    try:
        return compile_texts(texts["source"], texts.get("file", ""), texts.get("bundle", {}))
    except (MaverickError, KeyError, TypeError, ValueError, AttributeError):
        return None  # of another version of the language


def last_of_line(run: Run) -> Run:
    """The run that went on last from this one, or itself. Raises NothingToResume when it has
    succeeded: then nothing is left."""
    first = run
    while (after := run.successors.filter(kind="resume").first()) is not None:
        run = after
    if run.state is RunStatus.SUCCEEDED:
        said = "" if run == first else f"{first.id} was resumed, and "
        raise NothingToResume(
            f"{said}{run.id} has succeeded; there is nothing to resume.",
            hint=f"`maverick restart {run.id} --from STEP` runs a part of it again.",
        )
    return run
