"""execute_target: one call of an agent through the gateway; reused, or sent out."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from runs import dispatch, ids
from runs.actor import Actor
from runs.agentfield import BadCall, Caller, split_target
from runs.errors import NotFound
from runs.models import Agent, AgentCall, Event, Execution, Run
from runs.operations.call_webhook import CallHook, register_hook
from runs.operations.direct_workflow import direct_workflow, step_name
from runs.record import agent_calls, agent_values, audit, workers
from runs.record.agent_calls import Target
from runs.record.new_run import hold
from runs.states import RunStatus

__all__ = ["UnknownTarget", "execute_target", "find_target", "new_root"]


class UnknownTarget(NotFound):
    """There is no such agent, or it has nothing of that name."""

    code = "target-not-found"


def find_target(target: str, given: Any, context: Any = None) -> Target:
    """What ``agent.reasoner`` means. Raises BadCall and UnknownTarget."""
    node, name = split_target(target)
    agent = Agent.objects.filter(pk=node).first()
    if agent is None:
        raise UnknownTarget(f"agent {node!r} is not registered")
    kind = agent.kind_of(name)
    if not kind:
        raise UnknownTarget(f"agent {node!r} has no reasoner or skill {name!r}")
    return Target(node, name, kind, given, context)


def execute_target(
    target: Target, caller: Caller, *, by: Actor, hook: CallHook | None = None
) -> AgentCall:
    """Record a call and have it sent. A run that nobody knows begins with it.

    ``hook`` is told when the call is over.
    """
    try:
        with transaction.atomic():
            return _execute(target, caller, by, hook)
    except IntegrityError:
        # Two calls that begin the same run: now it is there, and this one is its second.
        with transaction.atomic():
            return _execute(target, caller, by, hook)


def _execute(target: Target, caller: Caller, by: Actor, hook: CallHook | None) -> AgentCall:
    run = agent_calls.lock(caller.run_id) if caller.run_id else None
    if run is None:
        run = new_run_of(target, by, run_id=caller.run_id)
        call = new_root(run, target, caller, known=agent_calls.recorded(run, target, caller))
    else:
        call = _nested(run, target, caller)
    if hook is not None:
        register_hook(call, hook)
    if call.ended_at is None:
        dispatch.send_call(call.pk)
    return call


def new_run_of(
    target: Target,
    by: Actor,
    *,
    run_id: str = "",
    kind: str = "",
    source: Run | None = None,
    reason: str = "",
    told: dict[str, Any] | None = None,
) -> Run:
    """The run of a direct call, without its call. Raises IntegrityError when it is there."""
    if source is not None:
        hold(source.pk)
    version = direct_workflow(target.node, target.name)
    plain, sealed = agent_values.split({"input": target.input})
    pk = run_id or ids.run_id()
    run = Run.objects.create(
        id=pk,
        workflow_name=f"{target.node}.{target.name}"[:200],
        version=version,
        status=RunStatus.QUEUED,
        kind=kind,
        source=source,
        family_id=(source.family_id or source.pk) if source else pk,
        reason=reason,
        inputs=plain,
        sealed=sealed,
        context=agent_values.shown(target.context) or {},
        created_at=timezone.now(),
        created_by=by.name,
        event_seq=1,
        placement=workers.AGENTS,
    )
    data = {"source_run_id": source.pk, "kind": kind, **(told or {})} if source else {}
    Event.objects.create(run=run, seq=1, kind="run.created", data=data, at=run.created_at)
    audit.note(by, f"run.{kind or 'start'}", pk, workflow=run.workflow_name)
    return run


def new_root(
    run: Run,
    target: Target,
    caller: Caller,
    *,
    call_id: str = "",
    known: agent_calls.Recorded | None = None,
) -> AgentCall:
    """The call that its new run is; over at once with what ``known`` has for it."""
    name = step_name(target.name)
    return agent_calls.born(
        run, target, caller, role="root", path=name, name=name, call_id=call_id, known=known
    )


def _nested(run: Run, target: Target, caller: Caller) -> AgentCall:
    parent = AgentCall.objects.filter(pk=caller.parent, run=run).first() if caller.parent else None
    above = Execution.objects.filter(pk=parent.execution_id).first() if parent else None
    name = f"{target.node}.{target.name}"
    path = agent_calls.free_path(run, above.path if above else "", name)
    known = agent_calls.recorded(run, target, caller)
    return agent_calls.born(
        run,
        target,
        caller,
        role="nested",
        path=path,
        name=path.rpartition("/")[2][:200],
        parent=above,
        known=known,
    )


def checked_input(body: dict[str, Any]) -> tuple[Any, Any]:
    """The input and the context of a submitted body. Raises BadCall."""
    given, context = body.get("input"), body.get("context")
    if given is not None and not isinstance(given, dict):
        raise BadCall("input must be an object")
    if context is not None and not isinstance(context, dict):
        raise BadCall("context must be an object")
    return given if given is not None else {}, context or None
