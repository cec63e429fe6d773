"""What the language has and the engine does not run. Asked where a file is published, started or
validated, so that such a file can still be read and drawn."""

from __future__ import annotations

from collections.abc import Iterator

from runs.definition.build_steps import a_step
from runs.definition.problems import Problem
from runs.definition.spec import (
    AgentStep,
    ApprovalStep,
    GenerateStep,
    StepBase,
    WorkflowSpec,
)
from runs.definition.walk import walk

# Take a word out when the engine can do it: a kind of step, `provider` and `mode` (of an agent's
# `config`: the agent's settings say who answers), `secret field` (of an approval's form, which would
# keep it in clear). Empty it and this file can go.
NOT_RUN_YET: set[str] = {
    "provider",
    "mode",
    "secret field",
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
    yield step.type, a_step(step.type)
    if isinstance(step, AgentStep | GenerateStep):
        if "provider" in step.config:
            yield "provider", "`config.provider` (the agent's settings say who answers)"
        if step.config.get("mode", "agent") != "agent":
            yield "mode", f"`config.mode: {step.config['mode']}`"
    if isinstance(step, ApprovalStep):
        for name in (name for name, field in step.form.items() if field.secret):
            yield "secret field", f"the secret field `{name}` of a form"
