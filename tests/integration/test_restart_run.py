"""A restart is a new run that reuses what succeeded, and says why for every step."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actor import SYSTEM, Actor
from runs.errors import IdempotencyMismatch, Refused, RunNotOver, StalePlan, UnknownRun
from runs.models import Execution, Payload, Run
from runs.operations.restart_run import RestartRequest, plan_restart, restart_run

from .here import LINE, do, done, effects, start, steps

# Really committed: the heartbeat is another connection, and a lease it does not see is lost.
pytestmark = pytest.mark.django_db(transaction=True)

LOOP = """
version: "1.0"
name: loops
steps:
  - name: l
    type: loop
    for_each: [1, 2, 3]
    steps:
      - {name: x, type: python, action: mark, kwargs: {value: "${{ item }}"}}
      - {name: y, type: python, action: fails_unless, kwargs: {name: "ok-${{ item }}"}}
  - {name: after, type: python, action: mark, kwargs: {value: "${{ steps.l.output }}"}}
"""


def test_a_restart_reuses_what_succeeded(project: Path) -> None:
    first = done(project, LINE)
    assert first.status == "failed"
    (project / "fixed").touch()
    second = do(restart_run(first.pk, by=SYSTEM))
    assert second.status == "succeeded"
    assert effects(project, second) == ["b", "c"]
    before, rows = steps(first), steps(second)
    assert rows["a"].output == before["a"].output
    assert rows["a"].reused_from == rows["a"].origin_execution == before["a"].pk
    assert rows["a"].reused_run == rows["a"].origin_run == first.pk
    assert rows["a"].pk != before["a"].pk
    assert rows["a"].decision == {
        "action": "reuse",
        "because": "input and definition are unchanged",
    }
    assert rows["b"].decision == {"action": "run", "because": "failed last time"}
    assert rows["c"].decision == {
        "action": "run",
        "because": "depends on `b`, which runs again",
    }
    assert (second.kind, second.source_id, second.family_id) == ("restart", first.pk, first.pk)
    assert (second.n_total, second.n_succeeded, second.n_reused) == (3, 3, 1)


def test_the_source_is_not_changed(project: Path) -> None:
    first = done(project, LINE)
    seq, rows = first.event_seq, steps(first)
    (project / "fixed").touch()
    do(restart_run(first.pk, by=SYSTEM))
    first.refresh_from_db()
    assert (first.status, first.event_seq) == ("failed", seq)
    after = steps(first)
    assert {p: (r.status, r.fence, r.seq) for p, r in after.items()} == {
        p: (r.status, r.fence, r.seq) for p, r in rows.items()
    }


def test_a_restart_of_a_restart_points_at_who_really_did_the_work(project: Path) -> None:
    first = done(project, LINE)
    second = do(restart_run(first.pk, by=SYSTEM))
    assert second.status == "failed"
    (project / "fixed").touch()
    third = do(restart_run(second.pk, by=SYSTEM))
    a = steps(third)["a"]
    assert a.reused_from == steps(second)["a"].pk
    assert a.reused_run == second.pk
    assert a.origin_execution == steps(first)["a"].pk
    assert a.origin_run == third.family_id == first.pk


def test_turns_that_are_done_are_not_done_again(project: Path) -> None:
    (project / "ok-1").touch()
    first = done(project, LOOP)
    assert first.status == "failed"
    for n in (2, 3):
        (project / f"ok-{n}").touch()
    second = do(restart_run(first.pk, by=SYSTEM))
    assert second.status == "succeeded"
    assert effects(project, second) == ["l[1]/y", "l[2]/x", "l[2]/y", "after"]
    rows = steps(second)
    assert {row.parent_id for path, row in rows.items() if path.startswith("l[")} == {rows["l"].pk}
    assert [turn[0]["value"] for turn in rows["after"].output["value"]] == [1, 2, 3]
    assert second.n_total == second.n_succeeded == len(rows) == 8


def test_a_run_that_succeeded_is_restarted_as_a_whole(project: Path) -> None:
    (project / "fixed").touch()
    second = do(restart_run(done(project, LINE).pk, by=SYSTEM))
    assert effects(project, second) == ["a", "b", "c"]
    assert second.n_reused == 0


def test_restart_from_a_step_by_path_and_by_id(project: Path) -> None:
    (project / "fixed").touch()
    first = done(project, LINE)
    for chosen in ("b", steps(first)["b"].pk):
        second = do(restart_run(first.pk, RestartRequest(from_=chosen), by=SYSTEM))
        assert effects(project, second) == ["b", "c"]


def test_a_preview_is_what_the_restart_does(project: Path) -> None:
    first = done(project, LINE)
    plan = plan_restart(first.pk)
    assert Run.objects.count() == 1
    second = restart_run(first.pk, RestartRequest(plan_id=plan.plan_id), by=SYSTEM)
    decisions = {item.path: item.action.value for item in plan.items}
    assert {path: one["action"] for path, one in second.decisions.items()} == decisions


def test_a_stale_plan_is_refused(project: Path) -> None:
    first = done(project, LINE)
    with pytest.raises(StalePlan):
        restart_run(first.pk, RestartRequest(plan_id="plan_of_yesterday"), by=SYSTEM)
    assert Run.objects.count() == 1


def test_a_large_output_is_shared_and_not_copied(project: Path) -> None:
    text = LINE.replace("kwargs: {value: 1}", "kwargs: {value: '" + "x" * 100_000 + "'}")
    first = done(project, text)
    second = restart_run(first.pk, by=SYSTEM)
    assert steps(first)["a"].payload_id
    assert steps(second)["a"].payload_id == steps(first)["a"].payload_id
    assert steps(second)["a"].output is None
    assert Payload.objects.count() == 1


def test_what_cannot_be_restarted(project: Path) -> None:
    with pytest.raises(UnknownRun):
        restart_run("run_nobody", by=SYSTEM)
    open_run = start(project, LINE)
    with pytest.raises(RunNotOver):
        restart_run(open_run.pk, by=SYSTEM)
    first = do(open_run)
    other = done(project, LINE)
    for wrong in ("nowhere", "l[0]/x", "exec_nobody", steps(other)["a"].pk):
        with pytest.raises(Refused):
            restart_run(first.pk, RestartRequest(from_=wrong), by=SYSTEM)
    with pytest.raises(Refused):
        restart_run(first.pk, RestartRequest(reuse="a-little"), by=SYSTEM)
    assert Run.objects.count() == 2


def test_the_same_key_answers_the_same_run(project: Path) -> None:
    first = done(project, LINE)
    one = restart_run(first.pk, by=SYSTEM, idempotency_key="k")
    assert restart_run(first.pk, by=SYSTEM, idempotency_key="k").pk == one.pk
    with pytest.raises(IdempotencyMismatch):
        restart_run(first.pk, RestartRequest(from_="a"), by=SYSTEM, idempotency_key="k")
    another = Actor("token", "another", "operator")
    assert restart_run(first.pk, by=another, idempotency_key="k").pk != one.pk


def test_ten_restarts_at_once_with_one_key_are_one_run(project: Path) -> None:
    first = done(project, LINE)

    def ask(_: int) -> str:
        try:
            return restart_run(first.pk, by=SYSTEM, idempotency_key="once").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(ask, range(10)))
    assert len(answers) == 1
    assert Run.objects.filter(source=first).count() == 1
    assert Execution.objects.filter(run__source=first).count() == 1


WIDE = """
version: "1.0"
name: wide
steps:
  - name: l
    type: loop
    for_each: "${{{{ range({turns}) }}}}"
    steps:
      - {{name: x, type: python, action: mark}}
  - {{name: after, type: python, action: fails_unless, kwargs: {{name: fixed}}}}
"""


def test_a_restart_takes_as_many_statements_for_sixty_steps_as_for_six(project: Path) -> None:
    counts = []
    for turns in (6, 60):
        first = done(project, WIDE.format(turns=turns))
        with CaptureQueriesContext(connection) as seen:
            second = restart_run(first.pk, by=SYSTEM)
        assert second.n_reused == turns + 1
        counts.append(len(seen))
    assert counts[0] == counts[1]
