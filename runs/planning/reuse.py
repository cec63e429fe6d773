"""Reuse or run: the decision for every recorded step, each with its reason in words.

The walk goes scope by scope in topological order. A step runs again for a reason of its own (it
failed, never ran, changed, was chosen) or because something it needs runs again; everything else
is reused. A container is reused whole, or it opens again and its steps are decided one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from runs import steppath
from runs.definition.spec import SubworkflowStep
from runs.planning.fields import passed_on
from runs.planning.graph import Compiled, Node
from runs.planning.past import Past
from runs.planning.plan import ASKED_AGAIN, RECEIPT, Action, PlannedStep
from runs.planning.prior import PriorRun, PriorStep
from runs.planning.reasons import (
    CHOSEN,
    CONDITION_CHANGED,
    DEFINITION_CHANGED,
    ENDED_BADLY,
    UNDONE,
    Place,
    Reasons,
    Rules,
)
from runs.planning.turns import same_turns
from runs.states import StepStatus

STAYS_SKIPPED = "skipped last time; what decides that is unchanged"
RECEIPT_OF_ITEM = "it has the effect `once`; its receipt is reused where the item is the same again"
UNCHANGED = "input and definition are unchanged"
ITEM_CHANGED = "the item of its turn is another than last time"


@dataclass
class _Walk:
    compiled: Compiled
    prior: PriorRun
    rules: Rules
    items: list[PlannedStep] = field(default_factory=list)
    by_item: bool = False  # in a loop whose list is not known yet: a turn may be another one

    def __post_init__(self) -> None:
        self.past = Past(self.compiled, self.prior)
        self.reasons = Reasons(self.compiled, self.prior, self.rules, self.past)

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
            self._keep_receipt(node, at, prior)
            return True
        if path == self.compiled.preflight:
            # What was there last time may be gone; and no step's input comes from it.
            self._run(at, "checked before every run")
            return True
        free = upstream is None and not self.rules.reuse_nothing and was != self.rules.chosen
        if prior is not None and free and self.past.stays_failed(prior):
            self._reuse_all(at, "it failed and the run went on; the checkpoint keeps that")
            return True
        own = self.reasons.own(node, at, prior)
        # A step that never ran because of what failed above it: the cause says more.
        why = upstream if prior is None and upstream else own or upstream
        if why is None and prior is not None and prior.status is StepStatus.SKIPPED:
            if self.past.is_held(was):
                self._reuse(at, prior, "skipped last time; the checkpoint keeps that")
                return True
            # Nothing above it changes, so its condition gives the same answer: no work.
            self._run(at, ASKED_AGAIN)
            self._note(at, StepStatus.SKIPPED)
            return True
        if not node.is_container:
            if why is None and prior is not None:
                self._reuse(at, prior, UNCHANGED)
                return True
            if own is None and upstream and prior is not None and self._may_match(prior, upstream):
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
            and why not in (DEFINITION_CHANGED, CONDITION_CHANGED, UNDONE)
            and not self.reasons.goes_elsewhere(node, at)
        )
        # That the container failed is no reason for the steps in it: most of them had succeeded.
        whole = f"`{path}` runs again as a whole" if why in ENDED_BADLY else why
        inner_why = None if stands else (upstream or whole)
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
        receipts = any(item.receipt for item in self.items[begun:])
        items = self.prior.loop_items.get(was, ()) if receipts else ()
        self.items.insert(begun, PlannedStep(path, Action.RUN, because, items=items))
        return False

    def _keep_skipped(self, begun: int) -> None:
        """What was skipped inside a container that is reused whole stays skipped, as a record."""
        for n in range(begun, len(self.items)):
            item = self.items[n]
            prior = self.prior.steps.get(item.was or item.path)
            if item.action is Action.RUN and prior and prior.status is StepStatus.SKIPPED:
                known = prior.execution_id
                self.items[n] = PlannedStep(item.path, Action.REUSE, STAYS_SKIPPED, known)

    def _inside(
        self, node: Node, at: Place, why: str | None, own: str | None, finished: bool
    ) -> str | None:
        path, was = at
        if node.loop is None:
            if node.type == "branch":
                return self._arms(node, at, why)
            if isinstance(node.step, SubworkflowStep):
                self.reasons.passed[path] = passed_on(node.step, self.reasons.changed_at(path))
            return self.scope(node.path, at, why) if self.past.inside.get(was) else None
        first: str | None = None
        in_turn_order = node.loop.until is not None
        outside = self.by_item
        for index, before, turn_why in self._turns(node, at, why, own, finished):
            scope = steppath.turn(path, index), steppath.turn(was, before)
            if scope[1] == self.rules.chosen:
                turn_why = CHOSEN
            if turn_why is None and in_turn_order and first is not None:
                turn_why = f"comes after `{first}`, which runs again"
            rerun = self.scope(node.path, scope, turn_why)
            first = first or rerun
        self.by_item = outside
        return first

    def _turns(
        self, node: Node, at: Place, why: str | None, own: str | None, finished: bool
    ) -> list[tuple[int, int, str | None]]:
        """The turns to decide: its number, the number it had (-1: another item's turn had it), and
        why all of it runs again. Sets ``by_item`` where the list cannot be told yet."""
        path, was = at
        recorded = self.past.turns.get(was, [])
        as_before: list[tuple[int, int, str | None]] = [(n, n, why) for n in recorded]
        foresight, loop = self.rules.foresight, node.loop
        assert loop is not None
        if loop.for_each is None:
            if foresight is not None:
                for n in recorded:
                    foresight.turn(steppath.turn(path, n), None, n)
            return as_before
        before = self.prior.loop_items.get(was)
        if before is None or finished:
            return as_before
        now = foresight.items(node, path) if foresight is not None else None
        if foresight is None or now is None:
            self.by_item = True
            return as_before
        same = same_turns(loop, before, foresight.digests(now))
        known = set(recorded)
        opens_alike = why is None or own == DEFINITION_CHANGED
        turns: list[tuple[int, int, str | None]] = []
        for n, item in enumerate(now):
            foresight.turn(steppath.turn(path, n), item, n)
            if same.get(n) in known:
                turns.append((n, same[n], None if opens_alike else why))
            elif n in known:
                # What is recorded under this number was done for another item.
                turns.append((n, -1, ITEM_CHANGED if opens_alike else why))
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

    def _may_match(self, prior: PriorStep, upstream: str) -> bool:
        """Whether the step can be kept when its input turns out to be the same again. What was
        undone with the container around it is not there any more, whatever its input is."""
        done = prior.status is StepStatus.SUCCEEDED and upstream != UNDONE
        return self.rules.cut_off and done and bool(prior.input_digest)

    def _doubt(self, at: Place, prior: PriorStep, upstream: str) -> None:
        because = f"{upstream}; reused if its input comes out the same"
        given = prior.input_digest
        self._plan(at, PlannedStep(at[0], Action.UNKNOWN, because, prior.execution_id, 0, given))

    def _keep_receipt(self, node: Node, at: Place, prior: PriorStep) -> None:
        if not self.by_item:
            changed = self.reasons.changed(node, at, prior)
            self._reuse(at, prior, f"{RECEIPT}, although {changed}" if changed else RECEIPT)
            return
        known = prior.execution_id
        self._plan(at, PlannedStep(at[0], Action.UNKNOWN, RECEIPT_OF_ITEM, known, receipt=True))

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
        self.items.append(replace(item, was=at[1]) if at[0] != at[1] else item)

    def _note(self, at: Place, status: StepStatus) -> None:
        if self.rules.foresight is not None:
            self.rules.foresight.note(*at, status)


def _is_in(path: str, container: str) -> bool:
    return path == container or path.startswith(steppath.below(container))


def decide(compiled: Compiled, prior: PriorRun, rules: Rules) -> Iterator[PlannedStep]:
    """Every decision for a restart of ``prior`` with the workflow ``compiled``.

    Order: scopes from the outside in, steps after what they need, turns by number.
    """
    walk = _Walk(compiled, prior, rules)
    walk.scope("", ("", ""), None)
    return iter(walk.items)
