"""note_event: what an agent tells of an execution while it goes on.

An event about a call that was sent from here is nothing new: only the report ends it. Of a direct
call inside the agent's process events are all that there is, so they make and end its execution.
"""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from runs.actor import Actor
from runs.agentfield import (
    LOCAL,
    MAX_ID,
    BadCall,
    Caller,
    Report,
    shown_text,
    split_target,
    status_of,
)
from runs.models import Agent, AgentCall, Execution, Run
from runs.operations.execute_target import new_root, new_run_of
from runs.record import agent_calls
from runs.record.agent_calls import Target


def note_event(body: Mapping[str, Any], by: Actor) -> None:
    """Take in an event; what is odd about it is let go.

    A run that nobody knows begins with it: its agent was called by others, not through here.
    """
    status = status_of(body.get("status"))
    call_id, run_id = _text(body, "execution_id"), _text(body, "run_id", "workflow_id")
    if status is None or not call_id or not run_id or len(call_id) > MAX_ID:
        return
    known = AgentCall.objects.filter(pk=call_id).values_list("kind", flat=True).first()
    if known is not None and known != LOCAL:
        return
    try:
        with transaction.atomic():
            _take_in(run_id, call_id, status, body, by)
    except IntegrityError:
        # Two events that begin the same run or the same execution: now it is there.
        with transaction.atomic():
            _take_in(run_id, call_id, status, body, by)


def _take_in(run_id: str, call_id: str, status: str, body: Mapping[str, Any], by: Actor) -> None:
    run = agent_calls.lock(run_id)
    call = AgentCall.objects.filter(pk=call_id).first()
    if call is None and not Execution.objects.filter(pk=call_id).exists():
        call = _born(run, run_id, call_id, body, by)
        run = agent_calls.lock(run_id)
    if run is None or call is None or call.run_id != run.pk or call.kind != LOCAL:
        return
    if call.ended_at is None and status != "running":
        agent_calls.settle(run, call, Report.of({**body, "status": status}))


def _born(
    run: Run | None, run_id: str, call_id: str, body: Mapping[str, Any], by: Actor
) -> AgentCall | None:
    node, name = _text(body, "agent_node_id"), _text(body, "reasoner_id", "type")
    try:
        split_target(f"{node}.{name}")
        Caller.of({"X-Run-ID": run_id})
    except BadCall:
        return None
    given = body.get("input_data")
    target = Target(node, name, LOCAL, {} if given is None else given)
    caller = Caller(parent=_text(body, "parent_execution_id"))
    if run is None:
        run = new_run_of(target, by, run_id=run_id)
        call = new_root(run, target, caller, call_id=call_id)
    else:
        call = _nested(run, target, caller, call_id)
    agent = Agent.objects.filter(pk=node).values_list("instance_id", flat=True).first()
    agent_calls.begin(run, call, worker="", instance_id=agent or "", answered=True)
    call.refresh_from_db()
    return call


def _nested(run: Run, target: Target, caller: Caller, call_id: str) -> AgentCall:
    parent = AgentCall.objects.filter(pk=caller.parent, run=run).first()
    above = Execution.objects.filter(pk=parent.execution_id).first() if parent else None
    path = agent_calls.free_path(run, above.path if above else "", f"{target.node}.{target.name}")
    return agent_calls.born(
        run,
        target,
        caller,
        role="nested",
        path=path,
        name=path.rpartition("/")[2][:200],
        parent=above,
        call_id=call_id,
    )


def _text(body: Mapping[str, Any], *names: str) -> str:
    found = next((body[name] for name in names if isinstance(body.get(name), str)), "")
    return shown_text(found, 200)
