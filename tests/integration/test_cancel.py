"""Cancel: no more steps; what runs can record nothing more."""

from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.engine import driver
from runs.engine.outcome import Succeeded
from runs.engine.session import Session
from runs.engine.state import RunState
from runs.errors import RunIsOver, UnknownRun
from runs.models import Event
from runs.operations.cancel_run import cancel_run
from runs.operations.restart_run import restart_run
from runs.record import ledger

from .here import LINE, do, done, effects, start, steps

# Really committed: the heartbeat is another connection, and a lease it does not see is lost.
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_queued_run_never_starts(project: Path) -> None:
    run = start(project, LINE)
    over = cancel_run(run.pk, by=SYSTEM, reason="not today")
    assert over.status == "cancelled"
    assert over.status_reason == "cancelled by maverick: not today"
    assert not driver.work(run.pk)
    assert effects(project, run) == []
    assert over.finished_at is not None


def test_a_running_step_loses_its_lease_and_its_say(project: Path) -> None:
    run = start(project, LINE)
    state = RunState.load(run.pk)
    assert state is not None
    session = Session(state)
    job = session.claim()
    assert job is not None
    over = cancel_run(run.pk, by=SYSTEM)
    assert ledger.renew([(job.execution_id, job.fence)]) == set()
    assert session.finish(job, Succeeded("too late")) is None
    row = steps(run)["a"]
    assert (row.status, row.output, row.tries[0]["outcome"]) == ("cancelled", None, "interrupted")
    over.refresh_from_db()
    assert (over.status, over.n_running) == ("cancelled", 0)
    numbers = list(Event.objects.filter(run=run).order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, over.event_seq + 1))


def test_a_run_that_is_over_cannot_be_cancelled(project: Path) -> None:
    run = done(project, LINE)
    with pytest.raises(RunIsOver):
        cancel_run(run.pk, by=SYSTEM)
    with pytest.raises(UnknownRun):
        cancel_run("run_nobody", by=SYSTEM)


def test_a_cancelled_run_can_be_restarted(project: Path) -> None:
    run = start(project, LINE)
    state = RunState.load(run.pk)
    assert state is not None
    session = Session(state)
    job = session.claim()
    assert job is not None
    assert session.finish(job, Succeeded({"value": 5}), go_on=True)
    cancel_run(run.pk, by=SYSTEM)
    (project / "fixed").touch()
    again = do(restart_run(run.pk, by=SYSTEM))
    assert again.status == "succeeded"
    assert effects(project, again) == ["b", "c"]
    assert steps(again)["b"].decision["because"] == "was cancelled last time"
    assert steps(again)["c"].output["value"] == 5
