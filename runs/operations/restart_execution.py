"""restart_execution: a restart that names an execution and finds its run."""

from dataclasses import replace

from runs.actor import Actor
from runs.errors import Refused, UnknownExecution
from runs.models import AgentCall, Execution, Run
from runs.operations.restart_run import RestartRequest, plan_restart, restart_run
from runs.planning.preview import Preview


def run_of(execution_id: str) -> str:
    """The run that an execution belongs to. Raises UnknownExecution."""
    known = Execution.objects.filter(pk=execution_id).values_list("run_id", flat=True).first()
    if known is None:
        raise UnknownExecution(f"There is no execution {execution_id!r}.")
    return str(known)


def from_execution(execution_id: str, request: RestartRequest) -> RestartRequest:
    """``request`` as one about an execution: unless it says otherwise, what started before is
    kept. Raises Refused when it names a step as well."""
    if request.from_:
        raise Refused("`from` is the execution itself here.", hint="Leave `from` out.")
    alone = request.scope == "execution"
    return replace(
        request,
        from_=execution_id,
        reuse=request.reuse or (None if alone else "succeeded-before"),
    )


def restart_execution(
    execution_id: str,
    request: RestartRequest,
    *,
    by: Actor,
    placement: str = "",
    idempotency_key: str | None = None,
) -> Run:
    """Restart the run of an execution from there. Raises UnknownExecution, and what restart_run
    raises."""
    return restart_run(
        run_of(execution_id),
        from_execution(execution_id, request),
        by=by,
        placement=placement,
        idempotency_key=idempotency_key,
    )


def plan_execution(execution_id: str, request: RestartRequest) -> Preview:
    """What ``restart_execution`` would do, without doing it. Raises Refused for the call of an
    agent: what that will call, and with what, only the agent knows."""
    if AgentCall.objects.filter(pk=execution_id).exclude(role="step").exists():
        raise Refused("The restart of an agent's call has no preview.", hint="Restart it.")
    return plan_restart(run_of(execution_id), from_execution(execution_id, request))
