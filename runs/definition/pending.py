"""What the language has and the engine does not run yet. Asked by publishing and starting only."""

from __future__ import annotations

from collections.abc import Iterator

from runs.definition.problems import Problem
from runs.definition.spec import StepBase, WorkflowSpec
from runs.definition.walk import walk

# Take a word out when the engine can do it: a kind of step, or `container retry` (`retry` or
# `timeout` of a step with steps inside). Empty it and this file can go.
NOT_RUN_YET: set[str] = {
    "container retry",
}


def not_run_yet(spec: WorkflowSpec) -> Iterator[Problem]:
    """What of this workflow cannot be run, each with its line."""
    if not NOT_RUN_YET:
        return
    for site in walk(spec).sites:
        for word, shown in _asks_for(site.step):
            if word in NOT_RUN_YET:
                mark = site.step.mark
                message = f"`{site.step.name}`: {shown} cannot be run by this version yet."
                yield Problem("D401", message, "", mark.line, mark.column, spec.file)


def _asks_for(step: StepBase) -> Iterator[tuple[str, str]]:
    yield step.type, f"a {step.type} step"
    if step.type in ("loop", "branch", "subworkflow"):
        for field in ("retry", "timeout"):
            if getattr(step, field) is not None:
                yield "container retry", f"`{field}` on a {step.type}"
