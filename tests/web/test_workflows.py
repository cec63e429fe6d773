"""The catalogue: where a workflow lies, in words that mean the same on every machine."""

from pathlib import Path

import pytest
from django.test import Client

from runs.actor import SYSTEM
from runs.library.find import BUILT_IN
from runs.models import WorkflowVersion
from runs.operations.publish_workflow import publish_workflow

MINE = """\
version: "1.0"
name: mine
steps:
  - {name: one, type: shell, run: "true"}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "mine.yaml").write_text(MINE)
    monkeypatch.setenv("MAVERICK_PROJECT", str(tmp_path))
    return tmp_path


def test_a_workflow_says_where_it_lies(alice: Client, project: Path) -> None:
    html = alice.get("/workflows").content.decode()
    assert "workflows/mine.yaml" in html
    assert "built in" in html
    assert str(BUILT_IN) not in html
    assert str(project) not in html


def test_so_does_the_page_of_its_source(alice: Client, project: Path) -> None:
    file = BUILT_IN / "workflows" / "demo-release.yaml"
    publish_workflow(file.read_text(), file=str(file), by=SYSTEM)
    publish_workflow(MINE, file=str(project / "workflows" / "mine.yaml"), by=SYSTEM)
    assert WorkflowVersion.objects.count() == 2
    for name, place in (("demo-release", "built in"), ("mine", "workflows/mine.yaml")):
        html = alice.get(f"/workflows/{name}/versions/1").content.decode()
        assert f">{place}</p>" in html
