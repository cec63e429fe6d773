"""Branches to work on, and what a workflow finds on them."""

from pathlib import Path
from typing import TypedDict

from runs.actions import StepContext, action
from runs.library.actions.git_program import Git, GitFailed
from runs.library.actions.tasks import TASK_FILE

_MADE_BY = "maverickExecution"  # in git's configuration of a branch: the step that made it


class Branch(TypedDict):
    """A branch that is checked out now."""

    success: bool
    branch_name: str
    base_branch: str
    created: bool
    error: str | None


class Workspace(TypedDict):
    """Where the work begins."""

    success: bool
    branch_name: str
    base_branch: str
    is_clean: bool
    synced_with_base: bool
    task_file_path: str | None
    error: str | None


@action("create_git_branch")
def create_git_branch(
    branch_name: str,
    context: StepContext,
    base: str = "main",
    cwd: str | None = None,
    exist_ok: bool = True,
) -> Branch:
    """Check out a branch, which is made from `base` when it does not exist.

    Answers `{success, branch_name, base_branch, created, error}`. With `exist_ok: false` a branch
    that this step has not made itself is a conflict and fails, and so does, always, one that git
    cannot make or change to.
    """
    git = Git(context, cwd)
    created = _switch(git, context, branch_name, base, exist_ok)
    return {
        "success": True,
        "branch_name": branch_name,
        "base_branch": base,
        "created": created,
        "error": None,
    }


@action("init_workspace")
def init_workspace(
    branch_name: str, context: StepContext, base_branch: str | None = None
) -> Workspace:
    """Check out or make the branch, and look for its task file.

    That is `specs/BRANCH/tasks.md` or `tasks.md`. Answers `{success, branch_name, base_branch,
    is_clean, synced_with_base, task_file_path, error}`; in sync means that all of the base branch
    is in it.
    """
    git = Git(context)
    base = base_branch or _default_base(git)
    _switch(git, context, branch_name, base, True)
    known = git.base(base)
    return {
        "success": True,
        "branch_name": branch_name,
        "base_branch": base,
        "is_clean": not git.status().any,
        "synced_with_base": known is not None
        and git.ok("merge-base", "--is-ancestor", known, "HEAD"),
        "task_file_path": _task_file(context.workspace, branch_name),
        "error": None,
    }


def _switch(git: Git, context: StepContext, name: str, base: str, exist_ok: bool) -> bool:
    """Be on the branch; was it made?"""
    git.check_branch_name(name)
    if git.branch() == name and exist_ok:
        return _made_here(git, context, name)
    if git.has_branch(name):
        mine = _made_here(git, context, name)
        if not exist_ok and not mine:
            raise GitFailed(
                f"There is a branch {name} already.",
                hint="Delete it, or choose another name.",
            )
        _to(git, name, "switch", "--quiet", name)
        return mine
    if git.ask("rev-parse", "-q", "--verify", f"refs/remotes/origin/{name}"):
        if not exist_ok:
            raise GitFailed(f"There is a branch {name} already, on origin.")
        _to(git, name, "switch", "--quiet", "--track", f"origin/{name}")
        return False
    start = git.base(base)
    if start is None and git.head() is not None:
        raise GitFailed(f"There is no base branch {base!r}.", hint="Name the one to start from.")
    _to(git, name, "switch", "--quiet", "--no-track", "--create", name, *([start] if start else []))
    git.out("config", f"branch.{name}.{_MADE_BY}", context.execution_id)
    return True


def _made_here(git: Git, context: StepContext, name: str) -> bool:
    return git.ask("config", "--get", f"branch.{name}.{_MADE_BY}") == context.execution_id


def _to(git: Git, name: str, *arguments: str) -> None:
    try:
        git.out(*arguments)
    except GitFailed as error:
        said = error.message
        if "overwritten" in said:
            why = "there are changes that are not committed, which it would overwrite"
        elif "cannot lock ref" in said or "exists; cannot create" in said:
            why = "another branch has a name that is part of it, or the other way round"
        else:
            why = said
        raise GitFailed(f"The branch {name} cannot be checked out: {why}.") from None


def _default_base(git: Git) -> str:
    """What the remote calls its main branch, else main or master, else the current one."""
    remote = git.ask("symbolic-ref", "--short", "-q", "refs/remotes/origin/HEAD")
    if remote:
        return remote.removeprefix("origin/")
    for name in ("main", "master"):
        if git.base(name):
            return name
    return git.branch() or "main"


def _task_file(workspace: Path, branch: str) -> str | None:
    for path in (Path("specs") / branch / TASK_FILE, Path(TASK_FILE)):
        if (workspace / path).is_file():
            return path.as_posix()
    return None
