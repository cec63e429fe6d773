"""Reuse or run: the decision for every recorded step, each with its reason in words.

The walk goes scope by scope in topological order. A step runs again for a reason of its own (it
failed, never ran, changed, was chosen) or because something it needs runs again; everything else
is reused. A container is reused whole, or it opens again and its steps are decided one by one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from runs import steppath
from runs.definition.spec import AgentStep, GenerateStep, StepBase, SubworkflowStep
from runs.expressions import references
from runs.planning.elsewhere import list_of, way
from runs.planning.fields import Fields, fields_of_condition, fields_read, passed_on, touched
from runs.planning.foresight import Foresight
from runs.planning.graph import Compiled, Node
from runs.planning.past import Past
from runs.planning.plan import Action, PlannedStep
from runs.planning.prior import PriorRun, PriorStep
from runs.planning.tolerated import SKIPPED_OVER
from runs.planning.turns import same_turns
from runs.states import StepStatus

DEFINITION_CHANGED = "definition changed"
CONDITION_CHANGED = "condition changed"
CHOSEN = "chosen to run again"
LEFT_OUT = "only `"  # how the reason of a skip begins when another step alone was to run
MODEL: Fields = frozenset({("context", "model")})
STAYS_SKIPPED = "skipped last time; what decides that is unchanged"
RECEIPT = "it has the effect `once` and succeeded; its receipt is reused"
UNCHANGED = "input and definition are unchanged"
ITEM_CHANGED = "the item of its turn is another than last time"
_LAST_TIME = {
    StepStatus.FAILED: "failed last time",
    StepStatus.TIMEOUT: "timed out last time",
    StepStatus.CANCELLED: "was cancelled last time",
    StepStatus.RUNNING: "was interrupted last time",
    StepStatus.QUEUED: "did not start last time",
    StepStatus.PENDING: "did not start last time",
    StepStatus.WAITING: "was waiting to be tried again last time",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What one restart may keep."""

    reuse_nothing: str = ""  # the reason why everything runs again, or ""
    chosen: str = ""  # a step path that runs again whatever happened
    only: bool = False  # and nothing else does: not what depends on it, not what failed
    # Whether what depends on a step that runs again is kept if its input comes out the same.
    cut_off: bool = False
    before: float | None = None  # keep only what started before this (epoch seconds)
    changed: Fields = frozenset()  # fields of the run's inputs that are others now
    context: Fields = frozenset()  # the same of its context
    # The version that a step's code declares today; None = it has none to compare.
    code_version: Callable[[Node], str | None] = lambda node: None
    foresight: Foresight | None = None  # None: the lists of loops count as unchanged


# A path and where the same step stood in the earlier run. They differ in turns whose item has
# moved within its list.
Place = tuple[str, str]


