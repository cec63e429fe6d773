"""What waits for somebody's decision: the question, the form, and who may answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs import environment, steppath
from runs.actor import Actor
from runs.definition.spec import ApprovalStep, InputSpec
from runs.models import Execution
from runs.models.stored import drawable_version
from runs.projections.api_runs import require_run

EVERY_OPERATOR = ("operator",)  # who may decide when the step names nobody


@dataclass(frozen=True, slots=True)
class FormField:
    """One thing that is to be filled in when a step is approved."""

    name: str
    type: str  # string, integer, boolean, float, object, array
    required: bool
    default: Any  # None: there is none
    description: str
    enum: tuple[Any, ...] | None
    secret: bool


@dataclass(frozen=True, slots=True)
class Approval:
    """One step that waits for a decision."""

    execution_id: str
    path: str
    prompt: str
    form: tuple[FormField, ...]
    approvers: tuple[str, ...]  # names of users and roles; never empty
    since: datetime | None
    due: datetime | None  # when the question falls; None: it stands until somebody decides
    may_decide: bool  # the asker


def list_approvals(run_id: str, by: Actor) -> tuple[Approval, ...]:
    """The steps of a run that wait for a decision, in the order in which they began to wait.

    Raises UnknownRun. One query when something waits.
    """
    rows = list(
        Execution.objects.filter(run_id=run_id, type="approval", status="waiting")
        .order_by("seq", "path")
        .values("id", "path", "input", "tries", "started_at", "due_at", "run__version_id")
    )
    if not rows:
        require_run(run_id)
    return tuple(
        approval_of(
            step_of(row["run__version_id"], row["path"]),
            execution_id=row["id"],
            path=row["path"],
            given=row["input"],
            since=began_to_wait(row["tries"]) or row["started_at"],
            due=row["due_at"],
            by=by,
        )
        for row in rows
    )


def approval_of(
    step: ApprovalStep | None,
    *,
    execution_id: str,
    path: str,
    given: Any,
    since: datetime | None,
    due: datetime | None,
    by: Actor,
) -> Approval:
    """One waiting approval; ``step`` is None when the run's text no longer loads."""
    approvers = step.approvers if step else ()
    return Approval(
        execution_id=execution_id,
        path=path,
        prompt=str((given or {}).get("prompt") or ""),
        form=tuple(_fields(step.form.values() if step else ())),
        approvers=approvers or EVERY_OPERATOR,
        since=since,
        due=due,
        may_decide=step is not None and by.is_among(approvers),
    )


def step_of(version_id: int, path: str) -> ApprovalStep | None:
    """The approval step at ``path``, or None when it is none, or its text no longer loads."""
    made = drawable_version(version_id)
    node = made.nodes.get(steppath.pattern(path)) if made else None
    return node.step if node and isinstance(node.step, ApprovalStep) else None


def began_to_wait(tries: Any) -> datetime | None:
    """When the last attempt was parked."""
    said = tries[-1].get("finished_at") if tries else None
    try:
        return datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _fields(declared: Iterable[InputSpec]) -> Iterable[FormField]:
    for one in declared:
        secret = one.secret or environment.is_secret_key(one.name)
        yield FormField(
            name=one.name,
            type=str(one.type),
            required=one.required and not one.has_default,
            default=None if secret else one.default,
            description=one.description,
            enum=None if one.enum is None else tuple(one.enum),
            secret=secret,
        )
