"""What the command line says below a run that has ended."""

from types import SimpleNamespace
from typing import Any

import pytest

from runs.cli.driving import summary

COUNTS = {"total": 1, "pending": 0, "running": 0, "succeeded": 0, "failed": 1, "skipped": 0,
          "reused": 0}  # fmt: skip


@pytest.mark.parametrize(("workflow", "resumes"), [("release", True), ("research.plan", False)])
def test_only_what_has_a_file_is_said_to_be_resumed(
    workflow: str, resumes: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    side: Any = SimpleNamespace(remote=False, page_url=lambda run_id: "")
    run = {"id": "run_1", "workflow": workflow, "status": "failed", "status_reason": "boom",
           "counts": COUNTS, "duration_ms": 1, "outputs": None}  # fmt: skip
    summary(side, run, err=False)
    said = capsys.readouterr().out
    assert "maverick restart run_1" in said
    assert (f"maverick run {workflow} --resume" in said) is resumes