@dataclass
class _Walk:
    compiled: Compiled
    prior: PriorRun
    rules: Rules
    items: list[PlannedStep] = field(default_factory=list)
    was: dict[str, str] = field(default_factory=dict)  # of each item, where it differs
    # Inside a sub-workflow: which of its inputs are others now.
    passed: dict[str, Fields] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.past = Past(self.compiled, self.prior)

    def scope(self, pattern: str, at: Place, upstream: str | None) -> str | None:
        """Decide the steps of one scope; returns the first path that runs again, if any.

        ``upstream`` is the reason why everything in the scope runs again, if there is one.
        """
        reruns: dict[str, str] = {}
        first: str | None = None
        nodes = self.compiled.scopes[pattern].nodes
        for name in self.compiled.in_order(pattern):
            node = nodes[name]
            place = steppath.child(at[0], name), steppath.child(at[1], name)
            # What mended a failure gives the output in its place.
            needs = [one for need in node.needs for one in (need, nodes[need].handler)]
            waits_for = next((one for one in needs if one != name and one in reruns), None)
            why = upstream or (
                f"depends on `{reruns[waits_for]}`, which runs again" if waits_for else None
            )
            if not self.step(node, place, why):
                reruns[name] = place[0]
                first = first or place[0]
        return first

    def step(self, node: Node, at: Place, upstream: str | None) -> bool:
        """Decide one step (and what is inside it). Whether those that need it may be reused."""
        path, was = at
        prior = self.prior.steps.get(was)
        if self.rules.only:
            return self._alone(node, path, prior)
        if prior is not None and self._receipt(node, prior):
            self._reuse(at, prior, RECEIPT)
            return True
        if path == self.compiled.preflight:
            # What was there last time may be gone; and no step's input comes from it.
            self._run(at, "checked before every run")
            return True
        free = upstream is None and not self.rules.reuse_nothing and was != self.rules.chosen
        if prior is not None and free and self.past.stays_failed(prior):
            self._reuse_all(at, "it failed and the run went on; the checkpoint keeps that")
            return True
        own = self._own_reason(node, at, prior)
        # A step that never ran because of what failed above it: the cause says more.
        why = upstream if prior is None and upstream else own or upstream
        if why is None and prior is not None and prior.status is StepStatus.SKIPPED:
            if self.past.is_held(was):
                self._reuse(at, prior, "skipped last time; the checkpoint keeps that")
                return True
            # Nothing above it changes, so its condition gives the same answer: no work.
            self._run(at, "skipped last time; its condition is evaluated again")
            self._note(at, StepStatus.SKIPPED)
            return True
        if not node.is_container:
            if why is None and prior is not None:
                self._reuse(at, prior, UNCHANGED)
                return True
            if own is None and upstream and prior is not None and self._may_match(prior):
                self._doubt(at, prior, upstream)
            else:
                self._run(at, why or "never ran last time")
            return False
        return self._container(node, at, prior, why, upstream)

    def _alone(self, node: Node, path: str, prior: PriorStep | None) -> bool:
        """Decide a step of a run in which only the chosen one does its work."""
        chosen, at = self.rules.chosen, (path, path)
        if prior is not None and self._receipt(node, prior):
            self._reuse(at, prior, RECEIPT)
        elif _is_in(path, chosen):
            if prior is not None or path == chosen:
                self._run(at, CHOSEN)
        elif _is_in(chosen, path):
            self._run(at, f"`{chosen}` inside it runs again")
        elif prior is not None and prior.status is StepStatus.SUCCEEDED:
            self._reuse(at, prior, f"only `{chosen}` runs again")
        elif prior is not None and prior.status is StepStatus.SKIPPED:
            self._reuse(at, prior, STAYS_SKIPPED)
        if node.is_container:
            self._inside(node, at, None, None, True)
        return True

    def _container(
        self, node: Node, at: Place, prior: PriorStep | None, why: str | None, upstream: str | None
    ) -> bool:
        path, was = at
        begun = len(self.items)
        # What was inside is known again only while nothing above changes: other items, other turns.
        stands = (
            upstream is None
            and not self.rules.reuse_nothing
            and was != self.rules.chosen
            and why not in (DEFINITION_CHANGED, CONDITION_CHANGED)
            and not self._goes_elsewhere(node, at)
        )
        inner_why = None if stands else (why or upstream)
        if node.type == "subworkflow" and self.rules.foresight is not None:
            self.rules.foresight.opens(node, path)
        # A finished loop whose steps are all reused is not opened again, whatever its list is now.
        finished = why is None and prior is not None
        rerun_inside = self._inside(node, at, inner_why, why, finished)
        if finished and rerun_inside is None:
            assert prior is not None
            self._keep_skipped(begun)
            reuse = PlannedStep(path, Action.REUSE, UNCHANGED, prior.execution_id, 0)
            self.items.insert(begun, reuse)
            self._note(at, prior.status)
            return True
        if finished and node.loop is not None and self.rules.foresight is not None:
            del self.items[begun:]
            rerun_inside = self._inside(node, at, inner_why, why, False) or rerun_inside
        because = why or f"`{rerun_inside}` inside it runs again"
        self.items.insert(begun, PlannedStep(path, Action.RUN, because))
        return False

    def _goes_elsewhere(self, node: Node, at: Place) -> bool:
        """Whether a changed field may lead to other turns than last time, to none, or to another
        arm, and which these are is not known before it is tried."""
        if self._reads_change(way(node.step), at[0]):
            return True
        items = list_of(node.step)
        if items is None or not self._reads_change(items, at[0]):
            return False
        foresight = self.rules.foresight
        if foresight is None or self.prior.loop_items.get(at[1]) is None:
            return True
        now = foresight.items(node, at[0])
        return now is None or foresight.hides(now)  # two secrets look the same

    def _may_not_stay_skipped(self, node: Node, path: str) -> str | None:
        """A changed field that the step's condition reads, if there is one."""
        field = touched(fields_of_condition(node.step), self._changed_at(path))
        if field is not None:
            return f"input `{'.'.join(field)}` changed"
        field = touched(fields_of_condition(node.step, "run"), self.rules.context)
        return f"context `{'.'.join(field[1:])}` changed" if field is not None else None

    def _reads_change(self, step: StepBase, path: str) -> bool:
        own = touched(fields_read(step), self._changed_at(path))
        return own is not None or touched(fields_read(step, "run"), self.rules.context) is not None

    def _keep_skipped(self, begun: int) -> None:
        """What was skipped inside a container that is reused whole stays skipped, as a record."""
        for n in range(begun, len(self.items)):
            item = self.items[n]
            prior = self.prior.steps.get(self.was.get(item.path, item.path))
            if item.action is Action.RUN and prior and prior.status is StepStatus.SKIPPED:
                self.items[n] = PlannedStep(
                    item.path,
                    Action.REUSE,
                    STAYS_SKIPPED,
                    prior.execution_id,
                )

    def _inside(
        self, node: Node, at: Place, why: str | None, own: str | None, finished: bool
    ) -> str | None:
        path, was = at
        if node.loop is None:
            if node.type == "branch":
                return self._arms(node, at, why)
            if isinstance(node.step, SubworkflowStep):
                self.passed[path] = passed_on(node.step, self._changed_at(path))
            return self.scope(node.path, at, why) if self.past.inside.get(was) else None
        first: str | None = None
        in_turn_order = node.loop.until is not None
        for index, before, turn_why in self._turns(node, at, why, own, finished):
            scope = steppath.turn(path, index), steppath.turn(was, before)
            if scope[1] == self.rules.chosen:
                turn_why = CHOSEN
            if turn_why is None and in_turn_order and first is not None:
                turn_why = f"comes after `{first}`, which runs again"
            rerun = self.scope(node.path, scope, turn_why)
            first = first or rerun
        return first

    def _turns(
        self, node: Node, at: Place, why: str | None, own: str | None, finished: bool
    ) -> list[tuple[int, int, str | None]]:
        """The turns to decide: its number, the number it had, and why all of it runs again."""
        path, was = at
        recorded = self.past.turns.get(was, [])
        as_before: list[tuple[int, int, str | None]] = [(n, n, why) for n in recorded]
        foresight, loop = self.rules.foresight, node.loop
        if foresight is None or loop is None:
            return as_before
        if loop.for_each is None:
            for n in recorded:
                foresight.turn(steppath.turn(path, n), None, n)
            return as_before
        before = self.prior.loop_items.get(was)
        if before is None or finished or (why is not None and own != DEFINITION_CHANGED):
            return as_before
        now = foresight.items(node, path)
        if now is None:
            return as_before
        same = same_turns(loop, before, foresight.digests(now))
        known = set(recorded)
        turns: list[tuple[int, int, str | None]] = []
        for n, item in enumerate(now):
            foresight.turn(steppath.turn(path, n), item, n)
            if same.get(n) in known:
                turns.append((n, same[n], None))
            elif n in known:
                turns.append((n, n, ITEM_CHANGED))
        return turns

    def _arms(self, node: Node, at: Place, why: str | None) -> str | None:
        first = None
        for name in self.compiled.scopes[node.path].nodes:
            arm = steppath.child(at[0], name), steppath.child(at[1], name)
            if arm[1] in self.prior.steps and not self.step(
                self.compiled.scopes[node.path].nodes[name], arm, why
            ):
                first = first or arm[0]
        return first

    def _own_reason(self, node: Node, at: Place, prior: PriorStep | None) -> str | None:
        path, was = at
        if self.rules.reuse_nothing:
            return self.rules.reuse_nothing
        if was == self.rules.chosen:
            return CHOSEN
        if prior is None:
            return "never ran last time"
        if prior.status in _LAST_TIME:
            if node.is_container and prior.status is StepStatus.RUNNING:
                return "was not finished last time"
            return _LAST_TIME[prior.status]
        condition_changed = bool(prior.condition) and prior.condition != node.condition
        if prior.status is StepStatus.SKIPPED and prior.reason.startswith(LEFT_OUT):
            return "was left out last time"
        if prior.status is StepStatus.SKIPPED:
            if prior.reason.startswith(SKIPPED_OVER):
                return _LAST_TIME[StepStatus.FAILED]
            return (
                CONDITION_CHANGED if condition_changed else self._may_not_stay_skipped(node, path)
            )
        if self.past.was_undone(prior):
            return "was undone last time"
        if self.prior.kept is not None and was not in self.prior.kept:
            return "comes after the checkpoint"
        if prior.definition and prior.definition != node.digest:
            return DEFINITION_CHANGED
        if condition_changed:
            # Whether it holds is not known here: the step is asked again, and runs or is skipped.
            return CONDITION_CHANGED
        version = self.rules.code_version(node)
        if version is not None and prior.code_version and version != prior.code_version:
            return f"code version changed from {prior.code_version} to {version}"
        return self._input_reason(node, path) or self._too_late(prior)

    def _too_late(self, prior: PriorStep) -> str | None:
        if self.rules.before is None or 0 < prior.started < self.rules.before:
            return None
        return f"started after `{self.rules.chosen}`"

    def _changed_at(self, path: str) -> Fields:
        """The fields that are others now, of the inputs that the step at ``path`` sees."""
        scope = steppath.scope_of(path)
        while scope and scope not in self.passed:
            container, turn = steppath.split_turn(scope)
            scope = steppath.scope_of(container) if turn is not None else steppath.scope_of(scope)
        return self.passed.get(scope, self.rules.changed)

    def _input_reason(self, node: Node, path: str) -> str | None:
        """A changed field that the step reads, if there is one."""
        changed = self._changed_at(path)
        if changed:
            field = touched(self._read(node), changed)
            if field is None and node.type == "subworkflow":
                field = self._result_reads(node, path, changed)
            if field is not None:
                return f"input `{'.'.join(field)}` changed"
        if self.rules.context:
            field = touched(fields_read(node.step, "run"), self.rules.context)
            if isinstance(node.step, AgentStep | GenerateStep):
                field = field or touched(MODEL, self.rules.context)
            if field is not None:
                return f"context `{'.'.join(field[1:])}` changed"
        return None

    @staticmethod
    def _read(node: Node) -> Fields:
        if isinstance(node.step, SubworkflowStep):
            # What it hands on is decided inside; here counts only whether it is called.
            return fields_read(node.step.model_copy(update={"inputs": {}}))
        return fields_read(node.step)

    def _result_reads(self, node: Node, path: str, changed: Fields) -> tuple[str, ...] | None:
        """A changed input of a called workflow that its declared outputs read."""
        assert isinstance(node.step, SubworkflowStep)
        outputs = self.compiled.scopes[node.path].workflow.outputs
        read = frozenset(
            tuple(str(key) for key in one.path)
            for one in references(outputs)
            if one.root == "inputs"
        )
        return touched(read, passed_on(node.step, changed))

    def _may_match(self, prior: PriorStep) -> bool:
        """Whether the step can be kept when its input turns out to be the same again."""
        return (
            self.rules.cut_off and prior.status is StepStatus.SUCCEEDED and bool(prior.input_digest)
        )

    def _doubt(self, at: Place, prior: PriorStep, upstream: str) -> None:
        because = f"{upstream}; reused if its input comes out the same"
        given = prior.input_digest
        self._plan(at, PlannedStep(at[0], Action.UNKNOWN, because, prior.execution_id, 0, given))

    def _receipt(self, node: Node, prior: PriorStep) -> bool:
        return (
            node.step.effect == "once"
            and prior.status is StepStatus.SUCCEEDED
            and not self.past.was_undone(prior)
        )

    def _reuse(self, at: Place, prior: PriorStep, because: str) -> None:
        # A container's time is that of the steps in it, which are counted themselves.
        saved = 0 if self.compiled.node(prior.path).is_container else prior.duration_ms
        self._plan(at, PlannedStep(at[0], Action.REUSE, because, prior.execution_id, saved))
        self._note(at, prior.status)

    def _reuse_all(self, at: Place, because: str) -> None:
        """A container with everything in it, as it ended."""
        prior = self.prior.steps[at[1]]
        self._reuse(at, prior, because)
        for inner in self.past.all_inside(prior.path):
            place = at[0] + inner.path.removeprefix(prior.path), inner.path
            self._plan(place, PlannedStep(place[0], Action.REUSE, because, inner.execution_id))

    def _run(self, at: Place, because: str) -> None:
        self._plan(at, PlannedStep(at[0], Action.RUN, because))

    def _plan(self, at: Place, item: PlannedStep) -> None:
        if at[0] != at[1]:
            self.was[at[0]] = at[1]
        self.items.append(item)

    def _note(self, at: Place, status: StepStatus) -> None:
        if self.rules.foresight is not None:
            self.rules.foresight.note(*at, status)


def _is_in(path: str, container: str) -> bool:
    return path == container or path.startswith((f"{container}/", f"{container}["))


def decide(compiled: Compiled, prior: PriorRun, rules: Rules) -> Iterator[PlannedStep]:
    """Every decision for a restart of ``prior`` with the workflow ``compiled``.

    Order: scopes from the outside in, steps after what they need, turns by number.
    """
    walk = _Walk(compiled, prior, rules)
    walk.scope("", ("", ""), None)
    return iter(walk.items)
