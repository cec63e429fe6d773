"""/executions/{id}: polls, reports, restarts, and what else is said about one execution."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from runs.agentfield import OVER, Report, text
from runs.api.agentfield.manners import NotKept, answer, asker, body_of, error, text_of
from runs.canonical import storable
from runs.errors import UnknownExecution
from runs.operations import steer_call
from runs.operations.agent_events import note_event
from runs.operations.agent_logs import add_logs
from runs.operations.call_answers import find_call, polled
from runs.operations.call_webhook import asked_hook, told_hook
from runs.operations.decide_call import request_approval
from runs.operations.report_execution import report_execution
from runs.operations.restart_call import RestartCall, restart_call
from runs.projections.agent_calls import restarted

MOST_AT_ONCE = 500


def poll(request: HttpRequest, call_id: str) -> HttpResponse:
    """How it stands."""
    return answer(polled(call_id))


def status(request: HttpRequest, call_id: str) -> HttpResponse:
    """The agent's report; answered when it is committed."""
    try:
        report = Report.of(body_of(request))
    except NotKept as wrong:
        # The agent would not say it again: a refusal would leave the execution open for ever.
        text = f"the agent's report cannot be kept: {wrong}"
        report = Report("failed", error=text, status_reason="bad_response")
    call = report_execution(call_id, report)
    return answer({"execution_id": call.pk, "status": call.status, "run_id": call.run_id})


def restart(request: HttpRequest, call_id: str) -> HttpResponse:
    """A new run of the call or of its run's root."""
    body = body_of(request)
    asked = RestartCall.of(body)
    hook, refused = asked_hook(body.get("webhook"))
    key = request.headers.get("Idempotency-Key")
    call = restart_call(call_id, asked, by=asker(request), idempotency_key=key, hook=hook)
    return answer(
        restarted(call, told_hook(hook, refused)), 202, X_Execution_ID=call.pk, X_Run_ID=call.run_id
    )


def cancel(request: HttpRequest, call_id: str) -> HttpResponse:
    """End it, and tell its agent."""
    reason = text_of(body_of(request), "reason")
    return _moved(
        call_id,
        lambda: steer_call.cancel_call(call_id, reason=reason, by=asker(request)),
        "cancelled",
        {"reason": reason or None, "cancelled_at": text(timezone.now())},
    )


def pause(request: HttpRequest, call_id: str) -> HttpResponse:
    """Nothing more goes out in its run."""
    reason = text_of(body_of(request), "reason")
    return _moved(
        call_id,
        lambda: steer_call.pause_call(call_id, reason=reason, by=asker(request)),
        "paused",
        {"reason": reason or None, "paused_at": text(timezone.now())},
    )


def resume(request: HttpRequest, call_id: str) -> HttpResponse:
    """What stayed goes out."""
    body_of(request)
    return _moved(
        call_id,
        lambda: steer_call.resume_call(call_id, by=asker(request)),
        "running",
        {"resumed_at": text(timezone.now())},
    )


def _moved(call_id: str, move: Any, word: str, more: dict[str, Any]) -> HttpResponse:
    call = find_call(call_id)
    before = steer_call.shown_status(call, call.run)
    try:
        move()
    except steer_call.WrongState as wrong:
        return answer({"error": "invalid_state", "message": wrong.message}, 409)
    told = {"execution_id": call_id, "previous_status": before, "status": word, **more}
    return answer({name: value for name, value in told.items() if value is not None})


def logs(request: HttpRequest, call_id: str) -> HttpResponse:
    """Lines of its log."""
    entries = body_of(request).get("entries")
    count = add_logs(call_id, entries if isinstance(entries, list) else [])
    return answer({"accepted": count}, 202)


def note(request: HttpRequest) -> HttpResponse:
    """A note about the execution in the header."""
    body = body_of(request)
    call_id = (request.headers.get("X-Execution-ID") or "").strip()
    given = body.get("tags")
    tags = [tag[:100] for tag in given if isinstance(tag, str)] if isinstance(given, list) else []
    if not call_id or not steer_call.add_note(call_id, text_of(body, "message"), tags):
        return error(f"execution {call_id[:60]} not found", 404)
    return answer({"success": True, "execution_id": call_id})


def notes(request: HttpRequest, call_id: str) -> HttpResponse:
    """The notes, oldest first."""
    found = find_call(call_id).notes
    return answer({"execution_id": call_id, "notes": found, "total": len(found)})


def event(request: HttpRequest) -> HttpResponse:
    """What an agent tells of an execution as it goes on. Never ends one that was sent from here."""
    note_event(body_of(request), asker(request))
    return answer({"success": True})


def batch(request: HttpRequest) -> HttpResponse:
    """How many executions stand, by id; those that are not known are told as such."""
    wanted = body_of(request).get("execution_ids")
    if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
        return error("execution_ids must be a list of ids", 400)
    if len(wanted) > MOST_AT_ONCE:
        return error(f"at most {MOST_AT_ONCE} executions at once", 400)
    return answer({one: _known(one) for one in dict.fromkeys(wanted)})


def _known(call_id: str) -> dict[str, Any]:
    try:
        return polled(storable(call_id))
    except UnknownExecution as wrong:
        return {"execution_id": call_id, "error": wrong.message}


def cancel_tree(request: HttpRequest, run_id: str) -> HttpResponse:
    """End a run with all its executions, and tell the agents."""
    reason = text_of(body_of(request), "reason")
    ended = steer_call.cancel_tree(run_id, reason=reason, by=asker(request))
    told = {"workflow_id": run_id, "run_id": run_id, "status": "cancelled", "reason": reason}
    at = text(timezone.now())
    return answer({**told, "cancelled": ended, "cancelled_count": len(ended), "cancelled_at": at})


def local(request: HttpRequest) -> HttpResponse:
    """A call within one process; upstream has no such address, and the SDK does not need it."""
    return error("not found", 404)


def awaiter(request: HttpRequest, node: str, call_id: str) -> HttpResponse:
    """The execution waits for a child, or goes on."""
    word = text_of(body_of(request), "status")
    if word not in ("waiting", "running"):
        return error("status must be waiting or running", 400)
    call = find_call(call_id)
    if call.status in OVER:
        return answer({"status": call.status, "applied": False})
    reason = "awaiting_child" if word == "waiting" else ""
    call = report_execution(call_id, Report(word, status_reason=reason))
    return answer({"status": call.status, "applied": call.status == word})


def ask_approval(request: HttpRequest, node: str, call_id: str) -> HttpResponse:
    """The execution waits for somebody's word."""
    body = body_of(request)
    page = request.build_absolute_uri(f"/runs/{find_call(call_id).run_id}")
    try:
        approval = request_approval(call_id, body, page)
    except steer_call.WrongState as wrong:
        return answer({"error": "invalid_state", "message": wrong.message}, 409)
    names = {"approval_request_url": approval["request_url"]}
    return answer({"approval_request_id": approval["approval_request_id"], **names})


def approval_status(request: HttpRequest, node: str, call_id: str) -> HttpResponse:
    """Whether somebody has decided."""
    approval = find_call(call_id).approval
    if approval is None:
        return error("no approval was requested", 404)
    names = ("status", "response", "request_url", "requested_at", "responded_at")
    return answer({name: approval.get(name) for name in names})
