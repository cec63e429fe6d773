"""A workspace in git: pictures of it that nothing else notices, and the way back to one."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runs.record import git, restoring, snapshots
from runs.record.restoring import NoSnapshot, WouldLoseChanges
from tests.interruption.harness import wait_for
from tests.processes import living

Repo = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "work"


@pytest.fixture
def run(folder: Path) -> Repo:
    """Git in the folder, as its user calls it; a repository with one commit."""
    folder.mkdir()
    env = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }

    def git_(*words: str, at: Path = folder) -> str:
        done = subprocess.run(
            ["git", *words], cwd=at, env=env, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git_("init", "-q", "-b", "main")
    (folder / "kept.txt").write_text("first\n")
    (folder / ".gitignore").write_text("*.log\n")
    git_("add", "-A")
    git_("commit", "-q", "-m", "first")
    return git_


def take(folder: Path, name: str = "one") -> dict[str, Any]:
    return snapshots.take(folder, "run_1", name)


def files(folder: Path) -> dict[str, str]:
    """Everything in the folder but git's own."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts and "secret" not in path.name
    }


def state(run: Repo, folder: Path) -> tuple[str, ...]:
    """All that a snapshot must not change."""
    index = (folder / ".git" / "index").read_bytes().hex()
    said = run("status", "--porcelain=v2", "--branch", "--untracked-files=all", "--ignored")
    return (run("for-each-ref", "refs/heads", "refs/tags"), said, index, str(files(folder)))


def test_a_snapshot_has_untracked_files_and_leaves_everything_alone(
    folder: Path, run: Repo
) -> None:
    (folder / "kept.txt").write_text("staged\n")
    run("add", "kept.txt")
    (folder / "kept.txt").write_text("and changed again\n")
    (folder / "new.txt").write_text("new\n")
    (folder / "sub").mkdir()
    (folder / "sub" / "déjà vu\tx.txt").write_text("odd\n")
    (folder / "noise.log").write_text("ignored\n")
    run("status")
    before = state(run, folder)
    known = take(folder)
    assert state(run, folder) == before
    assert known["ref"] == "refs/maverick/run_1/one"
    assert (known["head"], known["branch"]) == (run("rev-parse", "HEAD"), "main")
    assert known["commit"] == run("rev-parse", known["ref"])
    assert run("rev-parse", known["commit"] + "^") == known["head"]
    named = run("ls-tree", "-r", "-z", "--name-only", known["ref"]).split("\0")
    assert sorted(filter(None, named)) == [
        ".gitignore", "kept.txt", "new.txt", "sub/déjà vu\tx.txt",
    ]  # fmt: skip
    assert run("show", known["ref"] + ":kept.txt") == "and changed again"


def test_the_way_back(folder: Path, run: Repo) -> None:
    (folder / "new.txt").write_text("new\n")
    (folder / "tool.sh").write_text("#!/bin/sh\n")
    (folder / "tool.sh").chmod(0o755)
    (folder / "link").symlink_to("kept.txt")
    known, then = take(folder), files(folder)
    (folder / "kept.txt").write_text("later\n")
    (folder / "new.txt").unlink()
    (folder / "new.txt").mkdir()
    (folder / "new.txt" / "inside.txt").write_text("a folder now\n")
    (folder / "tool.sh").chmod(0o644)
    (folder / "link").unlink()
    (folder / "noise.log").write_text("ignored\n")
    take(folder, "two")
    difference = restoring.compare(folder, known)
    assert difference.unsaved == ()
    assert set(difference.changed) == {"kept.txt", "tool.sh"}
    assert set(difference.missing) == {"new.txt", "link"}
    assert difference.added == ("new.txt/inside.txt",)
    assert difference.words == "files 2 changed, 1 added, 2 missing"
    head, index = run("rev-parse", "HEAD"), run("ls-files", "-s")
    done, _ = restoring.restore(folder, known)
    assert done == difference
    assert files(folder) == {**then, "noise.log": "ignored\n"}
    assert os.access(folder / "tool.sh", os.X_OK)
    assert (folder / "link").is_symlink()
    assert (run("rev-parse", "HEAD"), run("ls-files", "-s")) == (head, index)
    assert not restoring.compare(folder, known)


