"""call_agent: a person or a program of ours calls a reasoner; a run of one step."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from runs.actor import Actor
from runs.agentfield import BadCall, Caller, split_target
from runs.call_input import missing
from runs.canonical import to_json_value
from runs.errors import InvalidFields, Refused
from runs.models import Agent, Run
from runs.operations.execute_target import execute_target, find_target
from runs.operations.start_run import answered, remember
from runs.record import sealing


class NoTarget(Refused):
    """A reasoner is named as agent.reasoner."""

    code = "invalid-target"


def call_agent(
    target: str,
    given: Mapping[str, Any],
    *,
    context: Mapping[str, Any] | None = None,
    by: Actor,
    idempotency_key: str | None = None,
) -> Run:
    """The run of a direct call of ``agent.reasoner``; nobody waits for it.

    Raises NoTarget, UnknownTarget, InvalidFields, IdempotencyMismatch.
    """
    try:
        split_target(target)
    except BadCall:
        hint = "`maverick agents list` shows what can be called."
        raise NoTarget(f"{target[:100]!r} is no agent.reasoner.", hint=hint) from None
    plain = to_json_value(dict(given), "input")
    extra = None if context is None else to_json_value(dict(context), "context")
    body = sealing.keyed_hex(["call", target, plain, extra])
    try:
        with transaction.atomic():
            known = answered(by, idempotency_key, body)
            if known is not None:
                return known
            found = find_target(target, plain, extra or None)
            _needs_all(found.node, found.name, plain)
            run = execute_target(found, Caller(), by=by).run
            made = remember(run, by, idempotency_key, body)
            if made is not run:
                raise _Second(made)
    except _Second as second:
        return second.run
    return made


class _Second(Exception):
    """Another request with the same key was first: what this one did is taken back, whole."""

    def __init__(self, run: Run) -> None:
        self.run = run
        super().__init__(run.pk)


def _needs_all(node: str, name: str, given: Mapping[str, Any]) -> None:
    """What the agent would refuse anyway is refused before a run is made of it."""
    agent = Agent.objects.get(pk=node)
    schema = next(
        (one.get("input_schema") for one in (*agent.reasoners, *agent.skills) if one["id"] == name),
        None,
    )
    lacks = missing(schema, given)
    if lacks:
        raise InvalidFields(
            {
                "code": "missing",
                "message": f"{node}.{name} needs {field}.",
                "path": f"input.{field}",
                "hint": "",
            }
            for field in lacks
        )
