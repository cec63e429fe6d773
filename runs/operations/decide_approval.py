"""decide_approval: say yes or no to a step that waits for somebody's decision."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from runs import dispatch
from runs.actor import Actor
from runs.definition.inputs import bind_inputs
from runs.definition.spec import ApprovalStep, WorkflowSpec
from runs.errors import (
    Conflict,
    InvalidInputs,
    NotAllowed,
    Refused,
    UnknownExecution,
    UnknownRun,
)
from runs.models import Execution, Run
from runs.models.stored import compiled_version
from runs.operations.decide_call import decide_call, pending_of
from runs.record import approvals, audit
from runs.record.agent_calls import CALL


def decide_approval(
    run_id: str,
    where: str,
    *,
    approve: bool,
    by: Actor,
    comment: str = "",
    values: Mapping[str, Any] | None = None,
) -> Run:
    """Decide about the approval step ``where`` (step path or execution id) and wake its run.

    ``values`` answers the step's form. Raises UnknownRun, UnknownExecution, NotAllowed, Refused
    (not an approval), InvalidInputs (the form), or Conflict when it was decided already.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise UnknownRun(f"There is no run {run_id}.")
        key = "pk" if where.startswith("exec_") else "path"
        execution = Execution.objects.filter(run=run, **{key: where}).first()
        if execution is None:
            raise UnknownExecution(f"{run_id} has no execution {where}.")
        call = pending_of(execution)
        if call is not None:
            decide_call(run, call, approve=approve, by=by, comment=comment, values=values or {})
            word = "step.approve" if approve else "step.reject"
            audit.note(by, word, run_id, path=execution.path, comment=comment)
            return run
        if execution.type == CALL:
            raise Conflict(f"{execution.path} does not wait for a decision.")
        step = compiled_version(run.version_id).node(execution.path).step
        if not isinstance(step, ApprovalStep):
            raise Refused(f"{execution.path} is a {step.type} step; nobody has to decide about it.")
        if not by.is_among(step.approvers):
            who = ", ".join(step.approvers) or "operators"
            raise NotAllowed(f"{by.name} may not decide about {execution.path}; {who} may.")
        decision = {
            "approved": approve,
            "by": by.name,
            "at": timezone.now().isoformat(timespec="seconds"),
            "comment": comment,
            "values": _values(step, values or {}) if approve else {},
        }
        if not approvals.decide(run, execution, decision):
            raise Conflict(
                f"{execution.path} does not wait for a decision: it is {execution.status}.",
                hint="Somebody else may have decided, or its time was up.",
            )
        word = "step.approve" if approve else "step.reject"
        audit.note(by, word, run_id, path=execution.path, comment=comment)
        if not run.placement:
            dispatch.wake_run(run.id)
    run.refresh_from_db()
    return run


def _values(step: ApprovalStep, given: Mapping[str, Any]) -> dict[str, Any]:
    form = WorkflowSpec.model_construct(name=step.name, inputs=step.form)
    unknown = sorted(set(given) - set(step.form))
    if unknown:
        raise Refused(
            f"The form of {step.name} has no {', '.join(unknown)}.",
            hint=f"It has: {', '.join(step.form) or 'no fields'}.",
        )
    values, problems = bind_inputs(form, given)
    wrong = [problem for problem in problems if problem.severity == "error"]
    if wrong:
        raise InvalidInputs(wrong)
    return values
