"""A loop, a branch, a sub-workflow or a validation that repeats is undone as any other step is."""

from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.engine import attempt
from runs.engine.session import Session
from runs.engine.state import RunState
from runs.errors import Refused
from runs.operations.restart_run import restart_run
from runs.projections.run_graph import run_graph
from runs.projections.why import why

from .here import do, done, effects, start, steps

pytestmark = pytest.mark.django_db(transaction=True)

UNDONE = """
version: "1.0"
name: undone
steps:
  - name: l
    type: loop
    for_each: [10, 20]
    rollback: {action: mark, kwargs: {value: "${{ output[1][0].value }}"}}
    steps:
      - {name: b, type: python, action: mark, kwargs: {value: "${{ item }}"}, rollback: mark}
  - name: either
    type: branch
    rollback: mark
    options:
      - when: "true"
        step: {name: arm, type: python, action: mark, rollback: mark}
  - name: call
    type: subworkflow
    workflow: called
    inputs: {value: 7}
    rollback: mark
  - name: checked
    type: validate
    rollback: {action: mark, kwargs: {value: "${{ output.passed }}"}}
    stages: [{name: one, run: "test -f mended"}]
    on_failure: {name: mend, type: shell, run: touch mended}
  - {name: d, type: python, action: fails_unless, kwargs: {name: fixed}}
"""
CALLED = """
version: "1.0"
name: called
inputs: {value: {type: integer}}
steps:
  - {name: x, type: python, action: mark, kwargs: {value: "${{ inputs.value }}"}, rollback: mark}
"""
IN_REVERSE = [
    "checked/rollback",
    "call/rollback",
    "call/x/rollback",
    "either/rollback",
    "either/arm/rollback",
    "l/rollback",
    "l[1]/b/rollback",
    "l[0]/b/rollback",
]


@pytest.fixture
def calling(project: Path) -> Path:
    folder = project / "workflows"
    folder.mkdir()
    (folder / "called.yaml").write_text(CALLED)
    return project


def test_containers_are_undone_before_what_is_in_them(calling: Path) -> None:
    run = done(calling, UNDONE)
    assert run.status == "failed"
    assert effects(calling, run)[5:] == IN_REVERSE
    rows = steps(run)
    assert rows["call/rollback"].input == {"value": 7}
    assert rows["l/rollback"].input == {"value": 20}
    assert rows["either/rollback"].input == {}
    assert rows["checked/rollback"].input == {"value": True}
    assert run.n_total == len(rows)
    graph = run_graph(run.pk)
    assert not [node.path for node in graph.nodes if node.id is None]  # no step beside the turns
    assert {node.path: node.undoes for node in graph.nodes}["l/rollback"] == "l"
    assert any("it undoes `l`" in one for one in why(run.pk, "l/rollback").sentences)


def test_what_undoing_left_when_the_worker_died_goes_on_in_the_same_order(calling: Path) -> None:

    run = start(calling, UNDONE)
    told = []
    while True:  # every step by a worker that knows only what is recorded
        state = RunState.load(run.pk)
        assert state is not None
        if not state.is_open or not (job := Session(state).claim()):
            break
        told.append(job.path)
        fresh = RunState.load(run.pk)
        assert fresh is not None
        Session(fresh).interrupt(job.path, job.fence, "worker-lost")
        state = RunState.load(run.pk)
        assert state is not None
        session = Session(state)
        again = session.claim()
        assert again is not None

        session.finish(again, attempt.attempt(state, again), go_on=False)
    run.refresh_from_db()
    assert run.status == "failed"
    assert [path for path in told if path.endswith("/rollback")] == IN_REVERSE


def test_what_was_undone_as_a_whole_is_done_again_as_a_whole(calling: Path) -> None:
    text = UNDONE.replace(", rollback: mark}\n  - name: either", "}\n  - name: either")
    first = done(calling, text)
    assert "l[0]/b/rollback" not in steps(first)
    (calling / "fixed").touch()
    second = do(restart_run(first.pk, by=SYSTEM))
    assert second.status == "succeeded"
    rows = steps(second)
    assert rows["l"].decision == {"action": "run", "because": "was undone last time"}
    assert rows["l[0]/b"].decision["action"] == "run"
    assert effects(calling, second)[:2] == ["l[0]/b", "l[1]/b"]


def test_a_step_inside_does_not_have_the_name_of_what_undoes_it(calling: Path) -> None:
    text = UNDONE.replace("name: arm,", "name: rollback,")
    with pytest.raises(Refused, match="called 'rollback'"):
        start(calling, text)
    plain = text.replace("    type: branch\n    rollback: mark", "    type: branch")
    arm = "action: mark{}}}\n  - name: call"
    first = done(calling, plain.replace(arm.format(", rollback: mark"), arm.format("")))
    assert first.status == "failed"
    (calling / "fixed").touch()
    again = do(restart_run(first.pk, by=SYSTEM))  # that step has undone nothing
    assert steps(again)["either/rollback"].reused_from
