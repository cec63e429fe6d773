"""Many workers want the same steps; each step is done by one of them."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import Max

from runs.engine import driver
from runs.engine.consequences import Job
from runs.engine.outcome import Succeeded
from runs.engine.session import Session
from runs.engine.state import RunState
from runs.models import Event, Execution, Run
from runs.record import ledger

from .here import LINE, do, effects, start, steps

pytestmark = pytest.mark.django_db(transaction=True)

WIDE = """
version: "1.0"
name: wide
steps:
  - name: l
    type: loop
    for_each: "${{ range(30) }}"
    max_concurrency: 0
    steps:
      - {name: x, type: python, action: mark, kwargs: {value: "${{ item }}"}}
      - {name: y, type: python, action: mark, kwargs: {value: "${{ steps.x.output.value }}"}}
  - {name: join, type: python, action: mark, kwargs: {value: "${{ len(steps.l.output) }}"}}
"""


def session(run: Run) -> Session:
    state = RunState.load(run.pk)
    assert state is not None
    return Session(state)


def test_of_many_who_claim_one_step_one_gets_it(project: Path) -> None:
    run = start(project, LINE)
    barrier = Barrier(8)

    def claim(_: int) -> str | None:
        try:
            mine = session(run)
            barrier.wait(60)
            job = mine.claim()
            return job.path if job else None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        got = [path for path in pool.map(claim, range(8)) if path]
    assert got == ["a"]
    assert steps(run)["a"].fence == 1
    assert len(steps(run)["a"].tries) == 1


def test_eight_threads_do_a_fan_out_once(project: Path) -> None:
    run = start(project, WIDE)

    def work(_: int) -> None:
        try:
            for _ in range(3):
                driver.work(run.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    over = do(run)
    assert over.status == "succeeded"
    assert set(Counter(effects(project, run)).values()) == {1}
    assert over.n_total == over.n_succeeded == Execution.objects.filter(run=run).count() == 62
    assert over.n_running == over.n_failed == 0
    # The journal has no gap and no number twice.
    numbers = list(Event.objects.filter(run=run).order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, over.event_seq + 1))


def test_a_step_that_was_taken_away_cannot_be_recorded(project: Path) -> None:
    run = start(project, LINE)
    old = session(run)
    job = old.claim()
    assert job is not None
    assert session(run).interrupt("a", job.fence, "worker-lost")
    new = session(run)
    again = new.claim()
    assert again is not None
    assert again.fence > job.fence
    assert again.execution_id == job.execution_id
    assert old.finish(job, Succeeded("from the old one")) is None
    assert steps(run)["a"].status == "running"
    assert new.finish(again, Succeeded("from the new one")) is not None
    assert steps(run)["a"].output == "from the new one"
    assert old.finish(job, Succeeded("from the old one")) is None
    assert steps(run)["a"].output == "from the new one"


def test_a_step_is_taken_away_once(project: Path) -> None:
    run = start(project, LINE)
    job = session(run).claim()
    assert job is not None
    first, second = session(run), session(run)
    assert first.interrupt("a", job.fence, "worker-lost")
    assert not second.interrupt("a", job.fence, "worker-lost")
    assert len(steps(run)["a"].tries) == 1


def test_a_lease_is_renewed_only_by_who_holds_it(project: Path) -> None:
    run = start(project, LINE)
    job = session(run).claim()
    assert job is not None
    assert ledger.renew([(job.execution_id, job.fence)]) == {job.execution_id}
    assert ledger.renew([(job.execution_id, job.fence - 1)]) == set()
    session(run).interrupt("a", job.fence, "worker-lost")
    assert ledger.renew([(job.execution_id, job.fence)]) == set()


def test_a_statement_on_an_old_number_writes_nothing(project: Path) -> None:
    run = start(project, LINE)
    patch = ledger.RunPatch("failed", finish=True)
    assert ledger.write(run.pk, seq=run.event_seq + 1, fence=run.fence, patch=patch) is None
    assert ledger.write(run.pk, seq=run.event_seq, fence=run.fence + 1, patch=patch) is None
    run.refresh_from_db()
    assert run.status == "queued"


def two_at(run: Run) -> tuple[Session, Job, Session, Job]:
    """Two workers with a step each of a fan-out in hand."""
    first, second = session(run), session(run)
    a, b = first.claim(), second.claim()
    assert a is not None
    assert b is not None
    return first, a, second, b


def test_who_waits_longer_than_it_works_leaves_the_run_to_the_faster_one(project: Path) -> None:
    # Whether y runs is seen only when it is tried, so what follows from x is recorded in turn.
    run = start(project, WIDE.replace("{name: y,", "{name: y, when: '${{ index < 99 }}',"))
    first, a, second, b = two_at(run)
    job = first.finish(a, Succeeded({"value": 0}), worked=9.0)
    assert not first.is_crowded
    # Nothing takes less time than 0 s, so the wait for the row lock was longer.
    assert second.finish(b, Succeeded({"value": 1}), worked=0.0) is None
    assert second.is_crowded
    assert steps(run)[b.path].status == "succeeded"
    while job is not None:
        job = first.finish(job, Succeeded({"value": 0}), worked=0.0)
    assert do(run).status == "succeeded"


def test_nobody_leaves_a_run_whose_other_worker_is_busy_with_a_long_step(project: Path) -> None:
    _, _, second, job = two_at(start(project, WIDE))
    for _ in range(5):
        after = second.finish(job, Succeeded({"value": 1}), worked=0.0)
        assert after is not None
        job = after
    assert not second.is_crowded


def test_every_change_of_an_execution_is_in_the_journal(project: Path) -> None:
    """What others recorded is found by the journal, so a change without an entry is lost."""
    for text in (WIDE, LINE):
        run = do(start(project, text))
        # Whoever reads has seen whole statements; those of one share their time.
        whole = Event.objects.filter(run=run).values("at").annotate(last=Max("seq"))
        for after in [0, *whole.values_list("last", flat=True)]:
            changed = Execution.objects.filter(run=run, seq__gt=after)
            with ledger.locked(run.pk, after) as (_, news):
                assert {row.id for row in news} >= set(changed.values_list("id", flat=True))


def test_two_in_a_fan_out_record_without_a_look_at_each_other(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(project, WIDE)
    first, a, second, b = two_at(run)
    held = [(first, first.finish(a, Succeeded({"value": 0}), worked=9.0)), (second, b)]

    def locked(*_: object) -> None:
        raise AssertionError("the run's row lock was taken before it was known what to record")

    monkeypatch.setattr(ledger, "locked", locked)
    done = [a.path]
    for _ in range(20):
        (session, job), other = held
        assert job is not None
        done.append(job.path)
        held = [other, (session, session.finish(job, Succeeded({"value": 1}), worked=0.0))]
    assert len(set(done)) == len(done)
    monkeypatch.undo()
    for path in done:
        assert steps(run)[path].status == "succeeded"
