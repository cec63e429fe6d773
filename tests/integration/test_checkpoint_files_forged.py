"""Forged checkpoint files, their SHA-256 fitting: each part that would become a reference, an
argument of git's, a path or a false pointer is refused in words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runs.actor import SYSTEM
from runs.errors import CheckpointDamaged
from runs.models import Run
from runs.operations.import_checkpoint import import_checkpoint
from runs.operations.resume_checkpoint import resume_checkpoint
from runs.record import checkpoint_files

from .here import do, done
from .test_checkpoint_files import SAVING, empty_database, file_of, forge, resume

pytestmark = pytest.mark.django_db(transaction=True)

FOREIGN: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("its run has no id", lambda c: c.update(run_id="../../etc")),
    ("`saved_at` is missing", lambda c: c.pop("saved_at")),
    ("`inputs` is missing", lambda c: c.update(inputs=[])),
    ("has no status", lambda c: c["steps"]["a"].update(status="glorious")),
    ("has no id", lambda c: c["steps"]["a"].update(execution_id="'; drop table")),
    ("of 'another'", lambda c: c.update(workflow="another")),
    ("its run has no id", lambda c: c.update(run_id="run_" + "a" * 120)),
    ("`saved_at` is no time", lambda c: c.update(saved_at="yesterday")),
    ("NUL", lambda c: c["steps"]["a"].update(output="\0")),
    ("empty or too long", lambda c: c.update(checkpoint="x" * 201)),
    ("`position` is no", lambda c: c.update(position=["a"])),
    ("`position` is no", lambda c: c.update(position=[{"step": "a", "turn": -1}])),
    ("`open` is no", lambda c: c.update(open=[1])),
    ("`loops` is no", lambda c: c.update(loops={"turns": 1})),
    ("no path of a step", lambda c: c["steps"].update({"../a": c["steps"].pop("a")})),
    ("no path of a step", lambda c: c["steps"].update({"a[x]/b": c["steps"].pop("a")})),
    ("no path of a step", lambda c: c["steps"].update({"a\nb": c["steps"].pop("a")})),
    ("where it comes from", lambda c: c["steps"]["a"].update(origin_run_id="../run")),
    ("where it comes from", lambda c: c["steps"]["a"].update(origin_execution_id="<b>")),
    ("took no time", lambda c: c["steps"]["a"].update(duration_ms=-1)),
    ("took no time", lambda c: c["steps"]["a"].update(duration_ms="1")),
    ("a word that is too long", lambda c: c["steps"]["a"].update(code_version="x" * 101)),
    ("twice", lambda c: c["steps"].update(b={**c["steps"]["a"]})),
    ("not its own", lambda c: c["workspace"].update(ref="refs/heads/main")),
    ("not its own", lambda c: c["workspace"].update(ref="refs/maverick/run_0000000000abcd/first")),
    ("not its own", lambda c: c["workspace"].update(ref=f"refs/maverick/{c['run_id']}/other")),
    ("not its own", lambda c: c["workspace"].update(ref=["refs/heads/main"])),
    ("no commit", lambda c: c["workspace"].update(commit="--batch")),
    ("of the workspace", lambda c: c["workspace"].update(left_out=5)),
]


@pytest.mark.parametrize(("said", "change"), FOREIGN)
def test_a_foreign_file_is_refused_in_words(
    project: Path, said: str, change: Callable[[dict[str, Any]], object]
) -> None:
    file = forge(file_of(done(project, SAVING), "first"), change)
    empty_database()
    with pytest.raises(CheckpointDamaged, match=said):
        resume(project, checkpoint=str(file))
    assert not Run.objects.exists()


def test_a_file_names_no_place_of_this_machine(project: Path) -> None:
    """Else a page that resumes the run would read its workflow from there."""
    run = done(project, SAVING)
    secret = project / "secret.yaml"
    secret.write_text("password: 12345")

    def change(content: dict[str, Any]) -> None:
        content["sources"]["file"] = str(secret)
        content["sources"]["bundle"] = {}

    content = checkpoint_files.read(forge(file_of(run, "first"), change))
    empty_database()
    made = import_checkpoint(content, by=SYSTEM, workspace=project)
    assert made.run.version.file == "secret.yaml"
    (project / "fixed-x").touch()
    (project / "fixed-y").touch()
    again, _ = resume_checkpoint(made.run.pk, "first", by=SYSTEM)
    assert do(again).status == "succeeded"


def test_a_checkpoint_of_another_workflow_does_not_become_one_of_a_run_here(project: Path) -> None:
    run = done(project, SAVING)
    other = done(project, SAVING.replace("name: saving", "name: other"))
    content = checkpoint_files.read(
        forge(file_of(run, "first"), lambda c: c.update(run_id=other.pk, checkpoint="new"))
    )
    with pytest.raises(CheckpointDamaged, match="is a run of 'other'"):
        import_checkpoint(content, by=SYSTEM, workspace=project)
    content["workflow"] = "other"
    content = checkpoint_files.seal({k: v for k, v in content.items() if k != "sha256"})
    with pytest.raises(CheckpointDamaged, match="in this database already"):
        import_checkpoint(content, by=SYSTEM, workspace=project)
