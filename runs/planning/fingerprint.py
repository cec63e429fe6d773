"""What makes a step the same step as last time.

Match key (product page, section 5): the step's definition digest, the code version that its
target declares, and the canonical JSON of the resolved input. Which occurrence of a key it is
follows from the step path. Never the name alone.
"""

from typing import Any

from runs.canonical import digest
from runs.definition.spec import BranchStep, LoopStep, Step, ValidateStep, WorkflowSpec

# Where a step stands, how it is drawn and what follows from its end do not change what it does.
_NOT_WORK = {
    "name",
    "mark",
    "metadata",
    "needs",
    "when",
    "retry",
    "timeout",
    "effect",
    "requires",
    "on_error",
    "rollback",
}


def definition_digest(step: Step, callee: WorkflowSpec | None = None) -> str:
    """SHA-256 of what the step does: its own fields, not those of the steps inside it.

    ``callee`` is the workflow that it calls: what that declares to take and to give belongs to
    the call, as the steps in it do not have it.
    """
    outside = set(_NOT_WORK)
    if isinstance(step, LoopStep):
        outside |= {"steps", "max_concurrency"}
    if isinstance(step, BranchStep):
        outside |= {"options", "otherwise"}
    if isinstance(step, ValidateStep):
        outside |= {"on_failure", "rounds"}
    # Without what is not said: a field that the language gets later changes no step's digest.
    own = [step.type, step.model_dump(mode="json", exclude=outside, exclude_defaults=True)]
    if callee is None:
        return digest(own)
    return digest([own, callee.model_dump(mode="json", include={"inputs", "outputs"})])


def condition_digest(step: Step) -> str:
    """SHA-256 of whether the step does it: its `when`, and of a branch which arm is chosen when."""
    arms: list[list[str]] = []
    if isinstance(step, BranchStep):
        arms = [[option.when, option.step.name] for option in step.options]
        arms += [["else", step.otherwise.name]] if step.otherwise is not None else []
    return digest([step.when, arms])


def match_key(definition: str, code_version: str, resolved_input: Any) -> str:
    """SHA-256 of definition digest, declared code version and resolved input."""
    return digest([definition, code_version, resolved_input])
