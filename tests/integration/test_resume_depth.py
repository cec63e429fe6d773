"""What a resume keeps of decisions, undone work, failures and lists; the rest is the matrix's
(`tests/interruption/test_resume_matrix.py`)."""

from pathlib import Path
from typing import Any

import pytest

from runs.actor import SYSTEM, Actor
from runs.engine import driver
from runs.errors import Conflict, NothingToResume, WorkflowChanged
from runs.models import Checkpoint, Run
from runs.operations.decide_approval import decide_approval
from runs.operations.pause_run import pause_run
from runs.operations.restart_run import restart_run
from runs.operations.resume_run import ResumeNote, ResumeRequest, resume_run

from .here import do, done, effects, start, steps

# Really committed: the heartbeat is another connection, and a lease it does not see is lost.
pytestmark = pytest.mark.django_db(transaction=True)


def resume(project: Path, text: str, **more: Any) -> tuple[Run, ResumeNote]:
    return resume_run(
        definition=text,
        inputs=more.pop("inputs", {}),
        by=SYSTEM,
        workspace=more.pop("workspace", project),
        request=ResumeRequest(**more),
    )


def test_an_approval_that_was_given_is_not_asked_for_again(project: Path) -> None:
    text = """
version: "1.0"
name: asks
steps:
  - {name: ask, type: approval, prompt: Shall we?}
  - {name: saved, type: checkpoint}
  - {name: use, type: python, action: mark, kwargs: {value: "${{ steps.ask.output.approved }}"}}
  - {name: end, type: python, action: fails_unless, kwargs: {name: fixed}}
"""
    run = start(project, text)
    driver.work(run.pk)
    decide_approval(run.pk, "ask", approve=True, by=Actor("user", "alice", "operator"))
    first = do(run)
    assert first.status == "failed"
    (project / "fixed").touch()
    second = do(resume(project, text)[0])
    assert second.status == "succeeded", second.status_reason
    found = steps(second)
    assert found["ask"].output == steps(first)["ask"].output
    assert found["use"].output["value"] is True


UNDOING = """
version: "1.0"
name: undoing
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 1}}
  - {name: b, type: python, action: mark, kwargs: {value: 2}, rollback: mark}
  - {name: saved, type: checkpoint}
  - {name: end, type: python, action: fails_unless, kwargs: {name: fixed}}
"""


def test_what_was_undone_runs_again_and_what_stands_is_kept(project: Path) -> None:
    first = done(project, UNDOING)
    assert effects(project, first) == ["a", "b", "end", "b/rollback"]
    (project / "fixed").touch()
    second = do(resume(project, UNDOING)[0])
    assert effects(project, second) == ["b", "end"]
    assert steps(second)["b"].decision["because"] == "was undone last time"
    # Also by its file, as long as the database knows what was undone.
    third = done(project, UNDOING.replace("fixed", "mended"))
    file = Checkpoint.objects.get(run=third).file
    (project / "mended").touch()
    again = do(resume(project, UNDOING.replace("fixed", "mended"), checkpoint=file)[0])
    assert effects(project, again) == ["b", "end"]


def test_a_resumed_run_that_fails_undoes_only_what_it_did_itself(project: Path) -> None:
    text = UNDOING.replace(
        "  - {name: end,",
        "  - {name: c, type: python, action: mark, rollback: mark}\n  - {name: end,",
    )
    done(project, text)
    second = do(resume(project, text)[0])
    assert effects(project, second) == ["b", "c", "end", "c/rollback", "b/rollback"]


PASSED_OVER = """
version: "1.0"
name: passed-over
steps:
  - {name: shaky, type: python, action: fails_unless, kwargs: {name: shaky}, on_error: continue}
  - {name: skippable, type: python, action: fails_unless, kwargs: {name: no}, on_error: skip}
  - {name: b, type: python, action: mark, kwargs: {value: "${{ steps.shaky.status }}"}}
  - {name: saved, type: checkpoint}
  - {name: end, type: python, action: fails_unless, kwargs: {name: fixed}}
"""


def test_a_resume_keeps_a_failure_that_was_passed_over_and_a_restart_tries_it_again(
    project: Path,
) -> None:
    first = done(project, PASSED_OVER)
    (project / "fixed").touch()
    (project / "shaky").touch()  # it would succeed now
    second, note = resume(project, PASSED_OVER)
    second = do(second)
    assert effects(project, second) == ["end"]
    found = steps(second)
    assert (found["shaky"].status, found["skippable"].status) == ("failed", "skipped")
    assert found["shaky"].error == steps(first)["shaky"].error
    assert found["shaky"].reused_from == "", "no work of it is reused"
    assert found["b"].output["value"] == "failed"
    assert (note.kept_steps, second.n_failed, second.n_reused) == (2, 1, 2)
    third = do(restart_run(first.pk, by=SYSTEM))
    assert effects(project, third)[:2] == ["shaky", "skippable"]
    assert steps(third)["b"].output["value"] == "succeeded"


LISTED = """
version: "1.0"
name: listed
steps:
  - name: turns
    type: loop
    for_each: ${{ fromjson(env.THINGS) }}
    steps:
      - {name: x, type: python, action: mark, kwargs: {value: "${{ item }}"}}
      - {name: saved, type: checkpoint, checkpoint_id: "${{ item }}"}
      - {name: y, type: python, action: fails_unless, kwargs: {name: "fixed-${{ item }}"}}
  - {name: after, type: python, action: mark, kwargs: {value: "${{ steps.turns.output }}"}}
"""


