"""Reviews, reports and what agents are told: gathered from real repositories."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runs.library.actions.git_program import GitFailed
from tests.actions import Context, call
from tests.fakes.github_server import TOKEN, GitHubServer


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True)
    return done.stdout.decode().strip()


def commit(place: Path, message: str, **files: str) -> None:
    for name, text in files.items():
        path = place / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", message)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits on `feature` before main, pushed to a bare remote."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Alice")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "alice@localhost")
    remote, place = tmp_path / "remote.git", tmp_path / "work"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    git(tmp_path, "clone", "-q", str(remote), str(place))
    git(place, "checkout", "-q", "-b", "main")
    commit(place, "First", a_py="one\n")
    git(place, "checkout", "-q", "-b", "feature")
    commit(place, "Second", a_py="two\n", specs__feature__spec_md="# What it should do\n")
    commit(place, "Third", uv_lock="long\n")
    git(place, "push", "-q", "origin", "main", "feature")
    return place


@pytest.fixture
def server(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    with GitHubServer(tmp_path / "remote.git") as running:
        monkeypatch.setenv("GITHUB_API_URL", running.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", "octo/tide")
        yield running


# -- what a review looks at -----------------------------------------------------------------------


def test_a_branch_is_compared_with_its_base_uncommitted_work_too(work) -> None:
    (work / "a.py").write_text("three\n")
    (work / "new.py").write_text("new\n")
    (work / ".maverick").mkdir()
    (work / ".maverick" / "x.json").write_text("{}")
    found = call("gather_pr_context", work, exclude_patterns=["*.lock"])
    assert found["pr_metadata"] == {
        "number": None,
        "title": "Third",
        "description": "",
        "author": "Alice",
        "labels": [],
        "base_branch": "main",
    }
    assert found["changed_files"] == ["a.py", "new.py", "specs/feature/spec.md"]
    assert "+three" in found["diff"]
    assert "uv.lock" not in found["diff"]
    assert [one["subject"] for one in found["commits"]] == ["Third", "Second"]
    assert found["spec_files"] == {}
    assert found["diff_truncated"] is found["coderabbit_available"] is False


def test_the_specification_is_read_when_it_is_wanted(work) -> None:
    specs = {"specs/feature/spec.md": "# What it should do\n"}
    assert call("gather_pr_context", work, include_spec_files=True)["spec_files"] == specs
    assert call("gather_pr_context", work, spec_dir="specs")["spec_files"] == specs
    assert call("gather_pr_context", work, spec_dir="nothing")["spec_files"] == {}


def test_a_pull_request_is_read_from_github(work, server) -> None:
    pull = server.pull("feature", title="A feature", body="Why.", labels=[{"name": "big"}])
    found = call(
        "review.gather_pr_context",
        Context(work, secrets={"GITHUB_TOKEN": TOKEN}),
        pr_number=pull["number"],
        exclude_patterns=["*.lock"],
    )
    assert found["pr_metadata"] == {
        "number": pull["number"],
        "title": "A feature",
        "description": "Why.",
        "author": "alice",
        "labels": ["big"],
        "base_branch": "main",
    }
    assert found["changed_files"] == ["a.py", "specs/feature/spec.md"]
    assert "+two" in found["diff"]
    assert "uv.lock" not in found["diff"]
    assert [one["subject"] for one in found["commits"]] == ["Third", "Second"]


def test_a_base_that_is_not_there_is_named(work) -> None:
    with pytest.raises(GitFailed, match="no base branch 'trunk'"):
        call("gather_pr_context", work, base_branch="trunk")


def test_coderabbit_is_only_asked_when_it_is_configured_and_never_fails_a_review(work) -> None:
    ask = "review.run_coderabbit_review"
    assert call(ask, work) == {"available": False, "findings": [], "error": None}

    def configured(command: str) -> dict[str, Any]:
        (work / "maverick.toml").write_text(f"[actions]\ncoderabbit_cmd = {json.dumps(command)}\n")
        found: dict[str, Any] = call(ask, work, base_branch="main")
        return found

    found = configured("""echo '{"findings": [{"file": "{base}.py", "message": "No."}]}'""")
    assert found["findings"] == [{"file": "main.py", "message": "No."}]
    # Old files give what was gathered, and no base branch.
    gathered = call("gather_pr_context", work)
    gathered["pr_metadata"]["base_branch"] = "trunk"
    assert call(ask, work, pr_number=1, context=gathered)["findings"][0]["file"] == "trunk.py"
    assert call(ask, work, context=None)["findings"][0]["file"] == "main.py"
    assert configured("echo 'a.py:3: Too long'")["findings"][0]["line"] == 3
    assert configured("echo broken >&2; exit 3") == {
        "available": True,
        "findings": [],
        "error": "broken",
    }
    (work / "maverick.toml").write_text('[actions]\ncoderabbit_cmd = ["no-such-program"]\n')
    assert call(ask, work)["available"] is False
    assert call("gather_pr_context", work)["coderabbit_available"] is True


# -- what reviews found ---------------------------------------------------------------------------

AGENT = {
    "summary": "Nearly.",
    "recommendation": "comment",
    "issues": [
        {"severity": "low", "file": "b.py", "line": 3, "description": "A name"},
        {"severity": "HIGH", "file": "a.py", "line": 1, "message": "A race", "suggestion": "Lock."},
    ],
}


def test_reviews_are_combined_the_worst_first() -> None:
    found = call(
        "combine_review_results",
        agent_review=AGENT,
        coderabbit_review={"findings": [{"path": "c.py", "title": "Odd"}]},
        pr_metadata={"number": 7, "title": "A feature"},
    )
    assert [(one["severity"], one["file"], one["source"]) for one in found["issues"]] == [
        ("major", "a.py", "agent"),
        ("minor", "c.py", "coderabbit"),
        ("suggestion", "b.py", "agent"),
    ]
    assert found["recommendation"] == "request_changes"
    report = found["review_report"]
    assert report.startswith("# Review of #7 A feature\n\n**Request changes.** Found: 1 major,")
    assert "- `a.py:1` A race _Lock._" in report
    assert "## From the agent review\n\nNearly." in report


@pytest.mark.parametrize(
    ("reviews", "recommendation"),
    [
        ({}, "comment"),
        ({"agent_review": {"issues": []}}, "approve"),
        ({"agent_review": "Looks fine to me."}, "comment"),
        ({"agent_review": {"issues": [], "recommendation": "Request changes"}}, "request_changes"),
        ({"spec_review": {"issues": []}, "technical_review": {"recommendation": "comment"}}, "comment"),
        ({"spec_review": {"issues": ["A word"]}}, "comment"),
        ({"technical_review": {"issues": [{"severity": "critical"}]}}, "request_changes"),
        ({"technical_review": {"issues": [{"severity": "critical"}], "recommendation": "approve"}}, "request_changes"),
        ({"coderabbit_review": {"available": False, "findings": []}, "agent_review": {"issues": []}}, "approve"),
    ],
)  # fmt: skip
def test_the_strictest_word_counts(reviews, recommendation) -> None:
    assert call("review.combine_review_results", **reviews)["recommendation"] == recommendation


def test_findings_are_grouped_by_file_when_there_is_something_to_mend() -> None:
    found = call("analyze_review_findings", review_result=AGENT)
    assert (found["total"], found["needs_fixes"], found["skip_reason"]) == (2, True, None)
    assert found["counts"] == {"critical": 0, "major": 1, "minor": 0, "suggestion": 1}
    assert [group["file"] for group in found["issue_groups"]] == ["b.py", "a.py"]
    approved = call("analyze_review_findings", review_result=AGENT, recommendation="approve")
    assert (approved["needs_fixes"], approved["skip_reason"]) == (False, "The review approves.")
    nothing = call("analyze_review_findings", review_result=None)
    assert nothing["skip_reason"] == "The review found nothing."


def test_a_report_counts_what_was_mended() -> None:
    last = {"issues": [AGENT["issues"][0]], "recommendation": "comment", "review_report": "# R"}
    found = call(
        "generate_review_fix_report",
        initial_review=AGENT,
        final_review=last,
        attempts=2,
        max_attempts=2,
    )
    assert (found["issues_found"], found["issues_fixed"], found["attempts"]) == (2, 1, 2)
    assert [one["file"] for one in found["issues_remaining"]] == ["b.py"]
    assert found["recommendation"] == "comment"
    assert found["fix_summary"].endswith("All 2 attempts are used up.")
    assert call("generate_review_fix_report")["fix_summary"] == "Nothing was mended."


# -- reports --------------------------------------------------------------------------------------


def validation(*, passed: bool) -> dict[str, Any]:
    errors = [] if passed else [{"file": "a.py", "line": 1, "message": "F401"}]
    return {
        "success": passed,
        "passed": passed,
        "stages": ["format", "lint"],
        "stage_results": {
            "format": {"passed": True, "duration_ms": 5, "output": "", "errors": []},
            "lint": {"passed": passed, "duration_ms": 7, "output": "", "errors": errors},
        },
    }


def test_a_validation_that_passed_has_a_short_report() -> None:
    assert call("generate_validation_report", initial_result=validation(passed=True)) == {
        "passed": True,
        "stages": [
            {"name": "format", "passed": True, "errors": [], "duration_ms": 5},
            {"name": "lint", "passed": True, "errors": [], "duration_ms": 7},
        ],
        "attempts": 0,
        "fixes_applied": [],
        "remaining_errors": [],
        "suggestions": [],
    }


@pytest.mark.parametrize("shape", ["final_result", "itself", "report"])
def test_what_was_mended_counts_and_not_what_was_found_first(shape) -> None:
    good = validation(passed=True)
    fix = {
        "final_result": {
            "attempts": 2,
            "fixes_applied": ["x"],
            "passed": True,
            "final_result": good,
        },
        "itself": {**good, "attempts": 2, "fixes_applied": ["x"]},
        "report": {
            **call("generate_validation_report", initial_result=good),
            "attempts": 2,
            "fixes_applied": ["x"],
        },
    }[shape]
    report = call(
        "generate_validation_report", initial_result=validation(passed=False), fix_loop_result=fix
    )
    assert (report["passed"], report["attempts"], report["fixes_applied"]) == (True, 2, ["x"])
    assert [one["passed"] for one in report["stages"]] == [True, True]


def test_what_is_left_is_told_with_its_stage_and_what_to_do() -> None:
    bad = validation(passed=False)
    report = call("generate_validation_report", initial_result=bad, fix_enabled=False)
    assert report["remaining_errors"] == [
        {"stage": "lint", "file": "a.py", "line": 1, "message": "F401"}
    ]
    assert "fixing enabled" in report["suggestions"][0]
    assert report["suggestions"][1] == "Look at lint first: 1 error."
    tried = call(
        "generate_validation_report",
        initial_result=bad,
        fix_result={"passed": False, "attempts": 3, "final_result": bad},
        max_attempts=3,
    )
    assert tried["suggestions"][0].startswith("3 attempts at mending were not enough")
    assert call("generate_validation_report")["passed"] is False


@pytest.mark.parametrize("name", ["generate_cleanup_summary", "generate_refuel_summary"])
def test_a_summary_counts_what_became_of_each_issue(name) -> None:
    turns = [
        [
            {"ignored": 1},
            {"success": True, "issue_number": 1, "pr_url": "http://pr/1", "branch": "b"},
        ],
        None,
        {"status": "skipped", "number": 3, "title": "Three"},
        {"success": False, "number": 4, "error": "It broke."},
    ]
    issues = [{"number": n, "title": f"Issue {n}"} for n in range(1, 6)]
    found = call(name, results=turns, issues=issues, total_requested=5, label="tech-debt")
    assert [(one["number"], one["status"]) for one in found["issues"]] == [
        (1, "success"),
        (2, "failed"),
        (3, "skipped"),
        (4, "failed"),
        (5, "skipped"),
    ]
    assert found["issues"][0] == {
        "number": 1,
        "title": "Issue 1",
        "status": "success",
        "branch": "b",
        "pr_url": "http://pr/1",
        "error": None,
    }
    assert found["issues"][1]["error"] == "It gave no result."
    counts = ("total", "processed_count", "success_count", "failure_count", "skipped_count")
    assert [found[key] for key in counts] == [5, 3, 1, 2, 2]
    assert found["pr_urls"] == ["http://pr/1"]


def test_no_issue_at_all_is_a_summary_too() -> None:
    found = call("generate_cleanup_summary", sequential_result={"processed": []}, label="x")
    assert (found["total"], found["issues"]) == (0, [])
    assert found["summary"] == "0 of 0 issues were dealt with, 0 failed, 0 were skipped."


def test_a_message_and_a_dry_run_are_in_the_log(tmp_path) -> None:
    context = Context(tmp_path)
    assert call("log_message", context, message="Hello") == {"message": "Hello", "logged": True}
    dry = call("log_dry_run", context, operation="create_pr", details={"base": "main"})
    assert dry == {
        "dry_run": True,
        "operation": "create_pr",
        "details": {"base": "main"},
        "would_execute": True,
    }
    assert context.lines == ["Hello", 'Dry run: create_pr: {"base": "main"}']


# -- what agents are told -------------------------------------------------------------------------


def told(name: str, work: Path, inputs: dict[str, Any], **steps: Any) -> Any:
    outputs = {step: {"output": output, "status": "succeeded"} for step, output in steps.items()}
    return call(name, work, inputs=inputs, steps=outputs)


def test_a_commit_message_is_written_from_the_difference(work) -> None:
    (work / "a.py").write_text("three\n")
    (work / "b.py").write_text("new\n")
    before = told("commit_message_context", work, {})
    assert "+three" in before["diff"]
    assert before["untracked"] == ["b.py"]
    call("git_stage_all", work)
    staged = told("commit_message_context", work, {"message": "wish"})
    assert "b.py" in staged["file_stats"]
    assert staged["recent_commits"] == ["Third", "Second", "First"]
    assert staged["message"] == "wish"


def test_a_pull_request_is_described_from_its_commits(work) -> None:
    title = told("pr_title_context", work, {"base_branch": "main"})
    assert (title["branch"], title["commits"]) == ("feature", ["Third", "Second"])
    assert "a.py" in title["diff_overview"]
    body = told("pr_body_context", work, {}, validate_and_fix={"passed": True})
    assert body["validation"] == {"passed": True}
    assert "a.py" in body["diff_stats"]
    assert told("pr_title_context", work, {"base_branch": "nowhere"})["commits"] == []


def test_a_reviewer_is_told_the_difference(work) -> None:
    found = told("review_context", work, {})
    assert found["changed_files"] == ["a.py", "specs/feature/spec.md", "uv.lock"]
    assert "+two" in found["diff"]


def test_an_implementer_is_told_the_tasks(work) -> None:
    (work / "tasks.md").write_text("## One\n- [ ] a\n")
    found = told("implementer_context", work, {"task_file": "tasks.md"})
    assert found == {
        "branch": "feature",
        "task_file": "tasks.md",
        "tasks": "## One\n- [ ] a\n",
    }
    by_init = told("implementation_context", work, {}, init={"task_file_path": "tasks.md"})
    assert by_init["tasks"] == found["tasks"]


def test_fixers_are_told_what_to_fix(work) -> None:
    issue = {"number": 7, "title": "Late"}
    found = told(
        "issue_fix_context", work, {}, fetch_issue={"issue": issue, "number": 7}, create_branch=None
    )
    assert found == {"issue": issue, "issue_number": 7, "branch": "feature"}
    listed = told("issue_analyzer_context", work, {"limit": 2}, fetch_issues={"issues": [issue]})
    assert listed == {"issues": [issue], "limit": 2, "label": None}
    found = told("review_fixer_context", work, {}, combine_results={"issues": ["x"]})
    assert found["findings"] == ["x"]
