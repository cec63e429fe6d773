"""call_answers: how a call stands, with the result as it was given: agents get what agents gave.

Read here and not in a projection, because what is sealed is opened.
"""

from typing import Any

from django.db.models import Exists, OuterRef

from runs.agentfield import OVER, text, without_none
from runs.errors import UnknownExecution
from runs.models import AgentCall, CallWebhook, Execution, Payload
from runs.record.agent_values import real
from runs.states import RunStatus


def find_call(call_id: str) -> AgentCall:
    """Raises UnknownExecution."""
    hooked = Exists(CallWebhook.objects.filter(pk=OuterRef("pk")))
    rows = AgentCall.objects.select_related("run").annotate(hooked=hooked)
    call = rows.filter(pk=call_id).first()
    if call is None:
        raise UnknownExecution(f"execution {call_id[:60]} not found")
    return call


def polled(call_id: str) -> dict[str, Any]:
    """The answer to a poll. Raises UnknownExecution. Two queries, three with a large result."""
    call = find_call(call_id)
    status = call.status
    if call.run.state is RunStatus.PAUSED and status not in OVER:
        status = "waiting"  # `paused` would make the SDK drop the execution for good
    ended, error = call.status in OVER, None
    result: Any = None
    if call.has_result:
        result = real(call.sealed_result, "result", _result(call))
    if ended and call.status != "succeeded":
        error = real(call.sealed_result, "error", call.error) or call.status_reason or call.status
    told = without_none(
        {
            "execution_id": call.pk,
            "run_id": call.run_id,
            "workflow_id": call.run_id,
            "status": status,
            "status_reason": call.status_reason or None,
            "target": call.target,
            "node_id": call.node,
            "type": call.kind,
            "error": error,
            "error_message": error,
            "error_details": call.error_details
            if call.error_details is not None
            else result
            if error is not None
            else None,
            "started_at": text(call.dispatched_at or (call.created_at if ended else None)),
            "completed_at": text(call.ended_at),
            "duration_ms": _took(call) if ended else None,
            "created_at": text(call.created_at),
            "webhook_registered": bool(getattr(call, "hooked", False)),
            "restarted_as": {"execution_id": call.restarted_execution, "run_id": call.restarted_run}
            if call.restarted_execution
            and AgentCall.objects.filter(pk=call.restarted_execution).exists()
            else None,
        }
    )
    return {**told, "result": result} if call.has_result else told


def _result(call: AgentCall) -> Any:
    if call.role == "step" or call.status != "succeeded":
        return call.result
    found = Execution.objects.filter(pk=call.execution_id).values_list("output", "payload_id")
    output, payload = next(iter(found), (None, None))
    if payload is None:
        return output
    return Payload.objects.values_list("value", flat=True).get(pk=payload)


def _took(call: AgentCall) -> int:
    if call.dispatched_at is None or call.ended_at is None:
        return 0
    return round((call.ended_at - call.dispatched_at).total_seconds() * 1000)


def answer_status(told: dict[str, Any], call: AgentCall) -> int:
    """The HTTP status of a synchronous call that is over."""
    if told["status"] == "succeeded":
        return 200
    return call.error_status if call.error_status and 400 <= call.error_status < 500 else 502


def synchronous(call_id: str) -> tuple[int, dict[str, Any]] | None:
    """The answer to a synchronous call; None while it goes on."""
    call = find_call(call_id)
    if call.ended_at is None:
        return None
    told = polled(call_id)
    names = ("execution_id", "run_id", "status", "status_reason", "duration_ms", "error_details")
    answer = {name: told[name] for name in names if name in told}
    answer["finished_at"] = told["completed_at"]
    if told["status"] == "succeeded":
        answer["result"] = told.get("result")
    else:
        answer["error_message"] = answer["error"] = told.get("error", "")
    return answer_status(told, call), answer
