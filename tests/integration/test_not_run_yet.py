"""What the engine cannot do is refused before anything runs, with its line."""

from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.definition import pending
from runs.errors import InvalidDefinition
from runs.models import Run, WorkflowVersion
from runs.operations.publish_workflow import publish_workflow

from .here import LINE, start

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "begin",
    [lambda text: publish_workflow(text, by=SYSTEM), lambda text: start(Path(), text)],
    ids=["published", "started"],
)
def test_nothing_begins_that_could_not_end(begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "NOT_RUN_YET", {"python"})
    with pytest.raises(InvalidDefinition) as refused:
        begin(LINE)
    assert {problem.code for problem in refused.value.problems} == {"D401"}
    assert all(problem.line for problem in refused.value.problems)
    assert not WorkflowVersion.objects.exists()
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("type: agent, agent: a, config: {provider: x}", "`config.provider`"),
        ("type: generate, generator: g, config: {mode: deterministic}", "`config.mode: deter"),
        ("type: approval, prompt: P, form: {pin: {type: string, secret: true}}", "field `pin`"),
    ],
)
def test_what_would_fail_later_does_not_begin(step: str, said: str) -> None:
    text = f'version: "1.0"\nname: w\nsteps:\n  - {{name: s, {step}}}\n'
    with pytest.raises(InvalidDefinition) as refused:
        start(Path(), text)
    found = {problem.code: problem for problem in refused.value.problems}
    assert said in found["D401"].message
    assert found["D401"].line == 4
