"""Resume: on from the last checkpoint, as a new run; and what is refused."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from runs.actor import SYSTEM
from runs.errors import (
    CheckpointDamaged,
    Conflict,
    InputsDiffer,
    MaverickError,
    NothingToResume,
    UnknownCheckpoint,
    WorkflowChanged,
)
from runs.models import Checkpoint, Run, WorkerProcess
from runs.operations.resume_run import ResumeRequest, resume_run
from runs.record import workers

from .here import do, done, effects, start, steps

# Really committed: the heartbeat is another connection, and a lease it does not see is lost.
pytestmark = pytest.mark.django_db(transaction=True)

SAVING = """
version: "1.0"
name: saving
inputs:
  topic: {type: string, default: none}
steps:
  - {name: a, type: python, action: mark, kwargs: {value: "${{ inputs.topic }}"}}
  - {name: first, type: checkpoint}
  - {name: b, type: python, action: mark}
  - {name: second, type: checkpoint}
  - {name: c, type: python, action: mark}
  - {name: d, type: python, action: fails_unless, kwargs: {name: fixed}}
"""


def resume(project: Path, text: str = SAVING, **more: Any) -> Run:
    run, _ = resume_run(
        definition=text,
        inputs=more.pop("inputs", {}),
        by=SYSTEM,
        workspace=project,
        request=ResumeRequest(**more),
    )
    return run


def test_steps_after_the_checkpoint_run_again(project: Path) -> None:
    first = done(project, SAVING)
    (project / "fixed").touch()
    run, note = resume_run(definition=SAVING, inputs={}, by=SYSTEM, workspace=project)
    run = do(run)
    assert run.status == "succeeded"
    assert effects(project, run) == ["c", "d"]
    assert (run.kind, run.source_id) == ("resume", first.pk)
    assert (note.source_run_id, note.checkpoint_name) == (first.pk, "second")
    assert note.kept_steps == 4
    assert steps(run)["c"].decision["because"] == "comes after the checkpoint"


@pytest.mark.parametrize("how", ["name", "pk", "file"])
def test_a_checkpoint_may_be_chosen_by_name_id_and_path(project: Path, how: str) -> None:
    first = done(project, SAVING)
    (project / "fixed").touch()
    saved = Checkpoint.objects.get(run=first, name="first")
    run = do(resume(project, checkpoint=getattr(saved, how)))
    assert effects(project, run) == ["b", "c", "d"]
    assert run.source_id == first.pk
    with pytest.raises((NothingToResume, UnknownCheckpoint)):
        resume(project, checkpoint=getattr(saved, how))


@pytest.mark.parametrize("how", ["name", "pk", "file"])
def test_a_resumed_run_that_failed_again_still_holds_the_checkpoints(
    project: Path, how: str
) -> None:
    first = done(project, SAVING)
    saved = Checkpoint.objects.get(run=first, name="first")
    second = do(resume(project))
    assert effects(project, second) == ["c", "d"], "from `second`, the last one"
    third = do(resume(project))
    assert effects(project, third) == ["c", "d"], "what came after the checkpoint runs again"
    (project / "fixed").touch()
    fourth = do(resume(project, checkpoint=getattr(saved, how)))
    assert fourth.source_id == third.pk
    assert effects(project, fourth) == ["b", "c", "d"]
    assert not Checkpoint.objects.filter(retired=False).exists(), "the whole line has succeeded"


def test_a_checkpoint_file_works_with_an_empty_database(project: Path) -> None:
    first = done(project, SAVING, {"topic": "tea"})
    file = Path(Checkpoint.objects.get(run=first, name="second").file)
    output, origin = steps(first)["a"].output, steps(first)["a"].pk
    Run.objects.all().delete()
    (project / "fixed").touch()
    run = do(resume(project, checkpoint=str(file)))
    assert run.status == "succeeded"
    assert effects(project, run) == ["c", "d"]
    a = steps(run)["a"]
    assert (a.output, a.origin_execution, a.origin_run) == (output, origin, first.pk)
    assert run.inputs == {"topic": "tea"}


def test_without_a_checkpoint_it_goes_on_from_what_succeeded(project: Path) -> None:
    text = "\n".join(line for line in SAVING.splitlines() if "checkpoint" not in line)
    done(project, text)
    (project / "fixed").touch()
    run, note = resume_run(definition=text, inputs={}, by=SYSTEM, workspace=project)
    assert note.checkpoint_name is None
    assert any("no checkpoint" in warning for warning in note.warnings)
    assert effects(project, do(run)) == ["d"]


def test_a_run_that_succeeded_is_never_resumed(project: Path) -> None:
    (project / "fixed").touch()
    done(project, SAVING)
    assert not Checkpoint.objects.filter(retired=False).exists()
    with pytest.raises(NothingToResume):
        resume(project)


def test_nothing_at_all_to_resume(project: Path) -> None:
    with pytest.raises(NothingToResume):
        resume(project)
    with pytest.raises(UnknownCheckpoint):
        resume(project, checkpoint="nobody")


def test_other_inputs_are_named(project: Path) -> None:
    done(project, SAVING, {"topic": "tea"})
    with pytest.raises(InputsDiffer, match="topic"):
        resume(project, inputs={"topic": "coffee"})
    assert resume(project, inputs={"topic": "tea"})


def test_a_changed_workflow_is_named_and_may_be_accepted(project: Path) -> None:
    done(project, SAVING)
    changed = SAVING.replace(
        "{name: b, type: python, action: mark}",
        "{name: b, type: python, action: mark, kwargs: {value: 2}}",
    )
    with pytest.raises(WorkflowChanged, match="b changed"):
        resume(project, changed)
    (project / "fixed").touch()
    run = do(resume(project, changed, accept_changes=True))
    assert run.status == "succeeded"
    assert effects(project, run)[:2] == ["b", "c"]


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(project: Path) -> None:
    first = done(project, SAVING)
    file = Path(Checkpoint.objects.get(run=first, name="second").file)
    content = json.loads(file.read_text())
    content["steps"]["a"]["output"] = "forged"
    file.write_text(json.dumps(content))
    with pytest.raises(CheckpointDamaged, match=r"second\.json"):
        resume(project, checkpoint=str(file))
    (project / "fixed").touch()
    run, note = resume_run(definition=SAVING, inputs={}, by=SYSTEM, workspace=project)
    assert note.checkpoint_name == "first"
    assert any("second.json" in warning for warning in note.warnings)
    assert effects(project, do(run)) == ["b", "c", "d"]


@pytest.mark.parametrize("rest", ["", "{", "[]", "{}", '{"steps": {}, "run_id": "x"}', "\0"])
def test_what_is_no_checkpoint_is_refused(project: Path, rest: str) -> None:
    file = project / "broken.json"
    file.write_text(rest)
    with pytest.raises(CheckpointDamaged):
        resume(project, checkpoint=str(file))


def test_a_run_is_resumed_once(project: Path) -> None:
    done(project, SAVING)
    second = resume(project)
    workers.beat()
    with pytest.raises(MaverickError):
        resume(project)  # the successor is still going on
    do(second)
    assert resume(project).source_id == second.pk


def test_a_run_that_workers_go_on_with_is_not_resumed(project: Path) -> None:
    run = start(project, SAVING)
    workers.beat()
    with pytest.raises(Conflict):
        resume(project)
    assert do(run).status == "failed"


def test_a_command_on_another_machine_is_believed_for_one_lease(project: Path) -> None:
    elsewhere = "here:elsewhere:1:abc"
    run = start(project, SAVING, placement=elsewhere)
    WorkerProcess.objects.filter(pk=elsewhere).update(host="elsewhere", pid=1)
    assert workers.living(60) == [], "it takes no other runs"
    with pytest.raises(Conflict, match="still being worked on by process 1 on elsewhere"):
        resume(project)
    WorkerProcess.objects.filter(pk=elsewhere).update(seen_at=Now() - timedelta(seconds=7))
    assert resume(project).source_id == run.pk


def test_two_resumes_at_once_have_one_successor(project: Path) -> None:
    first = done(project, SAVING)

    def ask(_: int) -> str:
        try:
            return resume(project, checkpoint="second").pk
        except MaverickError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert sum(answer.startswith("run_") for answer in answers) == 1
    assert Run.objects.filter(source=first).count() == 1
