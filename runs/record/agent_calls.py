"""Calls of agents: born, sent once, settled once. The caller holds a transaction.

A nested call is an execution of its run, of the type `call`, below the execution that made it. It
is no step of the definition: the engine does not see it (`record.statements`). Every change is
made under the run's row lock, with its entry in the run's journal.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from runs import ids, steppath
from runs.agentfield import LOCAL, OVER, Caller, Report
from runs.models import AgentCall, Event, Execution, Run
from runs.record import agent_values, sealing
from runs.record.payloads import store
from runs.states import RUN_OVER, STEP_OVER, RunStatus, StepStatus

CALL = "call"  # the type of a nested call's execution
_UNFIT = re.compile(r"[\[\]/\x00-\x1f\x7f]")  # in a segment of a path
_LONGEST_PATH = 1500


@dataclass(frozen=True)
class Target:
    """What is called, with what."""

    node: str
    name: str
    kind: str
    input: Any
    context: Any = None

    @property
    def key(self) -> str:
        """The same for the same call: target apart, its input and context."""
        payload = {"input": self.input, **({"context": self.context} if self.context else {})}
        return sealing.keyed_hex(payload)


@dataclass(frozen=True)
class Recorded:
    """A call of an earlier run whose result counts for a new one."""

    call: AgentCall
    execution: Execution

    @property
    def output(self) -> Any:
        """As it may be shown; None when it is large and kept apart."""
        return self.call.result if self.call.role == "step" else self.execution.output

    @property
    def payload(self) -> str | None:
        """The hash of a large one."""
        return None if self.call.role == "step" else self.execution.payload_id


def lock(run_id: str) -> Run | None:
    """The run, with its row lock held until the transaction ends."""
    return Run.objects.select_for_update().filter(pk=run_id).first()


def note(run: Run, kind: str, execution_id: str, path: str, data: dict[str, Any] | None) -> int:
    """One more entry of the locked run's journal; its number. The caller saves the run."""
    run.event_seq += 1
    Event.objects.create(
        run=run,
        seq=run.event_seq,
        kind=kind,
        execution_id=execution_id,
        path=path,
        data=data or {},
        at=timezone.now(),
    )
    return run.event_seq


# ---- birth ---------------------------------------------------------------------------------------


def born(
    run: Run,
    target: Target,
    caller: Caller,
    *,
    role: str,
    path: str,
    name: str,
    parent: Execution | None = None,
    call_id: str = "",
    known: Recorded | None = None,
) -> AgentCall:
    """A root or nested call with its execution; succeeded at once if ``known`` answers it."""
    now = timezone.now()
    plain, sealed = agent_values.split({"input": target.input, "context": target.context})
    execution_id = call_id or ids.execution_id()
    status = StepStatus.SUCCEEDED if known else StepStatus.QUEUED
    reason = f"replayed_from_execution:{known.call.pk}" if known else ""
    row = Execution(
        id=execution_id,
        run=run,
        parent_id=parent.pk if parent else None,
        path=path,
        name=name,
        type="agent" if role == "root" else CALL,
        # After the steps of the definition, in the order of birth.
        position=0 if role == "root" else 1_000_000 + run.event_seq,
        status=status,
        status_reason=reason,
        input=plain["input"],
        created_at=now,
        fence=0,
    )
    if known is not None:
        _copy(row, known, now)
    row.seq = note(
        run, f"step.{status.value}", execution_id, path, {"reason": reason} if reason else {}
    )
    row.save(force_insert=True)
    run.n_total += 1
    run.n_succeeded += known is not None
    run.n_reused += known is not None
    run.save()
    call = AgentCall.objects.create(
        id=execution_id,
        run=run,
        execution_id=execution_id,
        role=role,
        number=row.seq,
        node=target.node,
        name=target.name,
        kind=target.kind,
        parent=caller.parent,
        session=caller.session,
        actor=caller.actor,
        replay_run=caller.replay_run,
        replay_before=caller.replay_before,
        replay_mode=caller.replay_mode,
        match_key=target.key,
        input=plain["input"],
        context=plain["context"],
        sealed=sealed,
        created_at=now,
        status=status.value,
        status_reason=reason,
        **(
            {"state": "over", "ended_at": now, "sealed_result": known.call.sealed_result}
            if known
            else {}
        ),
        has_result=known is not None,
    )
    if role == "root" and known is not None:
        _end_run(run, call, now)
        run.save()
    return call


