"""report_execution: an agent, or the worker that called it, says how an execution ended."""

from django.db import transaction

from runs import dispatch
from runs.agentfield import OVER, Report
from runs.errors import Conflict, UnknownExecution
from runs.models import AgentCall
from runs.record import agent_calls, step_reports


class AlreadyOver(Conflict):
    """The execution has already ended, in another way."""

    code = "execution-is-over"


def report_execution(call_id: str, report: Report) -> AgentCall:
    """Record a report; the same end told again changes nothing.

    Raises UnknownExecution, or AlreadyOver when it has ended in another way: what is over stays.
    """
    with transaction.atomic():
        known = AgentCall.objects.filter(pk=call_id).values_list("run_id", flat=True).first()
        run = agent_calls.lock(known) if known else None
        # Read after the lock: another report may have been first.
        call = AgentCall.objects.filter(pk=call_id).first() if run else None
        if run is None or call is None:
            raise UnknownExecution(f"execution {call_id[:60]} not found")
        said = agent_calls.settle(run, call, report)
        if said == "conflict":
            raise AlreadyOver(
                f"execution {call_id} is {call.status}; it cannot become {report.status}"
            )
        if said == "recorded" and call.role == "step" and report.status in OVER:
            step_reports.hand_over(run, call)
            if not run.placement:
                dispatch.wake_run(run.pk)
    return call
