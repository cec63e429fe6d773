"""Git on the workspace: status, log, diff, commit, tag, branch."""

from typing import Any

from runs.actions import StepContext, action
from runs.library.actions.git_program import Git, GitFailed

MAX_DIFF = 256 * 1024  # characters
_UNIT, _RECORD = "\x1f", "\x1e"


@action("git.status", effect="pure")
def status(context: StepContext) -> dict[str, Any]:
    """Branch, commit and what is not committed: `{branch, commit, clean, files}`."""
    git = Git(context)
    lines = git.out("status", "--porcelain=v1", "-z").split("\0")
    files = []
    at = 0
    while at < len(lines) and lines[at]:
        state, name = lines[at][:2], lines[at][3:]
        files.append({"path": name, "state": state.strip()})
        at += 2 if "R" in state or "C" in state else 1  # the old name follows
    return {"branch": git.branch(), "commit": git.head(), "clean": not files, "files": files}


@action("git.log", effect="pure")
def log(context: StepContext, since: str = "", limit: int = 100) -> dict[str, Any]:
    """The commits since a tag or commit, newest first; without one, since the last tag.

    Answers `{since, count, commits: [{sha, subject, author, date}]}`.
    """
    git = Git(context)
    start = since or git.ask("describe", "--tags", "--abbrev=0") or ""
    span = f"{git.commit_of(start)}..HEAD" if start else "HEAD"
    commits = commits_of(git, span, limit)
    return {"since": start or None, "count": len(commits), "commits": commits}


def commits_of(git: Git, span: str, limit: int = 100) -> list[dict[str, str]]:
    """`{sha, subject, author, date}` of each commit of a span, newest first."""
    shape = f"--format=%h{_UNIT}%s{_UNIT}%an{_UNIT}%cs{_RECORD}"
    said = git.out("log", shape, f"--max-count={int(limit)}", span, "--")
    keys = ("sha", "subject", "author", "date")
    return [
        dict(zip(keys, entry.strip("\n").split(_UNIT), strict=True))
        for entry in said.split(_RECORD)
        if entry.strip("\n")
    ]


@action("git.diff", effect="pure")
def diff(context: StepContext, since: str = "HEAD") -> dict[str, Any]:
    """What differs from a commit: `{since, files, text, truncated}`."""
    git = Git(context)
    start = git.commit_of(since)
    names = git.out("diff", "--name-only", "-z", start, "--").split("\0")
    text = git.out("diff", "--no-color", "--no-ext-diff", start, "--")
    return {
        "since": since,
        "files": [name for name in names if name],
        "text": text[:MAX_DIFF],
        "truncated": len(text) > MAX_DIFF,
    }


@action("git.commit")
def commit(message: str, context: StepContext) -> dict[str, Any]:
    """Commit everything that changed; nothing to commit is no failure: `{commit, committed}`."""
    git = Git(context)
    git.stage_all()
    if not git.staged():
        return {"commit": git.head(), "committed": False}
    git.must("commit", "--quiet", f"--message={message}")
    return {"commit": git.head(), "committed": True}


@action("git.tag")
def tag(name: str, context: StepContext, message: str = "") -> dict[str, Any]:
    """Tag the current commit. The tag there already on this commit: fine; on another: it fails.

    Answers `{tag, commit, created}`.
    """
    git = Git(context)
    here = git.out("rev-parse", "HEAD").strip()
    known = git.ask("rev-parse", "-q", "--verify", f"refs/tags/{name}^{{commit}}")
    if known and known != here:
        raise GitFailed(f"The tag {name} is on another commit ({known[:10]}).")
    if not known:
        git.check_ref(f"refs/tags/{name}", name)
        git.out("tag", "--annotate", f"--message={message or name}", "--", name)
    return {"tag": name, "commit": here, "created": not known}


@action("git.branch")
def branch(name: str, context: StepContext) -> dict[str, Any]:
    """Change to a branch, which is made when it does not exist: `{branch, created}`."""
    git = Git(context)
    git.check_branch_name(name)
    known = git.has_branch(name)
    git.out("switch", "--quiet", *([name] if known else ["--create", name]))
    return {"branch": name, "created": not known}
