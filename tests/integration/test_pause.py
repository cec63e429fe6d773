"""A paused run starts nothing new, and goes on where it stood."""

from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.engine import driver
from runs.engine.outcome import Succeeded
from runs.engine.session import Session
from runs.engine.state import RunState
from runs.errors import RunIsOver, UnknownRun
from runs.models import Event, Run
from runs.operations.cancel_run import cancel_run
from runs.operations.pause_run import NotPaused, pause_run, unpause_run

from .here import LINE, do, done, effects, start, steps

pytestmark = pytest.mark.django_db(transaction=True)


def session(run: Run) -> Session:
    state = RunState.load(run.pk)
    assert state is not None
    return Session(state)


def test_what_runs_ends_and_nothing_new_starts(project: Path) -> None:
    run = start(project, LINE)
    worker = session(run)
    job = worker.claim()
    assert job is not None
    paused = pause_run(run.pk, by=SYSTEM, reason="look first")
    assert paused.status == "paused"
    assert paused.status_reason == "paused by maverick: look first"
    assert worker.finish(job, Succeeded({"value": 1})) is None
    rows = steps(run)
    assert (rows["a"].status, rows["b"].status) == ("succeeded", "queued")
    assert not driver.work(run.pk)
    (project / "fixed").touch()
    unpause_run(run.pk, by=SYSTEM)
    assert do(run).status == "succeeded"
    assert effects(project, run) == ["b", "c"]
    kinds = list(Event.objects.filter(run=run).order_by("seq").values_list("kind", flat=True))
    assert kinds.count("run.paused") == kinds.count("run.resumed") == 1


def test_a_run_that_has_not_begun_is_paused_too(project: Path) -> None:
    run = start(project, LINE)
    pause_run(run.pk, by=SYSTEM)
    assert not driver.work(run.pk)
    assert effects(project, run) == []
    run = unpause_run(run.pk, by=SYSTEM)
    assert run.status == "queued"
    assert run.started_at is None
    do(run)
    assert effects(project, run) == ["a", "b"]


def test_the_last_step_of_a_paused_run_ends_it(project: Path) -> None:
    run = start(
        project, 'version: "1.0"\nname: one\nsteps: [{name: a, type: python, action: mark}]'
    )
    worker = session(run)
    job = worker.claim()
    assert job is not None
    pause_run(run.pk, by=SYSTEM)
    worker.finish(job, Succeeded(None))
    run.refresh_from_db()
    assert run.status == "succeeded"


def test_pausing_twice_is_harmless_and_other_mistakes_are_told(project: Path) -> None:
    run = start(project, LINE)
    with pytest.raises(NotPaused):
        unpause_run(run.pk, by=SYSTEM)
    pause_run(run.pk, by=SYSTEM)
    assert pause_run(run.pk, by=SYSTEM).status == "paused"
    assert Event.objects.filter(run=run, kind="run.paused").count() == 1
    cancel_run(run.pk, by=SYSTEM)
    for verb in (pause_run, unpause_run):
        with pytest.raises(RunIsOver):
            verb(run.pk, by=SYSTEM)
        with pytest.raises(UnknownRun):
            verb("run_nobody", by=SYSTEM)
    assert done(project, LINE).status == "failed"
