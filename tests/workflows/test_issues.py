"""`refuel`, `quick-fix` and `process-single-issue`: from issues to pull requests."""

import pytest

from runs.actor import SYSTEM
from runs.operations.restart_run import restart_run
from tests.integration.here import do, said, steps

from .site import Site

pytestmark = pytest.mark.django_db(transaction=True)

LINT = ["lint"]


@pytest.fixture
def three(site: Site) -> Site:
    """Three issues to refuel, of which the agent can fix two; and one with another label."""
    site.github.issue(11, "Ebb: Slack water", labels=["tech-debt"], body="Say when.")
    site.github.issue(12, "Impossible: Stop the tide", labels=["tech-debt"])
    site.github.issue(13, "Flow: Spring tide", labels=["tech-debt"])
    site.github.issue(14, "Another: Harbour", labels=["feature"])
    return site


@pytest.mark.parametrize("parallel", [False, True])
def test_an_issue_that_fails_does_not_stop_the_others(three: Site, parallel: bool) -> None:
    site = three
    site.write("notes.txt", "unfinished, and nobody's but mine\n")
    run = site.run("refuel", stages=LINT, parallel=parallel, fail_on_error=False)
    assert run.status == "succeeded", run.status_reason
    outputs = run.outputs
    assert (outputs["total"], outputs["fixed"], outputs["failed"]) == (3, 2, 1)
    assert outputs["success"] is False
    told = {one["number"]: one for one in outputs["issues"]}
    assert {n: one["status"] for n, one in told.items()} == {
        11: "success",
        12: "failed",
        13: "success",
    }
    assert "Issue #12 failed" in told[12]["error"]
    assert "This cannot be done." in told[12]["error"]
    # Two pull requests, each closes its issue and has only its own commit.
    assert [pull["head"]["ref"] for pull in site.pulls] == outputs_of(site, parallel)
    for pull, number in ((one, int(one["head"]["ref"].rpartition("-")[2])) for one in site.pulls):
        assert f"Fix #{number}" in pull["body"]  # the words by which GitHub closes it
        assert pull["draft"] is False
        branch = pull["head"]["ref"]
        title = site.github.issues[number]["title"]
        assert site.subjects(f"main..{branch}", site.remote) == [f"Fix #{number}: {title}"]
    # The checkout is where it was, with what was unfinished in it.
    assert site.git("branch", "--show-current") == "main"
    assert site.git("status", "--porcelain") == "?? notes.txt"
    # What failed is left for a look; the rest is cleaned up.
    left = {folder.name for folder in (site.project / ".maverick/work").iterdir()}
    assert left == {".lock", "fix-issue-12"}


def outputs_of(site: Site, parallel: bool) -> list[str]:
    """The branches in the order of their pull requests: the newest issue first, if in order."""
    branches = ["fix/issue-13", "fix/issue-11"]
    opened = [pull["head"]["ref"] for pull in site.pulls]
    return sorted(branches, key=opened.index) if parallel else branches


def test_a_restart_tries_only_the_issue_that_failed_again(three: Site) -> None:
    site = three
    first = site.run("refuel", stages=LINT, parallel=False)
    assert first.status == "failed"
    assert first.status_reason == (
        "step-failed: verdict: 2 of 3 issues were dealt with, 1 failed, 0 were skipped."
    )
    before = len(site.calls())
    # The agent finds a way (or a person has made one).
    (site.project.parent / "calls.ok").touch()
    (site.project / ".maverick/work/fix-issue-12/tide/half.py").unlink()
    second = do(restart_run(first.pk, by=SYSTEM))
    assert second.status == "succeeded", second.status_reason
    called = [line.split()[0] for line in site.calls()[before:]]
    assert called == ["issue_fixer", "pr_body_generator"]
    assert second.outputs["fixed"] == 3
    assert len(site.pulls) == 3
    assert site.git("branch", "--show-current") == "main"


def test_a_dry_run_lists_the_issues_and_changes_nothing(three: Site) -> None:
    site = three
    run = site.run("refuel", dry_run=True, limit=2)
    assert run.status == "succeeded", run.status_reason
    assert [said(run, f"plan[{n}]/would_process", "log") for n in range(2)] == [
        "Dry run: process-single-issue: #13 Flow: Spring tide, on fix/issue-13\n",
        "Dry run: process-single-issue: #12 Impossible: Stop the tide, on fix/issue-12\n",
    ]
    assert [one["number"] for one in run.outputs["issues"]] == [13, 12]
    assert site.calls() == []
    assert {method for method, _ in site.github.asked} == {"GET"}
    assert site.git("branch", "--format=%(refname:short)") == "main"
    assert not (site.project / ".maverick/work").exists()


