"""note_event: what an agent tells of an execution while it goes on.

An event about a call that was sent from here is nothing new: only the report ends it. Of a direct
call inside the agent's process events are all that there is, so they make and end its execution.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from runs.agentfield import MAX_ID, Caller, Report, status_of
from runs.models import AgentCall, Execution
from runs.record import agent_calls
from runs.record.agent_calls import Target

LOCAL = "local"  # the kind of a call that an agent made in its own process


def note_event(body: Mapping[str, Any]) -> None:
    """Take in an event; what is odd about it is let go."""
    status = status_of(body.get("status"))
    call_id, run_id = _text(body, "execution_id"), _text(body, "run_id", "workflow_id")
    if status is None or not call_id or not run_id or len(call_id) > MAX_ID:
        return
    known = AgentCall.objects.filter(pk=call_id).values_list("kind", flat=True).first()
    if known is not None and known != LOCAL:
        return
    with transaction.atomic():
        run = agent_calls.lock(run_id)
        if run is None:
            return
        call = AgentCall.objects.filter(pk=call_id).first()
        if call is None:
            call = _born(run, call_id, body)
        if call is None or call.kind != LOCAL:
            return
        report = Report.of({**body, "status": status})
        if call.ended_at is None and status != "running":
            agent_calls.settle(run, call, report)


def _born(run: Any, call_id: str, body: Mapping[str, Any]) -> AgentCall | None:
    node, name = _text(body, "agent_node_id"), _text(body, "reasoner_id", "type")
    if not node or not name:
        return None
    caller = Caller(parent=_text(body, "parent_execution_id"))
    parent = AgentCall.objects.filter(pk=caller.parent, run=run).first()
    above = Execution.objects.filter(pk=parent.execution_id).first() if parent else None
    path = agent_calls.free_path(run, above.path if above else "", f"{node}.{name}")
    call = agent_calls.born(
        run,
        Target(node, name, LOCAL, body.get("input_data")),
        caller,
        role="nested",
        path=path,
        name=path.rpartition("/")[2][:200],
        parent=above,
        call_id=call_id,
    )
    agent_calls.begin(run, call, worker="", instance_id="")
    call.refresh_from_db()
    return call


def _text(body: Mapping[str, Any], *names: str) -> str:
    found = next((body[name] for name in names if isinstance(body.get(name), str)), "")
    return str(found)[:200]
