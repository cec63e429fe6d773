"""A plan as it is shown before anything starts: what each step took, what waits to be confirmed."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from runs import steppath
from runs.planning.foresight import Foresight
from runs.planning.graph import Compiled, Node
from runs.planning.plan import ASKED_AGAIN, Action, Plan, PlannedStep
from runs.planning.prior import PriorRun, PriorStep
from runs.planning.reasons import CONDITION_CHANGED
from runs.planning.unfolding import NotBegun, not_begun
from runs.states import StepStatus

_DECIDES = "its condition decides"


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """The decision about one step path, with what it took last time."""

    path: str
    action: Action
    because: str
    source_execution_id: str | None
    saved_ms: int | None  # of what is reused: the work that need not be done again
    expected_ms: int | None  # of what is not: how long it took last time; None: nobody knows
    effect: str
    is_container: bool  # its time is that of the steps inside it, which are counted themselves


@dataclass(frozen=True, slots=True)
class Preview:
    """What a restart would do. Naming ``plan_id`` commits exactly this."""

    source_run_id: str
    plan_id: str
    items: tuple[PreviewItem, ...]
    not_begun: tuple[NotBegun, ...]  # what runs beside: no record of it to decide about
    confirm: tuple[str, ...]  # steps with the effect `ask` that would happen again
    saved_ms: int
    saved_cost: float | None  # in the currency of the configured prices; None: no costs known

    @property
    def counts(self) -> dict[str, int]:
        """How many steps for each action, ``{"reuse": …, "run": …, "unknown": …}``, those of
        ``not_begun`` included."""
        counts = {action.value: 0 for action in Action}
        for item in self.items:
            counts[item.action.value] += 1
        for more in self.not_begun:
            counts[Action.RUN] += more.run
            counts[Action.UNKNOWN] += more.unknown
        return counts


def preview_of(
    compiled: Compiled,
    prior: PriorRun,
    plan: Plan,
    costs: Mapping[str, float],
    foresight: Foresight,
) -> Preview:
    """``plan`` as a person wants to see it. ``costs``: what recorded executions cost, by id;
    ``foresight``: one that has taken note of nothing yet.

    A step that runs only if its condition holds is told as unknown: no plan can know that before
    the condition is evaluated.
    """
    reused = [item.source_execution_id or "" for item in plan.reused()]
    saved = [costs[key] for key in reused if key in costs]
    items = tuple(_items(compiled, prior, plan))
    actions = {item.path: item.action for item in items}
    beside, doubts = not_begun(compiled, prior, plan, actions, foresight)
    return Preview(
        source_run_id=plan.source_run_id,
        plan_id=plan.plan_id,
        items=tuple(_doubted(item, doubts.get(item.path, "")) for item in items),
        not_begun=beside,
        confirm=to_confirm(compiled, prior, plan),
        saved_ms=plan.saved_ms,
        saved_cost=sum(saved) if saved else None,
    )


def to_confirm(compiled: Compiled, prior: PriorRun, plan: Plan) -> tuple[str, ...]:
    """The steps with the effect `ask` that have succeeded and would do it again."""
    return tuple(
        item.path
        for item in plan.items
        if item.action is not Action.REUSE
        and compiled.node(item.path).step.effect == "ask"
        and (step := prior.steps.get(item.was or item.path)) is not None
        and step.status is StepStatus.SUCCEEDED
    )


def _items(compiled: Compiled, prior: PriorRun, plan: Plan) -> Iterator[PreviewItem]:
    reused = {item.path for item in plan.items if item.action is Action.REUSE}
    for item in plan.items:
        node = compiled.nodes.get(steppath.pattern(item.path))
        before = prior.steps.get(item.was or item.path)
        action, because = _told(item, node, before, reused)
        inside = node is not None and node.is_container
        took = before.duration_ms if before and before.duration_ms and not inside else None
        is_reused = action is Action.REUSE
        yield PreviewItem(
            path=item.path,
            action=action,
            because=because,
            source_execution_id=item.source_execution_id,
            saved_ms=item.saved_ms if is_reused and not inside else None,
            expected_ms=None if is_reused else took,
            effect=node.step.effect if node is not None else "",
            is_container=inside,
        )


def _doubted(item: PreviewItem, doubt: str) -> PreviewItem:
    if not doubt or item.action is not Action.RUN:
        return item
    return replace(item, action=Action.UNKNOWN, because=f"{item.because}; {doubt}")


def _told(
    item: PlannedStep, node: Node | None, before: PriorStep | None, reused: Collection[str]
) -> tuple[Action, str]:
    if item.action is not Action.RUN or node is None:
        return item.action, item.because
    if before is not None and before.status is StepStatus.SKIPPED:
        told = item.because in (ASKED_AGAIN, CONDITION_CHANGED)
        return Action.UNKNOWN, item.because if told else f"{item.because}; {_DECIDES}"
    if node.step.when is not None and (before is None or "depends on" in item.because):
        return Action.UNKNOWN, f"{item.because}; {_DECIDES}"
    handled = steppath.child(steppath.scope_of(item.path), node.handles)
    if node.handles and (before is None or handled not in reused):
        return Action.UNKNOWN, f"runs only if `{steppath.name_of(node.handles)}` fails"
    return item.action, item.because