def test_no_matching_issue_is_a_success_with_nothing_done(site: Site) -> None:
    run = site.run("refuel", label="nothing")
    assert run.status == "succeeded", run.status_reason
    assert (run.outputs["total"], run.outputs["issues"]) == (0, [])
    assert run.outputs["success"] is True


def test_quick_fix_goes_from_an_issue_to_a_pull_request(three: Site) -> None:
    site = three
    run = site.run("quick-fix", issue_number=11)
    assert run.status == "succeeded", run.status_reason
    (pull,) = site.pulls
    assert pull["title"] == "Fix #11: Ebb: Slack water"
    assert run.outputs["pr_url"] == pull["html_url"]
    assert (run.outputs["status"], run.outputs["branch"]) == ("fixed", "fix/issue-11")
    text = site.git("show", "fix/issue-11:tide/slack_water.py", place=site.remote)
    assert "def slack_water" in text
    assert "Say when." in steps(run)["process/fix_issue"].input["context"]["body"]
    assert site.calls("commit_message_generator") == []


def test_quick_fix_fails_when_the_checks_do_and_the_pull_request_is_a_draft(site: Site) -> None:
    site.github.issue(21, "Broken: It breaks")
    run = site.run("quick-fix", issue_number=21, stages=LINT, max_attempts=1)
    assert run.status == "failed"
    assert "Issue #21 is not fixed. The checks do not pass." in run.status_reason
    (pull,) = site.pulls
    assert pull["draft"] is True
    assert len(site.calls("validation_fixer")) == 1


def test_quick_fix_fails_when_the_agent_changed_nothing(site: Site) -> None:
    site.github.issue(22, "Nothing: At all")
    run = site.run("quick-fix", issue_number=22, stages=LINT)
    assert run.status == "failed"
    assert "Issue #22 is not fixed. The agent changed nothing." in run.status_reason
    assert site.pulls == []


def test_a_branch_of_that_name_is_a_conflict_and_fails_clearly(three: Site) -> None:
    site = three
    site.git("switch", "-q", "-c", "fix/issue-11")
    site.git("commit", "-q", "--allow-empty", "-m", "Somebody's")
    site.git("switch", "-q", "main")
    run = site.run("quick-fix", issue_number=11)
    assert run.status == "failed"
    assert (
        "There is a branch fix/issue-11 already, with 1 commits of its own."
        in (steps(run)["process/create_branch"].error["message"])
    )
    assert site.calls() == []
    other = site.run("quick-fix", issue_number=11, branch_prefix="mend/", stages=LINT)
    assert other.status == "succeeded", other.status_reason
    assert site.pulls[0]["head"]["ref"] == "mend/11"


def test_an_issue_that_does_not_exist_fails_clearly(site: Site) -> None:
    run = site.run("quick-fix", issue_number=404)
    assert run.status == "failed"
    error = steps(run)["process/issue/fetch_issue"].error
    assert error["message"] == "GitHub knows no /repos/octo/tide/issues/404."


def test_a_dry_run_of_quick_fix_says_what_it_would_do(three: Site) -> None:
    site = three
    run = site.run("quick-fix", issue_number=11, dry_run=True)
    assert run.status == "succeeded", run.status_reason
    assert run.outputs["status"] == "dry_run"
    assert said(run, "process/plan[0]/stage", "log") == (
        "Dry run: create_branch: fix/issue-11 from main\n"
    )
    assert site.calls() == []
    assert site.git("branch", "--format=%(refname:short)") == "main"


def test_an_issue_that_is_given_is_not_fetched(three: Site) -> None:
    site = three
    issue = {"number": 31, "title": "Given: Neap tide", "body": "From elsewhere."}
    run = site.run("process-single-issue", issue=issue, stages=LINT)
    assert run.status == "succeeded", run.status_reason
    assert run.outputs["status"] == "fixed"
    assert (run.outputs["issue_number"], run.outputs["title"]) == (31, "Given: Neap tide")
    assert not [path for _, path in site.github.asked if "/issues" in path]
