"""Which expressions of a container decide where a run goes inside it.

Changed inputs change more than what steps are given: another list has other turns, another answer
takes another arm, another bound ends a loop elsewhere. What was inside is the same only as far as
the way through it is.
"""

from runs.definition.spec import LoopStep, StepBase, SubworkflowStep


def way(step: StepBase) -> StepBase:
    """The step with only that in it which decides the way, but for the list that a loop goes
    through: of a list one can say which items are the same."""
    changes: dict[str, object] = {"outputs": {}, "config": {}}
    if isinstance(step, LoopStep):
        changes |= {"for_each": None, "max_concurrency": 1}  # how many at once is no other way
    if isinstance(step, SubworkflowStep):
        changes["inputs"] = {}  # followed into the called workflow
    return step.model_copy(update=changes)


def list_of(step: StepBase) -> StepBase | None:
    """A loop with only its list in it; None for what goes through no list."""
    if not isinstance(step, LoopStep) or step.for_each is None:
        return None
    changes: dict[str, object] = {"outputs": {}, "config": {}, "when": None, "max_concurrency": 1}
    return step.model_copy(update=changes)
