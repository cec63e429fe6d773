"""Checkpoint files: their names, what they hold, what is refused, and the way into another database."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runs.actor import SYSTEM
from runs.canonical import digest
from runs.errors import CheckpointDamaged, MaverickError, NothingToResume, UnknownWorkflow
from runs.models import Checkpoint, Execution, Run, Workflow
from runs.operations.clear_checkpoints import clear_checkpoints
from runs.operations.import_checkpoint import import_checkpoint
from runs.operations.resume_run import ResumeNote, ResumeRequest, resume_run
from runs.record import checkpoint_files
from runs.record.checkpoint_files import clean_name, free_name

from .here import do, done, effects, steps

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
  - name: turns
    type: loop
    for_each: [x, y]
    steps:
      - {name: b, type: python, action: mark, kwargs: {value: "${{ item }}"}}
      - {name: kept, type: checkpoint, checkpoint_id: "turn ${{ index }}"}
      - {name: c, type: python, action: mark}
      - {name: d, type: python, action: fails_unless, kwargs: {name: "fixed-${{ item }}"}}
  - {name: end, type: python, action: mark, kwargs: {value: "${{ steps.turns.output }}"}}
"""


def resume(project: Path, **more: Any) -> tuple[Run, ResumeNote]:
    return resume_run(
        definition=SAVING,
        inputs=more.pop("inputs", {}),
        by=SYSTEM,
        workspace=project,
        request=ResumeRequest(**more),
    )


def file_of(run: Run, name: str) -> Path:
    return Path(Checkpoint.objects.get(run=run, name=name).file)


def empty_database() -> None:
    Run.objects.all().delete()
    Workflow.objects.all().delete()
    assert not Execution.objects.exists()


