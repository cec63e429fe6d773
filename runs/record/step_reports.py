"""What an agent reports about a step, kept with the attempt that asked it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from runs import ids
from runs.agentfield import Caller
from runs.models import AgentCall, Event, Execution, Run
from runs.record import agent_calls, agent_values, ledger
from runs.record.agent_calls import Target
from runs.states import RUN_OVER, RunStatus, StepStatus


def hand_over(run: Run, call: AgentCall) -> bool:
    """Queue the step again, for the engine to settle it; False when it does not wait any more.

    The caller holds the run's row lock in a transaction.
    """
    execution = Execution.objects.filter(pk=call.execution_id).first()
    if execution is None or run.state in RUN_OVER or execution.state is not StepStatus.WAITING:
        return False
    tries = [*execution.tries[:-1], {**execution.tries[-1], "report": call.pk}]
    paused = run.state is RunStatus.PAUSED  # a person's word: a report must not let it go on
    seq = ledger.write(
        run.id,
        seq=run.event_seq,
        fence=run.fence,
        patch=ledger.RunPatch(
            "paused" if paused else "running", run.status_reason if paused else ""
        ),
        changes=[
            ledger.Change(
                execution.id,
                StepStatus.QUEUED,
                f"reported: {call.target} {call.status}",
                fence_up=1,
                tries=tries,
            )
        ],
        entries=[
            ledger.Entry("step.queued", execution.id, execution.path, {"report": call.status})
        ],
    )
    if seq is None:
        raise RuntimeError(f"{run.id} changed under its own row lock")
    return True


def say_waits(run: Run, call: AgentCall, reason: str) -> None:
    """What the step waits for, in its row and in the journal; under the run's row lock.

    The reason alone: the step stays parked, and no worker has it.
    """
    execution = Execution.objects.filter(pk=call.execution_id, status="waiting").first()
    if execution is None:
        return
    execution.status_reason = reason
    execution.seq = agent_calls.note(
        run, "step.waiting", execution.pk, execution.path, {"reason": reason}
    )
    execution.save(update_fields=["status_reason", "seq"])
    run.save(update_fields=["event_seq"])


def reported(tries: Sequence[Mapping[str, Any]]) -> str:
    """The call whose report the attempt in hand is to settle; empty when it is to call anew.

    Only what the attempt before it waited for: a retry asks the agent again.
    """
    for one in reversed(tries[:-1]):
        if one.get("outcome") != "interrupted":
            return str(one.get("report") or "")
    return ""


def call_for(run_id: str, execution_id: str, target: Target, *, session: str = "") -> AgentCall:
    """The call that this attempt makes: one that has not gone out yet, or a new one.

    Its replay goes to the run that the step's last work is of. The first has the execution's id.
    """
    open_call = AgentCall.objects.filter(execution_id=execution_id, ended_at=None).first()
    if open_call is not None:
        return open_call
    run = agent_calls.lock(run_id)
    assert run is not None  # its executions go with it
    made = AgentCall.objects.filter(execution_id=execution_id).count()
    path = Execution.objects.values_list("path", flat=True).get(pk=execution_id)
    plain, sealed = agent_values.split({"input": target.input, "context": target.context})
    replay = _replay(run, path)
    number = agent_calls.note(
        run, "step.called", execution_id, path, {"target": f"{target.node}.{target.name}"}
    )
    run.save(update_fields=["event_seq"])
    return AgentCall.objects.create(
        id=ids.execution_id() if made else execution_id,
        run=run,
        execution_id=execution_id,
        role="step",
        number=number,
        node=target.node,
        name=target.name,
        kind=target.kind,
        session=session,
        **replay,
        match_key=target.key,
        input=plain["input"],
        context=plain["context"],
        sealed=sealed,
        created_at=timezone.now(),
    )


def _replay(run: Run, path: str) -> dict[str, str]:
    """Which calls are answered from where. A restart from one call answers what began before it."""
    if run.source_id is None:
        return {}
    data = Event.objects.filter(run=run, seq=1).values_list("data", flat=True).first() or {}
    if data.get("reuse") == "none":
        return {"replay_mode": "none"}
    chosen = str(data.get("from") or "")
    if chosen.startswith(f"{path}/") and data.get("reuse") != "all-succeeded":
        marker = (
            AgentCall.objects.filter(
                run_id=run.source_id, execution_id__in=_at(run.source_id, chosen)
            )
            .values_list("pk", flat=True)
            .first()
        )
        if marker:
            before = {"replay_before": marker, "replay_mode": "succeeded-before"}
            return {"replay_run": run.source_id, **before}
    return {"replay_run": _source(run, path), "replay_mode": "all-succeeded"}


def _at(run_id: str, path: str) -> list[str]:
    return list(Execution.objects.filter(run_id=run_id, path=path).values_list("pk", flat=True))


def _source(run: Run, path: str) -> str:
    """Whose calls count for this step's: the source run's, or where it had its output from."""
    known = Execution.objects.filter(run_id=run.source_id, path=path).values_list(
        "origin_run", flat=True
    )
    return str(next(iter(known), "") or run.source_id)


def caller_of(call: AgentCall) -> Caller:
    """What the agent is told of where a call comes from."""
    return Caller(
        call.run_id,
        call.parent,
        call.session,
        call.actor,
        call.replay_run,
        call.replay_before,
        call.replay_mode,
    )
