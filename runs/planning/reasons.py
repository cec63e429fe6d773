"""Why a recorded step, looked at by itself, is not the same step any more: the reason in words.

What comes after something that runs again is `planning.reuse`'s; here is what the step's own
definition, inputs, context, code and environment say, and how it ended.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from runs import steppath
from runs.definition.spec import AgentStep, GenerateStep, StepBase, SubworkflowStep
from runs.expressions import references
from runs.planning.elsewhere import list_of, way
from runs.planning.fields import Fields, fields_of_condition, fields_read, passed_on, touched
from runs.planning.foresight import Foresight
from runs.planning.graph import Compiled, Node
from runs.planning.past import Past
from runs.planning.prior import PriorRun, PriorStep
from runs.planning.stopping import TIME_OF
from runs.planning.tolerated import SKIPPED_OVER
from runs.states import StepStatus

DEFINITION_CHANGED = "definition changed"
CONDITION_CHANGED = "condition changed"
CHOSEN = "chosen to run again"
UNDONE = "was undone last time"
LEFT_OUT = "only `"  # how the reason of a skip begins when another step alone was to run
MODEL: Fields = frozenset({("context", "model")})
LAST_TIME = {
    StepStatus.FAILED: "failed last time",
    StepStatus.TIMEOUT: "timed out last time",
    StepStatus.CANCELLED: "was cancelled last time",
    StepStatus.RUNNING: "was interrupted last time",
    StepStatus.QUEUED: "did not start last time",
    StepStatus.PENDING: "did not start last time",
    StepStatus.WAITING: "was waiting to be tried again last time",
}
UNFINISHED = "was not finished last time"  # of what has steps in it
ENDED_BADLY = frozenset({*LAST_TIME.values(), UNFINISHED})


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
class Reasons:
    """The reasons of one restart."""

    compiled: Compiled
    prior: PriorRun
    rules: Rules
    past: Past
    # Inside a sub-workflow: which of its inputs are others now.
    passed: dict[str, Fields] = field(default_factory=dict)

    def own(self, node: Node, at: Place, prior: PriorStep | None) -> str | None:
        path, was = at
        if self.rules.reuse_nothing:
            return self.rules.reuse_nothing
        if was == self.rules.chosen:
            return CHOSEN
        if prior is None:
            return "never ran last time"
        if prior.status in LAST_TIME:
            if node.is_container and prior.status is StepStatus.RUNNING:
                return UNFINISHED
            return LAST_TIME[prior.status]
        condition_changed = bool(prior.condition) and prior.condition != node.condition
        if prior.status is StepStatus.SKIPPED and prior.reason.startswith(LEFT_OUT):
            return "was left out last time"
        if prior.status is StepStatus.SKIPPED and prior.reason.startswith(TIME_OF):
            return LAST_TIME[StepStatus.QUEUED]
        if prior.status is StepStatus.SKIPPED:
            if prior.reason.startswith(SKIPPED_OVER):
                return LAST_TIME[StepStatus.FAILED]
            return (
                CONDITION_CHANGED if condition_changed else self._may_not_stay_skipped(node, path)
            )
        if self.past.was_undone(prior):
            return UNDONE
        if self.prior.kept is not None and was not in self.prior.kept:
            return "comes after the checkpoint"
        return self.changed(node, at, prior) or self._too_late(prior)

    def changed(self, node: Node, at: Place, prior: PriorStep) -> str | None:
        """What is not as it was when the step did what is recorded of it."""
        if prior.definition and prior.definition != node.digest:
            return DEFINITION_CHANGED
        if prior.condition and prior.condition != node.condition:
            # Whether it holds is not known here: the step is asked again, and runs or is skipped.
            return CONDITION_CHANGED
        version = self.rules.code_version(node)
        if version is not None and prior.code_version and version != prior.code_version:
            return f"code version changed from {prior.code_version} to {version}"
        return self._input_reason(node, at[0]) or self._environment_reason(node, at, prior)

    def changed_at(self, path: str) -> Fields:
        """The fields that are others now, of the inputs that the step at ``path`` sees."""
        scope = steppath.scope_of(path)
        while scope and scope not in self.passed:
            container, turn = steppath.split_turn(scope)
            scope = steppath.scope_of(container) if turn is not None else steppath.scope_of(scope)
        return self.passed.get(scope, self.rules.changed)

    def _input_reason(self, node: Node, path: str) -> str | None:
        """A changed field that the step reads, if there is one."""
        changed = self.changed_at(path)
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

    def _environment_reason(self, node: Node, at: Place, prior: PriorStep) -> str | None:
        """Why a step that reads the environment, which is no input, is not given the same now."""
        foresight = self.rules.foresight
        if foresight is None or not fields_read(node.step, "env"):
            return None
        if foresight.runs(node, at[0]) is False:
            return "its condition reads the environment, and does not hold any more"
        if node.is_container:
            before, loop = self.prior.loop_items.get(at[1]), node.loop
            now = foresight.items(node, at[0]) if before and loop and loop.for_each else None
            same = now is None or foresight.digests(now) == before
        else:
            given = foresight.given(node, at[0])
            same = not prior.input_digest or given in (None, prior.input_digest)
        return None if same else "it reads the environment, and is given something else now"

    def _too_late(self, prior: PriorStep) -> str | None:
        if self.rules.before is None or 0 < prior.started < self.rules.before:
            return None
        return f"started after `{self.rules.chosen}`"

    def _may_not_stay_skipped(self, node: Node, path: str) -> str | None:
        """A changed field that the step's condition reads, if there is one."""
        foresight = self.rules.foresight
        reads = foresight is not None and fields_of_condition(node.step, "env")
        if foresight is not None and reads and foresight.runs(node, path):
            return "its condition reads the environment, and holds now"
        field = touched(fields_of_condition(node.step), self.changed_at(path))
        if field is not None:
            return f"input `{'.'.join(field)}` changed"
        field = touched(fields_of_condition(node.step, "run"), self.rules.context)
        return f"context `{'.'.join(field[1:])}` changed" if field is not None else None

    def goes_elsewhere(self, node: Node, at: Place) -> bool:
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

    def _reads_change(self, step: StepBase, path: str) -> bool:
        own = touched(fields_read(step), self.changed_at(path))
        return own is not None or touched(fields_read(step, "run"), self.rules.context) is not None
