"""restart_run: a new run with a source; what was recorded is reused, each decision explained."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Case, F, OuterRef, Subquery, When

from runs import dispatch, steppath
from runs.actor import Actor
from runs.canonical import to_json_value
from runs.errors import Refused, RunNotOver, StalePlan, UnknownRun
from runs.models import Execution, Run
from runs.models.stored import compiled_version
from runs.operations.code_versions import code_versions
from runs.operations.foreseeing import foresight_of
from runs.operations.resume_from import checkpoints_of
from runs.operations.start_run import answered, checked_inputs, remember
from runs.planning.fields import Fields, changed_fields, merge_patch
from runs.planning.foresight import Foresight
from runs.planning.graph import Compiled
from runs.planning.plan import Plan
from runs.planning.planner import make_plan
from runs.planning.preview import Preview, preview_of, to_confirm
from runs.planning.prior import PriorRun
from runs.planning.unfolding import read_ahead
from runs.record import audit, sealing
from runs.record.agent_calls import CALL
from runs.record.new_run import NewRun, create_run
from runs.record.prior_runs import Results, held_paths, loop_items, prior_run
from runs.states import RUN_OVER, RunStatus

SCOPES = ("workflow", "execution")


class NotConfirmed(Refused):
    """A step would do again what asks to be confirmed first."""

    code = "not-confirmed"

    def __init__(self, paths: list[str]) -> None:
        self.paths = tuple(paths)
        super().__init__(
            f"{', '.join(paths)} would run again, and asks to be confirmed.",
            hint="Name these step paths under `confirm`.",
        )


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

    Raises UnknownRun, RunNotOver, Refused, NotConfirmed, StalePlan, IdempotencyMismatch.
    """
    request = request or RestartRequest()
    body = sealing.keyed_hex(["restart", run_id, _body(request)])
    with transaction.atomic():
        known = answered(by, idempotency_key, body)
        if known is not None:
            return known
        planned = _plan(run_id, request)
        source, plan, asked = planned.source, planned.plan, planned.asked
        if request.plan_id is not None and request.plan_id != plan.plan_id:
            raise StalePlan(hint="Ask for a new preview.")
        ask = to_confirm(planned.compiled, planned.prior, plan)
        unconfirmed = [path for path in ask if path not in request.confirm]
        if unconfirmed:
            raise NotConfirmed(unconfirmed)
        run = create_run(
            NewRun(
                version=source.version,
                compiled=planned.compiled,
                inputs=asked.shown,
                sealed=asked.sealed,
                created_by=by.name,
                workspace=source.workspace,
                labels=source.labels,
                context=asked.context,
                placement=placement,
                kind="fork" if request.fork or asked.is_changed else "restart",
                source=source,
                reason=request.reason,
                plan=plan,
                asked={
                    "from": _chosen(source, request.from_),
                    "scope": request.scope if request.scope != SCOPES[0] else "",
                    "reuse": request.reuse,
                    "changed": asked.names,
                },
            )
        )
        made = run
        run = remember(made, by, idempotency_key, body)
        if run is made:
            audit.note(
                by,
                f"run.{run.kind}",
                run.id,
                source=source.id,
                **{"from": request.from_, "reason": request.reason},
            )
        if not placement:
            dispatch.wake_run(run.id)
    return run


def plan_restart(run: str | Run, request: RestartRequest | None = None) -> Preview:
    """What ``restart_run`` would do, without doing it. Raises UnknownRun, RunNotOver, Refused.

    ``run`` is its id, or the run with its version where it has been read already.
    """
    made = _plan(run, request or RestartRequest())
    made.results.read_ahead(read_ahead(made.compiled, made.plan))
    foresight = _foresight(made.source, made.compiled, made.asked, made.results)
    return preview_of(made.compiled, made.prior, made.plan, _costs(made.prior), foresight)


PAID = ("agent", "generate")


def _costs(prior: PriorRun) -> dict[str, float]:
    """What the agents of a run cost, by execution; of a reused one, what it cost where it ran."""
    if not any(step.type in PAID for step in prior.steps.values()):
        return {}
    asked = Execution.objects.filter(run_id=prior.run_id, type__in=PAID)
    origin = Execution.objects.filter(pk=OuterRef("origin_execution")).values("tries")
    worked = Case(When(origin_execution="", then=F("tries")), default=Subquery(origin))
    found = {}
    for pk, tries in asked.values_list("id", worked):
        used = [one.get("usage") or {} for one in tries or ()]
        costs = [one["cost"] for one in used if isinstance(one.get("cost"), int | float)]
        if costs:
            found[pk] = float(sum(costs))
    return found


def _body(request: RestartRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__dataclass_fields__}


@dataclass(frozen=True)
class _Asked:
    """The inputs and the context of the new run, and which of their fields are others now."""

    shown: dict[str, Any]  # secrets masked
    sealed: bytes | None
    context: dict[str, Any]
    changed: Fields
    context_changed: Fields
    bound: dict[str, Any] = field(repr=False)  # the inputs, secret ones as they are

    @property
    def is_changed(self) -> bool:
        return bool(self.changed or self.context_changed)

    @property
    def names(self) -> list[str]:
        """The changed fields, secret ones included: ``inputs.topic``, ``context.model``."""
        fields = [("inputs", *field) for field in self.changed]
        return sorted(".".join(field) for field in [*fields, *self.context_changed])


