"""Calls of agents as the AgentField protocol tells them."""

from collections.abc import Mapping
from typing import Any

from runs.agentfield import OVER, text, without_none
from runs.errors import UnknownRun
from runs.models import Agent, AgentCall, Execution, Run
from runs.states import RunStatus


def is_call(call_id: str) -> bool:
    """Whether an execution is the call of an agent, and not a step of a workflow that makes one."""
    return AgentCall.objects.filter(pk=call_id).exclude(role="step").exists()


def is_known(execution_id: str) -> bool:
    """Whether there is an execution of this id, of either protocol."""
    return (
        Execution.objects.filter(pk=execution_id).exists()
        or AgentCall.objects.filter(pk=execution_id).exists()
    )


def submitted(call: AgentCall, hook: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a submission. What is reused is told as queued too: who reads `succeeded` asks
    once for the result, and takes a lost answer for null."""
    created = text(call.created_at)
    return {
        "execution_id": call.pk,
        "run_id": call.run_id,
        "workflow_id": call.run_id,
        "status": "queued",
        "target": call.target,
        "type": call.kind,
        "created_at": created,
        "enqueued_at": created,
        **hook,
    }


def restarted(call: AgentCall, hook: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a restart."""
    lineage = call.lineage or {}
    names = ("source_execution_id", "source_run_id", "restarted_execution_id", "scope", "kind")
    return {
        **submitted(call, hook),
        **{name: lineage.get(name) for name in names},
        "replay_mode": call.replay_mode,
        **({"replay_before_execution_id": call.replay_before} if call.replay_before else {}),
    }


def _took(call: AgentCall) -> int:
    if call.dispatched_at is None or call.ended_at is None:
        return 0
    return round((call.ended_at - call.dispatched_at).total_seconds() * 1000)


# ---- the tree of a run ---------------------------------------------------------------------------

_ORDER = ("failed", "timeout", "cancelled")


def dag(run_id: str, *, lightweight: bool) -> dict[str, Any]:
    """All calls of a run in the order of their births. Raises UnknownRun."""
    run = Run.objects.filter(pk=run_id).first()
    calls = list(AgentCall.objects.filter(run_id=run_id).order_by("number")) if run else []
    if run is None or not calls:
        raise UnknownRun("workflow not found")
    above = _callers(calls)
    depth = _depths(above)
    nodes = [_node(call, depth[call.pk], lightweight) for call in calls]
    root = next(call for call in calls if not above[call.pk])
    lineage = next((call.lineage for call in calls if call.lineage), None)
    told: dict[str, Any] = {
        "root_workflow_id": run.pk,
        "workflow_status": _whole(run, [call.status for call in calls]),
        "workflow_name": root.name,
        "session_id": root.session or None,
        "actor_id": root.actor or None,
        "total_nodes": len(nodes),
        "max_depth": max(depth.values()),
        "mode": "lightweight" if lightweight else None,
        "unique_agent_node_ids": sorted({call.node for call in calls}),
        "lineage": lineage,
        "golden": {"name": run.golden_name} if run.golden_name else None,
        "timeline": nodes,
    }
    if not lightweight:
        told["dag"] = _tree(root.pk, {node["execution_id"]: node for node in nodes}, above)
    return without_none(told)


def _node(call: AgentCall, depth: int, lightweight: bool) -> dict[str, Any]:
    replayed = call.status_reason.partition("replayed_from_execution:")[2]
    node = without_none(
        {
            "execution_id": call.pk,
            "parent_execution_id": call.parent or None,
            "agent_node_id": call.node,
            "reasoner_id": call.name,
            "status": call.status,
            "status_reason": call.status_reason or None,
            "started_at": text(call.dispatched_at or call.created_at),
            "completed_at": text(call.ended_at),
            "duration_ms": _took(call) if call.ended_at else None,
            "workflow_depth": depth,
            "reuse": {
                "hit": True,
                "source_execution_id": replayed,
                "source_run_id": call.replay_run,
            }
            if replayed
            else None,
        }
    )
    if lightweight:
        return node
    notes = {"notes": call.notes, "notes_count": len(call.notes)}
    latest = {"latest_note": call.notes[-1]} if call.notes else {}
    return {**node, "workflow_id": call.run_id, "children": [], **notes, **latest}


def _callers(calls: list[AgentCall]) -> dict[str, str]:
    """Who in the run made each call; empty for nobody.

    A caller may be younger than its calls: an event tells of it when it comes. And what events
    tell may run in a circle, which is cut where it is found.
    """
    above = {call.pk: call.parent for call in calls}
    above = {pk: caller if caller in above else "" for pk, caller in above.items()}
    clear = {""}
    for pk in above:
        way: dict[str, None] = {}
        at = pk
        while at not in clear:
            way[at] = None
            if above[at] in way:
                above[at] = ""
            at = above[at]
        clear.update(way)
    return above


def _depths(above: dict[str, str]) -> dict[str, int]:
    """How many callers stand above each call."""
    depth = {"": -1}
    for pk in above:
        way = []
        at = pk
        while at not in depth:
            way.append(at)
            at = above[at]
        for one in reversed(way):
            depth[one] = depth[above[one]] + 1
    del depth[""]
    return depth


def _tree(root: str, nodes: dict[str, Any], above: dict[str, str]) -> Any:
    tree = {pk: {**node, "children": []} for pk, node in nodes.items()}
    for pk, caller in above.items():
        if caller:
            tree[caller]["children"].append(tree[pk])
    return tree[root]


def _whole(run: Run, statuses: list[str]) -> str:
    if run.state is RunStatus.PAUSED:
        return "paused"
    if any(status not in OVER for status in statuses):
        return "running"
    return next((word for word in _ORDER if word in statuses), "succeeded")


# ---- agents --------------------------------------------------------------------------------------


def health(agent: Agent) -> str:
    """By what the agent last said of itself."""
    return {"ready": "active", "starting": "starting"}.get(agent.status, "inactive")


def node(agent: Agent) -> dict[str, Any]:
    """One registered agent."""
    return {
        "id": agent.pk,
        "base_url": agent.base_url,
        "version": agent.version,
        "instance_id": agent.instance_id,
        "lifecycle_status": agent.status,
        "health_status": health(agent),
        "last_heartbeat": text(agent.last_heartbeat),
        "registered_at": text(agent.registered_at),
        "reasoners": agent.reasoners,
        "skills": agent.skills,
    }
