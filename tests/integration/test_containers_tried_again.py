"""`retry` of a step with steps inside: all of it begins anew, and what was there stays to be seen."""

import io
from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.engine import attempt, driver, sweep
from runs.engine.session import Session
from runs.engine.state import RunState
from runs.models import Event, Execution, Run
from runs.models.stored import compiled_version
from runs.operations.import_run import import_run
from runs.operations.restart_run import restart_run
from runs.operations.retry_step import retry_step
from runs.projections.export import export_run
from runs.projections.run_graph import run_graph
from runs.projections.why import why
from runs.record.prior_runs import prior_run

from .here import do, done, effects, start, steps

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = "retry: {max_attempts: 3, backoff: 0}"
INSIDE = """
      - {name: a, type: python, action: mark, kwargs: {value: 1}}
      - {name: pay, type: python, action: mark, effect: once}
      - {name: b, type: python, action: third_time}
      - {name: c, type: python, action: mark, kwargs: {value: "${{ steps.a.output.value }}"}}
"""
CALLED = f'version: "1.0"\nname: called\nsteps:{INSIDE}'
DEEP = INSIDE.replace("\n", "\n      ")
KINDS = {
    "loop": ("type: loop\n    for_each: [1, 2]\n    steps:" + INSIDE, "s[0]/{}"),
    "concurrent": (
        "type: loop\n    for_each: [1, 2, 3]\n    max_concurrency: 0\n    steps:" + INSIDE,
        "s[0]/{}",
    ),
    "until": ('type: loop\n    until: "index >= 1"\n    steps:' + INSIDE, "s[0]/{}"),
    "subworkflow": ("type: subworkflow\n    workflow: called\n", "s/{}"),
    "branch": (
        'type: branch\n    options:\n      - when: "true"\n        step:\n          name: in\n'
        "          type: loop\n          for_each: [1, 2]\n          steps:" + DEEP,
        "s/in[0]/{}",
    ),
}
THIRD = '''
@action("third_time")
def third_time(context):
    """Succeeds when that of the first turn is done for the third time."""
    _effect(context)
    first = context.run_id + " " + re.sub(r"\\[[0-9]+\\]", "[0]", context.path) + " "
    times = sum(line.startswith(first) for line in (HERE / "effects.log").open())
    if times < 3:
        raise RuntimeError(f"attempt {context.attempt} is too early")
    return context.attempt
'''


def text_of(kind: str, more: str = AT_ONCE) -> str:
    return (
        f'version: "1.0"\nname: again\nsteps:\n  - name: s\n    {more}\n'
        f"    {KINDS[kind][0]}\n  - {{name: last, type: python, action: mark}}\n"
    )


@pytest.fixture
def calling(project: Path) -> Path:
    with (project / "maverick_actions.py").open("a") as file:
        file.write("import re\n" + THIRD)
    (project / "workflows").mkdir()
    (project / "workflows" / "called.yaml").write_text(CALLED)
    return project


def counted(run: Run) -> None:
    """What the run counts is what its rows say."""
    rows = list(steps(run).values())
    said = {word: sum(row.status == word for row in rows) for word in ("succeeded", "skipped")}
    assert (run.n_succeeded, run.n_skipped) == (said["succeeded"], said["skipped"])
    assert run.n_failed == sum(row.status in ("failed", "timeout") for row in rows)
    assert run.n_running == 0
    if run.status == "succeeded":
        assert run.n_total == len(rows)


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_inside_begins_anew(calling: Path, kind: str) -> None:
    run = done(calling, text_of(kind))
    assert run.status == "succeeded"
    rows, inside = steps(run), KINDS[kind][1]
    assert [one["outcome"] for one in rows["s"].tries] == ["failed", "failed", "succeeded"]
    assert rows["s"].tries[0]["reason"].endswith("attempt 1 is too early")
    assert rows["s"].error is None
    assert [one["outcome"] for one in rows[inside.format("a")].tries] == ["succeeded"] * 3
    assert rows[inside.format("b")].output == 3
    assert rows[inside.format("c")].output["value"] == 1
    pays = [path for path in effects(calling, run) if path.endswith("pay")]
    assert len(pays) == len(set(pays))  # `once` is once
    assert rows[inside.format("pay")].output == {"path": inside.format("pay"), "value": None}
    order = [path for path in effects(calling, run) if path.startswith(inside.format(""))]
    if kind != "concurrent":
        names = [path.rpartition("/")[2] for path in order]
        assert names == ["a", "pay", "b", "a", "b", "a", "b", "c"]  # nothing before its turn
    counted(run)
    begun = Event.objects.filter(run=run, path="s", kind="step.started").order_by("seq")
    assert [entry.data["attempt"] for entry in begun] == [1, 2, 3]
    assert "It took 3 attempts." in why(run.pk, "s").sentences
    assert {node.path: node.attempts for node in run_graph(run.pk).nodes}["s"] == 3


