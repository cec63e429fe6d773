"""import_run: the file of an exported run, as a run of this database."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.db import DataError, IntegrityError, OperationalError, transaction

from runs import run_file
from runs.actor import Actor
from runs.errors import MaverickError, NotAllowed
from runs.models import Run
from runs.models.stored import compile_texts
from runs.operations.direct_workflow import brought_workflow
from runs.operations.import_refusals import RunExists, clash, one_line
from runs.operations.places import project_folder
from runs.operations.publish_workflow import Checked, store_version
from runs.record import audit, run_import
from runs.run_file import Reader, RunFileDamaged, plain_name

__all__ = ["ImportedRun", "RunExists", "import_run"]

MOST_DEFINITION = 16 * 2**20
MOST_CALLED = 200  # as check_workflow has it


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
        known = run_import.Ids(new_id)
        try:
            with transaction.atomic():
                # The text of a direct call's workflow is called otherwise than its runs.
                name = str(reader.json(run_file.DEFINITION).get("name"))
                version = brought_workflow(name, checked.source) or store_version(checked)
                folder = str(project_folder(workspace))
                run = run_import.write_run(reader, version, folder, known, by.name)
                told = reader.json(run_file.RUN)
                was = told["id"]
                audit.note(by, "run.import", run.pk, was=None if was == run.pk else was)
        except IntegrityError as error:
            raise clash(error, known.run_id, known.executions) from None
        except OperationalError as error:
            if not _is_too_much(error):
                raise
            raise _unstorable(error) from None
        except (DataError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise _unstorable(error) from None
    run.refresh_from_db()
    return ImportedRun(run, tuple(_notes(run, told)))


def _definition(reader: Reader) -> Checked:
    if reader.size(run_file.DEFINITION) > MOST_DEFINITION:
        raise RunFileDamaged(f"The workflow in the file has more than {MOST_DEFINITION:,} bytes.")
    told = reader.json(run_file.DEFINITION)
    try:
        bundle = {
            str(name): {"source": str(one["source"]), "file": plain_name(one.get("file"))}
            for name, one in dict(told["bundle"]).items()
        }
        source, file = str(told["source"]), plain_name(told.get("file"))
        if len(bundle) > MOST_CALLED:
            raise RunFileDamaged(f"The workflow in the file calls {len(bundle):,} others.")
        compiled = compile_texts(source, file, bundle)
    except MaverickError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        said = one_line(error)
        raise RunFileDamaged(f"The workflow in the file cannot be read: {said}") from None
    # People read this one; what would run is the other.
    shown = run_file.SOURCE
    if shown in reader.names and reader.raw(shown) != source.encode():
        raise RunFileDamaged(f"{shown} is another workflow than {run_file.DEFINITION}.")
    return Checked(compiled, source, file, bundle, ())


def _is_too_much(error: OperationalError) -> bool:
    """Whether a value, not the server, is at fault (class 54: a limit of PostgreSQL's)."""
    return str(getattr(error.__cause__, "sqlstate", None) or "").startswith("54")


def _unstorable(error: BaseException) -> RunFileDamaged:
    return RunFileDamaged(f"The file has a value that cannot be stored: {one_line(error)}")


def _notes(run: Run, told: dict[str, Any]) -> list[str]:
    notes = []
    if run.pk != told["id"]:
        notes.append(f"It was {told['id']}; the file's checkpoints keep that id and were left out.")
    source = told.get("source_id")
    if source and run.source_id is None:
        why = (
            "has been resumed here by another run"
            if Run.objects.filter(pk=source).exists()
            else "is not here"
        )
        notes.append(f"The run that it was made from, {source}, {why}.")
    if run.sealed is not None:
        notes.append("Secret inputs are not in the file: a fork has to give them.")
    return notes
