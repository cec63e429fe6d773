"""ask_approval, decide_call, expire_approvals: an agent's execution waits for somebody's word.

The request is the agent's (`Agent.pause()` of the package), the decision is made where all others
are: on the run's page, by the REST operation, on the command line. The agent is told by its
callback, and finds the decision when it asks.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from runs import dispatch
from runs.actor import Actor
from runs.agentfield import BadCall, Report, shown_text
from runs.agents.addresses import check_url
from runs.canonical import to_json_value
from runs.errors import NotAllowed
from runs.models import AgentCall, Execution, Run
from runs.operations.steer_call import WrongState, locked_call
from runs.record import agent_calls, agent_values, step_reports

WAITS = "waiting_for_approval"
_LONGEST_HOURS = 24 * 365


def request_approval(call_id: str, asked: Mapping[str, Any], page: str = "") -> dict[str, Any]:
    """The execution waits until somebody decides. ``page``: where, if the agent names no address.

    Raises BadCall, AgentAddressRefused (of the callback), WrongState.
    """
    callback = shown_text(asked.get("callback_url"))
    if callback:
        check_url(callback)
    now = timezone.now()
    hours = asked.get("expires_in_hours")
    if hours is not None and (isinstance(hours, bool) or not isinstance(hours, int | float)):
        raise BadCall("expires_in_hours must be a number")
    until = now + timedelta(hours=min(hours, _LONGEST_HOURS)) if hours and hours > 0 else None
    with transaction.atomic():
        run, call = locked_call(call_id)
        if call.ended_at is not None:
            raise WrongState(f"execution {call_id} is already {call.status}")
        if call.state == "new":
            raise WrongState(f"execution {call_id} has not begun")
        call.approval = {
            "approval_request_id": shown_text(asked.get("approval_request_id"), 200)
            or f"appr_{call.pk}",
            "request_url": shown_text(asked.get("approval_request_url"), 500) or page,
            "callback_url": callback,
            "status": "pending",
            "requested_at": now.isoformat(),
            "expires_at": until.isoformat() if until else None,
        }
        call.save(update_fields=["approval"])
        agent_calls.settle(run, call, Report("waiting", status_reason=WAITS))
        if call.role == "step":
            step_reports.say_waits(run, call, WAITS)
    return dict(call.question)


def pending_of(execution: Execution) -> AgentCall | None:
    """The call of this execution that waits for a decision."""
    if execution.type not in ("call", "agent"):
        return None
    return AgentCall.objects.filter(
        execution_id=execution.pk, ended_at=None, approval__status="pending"
    ).first()


def decide_call(
    run: Run, call: AgentCall, *, approve: bool, by: Actor, comment: str, values: Mapping[str, Any]
) -> None:
    """Record the decision and have the agent told. The caller holds the run's row lock.

    Raises NotAllowed.
    """
    if not by.is_among(()):
        raise NotAllowed(f"{by.name} may not decide about {call.target}; operators may.")
    word = "approved" if approve else "rejected"
    given = to_json_value(dict(values), "values")
    response = {**given, "decision": word, "feedback": comment, "by": by.name}
    _close(run, call, word, agent_values.shown(response), "" if approve else "approval_rejected")


def expire_approvals(now: datetime) -> int:
    """Requests whose time is up have expired; how many those were."""
    waiting = AgentCall.objects.filter(ended_at=None, approval__status="pending")
    late = [
        call.pk
        for call in waiting
        if call.question["expires_at"] and datetime.fromisoformat(call.question["expires_at"]) < now
    ]
    for call_id in late:
        with transaction.atomic():
            run, call = locked_call(call_id)
            if call.ended_at is None and call.question.get("status") == "pending":
                _close(run, call, "expired", None, "approval_expired")
    return len(late)


def _close(run: Run, call: AgentCall, word: str, response: Any, reason: str) -> None:
    tell = bool(call.question["callback_url"])
    now = timezone.now().isoformat()
    more = {"status": word, "response": response, "responded_at": now, "told": not tell, "tries": 0}
    call.approval = {**call.question, **more}
    call.save(update_fields=["approval"])
    agent_calls.settle(run, call, Report("running", status_reason=reason))
    if call.role == "step":
        step_reports.say_waits(run, call, f"agent: {call.target}")
    if tell:
        dispatch.tell_decision(call.pk)
