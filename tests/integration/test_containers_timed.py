"""`timeout` of a step with steps inside: they end with it, whoever has them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from runs.actor import SYSTEM
from runs.engine import calling as calls
from runs.engine import driver, sweep
from runs.engine.here import run_here
from runs.engine.session import Session
from runs.engine.state import RunState
from runs.models import AgentCall, Event, Execution, Run
from runs.operations.restart_run import restart_run
from runs.projections.why import why

from .calls import Plane
from .here import do, done, start, steps

pytestmark = pytest.mark.django_db(transaction=True)

INSIDE = """
      - {name: before, type: python, action: mark}
      - {name: long, type: wait, seconds: 3600}
      - {name: after, type: python, action: mark}
"""
CALLED = f'version: "1.0"\nname: called\nsteps:{INSIDE}'
KINDS = {
    "loop": ("type: loop\n    for_each: [1, 2]\n    steps:" + INSIDE, "s[0]/{}"),
    "until": ('type: loop\n    until: "false"\n    steps:' + INSIDE, "s[0]/{}"),
    "subworkflow": ("type: subworkflow\n    workflow: called\n", "s/{}"),
    "branch": (
        'type: branch\n    options:\n      - when: "true"\n        step:\n          name: in\n'
        "          type: loop\n          steps:" + INSIDE.replace("\n", "\n      "),
        "s/in[0]/{}",
    ),
}
SAYS = "The step did not end within 1800 s."


def text_of(kind: str, more: str = "") -> str:
    return (
        f'version: "1.0"\nname: timed\nsteps:\n  - name: s\n    timeout: 30m\n    {more}\n'
        f"    {KINDS[kind][0]}\n  - {{name: last, type: python, action: mark}}\n"
    )


@pytest.fixture
def calling(project: Path) -> Path:
    (project / "workflows").mkdir()
    (project / "workflows" / "called.yaml").write_text(CALLED)
    return project


def until_it_waits(run: Run) -> None:
    while driver.work(run.pk, placement=run.placement):
        pass
    run.refresh_from_db()
    assert run.status == "waiting", run.status_reason


def time_is_over(run: Run, path: str) -> None:
    """As if the time had passed; the next sweep, of any process, finds it."""
    moved = Execution.objects.filter(run=run, path=path, due_at__isnull=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    assert moved.update(due_at=now) == 1
    assert sweep.wake_due(run.pk) == 1


def sentence(run: Run, path: str) -> str:
    return why(run.pk, path).sentences[0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_runs_is_stopped_and_what_has_not_begun_is_skipped(calling: Path, kind: str) -> None:
    run = start(calling, text_of(kind))
    until_it_waits(run)
    inside = KINDS[kind][1]
    time_is_over(run, "s")
    run.refresh_from_db()
    assert (run.status, run.status_reason) == ("timeout", f"step-failed: s: {SAYS}")
    rows = steps(run)
    assert (rows["s"].status, rows["s"].error["code"]) == ("timeout", "timeout")
    assert rows["s"].error["hint"]
    assert rows["s"].status_reason == f"timeout: {SAYS}"
    assert rows[inside.format("before")].status == "succeeded"
    long, after = rows[inside.format("long")], rows[inside.format("after")]
    assert (long.status, long.status_reason) == ("cancelled", "timeout of `s`")
    assert (after.status, after.status_reason) == ("skipped", "timeout of `s`")
    assert "last" not in rows
    assert all(row.finished_at and not row.due_at for row in rows.values())
    assert run.n_running == 0
    assert (
        sentence(run, inside.format("long")) == "It was stopped because the time of `s` was over."
    )
    skipped = "It was skipped because the time of `s` was over."
    assert sentence(run, inside.format("after")) == skipped
    assert sentence(run, "s") == f"It ran out of time: {SAYS}"
    told = Event.objects.filter(run=run, kind="step.cancelled").values_list("path", flat=True)
    assert inside.format("long") in told


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_stopped_runs_again_in_a_restart_and_the_rest_is_reused(
    calling: Path, kind: str
) -> None:
    run = start(calling, text_of(kind))
    until_it_waits(run)
    time_is_over(run, "s")
    again = restart_run(run.pk, by=SYSTEM)
    until_it_waits(again)
    rows, inside = steps(again), KINDS[kind][1]
    assert rows[inside.format("before")].reused_from
    assert rows[inside.format("long")].status == "waiting"
    assert rows[inside.format("long")].decision["because"] == "was cancelled last time"
    assert rows["s"].due_at is not None  # it has its time again
    Execution.objects.filter(run=again, path=inside.format("long")).update(
        due_at="2020-01-01T00:00:00Z"
    )
    sweep.wake_due(again.pk)
    driver.work(again.pk)
    assert steps(again)[inside.format("after")].status == "succeeded"


def test_who_handles_it_sees_that_the_time_was_over(calling: Path) -> None:
    handler = (
        "on_error: {name: h, type: python, action: mark, kwargs: {value: '${{ error.code }}'}}"
    )
    run = start(calling, text_of("loop", handler))
    until_it_waits(run)
    time_is_over(run, "s")
    do(run)
    assert run.status == "succeeded"
    assert steps(run)["h"].output["value"] == "timeout"
    assert steps(run)["last"].status == "succeeded"


def test_the_time_of_what_is_inside_is_its_own(calling: Path) -> None:
    text = text_of("branch").replace(
        "          type: loop", "          timeout: 60\n          type: loop"
    )
    run = start(calling, text)
    until_it_waits(run)
    time_is_over(run, "s/in")
    run.refresh_from_db()
    rows = steps(run)
    assert [rows[path].status for path in ("s", "s/in", "s/in[0]/long")] == [
        "timeout",
        "timeout",
        "cancelled",
    ]
    assert run.status == "timeout"
    assert run.status_reason == "step-failed: s/in: The step did not end within 60 s."


def test_a_container_that_ends_in_time_has_none(project: Path) -> None:
    run = done(
        project,
        """
        version: "1.0"
        name: timed
        steps:
          - {name: none, type: loop, for_each: [], timeout: 60, steps: [{name: x, type: checkpoint}]}
          - name: s
            type: loop
            for_each: [1]
            timeout: 60
            steps: [{name: x, type: python, action: mark}]
        """,
    )
    assert run.status == "succeeded"
    assert not Execution.objects.filter(run=run, due_at__isnull=False).exists()


def test_a_worker_lets_go_of_what_it_runs(project: Path) -> None:
    run = start(
        project,
        """
        version: "1.0"
        name: timed
        steps:
          - name: s
            type: loop
            for_each: [1, 2, 3]
            max_concurrency: 2
            timeout: 500ms
            on_error: continue
            steps: [{name: x, type: python, action: never}]
          - {name: last, type: python, action: mark}
        """,
        placement="here",
    )
    assert run_here(run.pk, threads=2) == "succeeded"
    rows = steps(run)
    assert [rows[f"s[{n}]/x"].status for n in (0, 1)] == ["cancelled", "cancelled"]
    assert "s[2]/x" not in rows
    assert rows["s"].status == "timeout"
    assert rows["s[0]/x"].tries[-1]["outcome"] == "interrupted"


def test_what_a_sweep_has_found_late_may_have_its_time_again(calling: Path) -> None:
    """Between the look of a sweep and its turn, another worker may have opened the loop again."""
    run = start(calling, text_of("loop", "retry: {max_attempts: 2, backoff: 0}"))
    until_it_waits(run)
    state = RunState.load(run.pk)
    assert state is not None
    Session(state).wake_due(["s"])  # found by another one's look
    run.refresh_from_db()
    assert (run.status, steps(run)["s"].status) == ("waiting", "running")


@pytest.mark.parametrize("attempts", [1, 2])
def test_calls_of_agents_end_with_the_time_of_what_is_around_them(
    project: Path,
    make_secret: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    attempts: int,
) -> None:
    monkeypatch.setattr(calls, "start", calls.take)  # it goes out to nobody
    plane = Plane(make_secret("operator"))
    plane.register("research", "plan")
    run = start(
        project,
        f"""
        version: "1.0"
        name: timed
        steps:
          - name: s
            type: loop
            for_each: [1]
            timeout: 30m
            retry: {{max_attempts: {attempts}, backoff: 0}}
            steps: [{{name: ask, type: agent, agent: research.plan}}]
        """,
    )
    until_it_waits(run)
    time_is_over(run, "s")
    call = AgentCall.objects.get(run=run, status="cancelled")
    assert call.status_reason == "timeout of `s`"
    run.refresh_from_db()
    if attempts == 1:
        assert run.status == "timeout"
        return
    until_it_waits(run)
    assert AgentCall.objects.filter(run=run, ended_at=None).count() == 1  # asked again