def _asked(source: Run, compiled: Compiled, request: RestartRequest) -> _Asked:
    """Raises Refused and InvalidInputs."""
    context, context_changed = _asked_context(source, request)
    sealed = bytes(source.sealed) if source.sealed else None
    if request.input is None and request.input_patch is None:
        bound = {**source.inputs, **sealing.unseal(source.sealed)}
        return _Asked(source.inputs, sealed, context, frozenset(), context_changed, bound)
    if request.input is not None and request.input_patch is not None:
        raise Refused("`input` replaces and `input_patch` changes the inputs: give one of them.")
    if sealing.is_lost(source.sealed):
        raise Refused(
            "The secret inputs of the source cannot be decrypted, so they cannot be taken over.",
            hint="Start the workflow again with all its inputs.",
        )
    before = {**source.inputs, **sealing.unseal(source.sealed)}
    if request.input is not None:
        given = dict(request.input)
    else:
        given = merge_patch(before, request.input_patch)
    bound = checked_inputs(compiled.spec, to_json_value(given, "input"))
    shown, secret = sealing.split(compiled.spec, bound)
    changed = changed_fields(before, bound)
    return _Asked(shown, sealing.seal(secret), context, changed, context_changed, bound)


def _asked_context(source: Run, request: RestartRequest) -> tuple[dict[str, Any], Fields]:
    before = source.context or {}
    if request.context is not None and request.context_patch is not None:
        raise Refused("`context` replaces and `context_patch` changes it: give one of them.")
    if request.context is not None:
        now = request.context
    elif request.context_patch is not None:
        now = merge_patch(before, request.context_patch)
    else:
        return before, frozenset()
    now = to_json_value(now, "context")
    changed = changed_fields(before, now)
    return now, frozenset(("context", *field) for field in changed)


@dataclass(frozen=True)
class _Made:
    """A plan, and what it was made from."""

    source: Run
    compiled: Compiled
    prior: PriorRun
    plan: Plan
    asked: _Asked
    results: Results  # of the source, each read once


def _plan(run: str | Run, request: RestartRequest) -> _Made:
    if request.scope not in SCOPES:
        raise Refused(f"There is no scope {request.scope!r}.", hint=f"One of: {', '.join(SCOPES)}.")
    source = run if isinstance(run, Run) else _source(run)
    if source.state not in RUN_OVER:
        raise RunNotOver(
            f"{source.id} is {source.status}; a run that goes on cannot be restarted.",
            hint="Cancel it first, or wait until it has ended.",
        )
    compiled = compiled_version(source.version_id)
    prior = prior_run(source, compiled, _kept(source) if request.reuse == "checkpoint" else None)
    asked = _asked(source, compiled, request)
    results, foresight = Results(source, None), None
    if asked.is_changed or _reads_environment(source):
        # A list may be another now: which of its turns are the same, only their items tell.
        prior = prior.with_items(loop_items(source))
        foresight = _foresight(source, compiled, asked, results)
    plan = make_plan(
        compiled,
        prior,
        reuse=request.reuse,
        from_=_step_of(prior, _chosen(source, request.from_)),
        succeeded=source.state is RunStatus.SUCCEEDED,
        code_version=code_versions(Path(source.workspace or "."), asked.context),
        changed=asked.changed,
        context=asked.context_changed,
        only=request.scope == "execution",
        fork=request.fork or bool(_given(request)),
        foresight=foresight,
        basis=f"{prior.change}:{source.version_id}:{_basis(request)}",
    )
    return _Made(source, compiled, prior, plan, asked, results)


def _foresight(source: Run, compiled: Compiled, asked: _Asked, results: Results) -> Foresight:
    return foresight_of(
        compiled,
        results,
        inputs=asked.bound,
        workspace=source.workspace,
        context=asked.context,
    )


def _source(run_id: str) -> Run:
    source = Run.objects.select_related("version").filter(pk=run_id).first()
    if source is None:
        raise UnknownRun(f"There is no run {run_id}.")
    return source


def _reads_environment(source: Run) -> bool:
    """Whether its workflow, or one that it calls, may read the environment (in doubt, yes)."""
    version = source.version
    texts = [version.source, *(called["source"] for called in version.bundle.values())]
    return any("env." in text or "env[" in text for text in texts)


def _kept(source: Run) -> frozenset[str]:
    """The paths that the run's newest checkpoint holds. Raises Refused when it has none."""
    newest = next(iter(checkpoints_of(source)), None)
    if newest is None:
        raise Refused(
            f"{source.id} has saved no checkpoint, so there is nothing to keep of one.",
            hint="Reuse `all-succeeded` keeps every step that succeeded.",
        )
    return held_paths(source, newest.content)


def _basis(request: RestartRequest) -> str:
    """What is asked for, so that a plan is not committed with other inputs; keyed, as inputs may
    be secret."""
    given = _given(request)
    return sealing.keyed_hex(given) if given else ""


def _given(request: RestartRequest) -> dict[str, Any]:
    """The inputs and the context that the request gives, also when they change nothing."""
    names = ("input", "input_patch", "context", "context_patch")
    return {name: v for name in names if (v := getattr(request, name)) is not None}


def _step_of(prior: PriorRun, path: str) -> str:
    """The step to run again: of an agent's call the step that made it. What it called before is
    answered from the source (`record.step_reports`)."""
    above, at = [], path
    while at and at not in prior.steps:  # where no call stands
        above.append(at)
        at = steppath.scope_of(at)
    calls = Execution.objects.filter(run_id=prior.run_id, path__in=above, type=CALL)
    known = set(calls.values_list("path", flat=True)) if above else set()
    while path in known:
        path = steppath.scope_of(path)
    return path


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