def test_the_rows_of_a_worker_that_knows_only_what_is_recorded_say_the_same(calling: Path) -> None:
    """A run of which each step is done by a worker that has read everything anew."""
    run = start(calling, text_of("branch"))
    while True:
        state = RunState.load(run.pk)
        assert state is not None
        if not state.is_open:
            break
        session = Session(state)
        job = session.claim()
        assert job is not None, "nothing is ready, and the run is not over"
        session.finish(job, attempt.attempt(state, job), go_on=False)
    run.refresh_from_db()
    assert run.status == "succeeded"
    counted(run)


def until_it_waits(run: Run) -> None:
    while driver.work(run.pk, placement=run.placement):
        pass
    run.refresh_from_db()
    assert run.status == "waiting", run.status_reason


def sweep_until_over(run: Run) -> Run:
    while not run.finished_at:
        Execution.objects.filter(run=run, due_at__isnull=False).update(
            due_at="2020-01-01T00:00:00Z"
        )
        sweep.wake_due(run.pk)
        driver.work(run.pk)
        run.refresh_from_db()
    return run


def test_it_waits_for_its_next_attempt_and_may_be_told_not_to(calling: Path) -> None:
    run = start(calling, text_of("loop", "retry: {max_attempts: 4, backoff: 1h}"))
    until_it_waits(run)
    assert run.status_reason == "step-waiting: s"
    row = steps(run)["s"]
    assert row.status == "waiting"
    assert row.status_reason.startswith("retry: attempt 2 follows; step-inside-failed: s[0]/b:")
    assert any("It is tried again at" in one for one in why(run.pk, "s").sentences)
    sweep.wake_due(run.pk)
    run.refresh_from_db()
    assert run.status == "waiting"  # not before its time
    retry_step(run.pk, "s", by=SYSTEM)
    assert sweep.wake_due(run.pk) == 1
    until_it_waits(run)
    assert len(steps(run)["s"].tries) == 2
    assert sweep_until_over(run).status == "succeeded"


def test_only_the_named_errors_are_tried_again(calling: Path) -> None:
    for codes, attempts in (("[timeout]", 1), ("[action-failed]", 2), ("[step-inside-failed]", 2)):
        run = done(calling, text_of("loop", f"retry: {{max_attempts: 2, backoff: 0, on: {codes}}}"))
        assert run.status == "failed"
        assert len(steps(run)["s"].tries) == attempts


def test_its_time_is_counted_anew_and_being_late_is_a_failure_like_others(calling: Path) -> None:
    text = """
version: "1.0"
name: late
steps:
  - name: s
    type: loop
    for_each: [1]
    timeout: 30m
    retry: {max_attempts: 2, backoff: 0}
    steps:
      - {name: a, type: python, action: mark, rollback: mark}
      - {name: w, type: wait, seconds: 3600}
      - {name: c, type: python, action: mark}
"""
    run = start(calling, text)
    until_it_waits(run)
    first = steps(run)["s"].due_at
    Execution.objects.filter(run=run, path="s").update(due_at="2020-01-01T00:00:00Z")
    sweep.wake_due(run.pk)
    until_it_waits(run)
    rows = steps(run)
    assert [one["outcome"] for one in rows["s"].tries[:1]] == ["timeout"]
    assert first
    assert rows["s"].due_at
    assert rows["s"].due_at >= first
    assert rows["s[0]/w"].status == "waiting"  # its own time begins anew as well
    assert rows["s[0]/c"].status == "pending"
    assert "It waits for" in why(run.pk, "s[0]/c").sentences[0]
    Execution.objects.filter(run=run, path="s").update(due_at="2020-01-01T00:00:00Z")
    sweep.wake_due(run.pk)
    do(run)
    assert run.status == "timeout"
    assert effects(calling, run)[-1] == "s[0]/a/rollback"  # of the last attempt, once
    counted(run)


def test_what_only_an_earlier_attempt_did_is_undone_as_well(calling: Path) -> None:
    text = """
version: "1.0"
name: undone
steps:
  - name: s
    type: subworkflow
    workflow: inner
    retry: {max_attempts: 2, backoff: 0}
"""
    inner = """
version: "1.0"
name: inner
steps:
  - {name: gate, type: python, action: only_first}
  - {name: a, type: python, action: mark, kwargs: {value: 7}, rollback: mark}
  - {name: b, type: python, action: third_time}
"""
    (calling / "workflows" / "inner.yaml").write_text(inner)
    with (calling / "maverick_actions.py").open("a") as file:
        file.write(
            '\n@action("only_first")\ndef only_first(context):\n'
            '    if context.attempt > 1:\n        raise RuntimeError("no")\n'
        )
    run = done(calling, text)
    assert run.status == "failed"
    assert effects(calling, run) == ["s/a", "s/b", "s/a/rollback"]
    assert steps(run)["s/b"].status == "pending"
    assert "s/b" not in prior_run(run, compiled_version(run.version_id)).steps
    counted(run)
    exported = io.BytesIO()
    export_run(run.pk, exported)
    exported.seek(0)
    made = import_run(exported, by=SYSTEM, new_id=True, workspace=calling).run
    assert {p: row.status for p, row in steps(made).items()} == {
        p: row.status for p, row in steps(run).items()
    }
    assert steps(run)["s/a/rollback"].input == {"value": 7}


