"""`maverick run … --resume` and `maverick checkpoint …`, as somebody types them."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runs.canonical import digest

from .conftest import COMMAND, Maverick
from .flows import FAILS_UNTIL_OK, flow


def failed(maverick: Maverick, name: str) -> str:
    """A run that failed behind its checkpoint; its id."""
    maverick.write(f"{name}.yaml", flow(name, FAILS_UNTIL_OK))
    ended = maverick("run", f"{name}.yaml", "--json")
    assert ended.code == 1, ended.err
    return str(ended.json["id"])


def checkpoint_file(maverick: Maverick, run: str) -> Path:
    return maverick.project / ".maverick" / "checkpoints" / run / "save.json"


def git(maverick: Maverick, *words: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@b", *words],
        cwd=maverick.project, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_it_says_run_checkpoint_age_and_how_much_is_kept(maverick: Maverick) -> None:
    run = failed(maverick, "says")
    (maverick.project / "ok").touch()
    ended = maverick("run", "says.yaml", "--resume")
    assert ended.code == 0, ended.err
    line = rf"^Resuming {run} from checkpoint save, saved \d.* ago: 3 steps kept\.$"
    assert re.search(line, ended.out, re.MULTILINE), ended.out
    assert maverick.calls() == ["one-tea", "two", "three"]


@pytest.mark.parametrize("how", [("--resume",), ("--resume-from", "nothing")])
def test_nothing_to_resume_is_one_line_and_exit_code_2(
    maverick: Maverick, how: tuple[str, ...]
) -> None:
    maverick.write("fresh.yaml", flow("fresh"))
    ended = maverick("run", "fresh.yaml", *how)
    assert (ended.code, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1, ended.err
    assert maverick.calls() == []
    assert maverick("run", "fresh.yaml").code == 0
    ended = maverick("run", "fresh.yaml", *how)
    assert ended.code == 2, "it has succeeded"
    assert len(maverick.calls()) == 3


def test_other_inputs_and_a_changed_file_are_named(maverick: Maverick) -> None:
    failed(maverick, "named")
    ended = maverick("run", "named.yaml", "--resume", "-i", "topic=coffee")
    assert (ended.code, "topic" in ended.err) == (2, True)
    maverick.write("named.yaml", flow("named", FAILS_UNTIL_OK).replace("echo two", "echo zwei"))
    ended = maverick("run", "named.yaml", "--resume")
    assert (ended.code, "two changed" in ended.err) == (2, True)
    (maverick.project / "ok").touch()
    ended = maverick("run", "named.yaml", "--resume", "--accept-changes")
    assert ended.code == 0, ended.err
    assert maverick.calls() == ["one-tea", "two", "zwei", "three"]


def test_a_checkpoint_file_of_yesterday_goes_on_in_another_place(
    maverick: Maverick, tmp_path: Path
) -> None:
    run = failed(maverick, "carried")
    content = json.loads(checkpoint_file(maverick, run).read_text())
    # Another installation's run, of three days ago.
    for step in content["steps"].values():
        step["execution_id"] = step["execution_id"][:-3] + "zzz"
        step.pop("origin_execution_id", None)
    content |= {"run_id": run[:-3] + "zzz", "sha256": ""}
    content["saved_at"] = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    del content["sha256"]
    there = Maverick(maverick.home, tmp_path / "there")
    there.write("old.json", json.dumps({**content, "sha256": digest(content)}))
    shutil.copy(maverick.project / "carried.yaml", there.project)
    (there.project / "ok").touch()
    ended = there("run", "carried.yaml", "--resume-from", "old.json")
    assert ended.code == 0, ended.err
    assert f"Resuming {run[:-3]}zzz from checkpoint save, saved 3 days ago: 3 steps" in ended.out
    assert "That checkpoint is 3 days old" in ended.err
    assert there.calls() == ["three"]
    assert maverick.calls() == ["one-tea", "two"]


def test_export_import_list_and_clear(maverick: Maverick, tmp_path: Path) -> None:
    run = failed(maverick, "moved")
    listed = maverick("checkpoint", "list", run, "--json").json["items"]
    assert [(one["name"], one["n_steps"]) for one in listed] == [("save", 3)]
    ended = maverick("checkpoint", "export", "save", "--run", run, "-o", "out.json")
    assert ended.code == 0, ended.err
    exported = json.loads((maverick.project / "out.json").read_text())
    assert exported == json.loads(checkpoint_file(maverick, run).read_text())
    assert json.loads(maverick("checkpoint", "export", listed[0]["id"]).out) == exported
    again = maverick("checkpoint", "import", "out.json", "--json").json
    assert (again["is_new"], again["checkpoint"]["id"]) == (False, listed[0]["id"])
    shown = maverick("checkpoint", "show", "out.json")
    assert "no snapshot: the folder is in no git repository" in shown.out
    assert maverick("checkpoint", "clear").code == 2
    ended = maverick("checkpoint", "clear", run)
    assert ended.out == "1 checkpoint cleared.\n"
    assert not checkpoint_file(maverick, run).exists()
    ended = maverick("checkpoint", "import", "out.json")
    assert "Imported" not in ended.out
    # The run is here; its checkpoint is again, too.
    (maverick.project / "ok").touch()
    ended = maverick("run", "moved.yaml", "--resume")
    assert "from checkpoint save" in ended.out
    assert maverick.calls() == ["one-tea", "two", "three"]
    ended = maverick("checkpoint", "import", "no-such.json")
    assert ended.code == 2


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_damaged_file_is_named(maverick: Maverick, damage: str) -> None:
    file = checkpoint_file(maverick, failed(maverick, f"damaged-{damage}"))
    text = file.read_text()
    file.write_text(text[:-9] if damage == "cut" else '{"what": "something else"}')
    ended = maverick("run", f"damaged-{damage}.yaml", "--resume-from", str(file))
    assert ended.code == 2
    assert str(file) in ended.err
    (maverick.project / "ok").touch()
    ended = maverick("run", f"damaged-{damage}.yaml", "--resume")
    assert ended.code == 0, ended.err
    assert str(file) in ended.err
    assert maverick.calls() == ["one-tea", "two", "three"]


@pytest.mark.parametrize("name", ["fly", "refuel", "review"])
def test_the_short_commands_run_and_resume_the_workflow_of_their_name(
    maverick: Maverick, name: str
) -> None:
    maverick.write(f".maverick/workflows/{name}.yaml", flow(name, FAILS_UNTIL_OK))
    assert maverick(name, "-i", "topic=x").code == 1
    (maverick.project / "ok").touch()
    ended = maverick(name, "--resume", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["workflow"] == name
    assert maverick.calls() == ["one-x", "two", "three"]
    assert f"maverick run {name}" in maverick(name, "--help").out


def test_options_of_a_resume_need_a_resume(maverick: Maverick) -> None:
    maverick.write("plain.yaml", flow("plain"))
    for option in ("--accept-changes", "--force", "--restore-workspace", "--keep-workspace"):
        ended = maverick("run", "plain.yaml", option)
        assert (ended.code, "go with --resume" in ended.err) == (2, True)


# ---- the workspace -------------------------------------------------------------------------------


def with_repository(maverick: Maverick, name: str) -> str:
    """A failed run in a repository whose `notes.txt` was edited and committed since."""
    git(maverick, "init", "-q", "-b", "main")
    maverick.write(".gitignore", "calls\nok\n")
    maverick.write("notes.txt", "then\n")
    git(maverick, "add", "-A")
    git(maverick, "commit", "-qm", "first")
    run = failed(maverick, name)
    maverick.write("notes.txt", "now\n")
    git(maverick, "add", "-A")
    git(maverick, "commit", "-qm", "second")
    (maverick.project / "ok").touch()
    return run


def test_without_a_terminal_the_files_stay_and_that_is_said(maverick: Maverick) -> None:
    run = with_repository(maverick, "stays")
    assert git(maverick, "for-each-ref", "--format=%(refname)", "refs/maverick") == (
        f"refs/maverick/{run}/save"
    )
    ended = maverick("run", "stays.yaml", "--resume")
    assert ended.code == 0, ended.err
    assert "stays as it is; --restore-workspace brings the snapshot back" in ended.err
    assert (maverick.project / "notes.txt").read_text() == "now\n"
    assert git(maverick, "for-each-ref", "refs/maverick") == "", "success retires"


def test_the_snapshot_is_brought_back_when_that_is_said(maverick: Maverick) -> None:
    with_repository(maverick, "restores")
    maverick.write("mine.txt", "in no snapshot\n")
    ended = maverick("run", "restores.yaml", "--resume", "--restore-workspace")
    assert ended.code == 2
    assert "mine.txt" in ended.err
    assert (maverick.project / "notes.txt").read_text() == "now\n"
    (maverick.project / "mine.txt").unlink()
    ended = maverick("run", "restores.yaml", "--resume", "--restore-workspace")
    assert ended.code == 0, ended.err
    assert (maverick.project / "notes.txt").read_text() == "then\n"
    assert git(maverick, "log", "-1", "--format=%s") == "second"


@pytest.mark.parametrize(("answer", "text"), [("y", "then\n"), ("n", "now\n")])
def test_a_terminal_is_asked(maverick: Maverick, answer: str, text: str) -> None:
    with_repository(maverick, f"asks-{answer}")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "run", f"asks-{answer}.yaml", "--resume"],
        cwd=maverick.project, env=maverick.env(TERM="dumb"),
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said, asked = "", False
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                said += os.read(ours, 65536).decode(errors="replace")
            except OSError:  # the other end is closed
                break
        if not asked and "Bring the snapshot back? [y/N]" in said:
            os.write(ours, f"{answer}\n".encode())
            asked = True
    os.close(ours)
    assert process.wait(60) == 0, said
    assert asked, said
    assert "1 changed" in said
    assert (maverick.project / "notes.txt").read_text() == text
