"""Issues and pull requests on GitHub."""

import re
from typing import Any, TypedDict

from runs.actions import StepContext, action
from runs.library.actions.git_program import Git
from runs.library.actions.github_api import GitHub, GitHubFailed

MOST_ISSUES = 1000
MOST_BODY = 60_000  # characters; GitHub takes 65,536


class Issue(TypedDict):
    """An issue."""

    number: int
    title: str
    body: str
    labels: list[str]
    assignee: str | None
    url: str
    state: str


class Issues(TypedDict):
    """Issues that were looked for; none is no failure."""

    success: bool
    issues: list[Issue]
    total_count: int
    error: str | None


class OneIssue(TypedDict):
    """An issue, also at the top: many files read `output.title`."""

    success: bool
    issue: Issue
    number: int
    title: str
    body: str
    labels: list[str]
    url: str
    state: str
    error: str | None


class PullRequest(TypedDict):
    """A pull request that is open now."""

    success: bool
    pr_number: int
    pr_url: str
    title: str
    draft: bool
    base_branch: str
    head_branch: str
    created: bool
    error: str | None


@action("fetch_github_issues", effect="pure")
def fetch_github_issues(
    context: StepContext, label: str | None = None, limit: int = 5, state: str = "open"
) -> Issues:
    """The issues with a label, newest first: `{success, issues, total_count, error}`.

    None is no failure. Pull requests, which GitHub counts among issues, are left out.
    """
    if state not in ("open", "closed", "all"):
        raise ValueError("state is open, closed or all")
    wanted = max(0, min(int(limit), MOST_ISSUES))
    github = GitHub(context)
    params = {"state": state, **({"labels": label} if label else {})}
    issues: list[Issue] = []
    for entry in github.pages(f"{github.path}/issues", params) if wanted else ():
        if "pull_request" not in entry:
            issues.append(_issue(entry))
        if len(issues) == wanted:
            break
    return {"success": True, "issues": issues, "total_count": len(issues), "error": None}


@action("fetch_github_issue", effect="pure")
def fetch_github_issue(issue_number: int, context: StepContext) -> OneIssue:
    """One issue: `{success, issue, number, title, body, labels, url, state, error}`."""
    github = GitHub(context)
    issue = _issue(github.get(f"{github.path}/issues/{int(issue_number)}"))
    return {
        "success": True,
        "issue": issue,
        "number": issue["number"],
        "title": issue["title"],
        "body": issue["body"],
        "labels": issue["labels"],
        "url": issue["url"],
        "state": issue["state"],
        "error": None,
    }


def _issue(entry: dict[str, Any]) -> Issue:
    return {
        "number": entry["number"],
        "title": entry.get("title") or "",
        "body": entry.get("body") or "",
        "labels": [
            label["name"] if isinstance(label, dict) else str(label)
            for label in entry.get("labels") or []
        ],
        "assignee": (entry.get("assignee") or {}).get("login"),
        "url": entry.get("html_url") or "",
        "state": entry.get("state") or "",
    }


@action("create_github_pr")
def create_github_pr(
    context: StepContext,
    base_branch: str = "main",
    draft: bool = False,
    generated_body: str | None = None,
    title: str | None = None,
    generated_title: str | None = None,
    head_branch: str | None = None,
    issue_number: int | None = None,
    cwd: str | None = None,
) -> PullRequest:
    """Open a pull request for the current branch, or find the one that is open already.

    Answers `{success, pr_number, pr_url, title, draft, base_branch, head_branch, created, error}`.
    With `issue_number` its text says that it closes that issue.
    """
    git = Git(context, cwd)
    head = head_branch or git.branch()
    if not head:
        raise GitHubFailed("There is no current branch to open a pull request for.", permanent=True)
    if head == base_branch:
        raise GitHubFailed(f"A pull request from {head} into itself is none.", permanent=True)
    github = GitHub(context, git)
    # The worker may have died after it was opened and before anybody wrote down that it was.
    known = _open_pull_request(github, head, base_branch)
    if known is not None:
        context.log(f"The pull request {known['number']} is open already.")
        return _pull_request(known, base_branch, head, False)
    body = {
        "title": _title(title or generated_title or git.ask("log", "-1", "--format=%s") or head),
        "body": _body(generated_body or "", issue_number),
        "head": head,
        "base": base_branch,
        "draft": bool(draft),
    }
    try:
        made = github.post(f"{github.path}/pulls", body)
    except GitHubFailed as error:
        known = _after_refusal(github, error, head, base_branch)
        return _pull_request(known, base_branch, head, False)
    context.log(f"The pull request {made['number']} is open: {made.get('html_url')}")
    return _pull_request(made, base_branch, head, True)


def _open_pull_request(github: GitHub, head: str, base: str) -> dict[str, Any] | None:
    params = {"head": f"{github.owner}:{head}", "base": base, "state": "open"}
    for entry in github.pages(f"{github.path}/pulls", params, most=100):
        if entry["head"]["ref"] == head and entry["base"]["ref"] == base:
            return dict(entry)
    return None


def _after_refusal(github: GitHub, error: GitHubFailed, head: str, base: str) -> dict[str, Any]:
    """The pull request that somebody opened meanwhile; otherwise the refusal, in clearer words."""
    if error.status_code != 422:
        raise error
    said = error.message.lower()
    if "already exists" in said:
        known = _open_pull_request(github, head, base)
        if known is not None:
            return known
    if "no commits between" in said:
        raise GitHubFailed(
            f"There is nothing to merge: {head} has no commit that {base} has not.",
            permanent=True,
            status=422,
        ) from None
    if "head invalid" in said:
        raise GitHubFailed(
            f"GitHub knows no branch {head}.", "Push it first.", permanent=True, status=422
        ) from None
    raise error


def _pull_request(entry: dict[str, Any], base: str, head: str, created: bool) -> PullRequest:
    return {
        "success": True,
        "pr_number": entry["number"],
        "pr_url": entry.get("html_url") or "",
        "title": entry.get("title") or "",
        "draft": bool(entry.get("draft")),
        "base_branch": base,
        "head_branch": head,
        "created": created,
        "error": None,
    }


def _title(text: str) -> str:
    """One line, as GitHub wants it; generators like to add quotes and a second one."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first.strip("\"'`").strip()[:256] or "Changes"


def _body(text: str, issue_number: int | None) -> str:
    text = text.strip()[:MOST_BODY]
    if issue_number is None:
        return text
    closes = f"Closes #{int(issue_number)}"
    if re.search(rf"\b(close[sd]?|fix(e[sd])?|resolve[sd]?)\s+#{int(issue_number)}\b", text, re.I):
        return text
    return f"{text}\n\n{closes}".strip()