def test_a_list_that_comes_out_otherwise_keeps_the_turns_whose_items_are_the_same(
    project: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAVERICK_ENV_ALLOW = ["THINGS"]
    monkeypatch.setenv("THINGS", '["a", "b", "c"]')
    for item in "abd":
        (project / f"fixed-{item}").touch()
    first = done(project, LISTED)
    assert first.status == "failed", "at c"
    monkeypatch.setenv("THINGS", '["d", "b", "a"]')
    run = do(resume(project, LISTED)[0])
    assert run.status == "succeeded", run.status_reason
    assert effects(project, run) == ["turns[0]/x", "turns[0]/y", "after"]
    found = steps(run)
    assert found["turns[2]/x"].reused_from == steps(first)["turns[0]/x"].pk
    assert found["turns[1]/y"].reused_from == steps(first)["turns[1]/y"].pk
    assert [turn[0]["value"] for turn in found["after"].output["value"]] == ["d", "b", "a"]
    assert not [path for path in found if path.startswith("turns[3]")]


def test_a_list_that_was_edited_is_named_and_costs_only_what_is_new(project: Path) -> None:
    text = LISTED.replace("${{ fromjson(env.THINGS) }}", "[a, b, c]")
    for item in "ab":
        (project / f"fixed-{item}").touch()
    done(project, text)
    edited = text.replace("[a, b, c]", "[a, n, b]")
    with pytest.raises(WorkflowChanged, match="turns changed"):
        resume(project, edited)
    (project / "fixed-n").touch()
    run = do(resume(project, edited, accept_changes=True)[0])
    assert run.status == "succeeded", run.status_reason
    assert effects(project, run) == ["turns[1]/x", "turns[1]/y", "after"]


def test_a_resumed_run_whose_turns_have_moved_can_be_resumed_again(project: Path) -> None:
    text = LISTED.replace("${{ fromjson(env.THINGS) }}", "[a, b, c]")
    (project / "fixed-a").touch()
    (project / "fixed-b").touch()
    done(project, text)
    edited = text.replace("[a, b, c]", "[n, a, b]")
    second = do(resume(project, edited, accept_changes=True)[0])
    assert effects(project, second) == ["turns[0]/x", "turns[0]/y"]
    (project / "fixed-n").touch()
    third = do(resume(project, edited)[0])
    assert third.status == "succeeded", third.status_reason
    assert effects(project, third) == ["turns[0]/y", "after"]


def test_a_run_that_is_paused_is_not_resumed_but_goes_on(project: Path) -> None:
    run = start(project, UNDOING)
    pause_run(run.pk, by=SYSTEM)
    with pytest.raises(Conflict, match="is paused") as refused:
        resume(project, UNDOING)
    assert f"maverick runs resume {run.pk}" in refused.value.hint


def test_a_run_of_another_folder_is_named_and_left_alone(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = done(project, UNDOING)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with pytest.raises(NothingToResume, match=first.pk) as refused:
        resume(project, UNDOING, workspace=elsewhere)
    assert str(project) in refused.value.message
    # By the id of its checkpoint it goes on, where it worked.
    saved = Checkpoint.objects.get(run=first)
    run, _ = resume(project, UNDOING, workspace=elsewhere, checkpoint=saved.pk)
    assert run.workspace == str(project)


def test_a_project_that_was_moved_is_the_same_project(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = done(project, UNDOING)
    moved = tmp_path_factory.mktemp("moved") / "project"
    project.rename(moved)
    run, note = resume(moved, UNDOING)
    assert (run.source_id, run.workspace) == (first.pk, str(moved))
    assert any("is gone; the database's copy" in warning for warning in note.warnings)
    (moved / "fixed").touch()
    assert do(run).status == "succeeded"


INPUTS = """
version: "1.0"
name: with-inputs
inputs:
  topic: {type: string}
  limit: {type: integer, default: 5}
steps:
  - {name: a, type: python, action: mark, kwargs: {value: "${{ inputs.topic }}"}}
  - {name: saved, type: checkpoint}
  - {name: end, type: python, action: fails_unless, kwargs: {name: fixed}}
"""


def test_inputs_that_are_new_or_gone_are_changes_of_the_workflow(project: Path) -> None:
    given = {"topic": "tea"}
    done(project, INPUTS, given)
    more = INPUTS.replace("  limit:", "  tone: {type: string, default: dry}\n  limit:")
    with pytest.raises(WorkflowChanged, match="the input tone is new"):
        resume(project, more, inputs=given)
    fewer = INPUTS.replace("  limit: {type: integer, default: 5}\n", "")
    with pytest.raises(WorkflowChanged, match="the input limit is gone"):
        resume(project, fewer)
    run, _ = resume(project, more, inputs={**given, "tone": "wet"}, accept_changes=True)
    assert run.inputs == {"topic": "tea", "tone": "wet", "limit": 5}


def test_a_default_that_was_edited_does_not_change_the_run(project: Path) -> None:
    done(project, INPUTS, {"topic": "tea"})
    run, note = resume(project, INPUTS.replace("default: 5", "default: 9"))
    assert run.inputs["limit"] == 5
    assert any("default of the input limit has changed" in one for one in note.warnings)