def _copy(row: Execution, known: Recorded, now: datetime) -> None:
    source = known.execution
    row.output, row.payload_id = known.output, known.payload
    row.output_size = source.output_size
    row.started_at = row.finished_at = now
    row.duration_ms = 0
    row.reused_from, row.reused_run = source.pk, source.run_id
    row.origin_execution = source.origin_execution or source.pk
    row.origin_run = source.origin_run if source.origin_execution else source.run_id
    row.decision = {"action": "reuse", "because": "the same call succeeded in the source run"}


def free_path(run: Run, scope: str, name: str) -> str:
    """A path of its own for a call ``name`` below ``scope``."""
    name = _UNFIT.sub("_", name)
    base = steppath.child(scope, name)
    if len(base) > _LONGEST_PATH:  # an index holds it; who called it, the row itself says
        base = steppath.child(scope.partition("/")[0], name)
    taken = Execution.objects.filter(run=run, path=base).exists()
    if not taken:
        return base
    count = AgentCall.objects.filter(run=run).count()  # so many at most are called the same
    number = 2
    used = set(
        Execution.objects.filter(run=run, path__startswith=f"{base}~").values_list(
            "path", flat=True
        )
    )
    while f"{base}~{number}" in used and number <= count + 2:
        number += 1
    return f"{base}~{number}"


def recorded(run: Run, target: Target, caller: Caller) -> Recorded | None:
    """What the source run has for this call: the nth identical call's result for the nth.

    Calls within an agent's process are no records: they run again with what makes them.
    """
    if not caller.parent or not caller.replay_run or caller.replay_mode == "none":
        return None
    same = {"node": target.node, "name": target.name, "match_key": target.key}
    calls = AgentCall.objects.filter(**same).exclude(kind=LOCAL)
    found = calls.filter(run_id=caller.replay_run, status="succeeded")
    if caller.replay_mode in ("", "succeeded-before") and caller.replay_before:
        marker = (
            AgentCall.objects.filter(pk=caller.replay_before, run_id=caller.replay_run)
            .values_list("number", flat=True)
            .first()
        )
        if marker is None:
            return None
        found = found.filter(number__lt=marker)
    before = calls.filter(run=run).count()
    for call in found.filter(has_result=True).order_by("number")[before : before + 1]:
        execution = Execution.objects.filter(pk=call.execution_id).first()
        if execution is not None:
            return Recorded(call, execution)
    return None


# ---- sent ----------------------------------------------------------------------------------------


def begin(
    run: Run, call: AgentCall, *, worker: str, instance_id: str, answered: bool = False
) -> bool:
    """Note that the request goes out now; False when it does not. Never twice for one call.

    ``answered``: the agent has it, nobody waits for the answer to a request.
    """
    if run.state is RunStatus.PAUSED:
        return False
    execution = Execution.objects.filter(pk=call.execution_id).first()
    if execution is None or (call.role == "step" and execution.state is not StepStatus.WAITING):
        return False  # not recorded yet that it waits; a report would come too early
    now = timezone.now()
    sent = AgentCall.objects.filter(pk=call.pk, state="new", ended_at=None).update(
        state="begun",
        status="running",
        worker=worker,
        instance_id=instance_id,
        dispatched_at=now,
        answered_at=now if answered else None,
    )
    if not sent:
        return False
    if call.role == "step":
        return True
    execution.status, execution.started_at = StepStatus.RUNNING, now
    execution.tries = [{"n": 1, "started_at": _text(now), "worker": f"agent {call.node}"}]
    execution.seq = note(run, "step.started", execution.pk, execution.path, {"attempt": 1})
    execution.save()
    run.n_running += 1
    if run.state is RunStatus.QUEUED:
        run.status, run.started_at = RunStatus.RUNNING, now
        note(run, "run.started", "", "", None)
    run.save()
    return True


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


# ---- settled -------------------------------------------------------------------------------------


def settle(run: Run, call: AgentCall, report: Report) -> str:
    """Record how a call ended, or that it waits or goes on: `recorded`, `same` or `conflict`.

    What is over stays as it is. For a step the engine settles the execution (``handed``).
    """
    if call.ended_at is not None:
        return "same" if report.status == call.status else "conflict"
    if report.status not in OVER:
        return _moved(run, call, report)
    now = timezone.now()
    plain, sealed = agent_values.split({"result": report.result, "error": report.error})
    call.status, call.state, call.ended_at = report.status, "over", now
    call.status_reason = report.reason[:2000]
    call.error = plain["error"] if report.status != "succeeded" else ""
    call.error_details = agent_values.shown(report.error_details)
    call.error_status = report.error_status
    call.usage = agent_values.shown(report.usage)
    call.has_result = report.has_result or report.status == "succeeded"
    call.sealed_result = sealed
    if call.role == "step" or report.status != "succeeded":
        call.result = plain["result"]
    call.save()
    if call.role != "step":
        _close(run, call, plain["result"], now)
    return "recorded"


