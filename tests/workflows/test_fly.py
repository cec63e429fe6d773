"""`fly` on a real repository: a remote, GitHub, an agent that edits files, real checks."""

import pytest

from tests.integration.here import said, steps

from .site import QUICK, Site

pytestmark = pytest.mark.django_db(transaction=True)

PHASES = ["tides: Phase 1: Low water", "tides: Phase 2: High water"]
REVIEWED = "tides: what the review found"


def test_fly_goes_from_a_task_list_to_a_pull_request(cli_site: Site) -> None:
    """As a user does it, with everything."""
    site = cli_site
    done = site.cli("fly", "-i", "branch_name=tides")
    assert done.code == 0, done.err[-3000:]
    # One commit for each phase, one for what the review found; all of it is pushed.
    assert site.subjects("main..tides") == [*PHASES, REVIEWED]
    assert site.git("rev-parse", "tides", place=site.remote) == site.git("rev-parse", "tides")
    assert site.git("status", "--porcelain") == ""
    # The fixer was asked for the phase with the flaw, and for no other.
    assert site.calls() == [
        "implementer implement[0]/implement",
        "implementer implement[1]/implement",
        "validation_fixer implement[1]/validate/validate[0]/fix",
        "code_reviewer review/rounds[0]/review",
        "simple_fixer review/rounds[0]/fix",
        "code_reviewer review/rounds[1]/review",
        "pr_title_generator create_pr/generate_title",
        "pr_body_generator create_pr/generate_body",
    ]
    (pull,) = site.pulls
    assert (pull["title"], pull["draft"]) == ("Tides, high and low", False)
    assert (pull["head"]["ref"], pull["base"]["ref"]) == ("tides", "main")
    assert pull["body"].startswith("What it is about.\n\n* tides: ")
    outputs = done.json["outputs"]
    assert (outputs["status"], outputs["success"], outputs["draft"]) == ("complete", True, False)
    assert outputs["phases"] == ["Phase 1: Low water", "Phase 2: High water"]
    assert outputs["pr_url"] == pull["html_url"]
    assert outputs["validation"]["passed"] is True
    stages = [one["name"] for one in outputs["validation"]["stages"]]
    assert stages == ["format", "lint", "typecheck", "test"]
    review = outputs["review"]
    assert (review["recommendation"], review["issues_found"]) == ("approve", 2)
    assert (review["issues_fixed"], review["attempts"]) == (2, 1)
    # What the agent wrote, and what the fixer took out of it.
    text = (site.project / "tide" / "high_water.py").read_text()
    assert "def high_water(level: int) -> int:" in text
    assert "import os" not in text


def test_a_dry_run_tells_every_stage_and_changes_nothing(site: Site) -> None:
    before = site.git("rev-parse", "--all")
    run = site.run("fly", branch_name="tides", dry_run=True)
    assert run.status == "succeeded", run.status_reason
    assert run.outputs["status"] == "dry_run"
    assert run.outputs["phases"] == ["Phase 1: Low water", "Phase 2: High water"]
    assert [said(run, f"plan[{n}]/stage", "log") for n in range(6)] == [
        "Dry run: init: tides from main\n",
        "Dry run: implement: specs/tides/tasks.md: Phase 1: Low water; Phase 2: High water\n",
        "Dry run: validate: format, lint, typecheck, test; mended up to 3 times\n",
        "Dry run: commit: one commit for each phase, and push tides\n",
        "Dry run: review: the changes since main\n",
        "Dry run: create_pr: into main\n",
    ]
    assert site.calls() == []
    assert site.github.asked == []
    assert site.git("rev-parse", "--all") == before
    assert site.git("branch", "--show-current") == "main"
    assert site.git("status", "--porcelain") == ""


