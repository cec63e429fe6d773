"""Git for workflows that change a repository: what is there, stage, commit, push, merge."""

from typing import TypedDict

from runs.actions import StepContext, action
from runs.library.actions.git_program import Git, GitFailed
from runs.library.actions.workspace import inside

TRAILER = "Maverick-Execution"  # of a commit: the step that made it
_LOOK_BACK = 1000  # commits, for one that this step has made already


class Changes(TypedDict):
    """What is not committed."""

    has_staged: bool
    has_unstaged: bool
    has_untracked: bool
    has_any: bool


class Done(TypedDict):
    """It worked: what does not raises."""

    success: bool
    error: str | None


class Committed(TypedDict):
    """A commit. Nothing to commit: `committed` is false and `commit_sha` where the branch stands."""

    success: bool
    commit_sha: str | None
    message: str
    files_committed: list[str]
    committed: bool
    error: str | None


class Pushed(TypedDict):
    """A push."""

    success: bool
    remote: str
    branch: str
    upstream_set: bool
    error: str | None


class Merged(TypedDict):
    """A merge. `merge_commit` is where the branch stands after it."""

    success: bool
    branch: str
    merge_commit: str | None
    error: str | None


def _done() -> Done:
    return {"success": True, "error": None}


def changes(git: Git) -> Changes:
    """What is not committed, `.maverick/` aside."""
    status = git.status()
    return {
        "has_staged": bool(status.staged),
        "has_unstaged": bool(status.unstaged),
        "has_untracked": bool(status.untracked),
        "has_any": status.any,
    }


@action("git_has_changes", effect="pure")
def git_has_changes(context: StepContext, cwd: str | None = None) -> Changes:
    """Whether anything is not committed: `{has_staged, has_unstaged, has_untracked, has_any}`."""
    return changes(Git(context, cwd))


@action("git_check_and_stage")
def git_check_and_stage(context: StepContext, cwd: str | None = None) -> Changes:
    """`git_has_changes`, and everything but `.maverick/` is staged."""
    git = Git(context, cwd)
    found = changes(git)
    git.stage_all()
    return found


@action("git_stage_all")
def git_stage_all(context: StepContext, cwd: str | None = None) -> Done:
    """Stage everything but `.maverick/`."""
    Git(context, cwd).stage_all()
    return _done()


@action("git_add")
def git_add(
    paths: list[str] | str, context: StepContext, force: bool = False, cwd: str | None = None
) -> Done:
    """Stage these paths; `force` also what git ignores. Never `.maverick/`."""
    git = Git(context, cwd)
    wanted = [paths] if isinstance(paths, str) else list(paths)
    for path in wanted:
        inside(git.folder, path)
    git.out("add", *(["--force"] if force else []), "--", *(f":(literal){p}" for p in wanted))
    git.unstage_ours()
    return _done()


@action("git_commit")
def git_commit(
    message: str,
    context: StepContext,
    add_all: bool = True,
    include_attribution: bool = False,
    cwd: str | None = None,
) -> Committed:
    """Commit; nothing to commit is no failure. A step that runs again finds its own commit.

    Answers `{success, commit_sha, message, files_committed, committed, error}`. Without `add_all`
    only what is staged is committed.
    """
    git = Git(context, cwd)
    text = message.strip()
    if not text:
        raise GitFailed("A commit needs a message.")
    # The worker may have died after the commit and before anybody wrote down that it was made.
    mine = _own_commit(git, context.execution_id)
    if mine:
        context.log(f"This step has made the commit {mine[:10]} already.")
        return _committed(mine, text, _files_of(git, mine), True)
    if add_all:
        git.stage_all()
    else:
        git.unstage_ours()
    files = git.staged()
    if not files:
        context.log("There is nothing to commit.")
        return _committed(git.head(), text, [], False)
    trailers = [f"--trailer={TRAILER}: {context.execution_id}"]
    if include_attribution:
        trailers.append(f"--trailer=Maverick-Run: {context.run_id}")
    git.must("commit", "--quiet", f"--message={text}", *trailers, timeout=None)
    return _committed(git.head(), text, files, True)


def _committed(sha: str | None, message: str, files: list[str], committed: bool) -> Committed:
    return {
        "success": True,
        "commit_sha": sha,
        "message": message,
        "files_committed": files,
        "committed": committed,
        "error": None,
    }


def _own_commit(git: Git, execution_id: str) -> str | None:
    if git.head() is None:
        return None
    shape = f"--format=%H %(trailers:key={TRAILER},valueonly,separator=%x2C)"
    said = git.out("log", shape, f"--max-count={_LOOK_BACK}", "HEAD", "--")
    for line in said.splitlines():
        sha, _, trailers = line.partition(" ")
        if execution_id in trailers.split(","):
            return sha
    return None


def _files_of(git: Git, sha: str) -> list[str]:
    said = git.out("show", "--format=", "--name-only", "-z", sha, "--")
    return [name for name in said.split("\0") if name]


@action("git_push")
def git_push(
    context: StepContext,
    set_upstream: bool = True,
    cwd: str | None = None,
    remote: str = "origin",
) -> Pushed:
    """Push the current branch: `{success, remote, branch, upstream_set, error}`.

    With git's own credentials; no one is asked for a password. Never with force.
    """
    git = Git(context, cwd)
    branch = git.branch()
    if branch is None:
        raise GitFailed("There is no current branch to push.")
    if not git.ask("config", "--get", f"remote.{remote}.url"):
        raise GitFailed(f"There is no remote {remote!r}.", hint=f"git remote add {remote} ADDRESS")
    options = ["--set-upstream"] if set_upstream else []
    refs = f"refs/heads/{branch}:refs/heads/{branch}"
    ran = git.long("push", "--porcelain", *options, "--", remote, refs)
    if ran.code != 0:
        raise _push_failed(remote, branch, ran.out + ran.err)
    return {
        "success": True,
        "remote": remote,
        "branch": branch,
        "upstream_set": set_upstream,
        "error": None,
    }


def _push_failed(remote: str, branch: str, said: str) -> GitFailed:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if any("non-fast-forward" in line or "fetch first" in line for line in lines):
        return GitFailed(
            f"{remote} has commits on {branch} that are not here, so the push was refused.",
            hint="Fetch and merge or rebase; nothing is ever pushed with force.",
        )
    telling = [li for li in lines if li.startswith(("!", "fatal:", "error:", "remote: error"))]
    return GitFailed(f"git push: {(telling or lines or ['it failed'])[0][:300]}")


@action("git_merge")
def git_merge(
    branch: str, context: StepContext, no_ff: bool = False, cwd: str | None = None
) -> Merged:
    """Merge a branch into the current one: `{success, branch, merge_commit, error}`.

    A conflict is undone and fails, naming the files.
    """
    git = Git(context, cwd)
    other = git.commit_of(branch)
    if not git.ok("merge-base", "--is-ancestor", other, "HEAD"):
        way = "--no-ff" if no_ff else "--ff"
        said = f"--message=Merge {branch}"
        ran = git.long("merge", "--quiet", way, said, other, timeout=None)
        if ran.code != 0:
            files = git.out("diff", "--name-only", "--diff-filter=U", "-z").split("\0")
            conflicts = ", ".join(name for name in files if name)
            git.ok("merge", "--abort")
            if conflicts:
                raise GitFailed(f"Merging {branch} conflicts in {conflicts}; it was undone.")
            raise GitFailed(f"git merge: {ran.last_line}")
    return {"success": True, "branch": branch, "merge_commit": git.head(), "error": None}
