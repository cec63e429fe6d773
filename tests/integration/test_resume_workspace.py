"""A resume and the files it works on: brought back, left alone, or refused."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from runs.actor import SYSTEM
from runs.models import Checkpoint, Run
from runs.operations.clear_checkpoints import clear_checkpoints
from runs.operations.resume_run import ResumeNote, ResumeRequest, StillRunning, resume_run
from runs.operations.resume_workspace import Answer
from runs.record.restoring import NoSnapshot, WouldLoseChanges

from .here import do, done, start

# Really committed: the heartbeat is another connection, and a lease it does not see is lost.
pytestmark = pytest.mark.django_db(transaction=True)

WRITING = """
version: "1.0"
name: writing
steps:
  - {name: draft, type: shell, run: "echo draft > text.txt"}
  - {name: drafted, type: checkpoint}
  - {name: polish, type: shell, run: "test -e fixed && cat text.txt > final.txt || { echo spoilt > text.txt; exit 1; }"}
"""


@pytest.fixture
def repository(project: Path) -> Path:
    for words in (
        ("init", "-q", "-b", "main"),
        ("add", "maverick_actions.py"),
        ("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "-m", "first"),
    ):
        subprocess.run(["git", *words], cwd=project, check=True)
    return project


def resume(project: Path, **more: Any) -> tuple[Run, ResumeNote]:
    return resume_run(
        definition=WRITING,
        inputs={},
        by=SYSTEM,
        workspace=project,
        request=ResumeRequest(**more),
    )


def refs(project: Path) -> list[str]:
    said = subprocess.run(
        ["git", "for-each-ref", "--format=%(refname)", "refs/maverick"],
        cwd=project, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return said.stdout.split()


def test_the_reference_stands_in_the_checkpoint(repository: Path) -> None:
    run = done(repository, WRITING)
    saved = Checkpoint.objects.get(run=run)
    known = saved.content["workspace"]
    assert known["ref"] == saved.ref == f"refs/maverick/{run.pk}/drafted"
    assert refs(repository) == [saved.ref]
    assert known["folder"] == str(repository)
    assert (known["branch"], len(known["head"]), len(known["commit"])) == ("main", 40, 40)


def test_without_a_word_the_files_stay_as_they_are_and_that_is_said(repository: Path) -> None:
    done(repository, WRITING)
    (repository / "fixed").touch()
    subprocess.run(["git", "add", "fixed"], cwd=repository, check=True)
    run, note = resume(repository)
    assert "1 changed, 1 added" in note.workspace
    assert "in no snapshot" in note.workspace
    assert do(run).status == "succeeded"
    assert (repository / "final.txt").read_text() == "spoilt\n"


def test_what_the_failed_step_left_behind_is_in_no_snapshot_so_it_needs_force(
    repository: Path,
) -> None:
    first = done(repository, WRITING)
    with pytest.raises(WouldLoseChanges, match=r"text\.txt"):
        resume(repository, restore=True)
    assert (repository / "text.txt").read_text() == "spoilt\n"
    assert not first.successors.exists(), "a refused resume leaves no run behind"
    (repository / "fixed").touch()
    run, note = resume(repository, restore=True, force=True)
    assert not (repository / "fixed").exists()
    assert "What was overwritten is git commit" in note.workspace
    (repository / "fixed").touch()
    assert do(run).status == "succeeded"
    assert (repository / "final.txt").read_text() == "draft\n"


def test_somebody_is_asked_when_nothing_would_be_lost(repository: Path) -> None:
    done(repository, WRITING)
    subprocess.run(["git", "add", "text.txt"], cwd=repository, check=True)
    for words in (
        ["add", "-A"],
        ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=repository, check=True)
    asked: list[Answer] = []

    def yes(found: Answer) -> bool:
        asked.append(found)
        return True

    _, note = resume(repository, ask=yes)
    assert [(one.checkpoint, one.difference.changed) for one in asked] == [
        ("drafted", ("text.txt",))
    ]
    assert (repository / "text.txt").read_text() == "draft\n"
    assert "is that of the checkpoint again" in note.workspace


def test_nobody_is_asked_when_nothing_differs_or_it_was_said(repository: Path) -> None:
    done(repository, WRITING)

    def never(_: Answer) -> bool:
        raise AssertionError("asked")

    (repository / "text.txt").write_text("draft\n")
    run, note = resume(repository, ask=never)
    assert note.workspace == ""
    do(run)
    _, note = resume(repository, ask=never, restore=False)
    assert note.workspace == ""


def test_a_checkpoint_without_a_snapshot_says_why(project: Path) -> None:
    run = done(project, WRITING)
    why = "the folder is in no git repository"
    assert Checkpoint.objects.get(run=run).content["workspace"]["why"] == why
    with pytest.raises(NoSnapshot, match=why):
        resume(project, restore=True)
    _, note = resume(project)
    assert note.workspace == ""


def test_while_another_run_works_there_no_file_is_touched(repository: Path) -> None:
    done(repository, WRITING)
    other = start(repository, WRITING.replace("name: writing", "name: other"))
    with pytest.raises(StillRunning, match=other.pk):
        resume(repository, restore=True, force=False)
    do(other)


def test_a_snapshot_that_is_gone_is_told_and_the_resume_goes_on(repository: Path) -> None:
    run = done(repository, WRITING)
    saved = Checkpoint.objects.get(run=run)
    content = {**saved.content["workspace"], "commit": "0123456789" * 4}
    Checkpoint.objects.filter(pk=saved.pk).update(content={**saved.content, "workspace": content})
    Path(saved.file).unlink()
    # The content no longer fits its SHA-256: name it, and go on without.
    _, note = resume(repository)
    assert any("SHA-256" in warning for warning in note.warnings)


def test_success_and_clearing_take_the_references_along(repository: Path) -> None:
    failed = done(repository, WRITING)
    kept = done(repository, WRITING.replace("name: writing", "name: kept"))
    assert len(refs(repository)) == 2
    (repository / "fixed").touch()
    run, _ = resume(repository)
    assert do(run).status == "succeeded"
    assert refs(repository) == [f"refs/maverick/{kept.pk}/drafted"]
    assert Checkpoint.objects.get(run=failed).retired, (
        "whom it was continued from has no more to do"
    )
    assert not Checkpoint.objects.get(run=kept).retired
    assert clear_checkpoints(run_id=kept.pk, by=SYSTEM) == 1
    assert refs(repository) == []


def test_a_run_that_succeeds_at_once_leaves_no_reference(repository: Path) -> None:
    (repository / "fixed").touch()
    run = done(repository, WRITING)
    assert run.status == "succeeded"
    assert refs(repository) == []
    assert Checkpoint.objects.get(run=run).ref == ""