def test_a_dry_run_needs_neither_token_nor_remote(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.git("remote", "remove", "origin")
    monkeypatch.delenv("MAVERICK_SECRET_GITHUB_TOKEN")
    planned = site.run("fly", branch_name="tides", dry_run=True)
    assert planned.status == "succeeded", planned.status_reason
    refused = site.run("fly", branch_name="tides")
    assert refused.status == "failed"
    # Everything that is missing is told at once, and nothing was begun.
    assert "the repository has no remote" in refused.status_reason
    assert "MAVERICK_SECRET_GITHUB_TOKEN" in refused.status_reason
    assert site.calls() == []
    assert site.git("branch", "--list", "tides") == ""


def test_review_and_pull_request_can_be_left_out(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAVERICK_SECRET_GITHUB_TOKEN")
    run = site.run("fly", branch_name="tides", skip_pr=True, **QUICK)
    assert run.status == "succeeded", run.status_reason
    assert site.subjects("main..tides", site.remote) == PHASES
    assert (site.pulls, site.github.asked) == ([], [])
    assert (run.outputs["review"], run.outputs["pr_url"]) == (None, None)
    assert site.calls("code_reviewer") == []
    # The stages are those that were asked for.
    assert [one["name"] for one in run.outputs["validation"]["stages"]] == ["lint"]


def test_a_draft_is_a_draft_into_the_base_that_was_named(site: Site) -> None:
    site.git("push", "-q", "origin", "main:refs/heads/develop")
    site.git("branch", "develop")
    run = site.run("fly", branch_name="tides", draft_pr=True, base_branch="develop", **QUICK)
    assert run.status == "succeeded", run.status_reason
    (pull,) = site.pulls
    assert (pull["draft"], pull["base"]["ref"]) == (True, "develop")


def test_what_cannot_be_mended_is_a_draft_and_a_failed_run(site: Site) -> None:
    site.write("specs/tides/tasks.md", "## Phase 9: Broken\n\n- [ ] a module that is broken\n")
    run = site.run("fly", branch_name="tides", max_attempts=2, **QUICK)
    assert run.status == "failed"
    (pull,) = site.pulls
    assert pull["draft"] is True
    assert f"do not pass on tides. The pull request is a draft: {pull['html_url']}" in (
        run.status_reason
    )
    # A fixer without effect uses up its attempts: two for the phase, two for the whole.
    assert len(site.calls("validation_fixer")) == 4
    assert site.subjects("main..tides", site.remote) == ["tides: Phase 9: Broken"]


def test_a_rate_limit_fails_the_step_and_says_until_when(site: Site) -> None:
    site.github.trouble(403)
    run = site.run("fly", branch_name="tides", **QUICK)
    assert run.status == "failed"
    assert "GitHub's rate limit is used up until" in run.status_reason
    assert site.calls() == []


def test_there_must_be_tasks(site: Site) -> None:
    run = site.run("fly", branch_name="other", skip_pr=True)
    assert run.status == "failed"
    assert "There is no task file specs/other/tasks.md or tasks.md." in run.status_reason
    named = site.run("fly", branch_name="other", skip_pr=True, task_file="nowhere.md")
    assert "There is no task file nowhere.md." in named.status_reason


def test_a_branch_that_git_cannot_make_fails_clearly(site: Site) -> None:
    run = site.run("fly", branch_name="main/tides", task_file="specs/tides/tasks.md", skip_pr=True)
    assert run.status == "failed"
    assert "another branch has a name that is part of it" in run.status_reason
    assert site.calls() == []


def test_a_notification_that_fails_only_warns(site: Site) -> None:
    site.set("\n[actions]\nnotify_cmd = 'cat >> ../told; exit 1'\n")
    run = site.run("fly", branch_name="tides", **QUICK)
    assert run.status == "succeeded", run.status_reason
    assert steps(run)["notify"].status == "failed"
    told = (site.project.parent / "told").read_text()
    assert told == f"tides: the checks pass. {site.pulls[0]['html_url']}\n"


def test_generators_that_cannot_be_asked_cost_no_work(site: Site) -> None:
    settings = (site.project / "maverick.toml").read_text()
    site.write("maverick.toml", settings.replace('[generators."*"]', "[generators.other]"))
    run = site.run("fly", branch_name="tides", **QUICK)
    assert run.status == "succeeded", run.status_reason
    (pull,) = site.pulls
    assert pull["title"] == PHASES[1]
    assert pull["body"] == f"- {PHASES[1]}\n- {PHASES[0]}"


@pytest.mark.parametrize("available", [True, False])
def test_coderabbit_reviews_as_well_where_it_is_there(site: Site, available: bool) -> None:
    found = '[{"severity": "minor", "file": "tide/low_water.py", "line": 1, "message": "Rabbit."}]'
    if available:
        site.set(f"\n[actions]\ncoderabbit_cmd = '''echo '{found}' '''\n")
    run = site.run(
        "fly", branch_name="tides", stages=["lint"], skip_pr=True, include_coderabbit=True
    )
    assert run.status == "succeeded", run.status_reason
    left = run.outputs["review"]["issues_remaining"]
    assert [one["source"] for one in left] == (["coderabbit"] if available else [])


def test_tasks_without_phases_are_one(site: Site) -> None:
    site.write("tasks.md", "- [ ] something small\n")
    run = site.run("fly", branch_name="small", skip_pr=True, **QUICK)
    assert run.status == "succeeded", run.status_reason
    assert site.subjects("main..small") == ["small: all tasks"]
