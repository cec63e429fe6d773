"""cancel_call, cancel_tree, pause_call, resume_call, add_note: about calls of agents."""

from django.db import transaction
from django.utils import timezone

from runs import dispatch
from runs.actor import Actor
from runs.agentfield import Report
from runs.errors import Conflict, UnknownExecution, UnknownRun
from runs.models import AgentCall, Run
from runs.operations.cancel_run import cancel_run
from runs.record import agent_calls, agent_values, audit, step_reports
from runs.record.pausing import pause, unpause
from runs.states import RUN_OVER, RunStatus

MOST_NOTES = 1000


class WrongState(Conflict):
    """The execution is not in a state that allows this."""

    code = "execution-state"


def locked_call(call_id: str) -> tuple[Run, AgentCall]:
    """A call and its run, with the run's row lock. Raises UnknownExecution."""
    run_id = AgentCall.objects.filter(pk=call_id).values_list("run_id", flat=True).first()
    run = agent_calls.lock(run_id) if run_id else None
    call = AgentCall.objects.filter(pk=call_id).first() if run else None
    if run is None or call is None:
        raise UnknownExecution(f"execution {call_id[:60]} not found")
    return run, call


def cancel_call(call_id: str, *, reason: str, by: Actor) -> str:
    """Cancel one execution and tell its agent; what it was before. Raises WrongState."""
    with transaction.atomic():
        run, call = locked_call(call_id)
        if call.ended_at is not None:
            raise WrongState(f"execution {call_id} is already {call.status}")
        before, was_sent = call.status, call.state == "begun"
        text = reason or f"cancelled by {by.name}"
        agent_calls.settle(run, call, Report("cancelled", error=text, status_reason=text))
        if call.role == "step":
            step_reports.hand_over(run, call)
            if not run.placement:
                dispatch.wake_run(run.pk)
        if was_sent:
            dispatch.cancel_calls([call.pk])
        audit.note(by, "call.cancel", call.pk, run=run.pk, reason=reason)
    return before


def cancel_tree(run_id: str, *, reason: str, by: Actor) -> list[str]:
    """Cancel a run with everything in it; the executions that this ended. None when it is over.

    Raises UnknownRun.
    """
    with transaction.atomic():
        run = agent_calls.lock(run_id)
        if run is None:
            raise UnknownRun("workflow not found")
        found = AgentCall.objects.filter(run=run, ended_at=None).order_by("number")
        ended = list(found.values_list("pk", flat=True))
        if run.state not in RUN_OVER:
            cancel_run(run_id, by=by, reason=reason)
        else:  # agents may still work on what their run did not wait for
            dispatch.cancel_calls(agent_calls.end_open(run, reason or f"cancelled by {by.name}"))
    return ended


def pause_call(call_id: str, *, reason: str, by: Actor) -> None:
    """Pause the run of a call that runs: calls that have not gone out stay. Raises WrongState."""
    with transaction.atomic():
        run, call = locked_call(call_id)
        if call.status != "running" or run.state is RunStatus.PAUSED or run.state in RUN_OVER:
            raise WrongState(f"execution {call_id} is {shown_status(call, run)}, not running")
        pause(run, f"paused by {by.name}" + (f": {reason}" if reason else ""))
        audit.note(by, "run.pause", run.pk, reason=reason)


def resume_call(call_id: str, *, by: Actor) -> None:
    """Let the run of a paused call go on. Raises WrongState."""
    with transaction.atomic():
        run, call = locked_call(call_id)
        if run.state is not RunStatus.PAUSED or call.ended_at is not None:
            raise WrongState(f"execution {call_id} is {shown_status(call, run)}, not paused")
        unpause(run, f"resumed by {by.name}")
        audit.note(by, "run.unpause", run.pk)
        for pk in AgentCall.objects.filter(run=run, state="new").values_list("pk", flat=True):
            dispatch.send_call(pk)
        if not run.placement:
            dispatch.wake_run(run.pk)


def shown_status(call: AgentCall, run: Run) -> str:
    """What a person is told; `paused` is no word of the protocol's polls."""
    return "paused" if run.state is RunStatus.PAUSED and call.ended_at is None else call.status


def add_note(call_id: str, message: str, tags: list[str]) -> bool:
    """One more note of an execution, as many as are kept; False for an unknown execution."""
    with transaction.atomic():
        call = AgentCall.objects.select_for_update().filter(pk=call_id).first()
        if call is None:
            return False
        text = str(agent_values.shown(message))[:10_000]
        note = {
            "message": text,
            "tags": agent_values.shown(tags[:50]),
            "timestamp": timezone.now().isoformat(),
        }
        call.notes = [*call.notes, note][-MOST_NOTES:]
        call.save(update_fields=["notes"])
    return True
