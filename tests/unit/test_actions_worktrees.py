"""A folder of its own for each branch; telling somebody; failing on purpose."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from runs.errors import StepFailure
from runs.library.actions.endings import FailedOnPurpose
from runs.library.actions.git_program import GitFailed
from runs.library.actions.programs import ProgramFailed
from tests.actions import Context, call


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit on main."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Alice")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "alice@localhost")
    git(tmp_path, "init", "-q", "-b", "main", "work")
    place = tmp_path / "work"
    (place / "a.txt").write_text("one\n")
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "First")
    return place


def commit(place: Path, name: str) -> None:
    (place / name).write_text("x\n")
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", name)


def test_a_branch_is_checked_out_in_a_folder_that_git_does_not_see(work) -> None:
    made = call("git_worktree_add", work, branch_name="fix/issue-1")
    assert (made["path"], made["created"]) == (".maverick/work/fix-issue-1", True)
    assert git(work / made["path"], "branch", "--show-current") == "fix/issue-1"
    assert git(work, "branch", "--show-current") == "main"
    assert git(work, "status", "--porcelain") == ""


def test_the_actions_work_in_the_folder_of_the_branch(work) -> None:
    path = call("git_worktree_add", work, branch_name="side")["path"]
    (work / path / "b.txt").write_text("two\n")
    (work / "c.txt").write_text("mine, and not finished\n")
    made = call("git_commit", work, message="Two", cwd=path)
    assert made["files_committed"] == ["b.txt"]
    assert git(work, "log", "--format=%s", "side").splitlines() == ["Two", "First"]
    assert git(work, "status", "--porcelain") == "?? c.txt"


def test_what_is_in_the_folder_already_is_used_again(work) -> None:
    path = call("git_worktree_add", work, branch_name="side")["path"]
    (work / path / "half.txt").write_text("half done\n")
    again = call("git_worktree_add", Context(work, "exec_2"), branch_name="side")
    assert (again["path"], again["created"]) == (path, False)
    assert (work / path / "half.txt").exists()


def test_a_branch_with_commits_of_its_own_is_a_conflict(work) -> None:
    git(work, "switch", "-q", "-c", "taken")
    commit(work, "b")
    git(work, "switch", "-q", "main")
    with pytest.raises(GitFailed, match="a branch taken already, with 1 commits") as caught:
        call("git_worktree_add", work, branch_name="taken")
    assert caught.value.hint == "Merge it, or delete it: git branch -D taken"
    assert not (work / ".maverick/work/taken").exists()


def test_a_branch_that_has_nothing_of_its_own_is_taken_up(work) -> None:
    git(work, "branch", "left")
    assert call("git_worktree_add", work, branch_name="left")["created"] is True


def test_a_branch_that_is_checked_out_here_is_a_conflict(work) -> None:
    git(work, "switch", "-q", "-c", "mine")
    with pytest.raises(GitFailed, match="mine is checked out in"):
        call("git_worktree_add", work, branch_name="mine")


def test_what_is_in_the_way_is_not_touched(work) -> None:
    folder = work / ".maverick" / "work" / "side"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(GitFailed, match="in the way"):
        call("git_worktree_add", work, branch_name="side")
    assert (folder / "notes.txt").read_text() == "mine"


def test_an_unknown_base_and_bad_names_are_refused(work) -> None:
    with pytest.raises(GitFailed, match="no base branch 'nope'"):
        call("git_worktree_add", work, branch_name="side", base="nope")
    for bad in ("-d", "a..b", "../up"):
        with pytest.raises(GitFailed, match="no name that git accepts"):
            call("git_worktree_add", work, branch_name=bad)


def test_many_at_once_do_not_disturb_each_other(work) -> None:
    wrong: list[BaseException] = []

    def add(name: str) -> None:
        try:
            call("git_worktree_add", work, branch_name=name)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=add, args=[f"b{n}"]) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(git(work, "worktree", "list").splitlines()) == 7


def test_a_new_folder_is_set_up_once(work) -> None:
    command = "echo $MAVERICK_PROJECT >> $MAVERICK_PROJECT/set-up; test -e $MAVERICK_PROJECT/ok"
    (work / "maverick.toml").write_text(f"[actions]\nsetup_cmd = '{command}'\n")
    with pytest.raises(ProgramFailed, match="setup_cmd: exit code 1"):
        call("git_worktree_add", work, branch_name="side")
    (work / "ok").touch()
    for _ in range(2):
        call("git_worktree_add", work, branch_name="side")
    assert (work / "set-up").read_text() == f"{work}\n" * 2


def test_a_folder_is_removed_and_its_branch_stays(work) -> None:
    path = call("git_worktree_add", work, branch_name="side")["path"]
    commit(work / path, "b")
    assert call("git_worktree_remove", work, path=path)["removed"] is True
    assert not (work / path).exists()
    assert git(work, "log", "-1", "--format=%s", "side") == "b"
    assert call("git_worktree_remove", work, path=path)["reason"] == "it is gone already"


def test_a_folder_with_unfinished_work_stays(work) -> None:
    context = Context(work)
    path = call("git_worktree_add", context, branch_name="side")["path"]
    (work / path / "b.txt").write_text("not committed")
    gone = call("git_worktree_remove", context, path=path)
    assert gone["removed"] is False
    assert "stays: it has changes that are not committed" in context.logged
    assert (work / path / "b.txt").exists()


# -- how a workflow ends --------------------------------------------------------------------------


def test_a_workflow_can_say_itself_that_it_failed() -> None:
    with pytest.raises(FailedOnPurpose) as caught:
        call("fail", message="The checks did not pass.", hint="Mend it.")
    assert (caught.value.message, caught.value.hint) == ("The checks did not pass.", "Mend it.")
    assert caught.value.code == "failed-on-purpose"


def test_nobody_is_told_when_nothing_says_how(tmp_path) -> None:
    context = Context(tmp_path)
    assert call("notify", context, message="Done.") == {"sent": False, "message": "Done."}
    assert context.lines == ["Maverick: Done."]


def test_a_command_tells_somebody(tmp_path) -> None:
    (tmp_path / "maverick.toml").write_text(
        "[actions]\nnotify_cmd = 'cat > told; echo \"$MAVERICK_TITLE\" >> told'\n"
    )
    assert call("notify", tmp_path, message="Done.", title="fly")["sent"] is True
    assert (tmp_path / "told").read_text() == "Done.\nfly\n"
    (tmp_path / "maverick.toml").write_text("[actions]\nnotify_cmd = 'echo no line >&2; exit 1'\n")
    with pytest.raises(StepFailure, match="notify_cmd: no line"):
        call("notify", tmp_path, message="Done.")
