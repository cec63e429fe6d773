"""`type: agent` with a reasoner of a registered agent: it is asked by HTTP and reports later.

The step waits meanwhile and holds no worker. The report queues it again (`record.step_reports`),
and the next attempt settles it.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from runs import environment
from runs.agentfield import BadCall, Report, split_target
from runs.agents.errors import AgentFailed
from runs.engine.context import StepContext
from runs.engine.outcome import Parked
from runs.engine.retry import since_given_up
from runs.errors import StepTimedOut
from runs.models import Agent, AgentCall
from runs.operations.report_execution import report_execution
from runs.record import agent_values
from runs.record.agent_calls import Target
from runs.record.step_reports import call_for, reported


def is_remote(name: str) -> bool:
    """Whether the name is ``agent.reasoner`` of an agent that has registered itself."""
    try:
        node, _ = split_target(name)
    except BadCall:
        return False
    return Agent.objects.filter(pk=node).exists()


def run_remote(context: StepContext, name: str, given: Mapping[str, Any]) -> Any:
    """Call and wait, or give what was reported. Raises AgentFailed and StepTimedOut."""
    tries = since_given_up(context.job.tries)
    told = reported(tries)
    if told:
        return _settled(context, AgentCall.objects.get(pk=told))
    waits = AgentCall.objects.filter(
        execution_id=context.execution_id, state="begun", ended_at=None
    ).first()
    limit = context.job.node.step.timeout or environment.step_timeout()
    if waits is not None:
        late = f"{name} did not report within {limit:g} s."
        report_execution(waits.pk, Report("timeout", error=late, status_reason="agent_timeout"))
        raise StepTimedOut(late, hint="Give the step a longer `timeout`.")
    node, reasoner = split_target(name)
    kind = Agent.objects.get(pk=node).kind_of(reasoner)
    if not kind:
        raise AgentFailed(
            "agent-bad-request", f"{node} has no reasoner {reasoner!r}.", permanent=True
        )
    with transaction.atomic():
        target = Target(node, reasoner, kind, dict(given))
        call = call_for(context.run_id, context.execution_id, target)
    return Parked(f"agent: {name}", limit, {"call": call.pk}, call=call.pk)


def _settled(context: StepContext, call: AgentCall) -> Any:
    context.usage = {"agent": call.target, **(call.usage or {})} if call.usage else None
    if call.status == "succeeded":
        return agent_values.real(call.sealed_result, "result", call.result)
    text = agent_values.real(call.sealed_result, "error", call.error) or call.status_reason
    raise AgentFailed(
        "agent-unreachable" if call.status_reason == "agent_unreachable" else "agent-failed",
        f"{call.target}: {text or call.status}",
        permanent=bool(call.error_status and 400 <= call.error_status < 500),
        detail={"status": call.status, "reason": call.status_reason},
    )