def forge(file: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The same file with another content, and the SHA-256 that fits it."""
    content = json.loads(file.read_text())
    del content["sha256"]
    change(content)
    content["sha256"] = digest(content)
    file.write_text(json.dumps(content))
    return file


# ---- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", ["done", "phase_0_complete", "v1.2-rc", "Done", "x" * 80])
def test_a_plain_id_is_the_name_of_its_file(plain: str) -> None:
    assert clean_name(plain) == plain


@pytest.mark.parametrize(
    "odd",
    ["", ".", "..", "../up", "a/b", "/etc/passwd", "a\\b", "zwei Wörter", "日本語", "a\nb", ".hidden",
     "-rf", "x" * 300, "a..b", "ref.lock", "con\0trol", "a-", "🦀"],
)  # fmt: skip
def test_any_id_becomes_one_harmless_name(odd: str) -> None:
    name = clean_name(odd)
    assert checkpoint_files._UNSAFE.search(name) is None
    assert 1 <= len(name) <= 100
    assert not name.startswith((".", "-"))
    assert ".." not in name
    assert not name.endswith(".lock")
    assert os.path.basename(name) == name


def test_two_ids_never_become_one_name() -> None:
    ids = ["a b", "a-b", "a/b", "a\nb", "ä", "ö", "", "x" * 90, "x" * 91, "a..b", "a.b", "-a", "a"]
    assert len({clean_name(one) for one in ids}) == len(ids)
    # Where upper and lower case are one, the second gets a name of its own.
    assert free_name("Done", []) == "Done"
    assert free_name("done", ["Done"]).startswith("done-")
    assert free_name("DONE", ["Done", free_name("done", ["Done"])]) not in ("Done", "done")


def test_every_id_of_a_loop_is_a_checkpoint_of_its_own_in_the_folder_of_its_run(
    project: Path,
) -> None:
    ids = ["Done", "done", "../../escaped", "a/b", "a-b", "日本", "语", "y" * 400, "two words"]
    run = done(
        project,
        """
        version: "1.0"
        name: odd-ids
        steps:
          - name: turns
            type: loop
            for_each: LIST
            max_concurrency: 3
            steps:
              - {name: kept, type: checkpoint, checkpoint_id: "${{ item }}"}
        """.replace("LIST", json.dumps(ids)),
    )
    assert run.status == "succeeded", run.status_reason
    saved = Checkpoint.objects.filter(run=run)
    assert saved.count() == len(ids)
    folder = checkpoint_files.folder_of(project, run.pk)
    files = [Path(one.file) for one in saved]
    assert {file.parent for file in files} == {folder}
    assert len({file.name.casefold() for file in files}) == len(ids)
    assert sorted(folder.iterdir()) == sorted(files)
    for one in saved:
        assert checkpoint_files.read(Path(one.file))["checkpoint"] == one.name
    assert {"Done", "done", "a/b", "two words"} <= {one.name for one in saved}


def test_the_same_id_again_replaces_the_checkpoint(project: Path) -> None:
    run = done(
        project,
        """
        version: "1.0"
        name: same-id
        steps:
          - name: turns
            type: loop
            for_each: [1, 2, 3]
            steps:
              - {name: kept, type: checkpoint, checkpoint_id: one and the same}
        """,
    )
    saved = Checkpoint.objects.get(run=run)
    assert (saved.n_steps, saved.path) == (3, "turns[2]/kept")
    assert len(list(Path(saved.file).parent.iterdir())) == 1


def test_what_a_killed_process_has_left_is_ignored_and_cleared_away(project: Path) -> None:
    first = done(project, SAVING)
    folder = file_of(first, "first").parent
    old, young = folder / ".abc.tmp", folder / ".def.tmp"
    old.write_text('{"half": ')
    young.write_text('{"half": ')
    os.utime(old, (time.time() - 3600, time.time() - 3600))
    run, _ = resume(project)
    assert run.source_id == first.pk
    checkpoint_files.prepare_folder(project, first.pk)
    assert not old.exists()
    assert young.exists(), "perhaps somebody is writing it"


def test_an_ignore_file_that_was_cut_off_is_written_again(project: Path) -> None:
    (project / ".maverick").mkdir()
    (project / ".maverick" / ".gitignore").touch()  # as a full disk leaves it
    done(project, SAVING)
    assert (project / ".maverick" / ".gitignore").read_text() == "*\n"


# ---- what they hold --------------------------------------------------------------------------------


def test_a_checkpoint_in_a_loop_says_where_it_stands_and_which_turns_are_finished(
    project: Path,
) -> None:
    (project / "fixed-x").touch()
    run = done(project, SAVING, {"topic": "tea"})
    content = checkpoint_files.read(file_of(run, "turn 1"))
    assert content["format"] == checkpoint_files.FORMAT
    assert content["position"] == [{"step": "turns", "turn": 1}, {"step": "kept"}]
    assert content["loops"]["turns"] == {"items": [digest("x"), digest("y")], "finished": [0]}
    assert set(content["open"]) == {"turns"}
    assert set(content["steps"]) == {
        "a", "first", "turns[0]/b", "turns[0]/kept", "turns[0]/c", "turns[0]/d",
        "turns[1]/b", "turns[1]/kept",
    }  # fmt: skip
    assert content["inputs"] == {"topic": "tea"}
    assert content["workspace"]["why"] == "the folder is in no git repository"
    assert content["sources"]["source"].strip() == SAVING.strip()


# ---- into an empty database ------------------------------------------------------------------------


def test_a_file_goes_on_in_another_folder_with_an_empty_database(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (project / "fixed-x").touch()
    first = done(project, SAVING, {"topic": "tea"})
    was = {path: row.output for path, row in steps(first).items()}
    there = tmp_path_factory.mktemp("there")
    carried = there / "carried.json"
    carried.write_bytes(file_of(first, "turn 1").read_bytes())
    (there / "maverick_actions.py").write_bytes((project / "maverick_actions.py").read_bytes())
    (there / "fixed-y").touch()
    empty_database()
    run, note = resume(there, checkpoint=str(carried))
    run = do(run)
    assert run.status == "succeeded", run.status_reason
    assert run.workspace == str(there)
    assert effects(there, run) == ["turns[1]/c", "turns[1]/d", "end"]
    assert (note.source_run_id, note.checkpoint_name, note.kept_steps) == (first.pk, "turn 1", 8)
    assert steps(run)["turns[0]/d"].origin_run == first.pk
    assert steps(run)["a"].output == was["a"]
    assert len(steps(run)["end"].output["value"]) == 2, "what was kept is there for later steps"
    # The run that it came from stands here, too, as it was then.
    source = Run.objects.get(pk=first.pk)
    assert run.source_id == source.pk
    assert (source.status, source.status_reason) == ("failed", "imported: from a checkpoint file")
    assert (source.n_succeeded, source.n_failed) == (8, 0)
    assert steps(source)["turns"].status == "cancelled"
    assert steps(source)["turns[0]/b"].parent_id == steps(source)["turns"].pk


def test_what_is_refused_leaves_nothing_of_an_import_behind(project: Path) -> None:
    file = file_of(done(project, SAVING, {"topic": "tea"}), "first")
    empty_database()
    with pytest.raises(MaverickError, match="topic"):
        resume(project, checkpoint=str(file), inputs={"topic": "coffee"})
    assert not Run.objects.exists()
    assert not Checkpoint.objects.exists()


def test_an_imported_checkpoint_is_resumed_by_its_id_and_as_the_newest(project: Path) -> None:
    first = done(project, SAVING, {"topic": "tea"})
    content = checkpoint_files.read(file_of(first, "first"))
    empty_database()
    made = import_checkpoint(content, by=SYSTEM, workspace=project)
    assert (made.run.pk, made.is_new) == (first.pk, True)
    again = import_checkpoint(content, by=SYSTEM, workspace=project)
    assert (again.run, again.checkpoint, again.is_new) == (made.run, made.checkpoint, False)
    assert Run.objects.count() == Checkpoint.objects.count() == 1
    run, note = resume(project)
    assert (run.source_id, note.checkpoint_id) == (first.pk, made.checkpoint.pk)
    assert run.inputs == {"topic": "tea"}
    (project / "fixed-x").touch()
    (project / "fixed-y").touch()
    assert do(run).status == "succeeded"
    with pytest.raises(NothingToResume):
        resume(project, checkpoint=made.checkpoint.pk)


def test_two_checkpoints_of_one_run_are_imported_into_one_run(project: Path) -> None:
    (project / "fixed-x").touch()
    run = done(project, SAVING)
    contents = [checkpoint_files.read(file_of(run, name)) for name in ("first", "turn 1")]
    empty_database()
    for content in contents:
        import_checkpoint(content, by=SYSTEM, workspace=project)
    assert Checkpoint.objects.filter(run_id=run.pk).count() == 2


def test_a_file_without_the_workflow_s_text_needs_the_workflow_here(project: Path) -> None:
    file = forge(file_of(done(project, SAVING), "first"), lambda content: content.pop("sources"))
    empty_database()
    with pytest.raises(UnknownWorkflow):
        import_checkpoint(checkpoint_files.read(file), by=SYSTEM, workspace=project)
    (project / "saving.yaml").write_text(SAVING)
    made = import_checkpoint(checkpoint_files.read(file), by=SYSTEM, workspace=project)
    assert made.run.workflow_name == "saving"


def test_an_older_file_is_still_read(project: Path) -> None:
    """As 0.1.0's first checkpoints were: no texts, no open containers, a path as workspace."""

    def older(content: dict[str, Any]) -> None:
        content["format"] = 1
        content["workspace"] = str(project)
        del content["sources"], content["open"]

    file = forge(file_of(done(project, SAVING), "turn 0"), older)
    empty_database()
    for item in "xy":
        (project / f"fixed-{item}").touch()
    run, _ = resume(project, checkpoint=str(file))
    assert effects(project, do(run))[0] == "turns[0]/c"


# ---- what is refused -------------------------------------------------------------------------------


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    at = data.index(b'"mark"') if b'"mark"' in data else len(data) // 2
    data[at + 1] ^= 1
    file.write_bytes(bytes(data))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


def other_sha(file: Path) -> None:
    content = json.loads(file.read_text())
    content["sha256"] = "0" * 64
    file.write_text(json.dumps(content))


def newer(file: Path) -> None:
    forge(file, lambda content: content.update(format=99))


def emptied(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [flip, cut, other_sha, newer, emptied])
def test_a_damaged_file_is_named_and_the_one_before_it_is_used(
    project: Path, damage: Callable[[Path], None]
) -> None:
    (project / "fixed-x").touch()
    first = done(project, SAVING)
    file = file_of(first, "turn 1")
    damage(file)
    with pytest.raises(CheckpointDamaged, match=file.name):
        resume(project, checkpoint=str(file))
    run, note = resume(project)
    assert note.checkpoint_name == "turn 0"
    assert any(str(file) in warning and "one before" in warning for warning in note.warnings)
    (project / "fixed-y").touch()
    assert effects(project, do(run))[0] == "turns[0]/c"


def test_with_every_file_damaged_it_goes_on_from_what_succeeded(project: Path) -> None:
    first = done(project, SAVING)
    names = ("first", "turn 0")
    for name in names:
        cut(file_of(first, name))
    run, note = resume(project)
    assert note.checkpoint_name is None
    assert sum("one before" in warning for warning in note.warnings) == len(names)
    (project / "fixed-x").touch()
    (project / "fixed-y").touch()
    assert effects(project, do(run))[0] == "turns[0]/d"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", "null", '{"steps": {}}', "\0", "[" * 100_000]
)
def test_what_is_no_checkpoint_at_all_is_refused(project: Path, text: str) -> None:
    file = project / "foreign.json"
    file.write_text(text)
    with pytest.raises(CheckpointDamaged, match=r"foreign\.json"):
        resume(project, checkpoint=str(file))


def test_steps_that_another_run_has_are_not_taken_over(project: Path) -> None:
    run = done(project, SAVING)
    file = forge(file_of(run, "first"), lambda content: content.update(run_id="run_0000000000abcd"))
    with pytest.raises(CheckpointDamaged, match="in this database already"):
        resume(project, checkpoint=str(file))
    assert not Run.objects.filter(pk="run_0000000000abcd").exists()


def test_the_copy_in_the_database_stands_in_for_a_file_that_is_gone(project: Path) -> None:
    run = done(project, SAVING)
    file_of(run, "turn 0").unlink()
    _, note = resume(project)
    assert note.checkpoint_name == "turn 0"
    assert any("is gone; the database's copy" in warning for warning in note.warnings)


# ---- clearing --------------------------------------------------------------------------------------


def test_cleared_checkpoints_leave_no_file_and_imported_files_are_not_ours(project: Path) -> None:
    run = done(project, SAVING)
    mine = file_of(run, "first")
    content = checkpoint_files.read(mine)
    assert clear_checkpoints(run_id=run.pk, by=SYSTEM) == 2
    assert not mine.parent.exists()
    assert Run.objects.filter(pk=run.pk).exists()
    elsewhere = project / "carried.json"
    elsewhere.write_text(json.dumps(content))
    import_checkpoint(content, file=str(elsewhere), by=SYSTEM, workspace=project)
    assert clear_checkpoints(workflow="saving", by=SYSTEM) == 1
    assert elsewhere.exists()
    with pytest.raises(MaverickError, match="Say which"):
        clear_checkpoints(by=SYSTEM)
