"""Why a step ran, was reused, waits, was skipped or failed; and the story of a run."""

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actor import SYSTEM
from runs.engine import driver
from runs.errors import UnknownExecution, UnknownRun
from runs.models import Run
from runs.operations.cancel_run import cancel_run
from runs.operations.pause_run import pause_run
from runs.operations.restart_run import RestartRequest, restart_run
from runs.projections.why import Why, why

from .here import do, done, start, steps

pytestmark = pytest.mark.django_db(transaction=True)

FLOW = """
version: "1.0"
name: asked
inputs:
  topic: {type: string, default: rain}
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 1}}
  - {name: asks, type: python, action: mark, when: "steps.a.output.value == 2 and inputs.topic == 'snow'"}
  - name: way
    type: branch
    options:
      - {when: "steps.a.output.value > 5", step: {name: left, type: python, action: mark}}
    else: {name: right, type: python, action: mark}
  - name: each
    type: loop
    for_each: [1]
    steps:
      - {name: b, type: python, action: fails_unless, kwargs: {name: fixed}}
      - {name: c, type: python, action: mark}
  - {name: d, type: python, action: mark}
  - {name: e, type: python, action: mark, needs: [d]}
"""


def told(answer: Why) -> str:
    return " ".join(answer.sentences)


def test_a_failure_is_told_from_its_root_with_what_it_kept_from_running(project: Path) -> None:
    run = done(project, FLOW)
    story = why(run.pk)
    assert story.path is None
    assert story.root is not None
    assert (story.root.path, story.root.message) == ("each[0]/b", "RuntimeError: fixed is missing")
    assert story.consequences == ("each[0]/c", "d", "e")
    assert "It failed because `each[0]/b` failed: RuntimeError: fixed is missing." in told(story)
    outer = why(run.pk, "each")
    assert outer.verdict == "failed"
    assert outer.root is not None
    assert outer.root.path == "each[0]/b"
    inner = why(run.pk, "each[0]/b")
    assert inner.consequences == ("each[0]/c", "d", "e")
    last = why(run.pk, "e")
    assert last.verdict == "not-reached"
    assert last.execution_id is None
    assert last.root is not None
    assert last.root.path == "each[0]/b"
    assert why(run.pk, "each[0]/c").verdict == "not-reached"


def test_a_skip_is_told_with_the_condition_and_the_values_that_it_saw(project: Path) -> None:
    run = done(project, FLOW)
    asks = why(run.pk, "asks")
    assert asks.verdict == "skipped"
    assert asks.condition == "steps.a.output.value == 2 and inputs.topic == 'snow'"
    assert {one.name: one.value for one in asks.values} == {
        "inputs.topic": "rain",
        "steps.a.output.value": 1,
    }
    assert "`steps.a.output.value` was 1" in told(asks)
    left = why(run.pk, "way/left")
    assert left.verdict == "skipped"
    assert [(one.name, one.value) for one in left.values] == [("steps.a.output.value", 1)]


def test_what_is_inside_something_skipped_says_so(project: Path) -> None:
    inner = (
        "{name: turns, type: loop, for_each: [1], steps: [{name: x, type: python, action: mark}]}"
    )
    run = done(
        project,
        "version: '1.0'\nname: passed-over\ninputs: {n: {type: integer, default: 0}}\nsteps:\n"
        "  - name: way\n    type: branch\n    when: inputs.n > 0\n"
        f"    options: [{{when: 'true', step: {inner}}}]\n",
    )
    answer = why(run.pk, "way/turns/x")
    assert answer.verdict == "not-reached"
    assert told(answer) == (
        "It did not run because `way`, which it is part of, was skipped: condition is false."
    )


def test_what_ran_and_what_was_reused_is_told_as_it_was_decided(project: Path) -> None:
    run = done(project, FLOW)
    assert told(why(run.pk, "a")) == "It ran because it needs nothing."
    assert told(why(run.pk, "way")) == "It ran because what it needs was done: `asks`."
    (project / "fixed").touch()
    second = do(restart_run(run.pk, RestartRequest(), by=SYSTEM))
    third = do(restart_run(second.pk, RestartRequest(from_="d"), by=SYSTEM))
    again = why(second.pk, "each[0]/b")
    assert (again.verdict, told(again)) == ("ran", "It ran again because it failed last time.")
    kept = why(third.pk, "a")
    assert kept.verdict == "reused"
    assert kept.reuse is not None
    assert kept.reuse.origin_run_id == run.pk
    assert f"The output is that of {second.pk}; the work was done by {run.pk}." in told(kept)
    story = why(third.pk)
    assert f"It is a restart of {second.pk}." in told(story)
    assert "steps were reused" in told(story)
    by_id = why(third.pk, steps(third)["a"].pk)
    assert by_id == kept


def test_what_is_ready_waits_for_a_worker_and_says_when_there_is_none(project: Path) -> None:
    run = start(project, FLOW)
    assert why(run.pk).verdict == "waits"
    assert "No worker is alive" in told(why(run.pk))
    pending = why(run.pk, "d")
    assert [(one.kind, one.on) for one in pending.waits_for] == [("step", "each")]
    assert told(pending) == "It waits for `each`."
    pause_run(run.pk, by=SYSTEM)
    assert "pause" in {one.kind for one in why(run.pk).waits_for}
    cancel_run(run.pk, by=SYSTEM)
    assert why(run.pk).verdict == "cancelled"
    assert why(run.pk, "d").verdict == "not-reached"


WAITS = """
version: "1.0"
name: waits
steps:
  - {name: ask, type: approval, prompt: May it go out?, needs: []}
  - {name: rest, type: wait, seconds: 3600, needs: []}
  - name: retried
    type: python
    action: fails_unless
    kwargs: {name: fixed}
    needs: []
    retry: {max_attempts: 3, backoff: 3600}
  - {name: last, type: python, action: mark, needs: [ask]}
"""


def test_what_waits_says_for_what_and_until_when(project: Path) -> None:
    run = start(project, WAITS)
    while driver.work(run.pk):
        pass
    kinds = {path: why(run.pk, path).waits_for[0] for path in ("ask", "rest", "retried", "last")}
    assert {path: one.kind for path, one in kinds.items()} == {
        "ask": "approval",
        "rest": "timer",
        "retried": "retry",
        "last": "step",
    }
    assert kinds["rest"].until is not None
    assert kinds["retried"].until is not None
    assert "May it go out?" in told(why(run.pk, "ask"))
    assert "fixed is missing" in told(why(run.pk, "retried"))
    story = why(run.pk)
    assert story.verdict == "waits"
    assert {one.kind for one in story.waits_for} == {"approval", "timer", "retry"}


def test_what_is_not_there_is_refused_and_the_answer_takes_few_queries(project: Path) -> None:
    run = done(project, FLOW)
    with pytest.raises(UnknownRun):
        why("run_00000000000000")
    for path in ("nobody", "exec_00000000000000000"):
        with pytest.raises(UnknownExecution):
            why(run.pk, path)
    for path in ("", "asks", "each", "e"):
        with CaptureQueriesContext(connection) as asked:
            why(run.pk, path)
        assert len(asked) <= 6, path
    assert Run.objects.count() == 1
