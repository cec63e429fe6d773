"""import_run: the file of an exported run, as a run of this database."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.db import DataError, IntegrityError, transaction

from runs import run_file
from runs.actor import Actor
from runs.errors import Conflict, MaverickError, NotAllowed
from runs.models import Run
from runs.models.stored import compile_texts
from runs.operations.places import project_folder
from runs.operations.publish_workflow import Checked, store_version
from runs.record import audit, run_import
from runs.run_file import Reader, RunFileDamaged


class RunExists(Conflict):
    """A run with this id is here already."""

    code = "run-exists"


@dataclass(frozen=True)
class ImportedRun:
    """What an import has brought."""

    run: Run
    notes: tuple[str, ...]


def import_run(
    file: IO[bytes], *, by: Actor, new_id: bool = False, workspace: str | Path | None = None
) -> ImportedRun:
    """Take an exported run in: it can be looked at, restarted and forked here.

    It keeps its id; ``new_id`` gives it and its steps new ones. Nothing is written unless all of
    it is. Raises RunFileDamaged, RunExists, NotAllowed, InvalidDefinition.
    """
    if not by.may("operator"):
        raise NotAllowed(f"A {by.role} cannot import runs.")
    with Reader(file) as reader:
        checked = _definition(reader)
        try:
            with transaction.atomic():
                version = store_version(checked)
                known = run_import.Ids(new_id)
                folder = str(project_folder(workspace))
                run = run_import.write_run(reader, version, folder, known, by.name)
                was = reader.json(run_file.RUN)["id"]
                audit.note(by, "run.import", run.pk, was=None if was == run.pk else was)
        except IntegrityError as error:
            raise _taken(reader, error) from None
        except (DataError, ValueError, TypeError, OverflowError) as error:
            raise RunFileDamaged(
                f"The file has a value that cannot be stored: {_line(error)}"
            ) from None
    run.refresh_from_db()
    return ImportedRun(run, tuple(_notes(reader, run, was)))


def _definition(reader: Reader) -> Checked:
    told = reader.json(run_file.DEFINITION)
    try:
        bundle = {
            str(name): {"source": str(one["source"]), "file": str(one.get("file", ""))}
            for name, one in dict(told["bundle"]).items()
        }
        source, file = str(told["source"]), str(told.get("file", ""))
        compiled = compile_texts(source, file, bundle)
    except MaverickError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunFileDamaged(f"The workflow in the file cannot be read: {_line(error)}") from None
    return Checked(compiled, source, file, bundle, ())


def _taken(reader: Reader, error: Exception) -> MaverickError:
    ids = [row.get("id") for row in reader.lines(run_file.EXECUTIONS)]
    if (
        len(set(map(str, ids))) < len(ids)
        or "one_execution" in str(error)
        or "one_event" in str(error)
    ):
        return RunFileDamaged("The file has a step or a journal entry twice.")
    run_id = reader.json(run_file.RUN)["id"]
    return RunExists(
        f"{run_id}, or a step of it, is here already.", hint="Import it under a new id."
    )


def _notes(reader: Reader, run: Run, was: Any) -> list[str]:
    notes = []
    if run.pk != was:
        notes.append(f"It was {was}; the file's checkpoints keep that id and were left out.")
    if run.sealed is not None:
        notes.append("Secret inputs are not in the file: a fork has to give them.")
    return notes


def _line(error: BaseException) -> str:
    return (str(error).strip().partition("\n")[0] or type(error).__name__)[:200]
