"""Reviews: what they look at, what they found, what was mended."""

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, TypedDict

from runs.actions import StepContext, action
from runs.library.actions.git import MAX_DIFF, commits_of
from runs.library.actions.git_program import NEVER, Git, GitFailed
from runs.library.actions.github_api import GitHub
from runs.library.actions.programs import ProgramFailed, run
from runs.library.actions.workspace import inside, settings
from runs.library.check_output import find_errors

MAX_SPEC = 64 * 1024  # characters of one file of a specification
_MOST_SPECS = 20
_MOST_FILES = 3000
_DIFF = "application/vnd.github.diff"
_FILE_IN_DIFF = re.compile(r"^diff --git a/(.+?) b/(.+)$", re.MULTILINE)


class Metadata(TypedDict):
    """What is reviewed. Without a pull request `number` is null."""

    number: int | None
    title: str
    description: str
    author: str
    labels: list[str]
    base_branch: str


class ReviewContext(TypedDict):
    """What a reviewer needs to see."""

    success: bool
    pr_metadata: Metadata
    changed_files: list[str]
    diff: str
    diff_truncated: bool
    commits: list[dict[str, str]]
    spec_files: dict[str, str]
    coderabbit_available: bool
    error: str | None


class CodeRabbit(TypedDict):
    """What CodeRabbit found, if it is there."""

    available: bool
    findings: list[dict[str, Any]]
    error: str | None


@action("gather_pr_context", effect="pure")
def gather_pr_context(
    context: StepContext,
    pr_number: int | None = None,
    base_branch: str = "main",
    include_spec_files: bool = False,
    spec_dir: str | None = None,
    exclude_patterns: list[str] | None = None,
    cwd: str | None = None,
) -> ReviewContext:
    """What a review looks at: of a pull request, or of the current branch against its base.

    Answers `{success, pr_metadata, changed_files, diff, diff_truncated, commits, spec_files,
    coderabbit_available, error}`. Without a number, what is not committed yet belongs to it.
    """
    git = Git(context, cwd)
    patterns = [*(exclude_patterns or []), ".maverick/*"]
    if pr_number is not None:
        metadata, files, diff, commits = _of_pull_request(GitHub(context, git), int(pr_number))
        diff = _without(diff, patterns)
    else:
        metadata, files, diff, commits = _of_branch(git, base_branch, patterns)
    wanted = include_spec_files or spec_dir
    return {
        "success": True,
        "pr_metadata": metadata,
        "changed_files": [name for name in files if not _excluded(name, patterns)],
        "diff": diff[:MAX_DIFF],
        "diff_truncated": len(diff) > MAX_DIFF,
        "commits": commits,
        "spec_files": _specs(context, git, spec_dir) if wanted else {},
        "coderabbit_available": bool(_coderabbit(context)),
        "error": None,
    }


action("review.gather_pr_context", effect="pure")(gather_pr_context)

_Found = tuple[Metadata, list[str], str, list[dict[str, str]]]


def _of_pull_request(github: GitHub, number: int) -> _Found:
    where = f"{github.path}/pulls/{number}"
    pull = github.get(where)
    metadata: Metadata = {
        "number": number,
        "title": pull.get("title") or "",
        "description": pull.get("body") or "",
        "author": (pull.get("user") or {}).get("login") or "",
        "labels": [label["name"] for label in pull.get("labels") or []],
        "base_branch": pull["base"]["ref"],
    }
    files = [entry["filename"] for entry in github.pages(f"{where}/files", most=_MOST_FILES)]
    commits = [
        {
            "sha": entry["sha"][:10],
            "subject": entry["commit"]["message"].partition("\n")[0],
            "author": (entry["commit"].get("author") or {}).get("name") or "",
            "date": ((entry["commit"].get("author") or {}).get("date") or "")[:10],
        }
        for entry in github.pages(f"{where}/commits", most=250)
    ]
    return metadata, files, github.text(where, _DIFF), list(reversed(commits))