def _moved(run: Run, call: AgentCall, report: Report) -> str:
    status = "running" if report.status in ("pending", "queued") else report.status
    if call.state == "new" or status == call.status:
        return "same"
    call.status, call.status_reason = status, report.status_reason[:2000]
    call.save(update_fields=["status", "status_reason"])
    if call.role == "step":
        return "recorded"
    execution = Execution.objects.get(pk=call.execution_id)
    execution.status, execution.status_reason = status, call.status_reason
    word = "started" if status == "running" else status
    execution.seq = note(
        run, f"step.{word}", execution.pk, execution.path, {"reason": call.status_reason}
    )
    execution.save(update_fields=["status", "status_reason", "seq"])
    run.n_running += 1 if status == "running" else -1
    if call.role == "root" and run.state in (RunStatus.RUNNING, RunStatus.WAITING):
        run.status = RunStatus(status)
    run.save()
    return "recorded"


def _close(run: Run, call: AgentCall, result: Any, now: datetime) -> None:
    execution = Execution.objects.get(pk=call.execution_id)
    if execution.state in STEP_OVER:
        return
    run.n_running -= execution.state is StepStatus.RUNNING
    execution.status = StepStatus(call.status)
    execution.status_reason = call.status_reason
    execution.finished_at = now
    execution.started_at = execution.started_at or now
    execution.duration_ms = round((now - execution.started_at).total_seconds() * 1000)
    ended = {"finished_at": _text(now), "outcome": call.status, "reason": call.status_reason}
    tries = execution.tries or [{"n": 1, "started_at": _text(execution.started_at)}]
    if call.usage:
        ended["usage"] = call.usage
    execution.tries = [*tries[:-1], {**tries[-1], **ended}]
    data: dict[str, Any] = {}
    if call.status == "succeeded":
        execution.output, execution.payload_id, execution.output_size = store(result)
        run.n_succeeded += 1
    else:
        execution.error = data["error"] = error_of(call)
        run.n_failed += call.status != "cancelled"
    execution.seq = note(run, f"step.{call.status}", execution.pk, execution.path, data)
    execution.save()
    if call.role == "root" and run.state not in RUN_OVER:
        run.started_at = run.started_at or execution.started_at
        _end_run(run, call, now)
    run.save()


def _end_run(run: Run, call: AgentCall, now: datetime) -> None:
    """The run ends with its root. The caller saves it."""
    run.status, run.finished_at = RunStatus(call.status), now
    run.started_at = run.started_at or now
    run.status_reason = "" if call.status == "succeeded" else call.error or call.status_reason
    data = {"reason": run.status_reason} if run.status_reason else {}
    note(run, f"run.{call.status}", "", "", data)


def error_of(call: AgentCall) -> dict[str, Any]:
    """A call's failure as an execution keeps it."""
    word = call.status_reason.partition(":")[0].replace("_", "-") or "agent-error"
    detail: dict[str, Any] = {}
    if call.error_details is not None:
        detail["error_details"] = call.error_details
    if call.has_result and call.result is not None:
        detail["result"] = call.result
    error = {"code": word, "message": call.error or call.status_reason or call.status, "hint": ""}
    return {**error, "detail": detail} if detail else error


def end_open(run: Run, reason: str) -> list[str]:
    """The run ends: its open calls are cancelled; those that an agent may be working on.

    Their executions are closed by whoever ends the run.
    """
    return end_these(AgentCall.objects.filter(run=run), reason)


def end_these(calls: QuerySet[AgentCall], reason: str) -> list[str]:
    """Cancel those that are open; those that an agent may be working on."""
    open_calls = calls.filter(ended_at=None)
    told = list(open_calls.filter(state="begun").values_list("pk", flat=True))
    open_calls.update(
        state="over",
        status="cancelled",
        status_reason=reason[:2000],
        error=reason[:2000],
        ended_at=timezone.now(),
    )
    return told
