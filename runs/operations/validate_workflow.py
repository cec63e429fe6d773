"""validate_workflow: what is wrong with a text, without keeping or starting anything."""

from dataclasses import dataclass

from runs.definition.problems import Problem
from runs.errors import InvalidDefinition, MaverickError, Refused
from runs.operations.check_workflow import check_workflow, pending_problems
from runs.planning.graph import Compiled


@dataclass(frozen=True)
class Validation:
    """What came of it. With errors ``ok`` is false; warnings alone leave it true."""

    ok: bool
    name: str  # of the workflow; empty when it could not be read
    problems: tuple[Problem, ...]


def validate_workflow(text: str, *, file: str = "") -> Validation:
    """Check a text with everything it calls by name or within the project. Raises nothing for what
    the text says."""
    try:
        checked = check_workflow(text, file=file, anywhere=False)
    except InvalidDefinition as error:
        return Validation(False, "", error.problems)
    except Refused as error:  # nested too deep, or it calls itself: about the whole, not a place
        whole = Problem(error.code, error.message, error.hint, file=file or "<text>")
        return Validation(False, "", (whole,))
    pending = pending_problems(checked.compiled)
    problems = (*pending, *checked.warnings)
    return Validation(not pending, checked.compiled.spec.name, problems)


def drawable_text(text: str, *, file: str = "") -> Compiled | None:
    """The text laid out, to be looked at; None when it has errors."""
    try:
        return check_workflow(text, file=file, anywhere=False).compiled
    except MaverickError:
        return None