@pytest.mark.parametrize("change", ["changed", "added", "staged", "ignored"])
def test_changes_in_no_snapshot_are_not_overwritten_without_force(
    folder: Path, run: Repo, change: str
) -> None:
    (folder / "trace.txt").write_text("kept\n")
    known, then = take(folder), files(folder)
    if change == "added":
        (folder / "later.txt").write_text("mine\n")
        named = "later.txt"
    elif change == "ignored":
        (folder / ".gitignore").write_text("*.log\ntrace.txt\n")
        run("commit", "-q", "-a", "-m", "ignored now")
        (folder / "trace.txt").write_text("mine\n")
        named = "trace.txt"
    else:
        (folder / "kept.txt").write_text("mine\n")
        run("add", "-A") if change == "staged" else None
        named = "kept.txt"
    now = files(folder)
    with pytest.raises(WouldLoseChanges, match=named):
        restoring.restore(folder, known)
    assert files(folder) == now
    _, kept = restoring.restore(folder, known, force=True)
    assert files(folder) == then
    if change != "ignored":
        assert run("show", f"{kept}:{named}") == "mine", "what was overwritten can be found"


def test_what_is_committed_or_in_another_snapshot_may_be_overwritten(
    folder: Path, run: Repo
) -> None:
    known, then = take(folder), files(folder)
    (folder / "kept.txt").write_text("committed\n")
    run("commit", "-q", "-a", "-m", "second")
    (folder / "more.txt").write_text("in a snapshot\n")
    take(folder, "two")
    assert restoring.restore(folder, known)[0].added == ("more.txt",)
    assert files(folder) == then
    assert run("log", "-1", "--format=%s") == "second"


