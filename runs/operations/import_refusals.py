"""Why the database did not take what an import brought, in the words of who imports."""

from collections.abc import Sequence

from django.db import Error

from runs.errors import Conflict, MaverickError, Refused
from runs.models import Execution, Run
from runs.run_file import RunFileDamaged


class RunExists(Conflict):
    """A run with this id is here already."""

    code = "run-exists"


MOST_ASKED = 50_000  # ids in a question

# What a file says twice although it can be there once only.
_TWICE = {
    "one_execution_a_path": "a step",
    "one_event_a_number": "a journal entry",
    "one_checkpoint_a_name": "a checkpoint",
}


def clash(
    error: Error,
    run_id: str,
    executions: Sequence[str],
    damaged: type[Refused] = RunFileDamaged,
) -> MaverickError:
    """Which constraint was hurt, as the refusal that says so; asked afterwards, so that what
    somebody else has written at the same moment is told too. The ids are those to be written."""
    constraint = constraint_of(error)
    if constraint in _TWICE or len(set(executions)) < len(executions):
        return damaged(f"The file has {_TWICE.get(constraint, 'a step')} twice.")
    if constraint == "one_resume_a_run":
        return Conflict(
            "The run that this one went on from was resumed here at the same moment.",
            hint="Import it again: it then stands here without its source.",
        )
    if Run.objects.filter(pk=run_id).exists():
        return RunExists(f"{run_id} is here already.", hint="Import it under a new id.")
    taken = Execution.objects.filter(pk__in=executions[:MOST_ASKED]).first()
    if taken is not None:
        said = f"Steps of {run_id} are in this database already: {taken.pk} is one of "
        if damaged is not RunFileDamaged:
            return damaged(f"{said}{taken.run_id}.")
        return RunExists(f"{said}{taken.run_id}.", hint="Import it under a new id.")
    return damaged(f"The file does not fit together: {constraint or one_line(error)}.")


def constraint_of(error: Error) -> str:
    """The name of the constraint that was hurt; "" when PostgreSQL named none."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", None) or "")


def one_line(error: BaseException) -> str:
    """The first line of what an error says."""
    return (str(error).strip().partition("\n")[0] or type(error).__name__)[:200]
