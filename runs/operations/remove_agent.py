"""remove_agent: an agent that is not coming back is taken out of the list."""

from django.db import transaction

from runs.actor import Actor
from runs.agentfield import Report
from runs.errors import Conflict, NotAllowed, UnknownAgent
from runs.models import Agent, AgentCall
from runs.operations.report_execution import report_execution
from runs.record import agents, audit

REASON = "agent_removed"


class AgentInUse(Conflict):
    """Calls of the agent are open."""

    code = "agent-in-use"


def remove_agent(name: str, *, force: bool = False, by: Actor) -> int:
    """Forget an agent; how many open calls failed with it. Its runs stay.

    An agent that still lives registers again with its next sign of life. With ``force`` its open
    calls fail as `agent_removed`: nobody could report them any more, nor would anybody look after
    them. Raises NotAllowed, UnknownAgent, AgentInUse.
    """
    if not by.may("admin"):
        raise NotAllowed(f"A {by.role} cannot remove agents.", hint="Ask an admin.")
    with transaction.atomic():
        if not Agent.objects.select_for_update().filter(pk=name).exists():
            raise UnknownAgent(f"There is no agent {name[:200]!r}.")
        calls = AgentCall.objects.filter(node=name, ended_at=None)
        # Run after run, as everybody locks them: two removals do not wait for each other.
        still_open = list(calls.order_by("run_id", "number").values_list("pk", flat=True))
        if still_open and not force:
            raise AgentInUse(
                f"{name!r} has open calls ({len(still_open)}).",
                hint="Cancel their runs, wait for their end, or remove it by force: they fail.",
            )
        agents.forget(name)
        for call_id in still_open:
            text = f"The agent {name} was removed by {by.name} while this was open."
            report_execution(call_id, Report("failed", error=text, status_reason=REASON))
        audit.note(by, "agent.remove", name, open_calls=len(still_open))
    return len(still_open)
