"""The actions that change a repository, on real ones with a bare remote."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from runs.errors import StepCancelled
from runs.library.actions.git_program import GitFailed, last_words
from runs.library.actions.workspace import OutsideWorkspace
from tests.actions import Context, call


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a commit on main, pushed to a bare remote."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Alice")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "alice@localhost")
    remote, place = tmp_path / "remote.git", tmp_path / "work"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    git(tmp_path, "clone", "-q", str(remote), str(place))
    git(place, "checkout", "-q", "-b", "main")
    (place / "a.txt").write_text("one\n")
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "First")
    git(place, "push", "-q", "-u", "origin", "main")
    git(place, "remote", "set-head", "origin", "main")
    return place


def subjects(place: Path, span: str = "HEAD") -> list[str]:
    return git(place, "log", "--format=%s", span).splitlines()


# -- what is there --------------------------------------------------------------------------------


def test_changes_are_told_by_kind(work) -> None:
    nothing = {"has_staged": False, "has_unstaged": False, "has_untracked": False, "has_any": False}
    assert call("git_has_changes", work) == nothing
    (work / "a.txt").write_text("two\n")
    assert call("git_has_changes", work) == {**nothing, "has_unstaged": True, "has_any": True}
    git(work, "add", "-A")
    assert call("git_has_changes", work) == {**nothing, "has_staged": True, "has_any": True}
    (work / "new").mkdir()
    (work / "new" / "ü \n.txt").write_text("x")
    found = call("git_check_and_stage", work)
    assert found["has_untracked"] is True
    assert call("git_has_changes", work) == {**nothing, "has_staged": True, "has_any": True}


def test_our_own_folder_is_no_change_and_never_staged(work) -> None:
    for folder in (".maverick", "sub/.maverick"):
        (work / folder / "checkpoints").mkdir(parents=True)
        (work / folder / "checkpoints" / "x.json").write_text("{}")
    assert call("git_has_changes", work)["has_any"] is False
    call("git_stage_all", work)
    assert git(work, "diff", "--cached", "--name-only") == ""
    call("git_add", work, paths=[".maverick/checkpoints/x.json"], force=True)
    assert git(work, "diff", "--cached", "--name-only") == ""


@pytest.mark.parametrize("add_all", [True, False])
def test_our_own_folder_is_not_committed_even_if_somebody_staged_it(work, add_all) -> None:
    (work / ".maverick").mkdir()
    (work / ".maverick" / "x.json").write_text("{}")
    (work / "b.txt").write_text("b\n")
    git(work, "add", "-A", "--force")
    done = call("git_commit", work, message="Work", add_all=add_all)
    assert done["files_committed"] == ["b.txt"]
    assert ".maverick/x.json" not in git(work, "ls-files")


def test_our_own_folder_is_not_committed_by_git_commit_with_a_dot(work) -> None:
    (work / ".maverick").mkdir()
    (work / ".maverick" / "x.json").write_text("{}")
    assert call("git.commit", work, message="All")["committed"] is False


# -- commit ---------------------------------------------------------------------------------------


def test_a_commit_says_what_it_holds(work) -> None:
    (work / "a.txt").write_text("two\n")
    (work / "b.txt").write_text("b\n")
    done = call("git_commit", work, message="Second\n\nWith a body.\n")
    assert done["success"] is done["committed"] is True
    assert done["commit_sha"] == git(work, "rev-parse", "HEAD")
    assert done["files_committed"] == ["a.txt", "b.txt"]
    assert done["message"] == "Second\n\nWith a body."
    said = git(work, "log", "-1", "--format=%B")
    assert said == "Second\n\nWith a body.\n\nMaverick-Execution: exec_1"


def test_nothing_to_commit_is_no_failure(work) -> None:
    done = call("git_commit", work, message="Nothing")
    assert (done["success"], done["committed"], done["files_committed"]) == (True, False, [])
    assert done["commit_sha"] == git(work, "rev-parse", "HEAD")
    assert subjects(work) == ["First"]


def test_a_step_that_runs_again_finds_its_own_commit(work) -> None:
    (work / "b.txt").write_text("b\n")
    first = call("git_commit", Context(work, "exec_9"), message="Work")
    (work / "c.txt").write_text("left by somebody else\n")
    again = call("git_commit", Context(work, "exec_9", attempt=2), message="Work")
    assert again == first
    assert subjects(work) == ["Work", "First"]
    other = call("git_commit", Context(work, "exec_90"), message="More")
    assert other["commit_sha"] != first["commit_sha"]
    assert subjects(work) == ["More", "Work", "First"]


def test_only_what_is_staged_when_asked_so(work) -> None:
    (work / "a.txt").write_text("two\n")
    (work / "b.txt").write_text("b\n")
    call("git_add", work, paths="b.txt")
    assert call("git_commit", work, message="B", add_all=False)["files_committed"] == ["b.txt"]
    assert call("git_has_changes", work)["has_unstaged"] is True


def test_attribution_is_only_written_when_it_is_wanted(work) -> None:
    (work / "b.txt").write_text("b\n")
    call("git_commit", work, message="B", include_attribution=True)
    assert "Maverick-Run: run_1" in git(work, "log", "-1", "--format=%B")


def test_a_hook_that_refuses_fails_the_commit_in_its_words(work) -> None:
    hook = work / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho 'error: too many tabs' >&2\nexit 1\n")
    hook.chmod(0o755)
    (work / "b.txt").write_text("b\n")
    context = Context(work)
    with pytest.raises(GitFailed, match="too many tabs"):
        call("git_commit", context, message="B")
    assert "too many tabs" in context.logged


@pytest.mark.parametrize("message", ["", "  \n"])
def test_a_commit_needs_a_message(work, message) -> None:
    with pytest.raises(GitFailed, match="needs a message"):
        call("git_commit", work, message=message)


def test_a_first_commit_can_be_made(tmp_path, work) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git(fresh, "init", "-q", "-b", "main")
    assert call("git_commit", fresh, message="None yet")["commit_sha"] is None
    (fresh / "x").write_text("x")
    (fresh / ".maverick").mkdir()
    (fresh / ".maverick" / "y").write_text("y")
    git(fresh, "add", "-A")
    assert call("git_commit", fresh, message="First")["files_committed"] == ["x"]


def test_a_repository_named_by_the_environment_is_left_alone(work, tmp_path, monkeypatch) -> None:
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", str(other))
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    (work / "b.txt").write_text("b\n")
    call("git_commit", work, message="Here")
    monkeypatch.delenv("GIT_DIR")
    assert subjects(work)[0] == "Here"


def test_a_folder_outside_is_refused_and_one_inside_works(work, tmp_path) -> None:
    with pytest.raises(OutsideWorkspace):
        call("git_has_changes", work, cwd=str(tmp_path))
    with pytest.raises(OutsideWorkspace):
        call("git_add", work, paths=["../remote.git"])
    (work / "sub").mkdir()
    (work / "sub" / "x").write_text("x")
    (work / "y").write_text("y")
    assert call("git_commit", work, message="All", cwd="sub")["files_committed"] == ["sub/x", "y"]


# -- push and merge -------------------------------------------------------------------------------


def test_a_push_sets_the_upstream_and_may_be_repeated(work, tmp_path) -> None:
    call("create_git_branch", work, branch_name="feature")
    (work / "b.txt").write_text("b\n")
    call("git_commit", work, message="B")
    for _ in range(2):
        assert call("git_push", work) == {
            "success": True,
            "remote": "origin",
            "branch": "feature",
            "upstream_set": True,
            "error": None,
        }
    assert subjects(tmp_path / "remote.git", "feature") == ["B", "First"]
    assert git(work, "rev-parse", "--abbrev-ref", "@{u}") == "origin/feature"


def test_a_push_never_forces(work, tmp_path) -> None:
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(tmp_path / "remote.git"), str(other))
    (other / "c.txt").write_text("c\n")
    git(other, "add", "-A")
    git(other, "commit", "-q", "-m", "Theirs")
    git(other, "push", "-q")
    (work / "b.txt").write_text("b\n")
    call("git_commit", work, message="Mine")
    with pytest.raises(GitFailed, match="has commits on main that are not here"):
        call("git_push", work)
    assert subjects(tmp_path / "remote.git", "main") == ["Theirs", "First"]


def test_what_cannot_be_pushed_says_why(work) -> None:
    git(work, "checkout", "-q", "--detach")
    with pytest.raises(GitFailed, match="no current branch"):
        call("git_push", work)
    git(work, "checkout", "-q", "main")
    with pytest.raises(GitFailed, match="no remote 'elsewhere'"):
        call("git_push", work, remote="elsewhere")
    git(work, "remote", "set-url", "origin", str(work / "gone.git"))
    with pytest.raises(GitFailed, match="git push: fatal"):
        call("git_push", work)


def test_a_password_in_an_address_is_nowhere(work) -> None:
    url = "http://alice:pass-word-1@127.0.0.1:9/x.git"
    git(work, "remote", "set-url", "origin", url)
    context = Context(work)
    with pytest.raises(GitFailed) as caught:
        call("git_push", context)
    assert "pass-word-1" not in f"{caught.value.message}{context.logged}"
    assert "127.0.0.1" in caught.value.message
    assert last_words(f"fatal: unable to access '{url}'") == (
        "fatal: unable to access 'http://•••@127.0.0.1:9/x.git'"
    )


def test_a_push_ends_when_its_step_is_stopped(work) -> None:
    hook = work / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\ntouch begun\nsleep 600\n")
    hook.chmod(0o755)
    context = Context(work)

    def stop() -> None:
        while not (work / "begun").exists() or context.stop is None:
            pause.wait(0.01)
        context.stop()

    pause = threading.Event()
    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(StepCancelled):
        call("git_push", context)
    thread.join()


def test_a_merge_says_where_it_ends_and_may_be_repeated(work) -> None:
    call("create_git_branch", work, branch_name="feature")
    (work / "b.txt").write_text("b\n")
    call("git_commit", work, message="B")
    git(work, "switch", "-q", "main")
    first = call("git_merge", work, branch="feature", no_ff=True)
    assert first["merge_commit"] == git(work, "rev-parse", "HEAD")
    assert subjects(work)[0] == "Merge feature"
    assert call("git_merge", work, branch="feature", no_ff=True) == first


def test_a_merge_with_conflicts_is_undone_and_names_the_files(work) -> None:
    call("create_git_branch", work, branch_name="feature")
    (work / "a.txt").write_text("theirs\n")
    call("git_commit", Context(work, "exec_2"), message="Theirs")
    git(work, "switch", "-q", "main")
    (work / "a.txt").write_text("ours\n")
    call("git_commit", Context(work, "exec_3"), message="Ours")
    with pytest.raises(GitFailed, match=r"conflicts in a\.txt; it was undone"):
        call("git_merge", work, branch="feature")
    assert call("git_has_changes", work)["has_any"] is False
    with pytest.raises(GitFailed, match="no commit 'nothing'"):
        call("git_merge", work, branch="nothing")


# -- branches -------------------------------------------------------------------------------------


def test_a_branch_is_made_from_its_base_or_checked_out(work) -> None:
    git(work, "switch", "-q", "-c", "other")
    (work / "b.txt").write_text("b\n")
    call("git_commit", work, message="On other")
    made = call("create_git_branch", work, branch_name="fix/issue-1")
    assert made == {
        "success": True,
        "branch_name": "fix/issue-1",
        "base_branch": "main",
        "created": True,
        "error": None,
    }
    assert subjects(work) == ["First"]
    assert call("create_git_branch", work, branch_name="other")["created"] is False
    assert git(work, "branch", "--show-current") == "other"


def test_a_repeated_step_finds_the_branch_that_it_made(work) -> None:
    first = call("create_git_branch", Context(work, "exec_5"), branch_name="x", exist_ok=False)
    git(work, "switch", "-q", "main")
    again = call("create_git_branch", Context(work, "exec_5"), branch_name="x", exist_ok=False)
    assert first == again
    with pytest.raises(GitFailed, match="There is a branch x already"):
        call("create_git_branch", Context(work, "exec_6"), branch_name="x", exist_ok=False)


def test_a_branch_of_the_remote_is_gone_on_with(work, tmp_path) -> None:
    call("create_git_branch", work, branch_name="feature")
    (work / "b.txt").write_text("b\n")
    call("git_commit", work, message="B")
    call("git_push", work)
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(tmp_path / "remote.git"), str(other))
    with pytest.raises(GitFailed, match="already, on origin"):
        call("create_git_branch", other, branch_name="feature", exist_ok=False)
    assert call("create_git_branch", other, branch_name="feature")["created"] is False
    assert subjects(other)[0] == "B"


def test_conflicts_of_branches_are_told_clearly(work) -> None:
    git(work, "branch", "fix")
    with pytest.raises(GitFailed, match="name that is part of it"):
        call("create_git_branch", work, branch_name="fix/issue-1")
    git(work, "switch", "-q", "-c", "other")
    (work / "a.txt").write_text("other\n")
    call("git_commit", work, message="Other")
    (work / "a.txt").write_text("not committed\n")
    with pytest.raises(GitFailed, match="not committed, which it would overwrite"):
        call("create_git_branch", work, branch_name="main")
    with pytest.raises(GitFailed, match="no base branch 'nowhere'"):
        call("create_git_branch", work, branch_name="new", base="nowhere")


@pytest.mark.parametrize("name", ["", "a b", "-x", "a..b", "a.lock", "--help", "@{u}"])
def test_names_that_are_none_are_refused(work, name) -> None:
    with pytest.raises(GitFailed, match="no name that git accepts"):
        call("create_git_branch", work, branch_name=name)


def test_a_workspace_is_begun_with_its_task_file(work) -> None:
    (work / "specs" / "feature").mkdir(parents=True)
    (work / "specs" / "feature" / "tasks.md").write_text("# Tasks\n")
    (work / "tasks.md").write_text("# Others\n")
    first = call("init_workspace", work, branch_name="feature")
    assert first == {
        "success": True,
        "branch_name": "feature",
        "base_branch": "main",
        "is_clean": False,
        "synced_with_base": True,
        "task_file_path": "specs/feature/tasks.md",
        "error": None,
    }
    assert call("init_workspace", work, branch_name="feature") == first
    assert call("init_workspace", work, branch_name="b2")["task_file_path"] == "tasks.md"


def test_a_branch_behind_its_base_is_not_in_sync(work) -> None:
    git(work, "branch", "old")
    (work / "b.txt").write_text("b\n")
    call("git_commit", work, message="B")
    found = call("init_workspace", work, branch_name="old")
    assert (found["synced_with_base"], found["is_clean"], found["task_file_path"]) == (
        False,
        True,
        None,
    )
