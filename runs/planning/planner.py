"""make_plan: definition, earlier run and request in; Plan out. The preview is the same call."""

from collections.abc import Callable

from runs import steppath
from runs.canonical import digest
from runs.errors import Refused
from runs.planning.fields import Fields
from runs.planning.foresight import Foresight
from runs.planning.graph import Compiled, Node
from runs.planning.plan import Plan
from runs.planning.prior import PriorRun
from runs.planning.reasons import Rules
from runs.planning.reuse import decide

REUSE_MODES = ("succeeded-before", "all-succeeded", "unaffected", "checkpoint", "none")


def make_plan(
    compiled: Compiled,
    prior: PriorRun,
    *,
    reuse: str | None = None,
    from_: str = "",
    succeeded: bool = False,
    code_version: Callable[[Node], str | None] = lambda node: None,
    basis: str = "",
    changed: Fields = frozenset(),
    context: Fields = frozenset(),
    only: bool = False,
    fork: bool = False,
    foresight: Foresight | None = None,
) -> Plan:
    """Decide what a new run with the source ``prior`` reuses.

    ``reuse``: one of REUSE_MODES; None means ``unaffected`` from a chosen step and for a fork,
    else ``all-succeeded``; but for a source that succeeded, nothing: who restarts a run that went
    well wants it to run. ``from_`` is the path of a step, or of a turn of a loop, that runs again.
    ``changed`` and ``context`` are the fields of the inputs and of the context that are others
    now. ``fork``: values were given for them, also when they come out as they were. ``only``: the chosen step runs and nothing else; what it has recorded is kept
    for the rest. ``basis`` names the state that the plan was made from. With ``foresight``, the
    lists of loops that open again are compared item by item.

    Raises Refused for an unknown mode or a ``from_`` that the workflow or run does not have.
    """
    if reuse is not None and reuse not in REUSE_MODES:
        raise Refused(
            f"There is no reuse mode {reuse!r}.", hint=f"One of: {', '.join(REUSE_MODES)}."
        )
    if from_:
        _check_chosen(compiled, prior, from_)
    if only and not from_:
        raise Refused("Scope `execution` is about one step.", hint="Name it as `from`.")
    if only and reuse not in (None, "all-succeeded"):
        raise Refused(
            f"Scope `execution` keeps all that succeeded; reuse {reuse!r} does not go with it."
        )
    aimed = bool(from_ or changed or context or fork)
    nothing = ""
    if reuse == "none":
        nothing = "reuse is `none`"
    elif reuse is None and succeeded and not aimed:
        nothing = "the source run succeeded, so a restart runs everything again"
    rules = Rules(
        reuse_nothing=nothing,
        chosen=from_,
        only=only,
        cut_off=reuse == "all-succeeded" or (reuse is None and not aimed),
        before=_started(prior, from_) if reuse == "succeeded-before" else None,
        changed=changed,
        context=context,
        code_version=code_version,
        foresight=foresight,
    )
    items = tuple(decide(compiled, prior, rules))
    return Plan(
        source_run_id=prior.run_id,
        items=items,
        basis=digest([prior.run_id, basis, reuse or "", from_, only]),
        only=from_ if only else "",
    )


def _started(prior: PriorRun, path: str) -> float:
    if not path:
        raise Refused(
            "reuse `succeeded-before` needs the step that it is about.", hint="Name it as `from`."
        )
    times = [
        step.started
        for step in prior.steps.values()
        if step.started and (step.path == path or step.path.startswith(steppath.below(path)))
    ]
    return min(times, default=0.0)


def _check_chosen(compiled: Compiled, prior: PriorRun, path: str) -> None:
    is_turn = steppath.split_turn(path)[1] is not None
    if path in prior.steps or (is_turn and any(p.startswith(f"{path}/") for p in prior.steps)):
        return
    try:
        compiled.node(path)
    except KeyError:
        raise Refused(
            f"There is no step {path!r} in this run.", hint="Name a step path or execution id."
        ) from None
    raise Refused(
        f"{path} never ran in {prior.run_id}, so there is nothing to restart from it.",
        hint="A restart without `from` runs it.",
    )
