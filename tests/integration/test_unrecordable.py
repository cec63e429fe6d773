"""What a step says may be hostile; it is recorded once all the same, and nothing is repeated."""

import textwrap
from pathlib import Path

import pytest

from runs.engine.sweep import Sweep
from runs.models import Execution, WorkflowVersion

from .here import done, start, steps

# Really committed: the heartbeat is another connection, and a lease it does not see is lost.
pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = """
from runs.actions import action
from pathlib import Path

def _did():
    with open(Path(__file__).with_name("did.txt"), "a") as out:
        out.write("x")

@action("nul")
def nul():
    _did()
    raise ValueError("a\\x00b")

@action("surrogate")
def surrogate():
    _did()
    return {"success": False, "error": "lone \\ud800"}

@action("huge")
def huge():
    _did()
    return 2 ** 20000
"""
ONE = 'version: "1.0"\nname: hostile\nsteps:\n  - {{name: s, type: python, action: {}}}\n'


@pytest.mark.parametrize(
    ("action", "code"),
    [("nul", "action-failed"), ("surrogate", "action-failed"), ("huge", "output-not-json")],
)
def test_an_outcome_that_postgresql_would_refuse_is_recorded_once(
    tmp_path: Path, action: str, code: str
) -> None:
    (tmp_path / "maverick_actions.py").write_text(HOSTILE)
    run = done(tmp_path, ONE.format(action))
    assert run.status == "failed"
    assert steps(run)["s"].error["code"] == code
    assert (tmp_path / "did.txt").read_text() == "x", "the step did its work once"


def test_a_run_that_cannot_be_read_does_not_stop_the_sweep_for_others(project: Path) -> None:
    text = textwrap.dedent(
        """
        version: "1.0"
        name: {}
        steps:
          - {{name: s, type: shell, run: exit 1, retry: {{max_attempts: 2, backoff: 0.1}}}}
        """
    )
    broken = start(project, text.format("broken-one"))
    waits = start(project, text.format("waits-one"))
    from runs.engine import driver

    for run in (broken, waits):
        driver.work(run.pk)
    Execution.objects.filter(status="waiting").update(due_at="2026-01-01T00:00:00Z")
    WorkflowVersion.objects.filter(pk=broken.version.pk).update(source="no workflow", number=99)
    from runs.models.stored import compiled_version

    compiled_version.cache_clear()
    Sweep().once()
    assert steps(waits)["s"].status == "queued"
