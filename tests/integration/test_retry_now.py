"""A step that waits for its next try is tried when somebody says so, and only such a step."""

from pathlib import Path

import pytest

from runs.actor import SYSTEM, Actor
from runs.engine import driver
from runs.errors import Conflict, UnknownExecution, UnknownRun
from runs.models import Run
from runs.operations.decide_approval import decide_approval
from runs.operations.pause_run import pause_run, unpause_run
from runs.operations.retry_step import retry_step

from .here import do, effects, start, steps

pytestmark = pytest.mark.django_db(transaction=True)
RETRIED = """
version: "1.0"
name: retried
steps:
  - {name: a, type: python, action: mark}
  - name: b
    type: python
    action: fails_unless
    kwargs: {name: fixed}
    retry: {max_attempts: 3, backoff: 3600}
  - {name: c, type: python, action: mark}
"""
WAITS = """
version: "1.0"
name: waits
steps:
  - {name: ask, type: approval, prompt: May it go out?, needs: []}
  - {name: rest, type: wait, seconds: 3600, needs: []}
  - {name: after, type: python, action: mark, needs: [ask]}
"""


def parked(project: Path, text: str) -> Run:
    run = start(project, text)
    while driver.work(run.pk):
        pass
    run.refresh_from_db()
    assert run.status == "waiting"
    return run


def test_a_step_is_tried_now_and_the_run_goes_on(project: Path) -> None:
    run = parked(project, RETRIED)
    (project / "fixed").touch()
    assert retry_step(run.pk, "b", by=SYSTEM).status == "running"
    assert do(run).status == "succeeded"
    assert effects(project, run) == ["a", "b", "b", "c"]
    assert [one["outcome"] for one in steps(run)["b"].tries] == ["failed", "succeeded"]


def test_it_counts_as_one_of_the_tries(project: Path) -> None:
    run = parked(project, RETRIED)
    for _ in range(2):
        retry_step(run.pk, steps(run)["b"].pk, by=SYSTEM)
        while driver.work(run.pk):
            pass
    run.refresh_from_db()
    assert (run.status, len(steps(run)["b"].tries)) == ("failed", 3)
    with pytest.raises(Conflict):
        retry_step(run.pk, "b", by=SYSTEM)


def test_two_at_once_are_one_try(project: Path) -> None:
    run = parked(project, RETRIED)
    retry_step(run.pk, "b", by=SYSTEM)
    with pytest.raises(Conflict):
        retry_step(run.pk, "b", by=SYSTEM)


def test_only_what_waits_for_a_try_is_tried(project: Path) -> None:
    run = parked(project, WAITS)
    for path in ("ask", "rest"):
        with pytest.raises(Conflict, match="does not wait to be tried"):
            retry_step(run.pk, path, by=SYSTEM)
    with pytest.raises(UnknownExecution):
        retry_step(run.pk, "nobody", by=SYSTEM)
    with pytest.raises(UnknownRun):
        retry_step("run_nobody", "b", by=SYSTEM)


def test_a_paused_run_stays_paused(project: Path) -> None:
    run = parked(project, RETRIED)
    (project / "fixed").touch()
    pause_run(run.pk, by=SYSTEM)
    assert retry_step(run.pk, "b", by=SYSTEM).status == "paused"
    assert not driver.work(run.pk)
    unpause_run(run.pk, by=SYSTEM)
    assert do(run).status == "succeeded"


def test_a_decision_leaves_a_paused_run_paused(project: Path) -> None:
    run = parked(project, WAITS)
    pause_run(run.pk, by=SYSTEM, reason="later")
    who = Actor("user", "olga", "operator")
    decided = decide_approval(run.pk, "ask", approve=True, by=who)
    assert (decided.status, "later" in decided.status_reason) == ("paused", True)
    assert not driver.work(run.pk)
    assert effects(project, run) == []
