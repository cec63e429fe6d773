"""Git, by its own program: status, log, diff, commit, tag, branch. Works on the workspace."""

import os
import subprocess
from pathlib import Path
from typing import Any

from runs.actions import StepContext, action

MAX_DIFF = 256 * 1024  # characters
_UNIT, _RECORD = "\x1f", "\x1e"


class GitFailed(RuntimeError):
    """Git refused, in its own words."""


@action("git.status", effect="pure")
def status(context: StepContext) -> dict[str, Any]:
    """Branch, commit and what is not committed: `{branch, commit, clean, files}`."""
    lines = _git(context, "status", "--porcelain=v1", "-z").split("\0")
    files = []
    at = 0
    while at < len(lines) and lines[at]:
        state, name = lines[at][:2], lines[at][3:]
        files.append({"path": name, "state": state.strip()})
        at += 2 if "R" in state or "C" in state else 1  # the old name follows
    branch = _git(context, "branch", "--show-current").strip()
    commit = _try(context, "rev-parse", "--verify", "-q", "HEAD")
    return {"branch": branch or None, "commit": commit, "clean": not files, "files": files}


@action("git.log", effect="pure")
def log(context: StepContext, since: str = "", limit: int = 100) -> dict[str, Any]:
    """The commits since a tag or commit, newest first; without one, since the last tag.

    Answers `{since, count, commits: [{sha, subject, author, date}]}`.
    """
    start = since or _last_tag(context)
    span = [f"{_revision(context, start)}..HEAD"] if start else ["HEAD"]
    shape = f"--format=%h{_UNIT}%s{_UNIT}%an{_UNIT}%cs{_RECORD}"
    said = _git(context, "log", shape, f"--max-count={int(limit)}", *span, "--")
    keys = ("sha", "subject", "author", "date")
    commits = [
        dict(zip(keys, entry.strip("\n").split(_UNIT), strict=True))
        for entry in said.split(_RECORD)
        if entry.strip("\n")
    ]
    return {"since": start or None, "count": len(commits), "commits": commits}


@action("git.diff", effect="pure")
def diff(context: StepContext, since: str = "HEAD") -> dict[str, Any]:
    """What differs from a commit: `{since, files, text, truncated}`."""
    start = _revision(context, since)
    names = _git(context, "diff", "--name-only", "-z", start, "--").split("\0")
    text = _git(context, "diff", "--no-color", "--no-ext-diff", start, "--")
    return {
        "since": since,
        "files": [name for name in names if name],
        "text": text[:MAX_DIFF],
        "truncated": len(text) > MAX_DIFF,
    }


@action("git.commit")
def commit(message: str, context: StepContext) -> dict[str, Any]:
    """Commit everything that changed; nothing to commit is no failure: `{commit, committed}`."""
    _git(context, "add", "--all")
    if _quiet(context, "diff", "--cached", "--quiet"):
        return {"commit": _try(context, "rev-parse", "-q", "--verify", "HEAD"), "committed": False}
    _git(context, "commit", "--quiet", f"--message={message}")
    return {"commit": _git(context, "rev-parse", "HEAD").strip(), "committed": True}


@action("git.tag")
def tag(name: str, context: StepContext, message: str = "") -> dict[str, Any]:
    """Tag the current commit. The tag there already on this commit: fine; on another: it fails."""
    here = _git(context, "rev-parse", "HEAD").strip()
    known = _try(context, "rev-parse", "-q", "--verify", f"refs/tags/{name}^{{commit}}")
    if known and known != here:
        raise GitFailed(f"The tag {name} is on another commit ({known[:10]}).")
    if not known:
        _check_ref(context, f"refs/tags/{name}")
        _git(context, "tag", "--annotate", f"--message={message or name}", "--", name)
    return {"tag": name, "commit": here, "created": not known}


@action("git.branch")
def branch(name: str, context: StepContext) -> dict[str, Any]:
    """Change to a branch, which is made when it does not exist: `{branch, created}`."""
    _check_ref(context, f"refs/heads/{name}")
    known = _try(context, "rev-parse", "-q", "--verify", f"refs/heads/{name}")
    _git(context, "switch", "--quiet", *([name] if known else ["--create", name]))
    return {"branch": name, "created": not known}


def _last_tag(context: StepContext) -> str:
    return _try(context, "describe", "--tags", "--abbrev=0") or ""


def _revision(context: StepContext, given: str) -> str:
    """The full name of a commit, so that no text of a workflow can be taken for an option."""
    found = _try(context, "rev-parse", "-q", "--verify", "--end-of-options", f"{given}^{{commit}}")
    if not found:
        raise GitFailed(f"There is no commit {given!r}.")
    return found


def _check_ref(context: StepContext, name: str) -> None:
    if _quiet(context, "check-ref-format", name) is False:
        raise GitFailed(f"{name!r} is no name that git accepts.")


def _run(workspace: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    # No prompt, no pager, no colour: nobody sits at this terminal.
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_PAGER": "cat"}
    # A repository named by the environment (a hook's) is not the workspace's.
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        env.pop(name, None)
    try:
        return subprocess.run(
            ["git", "-C", str(workspace), *arguments],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise GitFailed("The program git is not on this machine.") from None


def _git(context: StepContext, *arguments: str) -> str:
    done = _run(context.workspace, *arguments)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitFailed(f"git {arguments[0]}: {said[-1] if said else done.returncode}")
    return done.stdout.decode("utf-8", "replace")


def _try(context: StepContext, *arguments: str) -> str | None:
    """What git says, or None when it has nothing to say. Raises GitFailed outside a repository."""
    done = _run(context.workspace, *arguments)
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace").strip()
    if b"not a git repository" in done.stderr:
        raise GitFailed("The workspace is not a git repository.")
    return None


def _quiet(context: StepContext, *arguments: str) -> bool:
    """Whether git's exit code is 0."""
    return _run(context.workspace, *arguments).returncode == 0
