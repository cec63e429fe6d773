"""Context builders: what agents and generators are told, for steps that name one as `context`.

    - {name: message, type: generate, generator: commit_message_generator,
       context: commit_message_context}

A builder gets the workflow's inputs and what the steps before have given. An input `cwd` names the
folder of the working tree.
"""

from collections.abc import Mapping
from typing import Any

from runs.actions import StepContext, action
from runs.library.actions.git import commits_of
from runs.library.actions.git_program import NEVER, Git
from runs.library.actions.workspace import inside

MAX_DIFF = 60_000  # characters: more crowds out the task
MAX_TASKS = 30_000

Told = dict[str, Any]
Steps = Mapping[str, Any]


def _output(steps: Steps, name: str) -> Any:
    step = steps.get(name)
    return step.get("output") if isinstance(step, Mapping) else None


def _field(steps: Steps, name: str, *path: str) -> Any:
    value = _output(steps, name)
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _base(git: Git, inputs: Mapping[str, Any]) -> str:
    return str(inputs.get("base_branch") or "main")


def _from_base(git: Git, base: str) -> str | None:
    ref = git.base(base)
    return git.ask("merge-base", ref, "HEAD") if ref and git.head() else None


def _commits(git: Git, base: str) -> list[str]:
    start = _from_base(git, base)
    return [one["subject"] for one in commits_of(git, f"{start}..HEAD")] if start else []


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\n… ({len(text) - most} characters more)"


def _tasks(context: StepContext, inputs: Mapping[str, Any], steps: Steps) -> str:
    named = inputs.get("task_file") or _field(steps, "init", "task_file_path")
    if not named:
        return ""
    path = inside(context.workspace, str(named))
    return _cut(path.read_text("utf-8", "replace"), MAX_TASKS) if path.is_file() else ""


@action("commit_message_context", effect="pure")
def commit_message_context(inputs: Mapping[str, Any], steps: Steps, context: StepContext) -> Told:
    """For a commit message: diff, statistics, recent subjects, and a message that was wished for."""
    git = Git(context, inputs.get("cwd"))
    against = ["HEAD"] if git.head() else ["--cached"]
    staged = ["--cached"] if git.staged() else against
    return {
        "diff": _cut(
            git.out("diff", "--no-color", "--no-ext-diff", *staged, "--", NEVER), MAX_DIFF
        ),
        "file_stats": git.out("diff", "--stat", *staged, "--", NEVER).strip(),
        "untracked": list(git.status().untracked),
        "recent_commits": [one["subject"] for one in commits_of(git, "HEAD", 10)]
        if git.head()
        else [],
        "message": inputs.get("message") or "",
    }


@action("pr_title_context", effect="pure")
def pr_title_context(inputs: Mapping[str, Any], steps: Steps, context: StepContext) -> Told:
    """For the title of a pull request: branch, commits, statistics, tasks."""
    git = Git(context, inputs.get("cwd"))
    base = _base(git, inputs)
    start = _from_base(git, base)
    return {
        "branch": git.branch() or "",
        "base_branch": base,
        "commits": _commits(git, base),
        "diff_overview": git.out("diff", "--stat", start, "HEAD", "--").strip() if start else "",
        "task_summary": _tasks(context, inputs, steps),
    }


@action("pr_body_context", effect="pure")
def pr_body_context(inputs: Mapping[str, Any], steps: Steps, context: StepContext) -> Told:
    """For the text of a pull request: what `pr_title_context` has, and how the checks ended."""
    told = pr_title_context(inputs, steps, context)
    told["diff_stats"] = told.pop("diff_overview")
    told["validation"] = _output(steps, "validate_and_fix") or _output(steps, "run_validation")
    return told


@action("review_context", effect="pure")
def review_context(inputs: Mapping[str, Any], steps: Steps, context: StepContext) -> Told:
    """For a reviewer: branch, base, the changed files and the diff between them."""
    git = Git(context, inputs.get("cwd"))
    base = _base(git, inputs)
    start = _from_base(git, base)
    span = [start, "--", ":/", NEVER] if start else []
    names = git.out("diff", "--name-only", "-z", *span).split("\0") if span else []
    diff = git.out("diff", "--no-color", "--no-ext-diff", *span) if span else ""
    return {
        "branch": git.branch() or "",
        "base_branch": base,
        "changed_files": [name for name in names if name],
        "diff": _cut(diff, MAX_DIFF),
        "commits": _commits(git, base),
    }


@action("implementation_context", effect="pure")
def implementation_context(inputs: Mapping[str, Any], steps: Steps, context: StepContext) -> Told:
    """For an implementer: branch, task file and its text."""
    git = Git(context)
    return {
        "branch": inputs.get("branch_name") or git.branch() or "",
        "task_file": inputs.get("task_file") or _field(steps, "init", "task_file_path"),
        "tasks": _tasks(context, inputs, steps),
    }


action("implementer_context", effect="pure")(implementation_context)


@action("issue_fix_context", effect="pure")
def issue_fix_context(inputs: Mapping[str, Any], steps: Steps, context: StepContext) -> Told:
    """For who fixes an issue: the issue of the step `fetch_issue`, the branch of `create_branch`."""
    issue = _field(steps, "fetch_issue", "issue") or inputs.get("issue") or {}
    return {
        "issue": issue,
        "issue_number": _field(steps, "fetch_issue", "number") or inputs.get("issue_number"),
        "branch": _field(steps, "create_branch", "branch_name") or Git(context).branch() or "",
    }


@action("issue_analyzer_context", effect="pure")
def issue_analyzer_context(inputs: Mapping[str, Any], steps: Steps, context: StepContext) -> Told:
    """For who picks among issues: those of the step `fetch_issues`, and how many may be picked."""
    return {
        "issues": _field(steps, "fetch_issues", "issues") or [],
        "limit": inputs.get("limit"),
        "label": inputs.get("label"),
    }


@action("review_fixer_context", effect="pure")
def review_fixer_context(inputs: Mapping[str, Any], steps: Steps, context: StepContext) -> Told:
    """For who mends what a review found: its findings, from the steps that usually have them."""
    for name in ("combine_results", "analyze_findings", "review", "initial_review"):
        found = _output(steps, name)
        if isinstance(found, Mapping):
            return {"branch": Git(context).branch() or "", "findings": found.get("issues") or found}
    return {"branch": Git(context).branch() or "", "findings": []}
