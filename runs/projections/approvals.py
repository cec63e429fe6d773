"""What waits for somebody's decision: the question, the form, and who may answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from runs import environment, steppath
from runs.actor import Actor
from runs.definition.spec import ApprovalStep, InputSpec
from runs.models import AgentCall, Execution
from runs.models.stored import drawable_version
from runs.projections.api_runs import require_run
from runs.states import RUN_OVER, RunStatus

ASKED = "waiting_for_approval"  # why an agent's execution waits
MOST = 100  # questions of one page; who decides fifty of them sees the next
_OPEN = [status.value for status in RunStatus if status not in RUN_OVER]
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
class Waiting:
    """One question of the inbox, with the run that waits for its answer."""

    approval: "Approval"
    run_id: str
    workflow: str
    created_by: str
    version_id: int


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits for decisions anywhere, the longest first, those of the asker before others'."""

    items: tuple[Waiting, ...]
    more: bool  # there are others

    @property
    def mine(self) -> int:
        """How many the asker may decide."""
        return sum(1 for one in self.items if one.approval.may_decide)


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


def calls_that_ask(run_id: str, by: Actor) -> tuple[Approval, ...]:
    """Executions of agents that wait for somebody's word, as the agents have asked for it."""
    calls = AgentCall.objects.filter(run_id=run_id, ended_at=None, approval__status="pending")
    return tuple(approval for _, approval in _as_asked(calls.order_by("number"), by))


def question_of(execution: Execution, by: Actor) -> Approval | None:
    """What an execution of an agent asks, if it does. One query."""
    calls = AgentCall.objects.filter(
        run_id=execution.run_id,
        execution_id=execution.pk,
        ended_at=None,
        approval__status="pending",
    )
    # As `_as_asked` keeps them by execution, the last one counts.
    call = calls.order_by("number").last()
    return None if call is None else _question(call, execution.path, by)


def _as_asked(calls: Iterable[AgentCall], by: Actor) -> list[tuple[AgentCall, Approval]]:
    """Each with its question. One query more when there are any."""
    found = {call.execution_id: call for call in calls}
    rows = Execution.objects.filter(pk__in=found).values_list("id", "path") if found else ()
    paths = dict(rows)
    return [
        (call, _question(call, paths[execution_id], by))
        for execution_id, call in found.items()
        if execution_id in paths
    ]


def _question(call: AgentCall, path: str, by: Actor) -> Approval:
    return Approval(
        execution_id=call.execution_id,
        path=path,
        prompt=_prompt(call),
        form=(),
        approvers=EVERY_OPERATOR,
        since=_moment(call.question["requested_at"]),
        due=_moment(call.question.get("expires_at")),
        may_decide=by.is_among(()),
    )


def _prompt(call: AgentCall) -> str:
    url = str(call.question["request_url"])
    more = f": {url}" if url.startswith(("https://", "http://")) else ""
    return f"{call.target} asks for a decision ({call.question['approval_request_id']}){more}"


def _moment(given: Any) -> datetime | None:
    return datetime.fromisoformat(given) if isinstance(given, str) else None


def inbox(by: Actor) -> Inbox:
    """Everything that waits for a decision. Three queries, and one for each text not yet read."""
    rows = list(
        Execution.objects.filter(type="approval", status="waiting", run__status__in=_OPEN)
        .order_by("id")
        .values(
            *("id", "path", "input", "tries", "started_at", "due_at", "run_id"),
            *("run__version_id", "run__workflow_name", "run__created_by"),
        )[: MOST + 1]
    )
    items = tuple(
        Waiting(
            approval_of(
                step_of(row["run__version_id"], row["path"]),
                execution_id=row["id"],
                path=row["path"],
                given=row["input"],
                since=began_to_wait(row["tries"]) or row["started_at"],
                due=row["due_at"],
                by=by,
            ),
            row["run_id"],
            row["run__workflow_name"],
            row["run__created_by"],
            row["run__version_id"],
        )
        for row in rows[:MOST]
    )
    asked = _open_calls().select_related("run")[: MOST + 1]
    items += tuple(
        Waiting(
            approval, call.run_id, call.run.workflow_name, call.run.created_by, call.run.version_id
        )
        for call, approval in _as_asked(asked, by)
    )
    first = sorted(items, key=lambda one: not one.approval.may_decide)
    return Inbox(tuple(first[:MOST]), len(rows) > MOST or len(items) > MOST)


def _open_calls() -> QuerySet[AgentCall]:
    """Executions of agents that wait for somebody's word, of all runs."""
    calls = AgentCall.objects.filter(ended_at=None, approval__status="pending")
    calls = calls.filter(run__status__in=_OPEN)
    return calls.order_by("run__created_at", "run_id", "number")


def count_waiting(by: Actor) -> int:
    """How many decisions wait for the asker, at most MOST. Two queries."""
    rows = Execution.objects.filter(type="approval", status="waiting", run__status__in=_OPEN)
    found = rows.order_by("id").values_list("run__version_id", "path")[:MOST]
    steps = (step_of(version, path) for version, path in found)
    own = sum(1 for step in steps if step is not None and by.is_among(step.approvers))
    asked = _open_calls()[:MOST].count() if by.is_among(()) else 0
    return min(own + asked, MOST)


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
        form=tuple(form_fields(step.form.values() if step else ())),
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


def declared_form(one: Waiting) -> dict[str, InputSpec]:
    """The form of a question as its step declares it."""
    step = step_of(one.version_id, one.approval.path)
    return step.form if step else {}


def began_to_wait(tries: Any) -> datetime | None:
    """When the last attempt was parked."""
    said = tries[-1].get("finished_at") if tries else None
    try:
        return datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None


def form_fields(declared: Iterable[InputSpec]) -> Iterable[FormField]:
    """What is declared, as a form asks for it; the default of a secret is not told."""
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
