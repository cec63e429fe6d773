"""Worktrees: a folder of its own for each branch that is worked on at the side.

Who sits at the project's folder keeps the branch and the unfinished files that are in it, and
several branches can be worked on at once.
"""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from runs.actions import StepContext, action
from runs.library.actions.git_program import Git, GitFailed
from runs.library.actions.programs import ProgramFailed, run
from runs.library.actions.workspace import inside, own_folder, settings

FOLDER = "work"  # below `.maverick`, which git does not see
SETUP_SECONDS = 1800.0
_READY = "maverick-ready"  # in git's own folder of a worktree: the setup has ended well


class Worktree(TypedDict):
    """A worktree with a branch checked out in it. `path` is inside the workspace."""

    success: bool
    path: str
    branch_name: str
    base_branch: str
    created: bool
    error: str | None


class Removed(TypedDict):
    """Whether the folder of a worktree is gone. Its branch stays."""

    success: bool
    path: str
    removed: bool
    reason: str | None
    error: str | None


@action("git_worktree_add")
def git_worktree_add(branch_name: str, context: StepContext, base: str = "main") -> Worktree:
    """Make a branch from `base`, checked out in a folder of its own below `.maverick/work`.

    Answers `{success, path, branch_name, base_branch, created, error}`. The folder that is there
    already is used again, with what is in it. A branch that is there already and has commits of its
    own, or is checked out elsewhere, is a conflict and fails. `setup_cmd` under `[actions]` in the
    settings is run in a new folder, with the project's in `MAVERICK_PROJECT`.
    """
    git = Git(context)
    git.check_branch_name(branch_name)
    folder = own_folder(context.workspace) / FOLDER / _folder_name(branch_name)
    with _one_at_a_time(folder.parent):
        created = not _is_there(git, folder, branch_name)
        if created:
            _add(git, folder, branch_name, base)
    path = folder.relative_to(context.workspace).as_posix()
    _set_up(context, Git(context, path))
    return {
        "success": True,
        "path": path,
        "branch_name": branch_name,
        "base_branch": base,
        "created": created,
        "error": None,
    }


@action("git_worktree_remove")
def git_worktree_remove(path: str, context: StepContext) -> Removed:
    """Remove a folder that `git_worktree_add` made: `{success, path, removed, reason, error}`.

    One with changes that are not committed stays, and the log says so.
    """
    git = Git(context)
    folder = inside(context.workspace, path)
    reason = None
    if not folder.exists():
        reason = "it is gone already"
    elif Git(context, path).status().any:
        reason = "it has changes that are not committed"
    else:
        with _one_at_a_time(folder.parent):
            git.out("worktree", "remove", "--", str(folder))
    if reason:
        context.log(f"{path} stays: {reason}.", "warning")
    return {
        "success": True,
        "path": path,
        "removed": reason is None,
        "reason": reason,
        "error": None,
    }


def _folder_name(branch: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", branch).strip(".-")[:80] or "branch"


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Git keeps its list of worktrees in files that two of its processes would both write."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_there(git: Git, folder: Path, branch: str) -> bool:
    """Is the branch checked out in this folder? What else is in the way fails."""
    git.out("worktree", "prune")
    checked_out = _worktrees(git)
    if checked_out.get(folder.resolve()) == branch:
        return True
    for other, name in checked_out.items():
        if name == branch:
            raise GitFailed(
                f"The branch {branch} is checked out in {other}.",
                hint="Change to another branch there, or delete it.",
            )
    if folder.exists() and any(folder.iterdir()):
        raise GitFailed(
            f"{folder.parent.name}/{folder.name} is in the way, and not a worktree of {branch}.",
            hint=f"Remove {folder}.",
        )
    return False


def _worktrees(git: Git) -> dict[Path, str]:
    found: dict[Path, str] = {}
    at = Path()
    for line in git.out("worktree", "list", "--porcelain").splitlines():
        key, _, value = line.partition(" ")
        if key == "worktree":
            at = Path(value).resolve()
        elif key == "branch":
            found[at] = value.removeprefix("refs/heads/")
    return found


def _add(git: Git, folder: Path, branch: str, base: str) -> None:
    start = git.base(base)
    if start is None:
        raise GitFailed(f"There is no base branch {base!r}.", hint="Name the one to start from.")
    known = f"refs/remotes/origin/{branch}"
    if git.ask("rev-parse", "-q", "--verify", known):
        raise GitFailed(f"There is a branch {branch} already, on origin.", hint="Delete it there.")
    if git.has_branch(branch):
        count = git.out("rev-list", "--count", f"{start}..refs/heads/{branch}", "--").strip()
        if count != "0":
            raise GitFailed(
                f"There is a branch {branch} already, with {count} commits of its own.",
                hint=f"Merge it, or delete it: git branch -D {branch}",
            )
        # It has nothing of its own: most likely what a killed step has left.
        git.out("worktree", "add", "--quiet", str(folder), branch)
        return
    git.out("worktree", "add", "--quiet", "--no-track", "-b", branch, str(folder), start)


def _set_up(context: StepContext, git: Git) -> None:
    ready = Path(git.out("rev-parse", "--absolute-git-dir").strip()) / _READY
    given = settings(context, "actions").get("setup_cmd")
    if not given or ready.exists():
        return
    words = ["sh", "-e", "-c", given] if isinstance(given, str) else [str(word) for word in given]
    project = {"MAVERICK_PROJECT": str(context.workspace)}
    ran = run(context, words, cwd=git.folder, env=project, timeout=SETUP_SECONDS)
    if ran.code != 0:
        raise ProgramFailed(f"setup_cmd: {ran.last_line}")
    ready.touch()
