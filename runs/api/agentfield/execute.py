"""POST /execute/{target} and /execute/async/{target}."""

import time
from typing import Any

from django.http import HttpRequest, HttpResponse

from runs import conf
from runs.agentfield import Caller
from runs.api.agentfield.manners import answer, asker, body_of, error
from runs.models import AgentCall
from runs.operations.call_answers import synchronous
from runs.operations.call_once import call_once
from runs.operations.call_webhook import asked_hook, told_hook
from runs.operations.execute_target import checked_input, find_target
from runs.projections.agent_calls import submitted

HIT = "X-AgentField-Replay-Hit"


def submit(request: HttpRequest, target: str) -> HttpResponse:
    """Record the call and answer 202 when it is committed."""
    call, hook = _submitted(request, target)
    return _with_ids(answer(submitted(call, hook), 202), call)


def wait_here(request: HttpRequest, target: str) -> HttpResponse:
    """The synchronous call, for servers without ASGI: it holds a thread while it waits.

    Under ASGI `waiting.py` stands before this and holds none.
    """
    call, _ = _submitted(request, target)
    until = time.monotonic() + conf.call_wait_seconds()
    while time.monotonic() < until:
        told = synchronous(call.pk)
        if told is not None:
            return _with_ids(answer(told[1], told[0]), call)
        time.sleep(0.05)
    return error("execution timed out waiting for its end", 504, execution_id=call.pk)


def _submitted(request: HttpRequest, target: str) -> tuple[AgentCall, dict[str, Any]]:
    """The call, and what became of the webhook that was asked for."""
    body = body_of(request)
    given, context = checked_input(body)
    caller = Caller.of(request.headers)
    key = request.headers.get("Idempotency-Key")
    hook, refused = asked_hook(body.get("webhook"))
    found = find_target(target, given, context)
    call = call_once(found, caller, by=asker(request), key=key, hook=hook)
    return call, told_hook(hook, refused)


def _with_ids(response: HttpResponse, call: AgentCall) -> HttpResponse:
    response["X-Execution-ID"], response["X-Run-ID"] = call.pk, call.run_id
    source = call.status_reason.partition("replayed_from_execution:")[2]
    if source:
        response[HIT] = source
    return response
