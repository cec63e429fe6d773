"""restart_run: a new run with a source; what was recorded is reused, each decision explained."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from runs import dispatch
from runs.actor import Actor
from runs.errors import Refused, RunNotOver, StalePlan, UnknownRun
from runs.models import Execution, Run
from runs.models.stored import compiled_version
from runs.operations.code_versions import code_versions
from runs.operations.start_run import answered, remember
from runs.planning.graph import Compiled
from runs.planning.plan import Action, Plan
from runs.planning.planner import make_plan
from runs.planning.prior import PriorRun
from runs.record import sealing
from runs.record.new_run import NewRun, create_run
from runs.record.prior_runs import prior_run
from runs.states import RUN_OVER, RunStatus, StepStatus


@dataclass(frozen=True)
class RestartRequest:
    """What a restart may ask for (product page, section 9). All optional."""

    scope: str = "workflow"
    reuse: str | None = None
    from_: str | None = None
    input: dict[str, Any] | None = None
    input_patch: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    context_patch: dict[str, Any] | None = None
    fork: bool = False
    reason: str = ""
    plan_id: str | None = None
    confirm: tuple[str, ...] = ()


def restart_run(
    run_id: str,
    request: RestartRequest | None = None,
    *,
    by: Actor,
    placement: str = "",
    idempotency_key: str | None = None,
) -> Run:
    """Start a new run that reuses what ``run_id`` recorded. The source is not changed.

    Raises UnknownRun, RunNotOver, Refused, StalePlan, IdempotencyMismatch.
    """
    request = request or RestartRequest()
    body = sealing.keyed_hex(["restart", run_id, _body(request)])
    with transaction.atomic():
        known = answered(by, idempotency_key, body)
        if known is not None:
            return known
        source, plan, ask = _plan(run_id, request)
        if request.plan_id is not None and request.plan_id != plan.plan_id:
            raise StalePlan(hint="Ask for a new preview.")
        unconfirmed = [path for path in ask if path not in request.confirm]
        if unconfirmed:
            raise Refused(
                f"{', '.join(unconfirmed)} would run again, and asks to be confirmed.",
                hint="Name these step paths under `confirm`.",
            )
        run = create_run(
            NewRun(
                version=source.version,
                compiled=compiled_version(source.version_id),
                inputs=source.inputs,
                sealed=bytes(source.sealed) if source.sealed else None,
                created_by=by.name,
                workspace=source.workspace,
                labels=source.labels,
                context=source.context,
                placement=placement,
                kind="restart",
                source=source,
                reason=request.reason,
                plan=plan,
            )
        )
        run = remember(run, by, idempotency_key, body)
        if not placement:
            dispatch.wake_run(run.id)
    return run


def plan_restart(run_id: str, request: RestartRequest | None = None) -> Plan:
    """What ``restart_run`` would do, without doing it."""
    return _plan(run_id, request or RestartRequest())[1]


def _body(request: RestartRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__dataclass_fields__}


def _plan(run_id: str, request: RestartRequest) -> tuple[Run, Plan, list[str]]:
    _check_supported(request)
    source = Run.objects.select_related("version").filter(pk=run_id).first()
    if source is None:
        raise UnknownRun(f"There is no run {run_id}.")
    if source.state not in RUN_OVER:
        raise RunNotOver(
            f"{run_id} is {source.status}; a run that goes on cannot be restarted.",
            hint="Cancel it first, or wait until it has ended.",
        )
    compiled = compiled_version(source.version_id)
    prior = prior_run(source, compiled)
    plan = make_plan(
        compiled,
        prior,
        reuse=request.reuse,
        from_=_chosen(source, request.from_),
        succeeded=source.state is RunStatus.SUCCEEDED,
        code_version=code_versions(Path(source.workspace or ".")),
        basis=f"{source.event_seq}:{source.version_id}",
    )
    return source, plan, _to_confirm(compiled, prior, plan)


def _to_confirm(compiled: Compiled, prior: PriorRun, plan: Plan) -> list[str]:
    """The steps with the effect `ask` that have succeeded and would do it again."""
    return [
        item.path
        for item in plan.items
        if item.action is Action.RUN
        and compiled.node(item.path).step.effect == "ask"
        and (step := prior.steps.get(item.path)) is not None
        and step.status is StepStatus.SUCCEEDED
    ]


def _chosen(source: Run, given: str | None) -> str:
    """A step path from a step path or an execution id."""
    if not given:
        return ""
    if given.startswith("exec_"):
        found = Execution.objects.filter(run=source, pk=given).values_list("path", flat=True)
        if not found:
            raise Refused(f"{given} is not an execution of {source.id}.")
        return str(found[0])
    return given


def _check_supported(request: RestartRequest) -> None:
    asked = [
        name
        for name in ("input", "input_patch", "context", "context_patch")
        if getattr(request, name) is not None
    ]
    if request.fork:
        asked.append("fork")
    if request.scope != "workflow":
        asked.append(f"scope {request.scope!r}")
    if asked:
        raise Refused(
            f"{', '.join(asked)}: not supported in this version yet.",
            hint="Supported are reuse, from, reason, plan_id and scope `workflow`.",
        )