def test_before_the_first_commit(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    empty = take(tmp_path, "empty")
    assert empty["commit"], empty
    (tmp_path / "a.txt").write_text("a\n")
    known = take(tmp_path)
    assert known["head"] is None
    assert known["commit"], known
    (tmp_path / "a.txt").write_text("b\n")
    take(tmp_path, "two")
    restoring.restore(tmp_path, known)
    assert (tmp_path / "a.txt").read_text() == "a\n"
    restoring.restore(tmp_path, empty)
    assert not (tmp_path / "a.txt").exists()


def test_a_detached_head(folder: Path, run: Repo) -> None:
    run("checkout", "-q", "--detach")
    known = take(folder)
    assert known["branch"] is None
    assert known["commit"]


def test_in_the_middle_of_a_merge(folder: Path, run: Repo) -> None:
    run("checkout", "-q", "-b", "other")
    (folder / "kept.txt").write_text("theirs\n")
    run("commit", "-q", "-a", "-m", "theirs")
    run("checkout", "-q", "main")
    (folder / "kept.txt").write_text("ours\n")
    run("commit", "-q", "-a", "-m", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        run("merge", "-q", "other")
    before = state(run, folder)
    known = take(folder)
    assert known["commit"], known
    assert state(run, folder) == before
    assert "<<<<<<<" in run("show", known["ref"] + ":kept.txt")
    # And with the conflict beside the folder that is the workspace.
    (folder / "project").mkdir()
    (folder / "project" / "x.txt").write_text("x\n")
    beside = take(folder / "project", "beside")
    assert beside["commit"], beside
    assert run("show", beside["ref"] + ":project/x.txt") == "x"


def test_only_the_project_folder_is_in_it(folder: Path, run: Repo) -> None:
    project = folder / "a" / "project"
    project.mkdir(parents=True)
    (project / "x.txt").write_text("x\n")
    (folder / "beside.txt").write_text("not ours\n")
    known = take(project)
    assert run("ls-tree", "-r", "--name-only", known["ref"]).split("\n") == [
        ".gitignore", "a/project/x.txt", "kept.txt",
    ]  # fmt: skip
    (project / "x.txt").unlink()
    (folder / "beside.txt").write_text("still not ours\n")
    (folder / "kept.txt").write_text("neither\n")
    assert restoring.restore(project, known)[0].missing == ("a/project/x.txt",)
    assert (project / "x.txt").read_text() == "x\n"
    assert (folder / "beside.txt").read_text() == "still not ours\n"
    assert (folder / "kept.txt").read_text() == "neither\n"


def test_repositories_inside_stay_as_they_are(folder: Path, run: Repo, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    run("init", "-q", "-b", "main", at=library)
    (library / "l.txt").write_text("l\n")
    run("add", "-A", at=library)
    run("commit", "-q", "-m", "l", at=library)
    run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    run("commit", "-q", "-a", "-m", "a submodule")
    (folder / "empty").mkdir()
    run("init", "-q", at=folder / "empty")  # has no commit: git cannot add it at all
    (folder / "x.txt").write_text("x\n")
    known = take(folder)
    assert known["commit"], known
    assert "empty" in known["note"]
    (folder / "lib" / "l.txt").write_text("changed\n")
    run("commit", "-q", "-a", "-m", "on", at=folder / "lib")
    shutil.copytree(library, folder / "cloned")
    (folder / "x.txt").unlink()
    difference, _ = restoring.restore(folder, known)
    assert set(difference.apart) == {"lib", "cloned"}
    assert (folder / "x.txt").exists()
    assert (folder / "lib" / "l.txt").read_text() == "changed\n"
    assert (folder / "cloned" / "l.txt").exists()


def test_a_linked_worktree_has_its_own_index(folder: Path, run: Repo, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    run("worktree", "add", "-q", "-b", "side", str(beside))
    (beside / "new.txt").write_text("new\n")
    known = take(beside)
    assert known["branch"] == "side"
    assert run("show", known["ref"] + ":new.txt") == "new"
    assert not (folder / "new.txt").exists()
    (beside / "new.txt").unlink()
    restoring.restore(beside, known)
    assert (beside / "new.txt").exists()


def test_hooks_signing_and_odd_settings_do_not_matter(folder: Path, run: Repo) -> None:
    for name in ("pre-commit", "post-index-change", "reference-transaction", "post-checkout"):
        hook = folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >> {folder}/hooks.log\nexit 1\n")
        hook.chmod(0o755)
    run("config", "commit.gpgSign", "true")
    run("config", "gpg.program", "/nowhere/gpg")
    run("config", "user.useConfigOnly", "true")
    run("config", "core.autocrlf", "input")
    run("config", "core.safecrlf", "true")
    run("config", "core.fsmonitor", "/nowhere/monitor")
    (folder / "dos.txt").write_bytes(b"a\r\nb\r\n")
    known = take(folder)
    assert known["commit"], known
    (folder / "kept.txt").unlink()
    restoring.restore(folder, known)
    assert (folder / "kept.txt").exists()
    assert not (folder / "hooks.log").exists()


def test_the_environment_of_a_hook_names_another_repository(
    folder: Path, run: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    known = take(folder)
    monkeypatch.undo()
    assert known["commit"] == run("rev-parse", known["ref"])


def test_large_files_are_left_out_and_left_alone(folder: Path, run: Repo, settings: Any) -> None:
    settings.MAVERICK_SNAPSHOT_FILE_MB = 1
    (folder / "data.bin").write_bytes(b"x" * (2**20 + 1))
    (folder / "x.txt").write_text("x\n")
    known = take(folder)
    assert known["left_out"] == ["data.bin"]
    assert "data.bin" not in run("ls-tree", "-r", "--name-only", known["ref"])
    (folder / "x.txt").unlink()
    restoring.restore(folder, known)
    assert (folder / "x.txt").exists()
    assert (folder / "data.bin").stat().st_size == 2**20 + 1
    settings.MAVERICK_SNAPSHOT_FILE_MB = 0
    assert "MAVERICK_SNAPSHOT_FILE_MB" in take(folder)["why"]


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_kept(folder: Path, run: Repo) -> None:
    # A pipe: also root cannot read a file from it, and git cannot add it.
    (folder / "x.txt").write_text("x\n")
    (folder / "broken").mkdir()
    os.mkfifo(folder / "broken" / "pipe")
    known = take(folder)
    assert known["commit"], known
    assert "x.txt" in run("ls-tree", "-r", "--name-only", known["ref"])


def test_no_repository_no_git_and_no_time_are_told(
    folder: Path, run: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    assert take(plain)["why"] == "the folder is in no git repository"
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    assert "no git repository" in take(bare)["why"]
    assert "without a working tree" in take(folder / ".git")["why"]
    for known in (take(plain), take(bare)):
        assert (known["commit"], known["ref"]) == (None, None)
        with pytest.raises(NoSnapshot, match="no git repository"):
            restoring.compare(plain, known)
    monkeypatch.setenv("PATH", str(plain))
    assert "git is not installed" in take(folder)["why"]


def test_git_that_takes_too_long_is_ended_and_not_tried_again_in_this_run(
    folder: Path, run: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nSLOW_GIT=1 sleep 60 &\nwait\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(snapshots, "SECONDS", 0.5)
    assert "took too long" in snapshots.take(folder, "run_slow", "one")["why"]
    wait_for(lambda: not living("SLOW_GIT=1"), 10, "the end of its child")
    monkeypatch.undo()
    assert "earlier one" in snapshots.take(folder, "run_slow", "two")["why"]
    assert snapshots.take(folder, "run_other", "one")["commit"]


def test_a_snapshot_that_is_gone_is_told(folder: Path, run: Repo, tmp_path: Path) -> None:
    known = take(folder)
    elsewhere = tmp_path / "elsewhere"
    run("clone", "-q", "--no-local", str(folder), str(elsewhere))
    with pytest.raises(NoSnapshot, match="is not in the repository"):
        restoring.compare(elsewhere, known)


def test_references_are_deleted(folder: Path, run: Repo) -> None:
    refs = [("run_1", take(folder, name)["ref"]) for name in ("one", "two")]
    assert snapshots.delete(folder, [refs[0]])
    assert run("for-each-ref", "--format=%(refname)", "refs/maverick") == refs[1][1]
    assert snapshots.delete(folder, refs), "one that is gone already is no fault"
    assert not run("for-each-ref", "refs/maverick")
    assert not snapshots.delete(folder / "nowhere", refs)


@pytest.mark.parametrize(
    "ref",
    [
        "refs/heads/main",
        "HEAD",
        "refs/maverick/run_2/one",
        "refs/maverick/run_1/../../heads/main",
        "refs/maverick/run_1/x\ndelete refs/heads/main",
        "refs/maverick/run_1/one\n",
        "refs/maverick/run_1/a/b",
        "refs/maverick/run_1/",
        "",
    ],
)
def test_no_row_makes_us_delete_another_reference(folder: Path, run: Repo, ref: str) -> None:
    mine = take(folder)["ref"]
    run("update-ref", "refs/maverick/run_2/one", "HEAD")
    before = run("for-each-ref", "--format=%(refname)")
    assert snapshots.delete(folder, [("run_1", ref)]), "there is nothing to try again"
    assert run("for-each-ref", "--format=%(refname)") == before
    assert snapshots.delete(folder, [("run_1", ref), ("run_1", mine)])
    assert mine not in run("for-each-ref", "--format=%(refname)")
    assert run("rev-parse", "main")


def test_a_symbolic_reference_does_not_lead_to_a_branch(folder: Path, run: Repo) -> None:
    run("symbolic-ref", "refs/maverick/run_1/one", "refs/heads/main")
    assert snapshots.delete(folder, [("run_1", "refs/maverick/run_1/one")])
    was = run("rev-parse", "main")
    run("symbolic-ref", "refs/maverick/run_1/one", "refs/heads/main")
    (folder / "more.txt").write_text("x")
    assert take(folder)["commit"]
    assert run("rev-parse", "main") == was


@pytest.mark.parametrize("commit", ["--batch", "HEAD", "-h", "main^", "a" * 39])
def test_what_is_no_commit_is_no_snapshot(folder: Path, run: Repo, commit: str) -> None:
    with pytest.raises(NoSnapshot, match="names no commit"):
        restoring.compare(folder, {**take(folder), "commit": commit})


def test_a_repository_is_found_from_a_folder_in_it(folder: Path, run: Repo) -> None:
    (folder / "a").mkdir()
    assert git.find_repository(folder / "a", 5).prefix == "a/"
    assert git.find_repository(folder, 5).prefix == ""
