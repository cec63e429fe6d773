"""What the engine cannot do is refused before anything runs, with its line."""

from pathlib import Path

import pytest

from runs.definition import pending
from runs.errors import InvalidDefinition
from runs.models import Run, WorkflowVersion
from runs.operations.publish_workflow import publish_workflow

from .here import LINE, start

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("begin", [publish_workflow, lambda text: start(Path(), text)])
def test_nothing_begins_that_could_not_end(begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "NOT_RUN_YET", {"python"})
    with pytest.raises(InvalidDefinition) as refused:
        begin(LINE)
    assert {problem.code for problem in refused.value.problems} == {"D401"}
    assert all(problem.line for problem in refused.value.problems)
    assert not WorkflowVersion.objects.exists()
    assert not Run.objects.exists()
