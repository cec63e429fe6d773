"""restart_call: a new run of an agent's call, whose calls are answered from the source run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from runs import dispatch
from runs.actor import Actor
from runs.agentfield import MODES, BadCall, Caller
from runs.errors import Refused, UnknownExecution
from runs.models import AgentCall, Run
from runs.operations.call_webhook import CallHook, register_hook
from runs.operations.execute_target import find_target, new_root, new_run_of
from runs.operations.start_run import answered, remember
from runs.planning.fields import merge_patch
from runs.record import agent_calls, agent_values, sealing
from runs.record.agent_calls import Target

SCOPES = ("workflow", "execution")


@dataclass(frozen=True)
class RestartCall:
    """What a restart may ask for; None is as good as absent."""

    scope: str = "workflow"
    reuse: str = "succeeded-before"
    fork: bool = False
    reason: str = ""
    input: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    context_patch: dict[str, Any] | None = None  # ours: RFC 7396, so that a model alone can change

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "RestartCall":
        """Read from a request's body; what is not known is ignored. Raises BadCall."""
        kinds: dict[str, type] = {
            "scope": str, "reuse": str, "fork": bool, "reason": str, "input": dict, "context": dict,
            "context_patch": dict,
        }  # fmt: skip
        given = {name: body[name] for name in kinds if body.get(name) is not None}
        for name, value in given.items():
            if not isinstance(value, kinds[name]):
                words = {str: "a text", bool: "true or false", dict: "an object"}
                raise BadCall(f"{name} must be {words[kinds[name]]}")
        asked = cls(**given)
        if asked.scope not in SCOPES:
            raise BadCall(f"scope must be one of: {', '.join(SCOPES)}")
        if asked.reuse not in MODES:
            ordered = ("succeeded-before", "all-succeeded", "none")
            raise BadCall(f"reuse must be one of: {', '.join(ordered)}")
        return asked

    @property
    def kind(self) -> str:
        """`fork` when something is changed on purpose."""
        given = (self.input, self.context, self.context_patch)
        changed = self.fork or any(one is not None for one in given)
        return "fork" if changed else "restart"

    def caller(self, source: AgentCall, chosen: AgentCall) -> Caller:
        """What the new root carries down: where its calls are answered from."""
        kept = {"session": chosen.session, "actor": chosen.actor}
        if self.reuse == "none":
            return Caller(**kept, replay_mode="none")
        if self.reuse == "all-succeeded":
            return Caller(
                **kept, replay_run=source.run_id, replay_before=source.pk, replay_mode=self.reuse
            )
        if self.scope == "execution":
            # Alone it has no "before" of its own: what it called is all inside it.
            return Caller(**kept, replay_run=source.run_id, replay_mode="all-succeeded")
        return Caller(
            **kept, replay_run=source.run_id, replay_before=source.pk, replay_mode=self.reuse
        )


def restart_call(
    call_id: str,
    asked: RestartCall,
    *,
    by: Actor,
    idempotency_key: str | None = None,
    hook: CallHook | None = None,
) -> AgentCall:
    """The root call of the new run. The source only gets a pointer to it.

    Raises UnknownExecution, UnknownTarget, IdempotencyMismatch.
    """
    body = sealing.keyed_hex(["restart call", call_id, {**asked.__dict__}])
    with transaction.atomic():
        known = answered(by, idempotency_key, body)
        if known is not None:
            return _root_of(known)
        named = AgentCall.objects.filter(pk=call_id).first()
        # The source's row lock: two restarts at once stand one behind the other.
        source_run = agent_calls.lock(named.run_id) if named else None
        if named is None or source_run is None:
            raise UnknownExecution(f"execution {call_id[:60]} not found")
        if idempotency_key and (known := answered(by, idempotency_key, body)) is not None:
            return _root_of(known)
        chosen = _step_above(named) or _root_of(source_run) if asked.scope == "workflow" else named
        target = _target(chosen, asked)
        lineage = {
            "kind": asked.kind,
            "source_run_id": source_run.pk,
            "source_execution_id": named.pk,
            "restarted_execution_id": chosen.pk,
            "reuse": asked.reuse,
            "scope": asked.scope,
            **({"reason": asked.reason} if asked.reason else {}),
        }
        run = new_run_of(
            target,
            by,
            kind=asked.kind,
            source=source_run,
            reason=asked.reason,
            told={"from": named.pk, "scope": asked.scope, "reuse": asked.reuse},
        )
        made = remember(run, by, idempotency_key, body)
        if made is not run:
            return _root_of(made)
        call = new_root(run, target, asked.caller(named, chosen))
        call.lineage = lineage
        call.save(update_fields=["lineage"])
        _point(named, chosen, source_run, call)
        if hook is not None:
            register_hook(call, hook)
        dispatch.send_call(call.pk)
    return call


def _root_of(run: Run) -> AgentCall:
    """The earliest call without a caller, else the earliest."""
    calls = AgentCall.objects.filter(run=run).order_by("number")
    found = calls.filter(parent="").first() or calls.first()
    if found is None:
        raise UnknownExecution(f"run {run.pk} has no call of an agent")
    return found


def _step_above(named: AgentCall) -> AgentCall | None:
    """The step of a workflow that a call was made for: of such a run several calls have no caller,
    and the earliest may be another step's."""
    seen = set()
    at: AgentCall | None = named
    while at is not None and at.role != "step" and at.pk not in seen:
        seen.add(at.pk)
        at = AgentCall.objects.filter(pk=at.parent, run_id=named.run_id).first()
    return at if at is not None and at.role == "step" else None


def _target(chosen: AgentCall, asked: RestartCall) -> Target:
    given = asked.input
    if given is None and sealing.is_lost(chosen.sealed):
        raise Refused("The secret input of the call is not here, so it cannot be taken over.")
    if given is None:
        given = agent_values.real(chosen.sealed, "input", chosen.input)
    context = asked.context
    if context is None:
        context = agent_values.real(chosen.sealed, "context", chosen.context)
    if asked.context_patch is not None:
        context = merge_patch(context or {}, asked.context_patch)
    return find_target(chosen.target, given, context or None)


def _point(named: AgentCall, chosen: AgentCall, source: Run, call: AgentCall) -> None:
    AgentCall.objects.filter(pk__in={named.pk, chosen.pk}).update(
        restarted_execution=call.pk, restarted_run=call.run_id
    )
    root = AgentCall.objects.filter(run=source, role="root").first()
    if root is not None:
        at = timezone.now().isoformat()
        pointer = {"execution_id": call.pk, "run_id": call.run_id, "at": at}
        root.lineage = {**(root.lineage or {}), "restarted_as": pointer}
        root.save(update_fields=["lineage"])
