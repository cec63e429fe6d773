"""call_once: a call through the gateway under an Idempotency-Key."""

from django.db import IntegrityError, transaction

from runs.actor import Actor
from runs.agentfield import Caller
from runs.errors import IdempotencyMismatch
from runs.models import AgentCall, IdempotencyRecord
from runs.operations.call_webhook import CallHook
from runs.operations.execute_target import execute_target
from runs.record import sealing
from runs.record.agent_calls import Target


def call_once(
    target: Target, caller: Caller, *, by: Actor, key: str | None, hook: CallHook | None = None
) -> AgentCall:
    """The call that this key has made, or a new one: a submission whose answer was lost may come
    again. Raises IdempotencyMismatch when the key has made another one."""
    if not key:
        return execute_target(target, caller, by=by, hook=hook)
    key = key[:255]
    asked = [target.node, target.name, target.input, target.context, caller.run_id, caller.parent]
    body = sealing.keyed_hex(["call", *asked])
    try:
        with transaction.atomic():
            # The key first: the same one at the same time waits here until this call is recorded.
            record = IdempotencyRecord.objects.create(scope=str(by), key=key, body_digest=body)
            call = execute_target(target, caller, by=by, hook=hook)
            record.run_id, record.answer = call.run_id, {"call": call.pk}
            record.save(update_fields=["run", "answer"])
            return call
    except IntegrityError:
        known = IdempotencyRecord.objects.filter(scope=str(by), key=key).first()
        if known is None:
            raise
    made = AgentCall.objects.filter(pk=(known.answer or {}).get("call", "")).first()
    if known.body_digest != body or made is None:
        raise IdempotencyMismatch(hint="Use a new key for a new call.")
    return made
