"""What waits for somebody's decision: the question, the form, and who may answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs import environment, steppath
from runs.actor import Actor
from runs.definition.spec import ApprovalStep, InputSpec
from runs.models import AgentCall, Execution
from runs.models.stored import drawable_version
from runs.projections.api_runs import require_run

ASKED = "waiting_for_approval"  # why an agent's execution waits
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

    Raises UnknownRun. Two queries, three when an agent has asked.
    """
    rows = list(
        Execution.objects.filter(run_id=run_id, type="approval", status="waiting")
        .order_by("seq", "path")
        .values("id", "path", "input", "tries", "started_at", "due_at", "run__version_id")
    )
    asked = calls_that_ask(run_id, by)
    if not rows and not asked:
        require_run(run_id)
    own = tuple(
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
    return own + asked


def calls_that_ask(run_id: str, by: Actor, execution_id: str = "") -> tuple[Approval, ...]:
    """Executions of agents that wait for somebody's word, as the agents have asked for it."""
    calls = AgentCall.objects.filter(run_id=run_id, ended_at=None, approval__status="pending")
    if execution_id:
        calls = calls.filter(execution_id=execution_id)
    found = list(calls.order_by("number"))
    paths = (
        dict(
            Execution.objects.filter(pk__in=[call.execution_id for call in found]).values_list(
                "id", "path"
            )
        )
        if found
        else {}
    )
    return tuple(
        Approval(
            execution_id=call.execution_id,
            path=paths[call.execution_id],
            prompt=_prompt(call),
            form=(),
            approvers=EVERY_OPERATOR,
            since=_moment(call.question["requested_at"]),
            due=_moment(call.question.get("expires_at")),
            may_decide=by.is_among(()),
        )
        for call in found
        if call.execution_id in paths
    )


def _prompt(call: AgentCall) -> str:
    url = str(call.question["request_url"])
    more = f": {url}" if url.startswith(("https://", "http://")) else ""
    return f"{call.target} asks for a decision ({call.question['approval_request_id']}){more}"


def _moment(given: Any) -> datetime | None:
    return datetime.fromisoformat(given) if isinstance(given, str) else None


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
