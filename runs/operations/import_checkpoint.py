"""import_checkpoint: a checkpoint file from elsewhere, as a run of this database."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, transaction

from runs.actor import Actor
from runs.errors import CheckpointDamaged
from runs.models import Checkpoint, Run, WorkflowVersion
from runs.models.stored import compiled_version
from runs.operations.import_refusals import clash, one_line
from runs.operations.places import project_folder
from runs.operations.publish_workflow import Checked, store_version
from runs.operations.resume_from import Start, from_file
from runs.operations.start_run import resolve
from runs.record import audit, checkpoint_files, imported
from runs.run_file import plain_name


@dataclass(frozen=True)
class Imported:
    """What an import has brought."""

    run: Run
    checkpoint: Checkpoint
    is_new: bool  # whether the run was not known here


def import_checkpoint(
    content: Any, *, file: str = "", by: Actor, workspace: str | Path | None = None
) -> Imported:
    """Take a checkpoint file's content in; one that is here already stays as it is.

    Raises CheckpointDamaged, UnknownWorkflow (its text is not in the file, and there is none of
    that name here), InvalidDefinition.
    """
    folder = project_folder(workspace)
    content = checkpoint_files.check(content, f"The checkpoint file {file}".strip())
    known = Run.objects.filter(pk=content["run_id"]).first()
    with transaction.atomic():
        if known is None:
            start = from_file(content, file, folder, [])
            resolved = None if start.before else resolve(content["workflow"], None, "", folder)
            run = import_source(start, resolved, by)
        else:
            run = known
        audit.note(by, "checkpoint.import", run.id, checkpoint=str(content["checkpoint"])[:200])
        return Imported(run, imported.import_checkpoint(run, content, file), known is None)


def import_source(start: Start, resolved: Checked | WorkflowVersion | None, by: Actor) -> Run:
    """The run of a checkpoint file, written into this database within the caller's transaction.

    ``resolved``: the workflow of that name here, for a file that does not have its texts.
    """
    content = start.content or {}
    version = _version(content, start, resolved)
    try:
        run = imported.import_run(
            content,
            version=version,
            compiled=compiled_version(version.pk),
            workspace=Path(start.workspace),
            by=by.name,
        )
    except IntegrityError as error:
        steps = [*content["steps"].values(), *content.get("open", {}).values()]
        ids = [str(step["execution_id"]) for step in steps]
        raise clash(error, content["run_id"], ids, CheckpointDamaged) from None
    except (DataError, ValueError, TypeError, OverflowError) as error:
        raise CheckpointDamaged(
            f"The checkpoint has a value that cannot be stored: {one_line(error)}"
        ) from None
    imported.import_checkpoint(run, content, start.file)
    return run


def _version(
    content: dict[str, Any], start: Start, resolved: Checked | WorkflowVersion | None
) -> WorkflowVersion:
    if start.before is not None:
        if start.before.spec.name != content["workflow"]:
            raise CheckpointDamaged("The checkpoint's workflow is not the one that it names.")
        texts = content["sources"]
        # Without the folders: what is resumed later must not be read from a place that a file names.
        bundle = {
            name: {"source": str(one["source"]), "file": plain_name(one.get("file"))}
            for name, one in texts.get("bundle", {}).items()
        }
        file = plain_name(texts.get("file"))
        return store_version(Checked(start.before, texts["source"], file, bundle, ()))
    assert resolved is not None
    return resolved if isinstance(resolved, WorkflowVersion) else store_version(resolved)