def nested(outer: str) -> str:
    return f"""
version: "1.0"
name: nested
steps:
  - name: s
    type: loop
    for_each: [1, 2]
    max_concurrency: 2
    {outer}
    steps:
      - name: in
        type: loop
        for_each: "${{{{ range(item) }}}}"
        retry: {{max_attempts: 2, backoff: 0}}
        steps:
          - {{name: b, type: python, action: third_time}}
          - {{name: d, type: python, action: mark}}
"""


def test_attempts_within_attempts(calling: Path) -> None:
    run = done(calling, nested(AT_ONCE))
    assert run.status == "succeeded"
    rows = steps(run)
    assert len(rows["s"].tries) == 2
    # Each has two attempts in each attempt of the loop around it.
    assert len(rows["s[0]/in"].tries) == 3
    assert len(rows["s[1]/in"].tries) in (3, 4)
    counted(run)


def test_a_loop_that_is_shorter_in_the_next_attempt_leaves_the_rest_out(calling: Path) -> None:
    inner = """
version: "1.0"
name: inner
steps:
  - {name: n, type: python, action: attempt_items}
  - name: l
    type: loop
    for_each: "${{ steps.n.output }}"
    steps: [{name: x, type: python, action: mark, EFFECT}]
  - {name: b, type: python, action: third_time}
"""
    text = text_of("subworkflow").replace("workflow: called", "workflow: inner")
    with (calling / "maverick_actions.py").open("a") as file:
        file.write(
            '\n@action("attempt_items")\ndef attempt_items(context):\n'
            "    return list(range(context.attempt, 4))\n"
        )
    (calling / "workflows" / "inner.yaml").write_text(inner.replace(", EFFECT", ""))
    run = done(calling, text)
    assert run.status == "succeeded"
    rows = steps(run)
    assert [rows[f"s/l[{n}]/x"].status for n in range(3)] == ["succeeded", "skipped", "skipped"]
    assert rows["s/l[1]/x"].status_reason == "not in attempt 3 of `s`"
    counted(run)
    # What was done once for another item is not taken for this one's, and not repeated.
    (calling / "workflows" / "inner.yaml").write_text(inner.replace("EFFECT", "effect: once"))
    run = done(calling, text)
    assert run.status == "failed"
    assert "was done once, for an item that is not there any more" in run.status_reason
    assert len([path for path in effects(calling, run) if path.endswith("x")]) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_restart_reuses_what_the_last_attempt_did(calling: Path, kind: str) -> None:
    text = text_of(kind, "retry: {max_attempts: 2, backoff: 0}")
    waits = "action: fails_unless, kwargs: {name: fixed}"
    text = text.replace("action: third_time", waits)
    (calling / "workflows" / "called.yaml").write_text(CALLED.replace("action: third_time", waits))
    first = done(calling, text)
    assert first.status == "failed"
    counted(first)
    rows, inside = steps(first), KINDS[kind][1]
    assert [one["outcome"] for one in rows["s"].tries] == ["failed", "failed"]
    assert first.status_reason.endswith("fixed is missing")
    # Not mended: the first attempt of the restart reuses, the second one does all of it anew.
    still = do(restart_run(first.pk, by=SYSTEM))
    assert still.status == "failed"
    after = steps(still)[inside.format("a")]
    assert (after.reused_from, after.decision["because"]) == ("", "attempt 2 of `s`")
    assert effects(calling, still).count(inside.format("a")) == 1
    assert effects(calling, still).count(inside.format("b")) == 2
    assert steps(still)[inside.format("pay")].reused_from
    counted(still)
    assert still.n_reused == sum(bool(row.reused_from) for row in steps(still).values())
    (calling / "fixed").touch()
    again = do(restart_run(still.pk, by=SYSTEM))
    assert again.status == "succeeded"
    counted(again)
    after = steps(again)[inside.format("a")]
    assert after.reused_from == steps(still)[inside.format("a")].id
    assert len(steps(again)["s"].tries) == 1
    assert inside.format("pay") not in effects(calling, again)
