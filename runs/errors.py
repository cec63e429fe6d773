"""The exception tree. An error's docstring is its message; its fields are what callers decide by.

``status`` is the HTTP status a face answers with, ``code`` the stable word for programs,
``exit_code`` what the command line returns (1 failed, 2 refused; product page, section 6).
"""

from collections.abc import Iterable, Mapping
from typing import Any


class MaverickError(Exception):
    """Something was refused or went wrong."""

    code = "error"
    status = 500
    exit_code = 2

    def __init__(self, message: str = "", *, hint: str = "", **extra: Any) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.hint = hint
        self.extra = extra
        super().__init__(self.message)


class NotJson(MaverickError):
    """A value is not JSON."""

    code = "output-not-json"
    status = 422

    def __init__(self, where: str, what: str) -> None:
        self.where = where
        super().__init__(
            f"{where} is {what}.", hint="Return only JSON: text, numbers, lists, mappings, null."
        )


class NotFound(MaverickError):
    """There is no such thing."""

    code = "not-found"
    status = 404


class UnknownRun(NotFound):
    """There is no such run."""

    code = "run-not-found"


class UnknownWorkflow(NotFound):
    """There is no such workflow."""

    code = "workflow-not-found"


class UnknownExecution(NotFound):
    """There is no such execution."""

    code = "execution-not-found"


class UnknownCheckpoint(NotFound):
    """There is no such checkpoint."""

    code = "checkpoint-not-found"


class UnknownAgent(NotFound):
    """There is no such agent."""

    code = "agent-not-found"


class UnknownWebhook(NotFound):
    """There is no such webhook."""

    code = "webhook-not-found"


class UnknownDelivery(NotFound):
    """There is no such message of a webhook."""

    code = "delivery-not-found"


class Conflict(MaverickError):
    """It does not fit the state things are in."""

    code = "conflict"
    status = 409


class RunNotOver(Conflict):
    """The run has not ended yet."""

    code = "run-not-over"


class RunIsOver(Conflict):
    """The run has already ended."""

    code = "run-is-over"


class StalePlan(Conflict):
    """The plan no longer holds: the source or the workflow has changed since it was made."""

    code = "stale-plan"


class Refused(MaverickError):
    """The request cannot be carried out as it is."""

    code = "invalid-request"
    status = 422


class InvalidDefinition(Refused):
    """The workflow definition has problems."""

    code = "invalid-definition"

    def __init__(self, problems: Iterable[Any], message: str = "") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            message or f"The workflow definition has {count} problem{'s' if count != 1 else ''}.",
            hint="Mend what is listed under problems; each names its line.",
        )


class InvalidAssertions(InvalidDefinition):
    """The assertions have problems."""

    code = "invalid-assertions"

    def __init__(self, problems: Iterable[Any], message: str = "") -> None:
        found = tuple(problems)
        count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
        super().__init__(found, message or f"The assertions have {count}.")


class InvalidInputs(InvalidDefinition):
    """The inputs do not fit the workflow's declaration."""

    code = "invalid-inputs"

    def __init__(self, problems: Iterable[Any], message: str = "") -> None:
        found = tuple(problems)
        count = "An input does" if len(found) == 1 else f"{len(found)} inputs do"
        super().__init__(found, message or f"{count} not fit the workflow's declaration.")
        self.hint = "Mend what is listed under problems."


class IdempotencyMismatch(Refused):
    """This Idempotency-Key was used before with another body."""

    code = "idempotency-mismatch"


class NothingToResume(Refused):
    """There is nothing to resume."""

    code = "nothing-to-resume"


class InputsDiffer(Refused):
    """The inputs differ from those of the run to resume."""

    code = "inputs-differ"


class WorkflowChanged(Refused):
    """The workflow has changed since the run to resume."""

    code = "workflow-changed"


class CheckpointDamaged(Refused):
    """The checkpoint file is damaged."""

    code = "checkpoint-damaged"


class NotAllowed(MaverickError):
    """This login or token does not have the right."""

    code = "not-allowed"
    status = 403


class NotSignedIn(MaverickError):
    """A login or a token is needed."""

    code = "not-signed-in"
    status = 401


class StepFailure(MaverickError):
    """The step failed."""

    code = "step-failed"
    status = 500
    exit_code = 1
    permanent = False  # whether another attempt could not help


class ActionFailed(StepFailure):
    """The action raised an error."""

    code = "action-failed"


class CommandFailed(StepFailure):
    """The command ended with an exit code that is not zero."""

    code = "command-failed"


class StepTimedOut(StepFailure):
    """The step ran out of time."""

    code = "timeout"


class StepCancelled(StepFailure):
    """The run was cancelled."""

    code = "cancelled"
    permanent = True


class WorkerLost(StepFailure):
    """The process that ran the step died, again and again."""

    code = "worker-lost"
    permanent = True


# ---- about the request itself, before anything is asked of an operation


class BadJson(Refused):
    """The body is not JSON."""

    code = "invalid-json"
    status = 400

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message, hint="Send one JSON object in UTF-8.")
        self.problems = ({"code": self.code, "message": message, "line": line, "column": column},)


class BadRequest(Refused):
    """The request is none of HTTP."""

    code = "bad-request"
    status = 400


class WrongMediaType(Refused):
    """The body is not sent as JSON."""

    code = "unsupported-media-type"
    status = 415


class TooLarge(Refused):
    """The request is too large."""

    code = "too-large"
    status = 413


class WrongMethod(Refused):
    """This address does not answer to this method."""

    code = "method-not-allowed"
    status = 405


class UnknownPath(Refused):
    """There is nothing at this address."""

    code = "path-not-found"
    status = 404


class InvalidFields(Refused):
    """Some fields of the request are not as they should be."""

    code = "invalid-fields"

    def __init__(self, problems: Iterable[Mapping[str, Any]]) -> None:
        self.problems = tuple(problems)
        names = ", ".join(dict.fromkeys(str(one.get("path") or "body") for one in self.problems))
        super().__init__(f"Not as they should be: {names}.", hint="See `problems`.")


class DatabaseUnavailable(MaverickError):
    """The database does not answer at the moment."""

    code = "database-unavailable"
    status = 503


class InternalError(MaverickError):
    """Something went wrong on the server."""

    code = "internal-error"
    status = 500


class TooManyAttempts(MaverickError):
    """Too many wrong passwords were tried."""

    code = "too-many-attempts"
    status = 429


class Forged(NotAllowed):
    """A request by login came without its CSRF token."""

    code = "csrf"