def _of_branch(git: Git, base: str, patterns: list[str]) -> _Found:
    ref = git.base(base)
    if ref is None:
        raise GitFailed(f"There is no base branch {base!r}.", hint="Name the one to compare with.")
    start = git.ask("merge-base", ref, "HEAD")
    if not start:
        raise GitFailed(f"{base} and the current branch have nothing in common.")
    excluded = [f":(exclude,top){pattern}" for pattern in patterns]
    span = [start, "--", ":/", NEVER, *excluded]
    names = git.out("diff", "--name-only", "-z", *span).split("\0")
    untracked = git.status().untracked
    diff = git.out("diff", "--no-color", "--no-ext-diff", *span)
    branch = git.branch() or ""
    commits = commits_of(git, f"{start}..HEAD")
    metadata: Metadata = {
        "number": None,
        "title": commits[0]["subject"] if commits else branch,
        "description": "",
        "author": commits[0]["author"] if commits else "",
        "labels": [],
        "base_branch": base,
    }
    return metadata, sorted({name for name in names if name} | set(untracked)), diff, commits


def _excluded(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, one) or name.startswith(f"{one.rstrip('/')}/") for one in patterns)


def _without(diff: str, patterns: list[str]) -> str:
    """A diff without the files that match."""
    starts = [found.start() for found in _FILE_IN_DIFF.finditer(diff)]
    parts = [diff[at:to] for at, to in zip(starts, [*starts[1:], len(diff)], strict=True)]
    kept = []
    for part in parts:
        named = _FILE_IN_DIFF.match(part)
        if named is None or not _excluded(named[2], patterns):
            kept.append(part)
    return "".join(kept)


def _specs(context: StepContext, git: Git, spec_dir: str | None) -> dict[str, str]:
    folder = inside(context.workspace, spec_dir or f"specs/{git.branch() or ''}")
    found: dict[str, str] = {}
    if not folder.is_dir():
        context.log(
            f"There is no folder {spec_dir or folder.name} with a specification.", "warning"
        )
        return found
    root = context.workspace.resolve()
    for path in sorted(folder.rglob("*.md"))[:_MOST_SPECS]:
        if path.is_file() and path.resolve().is_relative_to(root):
            text = path.read_text("utf-8", "replace")[:MAX_SPEC]
            found[path.relative_to(root).as_posix()] = text
    return found


@action("review.run_coderabbit_review")
def run_coderabbit_review(
    step: StepContext,
    pr_number: int | None = None,
    base_branch: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> CodeRabbit:
    """Let CodeRabbit review, if `coderabbit_cmd` under `[actions]` says how.

    Answers `{available, findings, error}`. Its absence and its failure fail nothing: a review by
    agents goes on without it. `context` is what `gather_pr_context` gave; old files name the base
    branch in it only.
    """
    words = _coderabbit(step)
    if not words:
        step.log("No coderabbit_cmd under [actions]: reviewed without CodeRabbit.")
        return {"available": False, "findings": [], "error": None}
    gathered = (context or {}).get("pr_metadata") or {}
    base = str(base_branch or gathered.get("base_branch") or "main")
    filled = [word.replace("{base}", base) for word in words]
    try:
        ran = run(step, filled, timeout=1800)
    except ProgramFailed as error:
        step.log(error.message, "warning")
        return {"available": False, "findings": [], "error": error.message}
    findings = _findings(ran.out, step.workspace)
    failed = ran.code != 0 and not findings
    return {"available": True, "findings": findings, "error": ran.last_line if failed else None}


def _coderabbit(context: StepContext) -> list[str]:
    given = settings(context, "actions").get("coderabbit_cmd")
    if isinstance(given, str) and given.strip():
        return ["sh", "-e", "-c", given]
    return [str(word) for word in given] if isinstance(given, list) else []


def _findings(said: str, workspace: Path) -> list[dict[str, Any]]:
    try:
        value = json.loads(said)
    except ValueError:
        return find_errors(said, workspace)
    if isinstance(value, Mapping):
        value = value.get("findings") or value.get("issues") or []
    return (
        [dict(one) for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
    )
