"""`review` and `validate`."""

import pytest

from runs.actor import SYSTEM
from runs.operations.restart_run import restart_run
from tests.integration.here import do, said, steps

from .site import Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def changed(site: Site) -> Site:
    """A branch with a commit, pushed, and something that is not committed."""
    site.git("switch", "-q", "-c", "tides")
    site.write("tide/ebb.py", "ebb = 1\n")
    site.git("add", "-A")
    site.git("commit", "-q", "-m", "Ebb")
    site.git("push", "-q", "-u", "origin", "tides")
    site.write("tide/flow.py", '"""Flow."""\n\nflow = 2\n')
    site.git("add", "-A")
    return site


def test_a_review_of_the_branch_looks_at_what_is_not_committed_too(changed: Site) -> None:
    run = changed.run("review")
    assert run.status == "succeeded", run.status_reason
    given = steps(run)["agent_review"].input["context"]
    assert given["changed_files"] == ["tide/ebb.py", "tide/flow.py"]
    assert "+flow = 2" in given["diff"]
    assert run.outputs["recommendation"] == "request_changes"
    assert [(one["file"], one["severity"]) for one in run.outputs["issues"]] == [
        ("tide/ebb.py", "major")
    ]
    assert "It says nowhere what it is." in run.outputs["review_report"]
    assert run.outputs["pr_number"] is None
    assert changed.github.asked == []
    assert changed.git("status", "--porcelain") == "A  tide/flow.py"


def test_a_review_of_a_pull_request_asks_github(changed: Site) -> None:
    pull = changed.github.pull("tides", title="Tides", body="High and low.")
    run = changed.run("review", pr_number=pull["number"])
    assert run.status == "succeeded", run.status_reason
    given = steps(run)["agent_review"].input["context"]
    assert given["changed_files"] == ["tide/ebb.py"]
    assert (given["change"]["title"], given["change"]["description"]) == ("Tides", "High and low.")
    assert "+ebb = 1" in given["diff"]
    assert "flow" not in given["diff"]
    assert run.outputs["pr_number"] == pull["number"]
    # Nothing is written to GitHub.
    assert {method for method, _ in changed.github.asked} == {"GET"}


def test_a_token_is_needed_for_a_pull_request_only(
    changed: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAVERICK_SECRET_GITHUB_TOKEN")
    refused = changed.run("review", pr_number=1)
    assert refused.status == "failed"
    assert "MAVERICK_SECRET_GITHUB_TOKEN" in refused.status_reason
    assert changed.run("review").status == "succeeded"


@pytest.mark.parametrize("command", ["", "echo nothing to say; exit 3", "no-such-program"])
def test_without_coderabbit_the_agent_reviews_alone(changed: Site, command: str) -> None:
    if command:
        changed.set(f'\n[actions]\ncoderabbit_cmd = ["sh", "-c", "{command}"]\n')
    run = changed.run("review", include_coderabbit=True)
    assert run.status == "succeeded", run.status_reason
    assert len(run.outputs["issues"]) == 1


def test_coderabbits_findings_stand_beside_the_agents(changed: Site) -> None:
    found = '[{"severity": "critical", "file": "tide/ebb.py", "line": 1, "message": "Rabbit."}]'
    changed.set(f"\n[actions]\ncoderabbit_cmd = '''echo '{found}' '''\n")
    run = changed.run("review", include_coderabbit=True)
    assert [one["source"] for one in run.outputs["issues"]] == ["coderabbit", "agent"]
    told = steps(run)["agent_review"].input["context"]["found_by_others"]
    assert told[0]["message"] == "Rabbit."


# -- validate -------------------------------------------------------------------------------------

UNUSED = "import os\n\n\ndef ebb() -> int:\n    return 1\n"


def test_checks_that_pass_are_not_mended(site: Site) -> None:
    run = site.run("validate")
    assert run.status == "succeeded", run.status_reason
    assert (run.outputs["passed"], run.outputs["attempts"]) == (True, 0)
    assert steps(run)["outcome/all_passed"].status == "succeeded"
    assert site.calls() == []


def test_what_the_checks_find_is_mended(site: Site) -> None:
    site.write("tide/ebb.py", UNUSED)
    run = site.run("validate")
    assert run.status == "succeeded", run.status_reason
    outputs = run.outputs
    assert (outputs["passed"], outputs["attempts"], outputs["remaining_errors"]) == (True, 1, [])
    assert site.calls() == ["validation_fixer outcome/attempt_fixes/validate[0]/fix"]
    assert "import os" not in (site.project / "tide/ebb.py").read_text()


def test_without_fixing_the_checks_run_once_and_nothing_changes(site: Site) -> None:
    site.write("tide/ebb.py", UNUSED)
    run = site.run("validate", fix=False, fail_on_error=False)
    assert run.status == "succeeded", run.status_reason
    assert run.outputs["passed"] is False
    (error,) = run.outputs["remaining_errors"]
    assert (error["stage"], error["file"], error["line"]) == ("lint", "tide/ebb.py", 1)
    assert site.calls() == []
    assert (site.project / "tide/ebb.py").read_text() == UNUSED
    assert "`fix` is false" in said(run, "outcome/fixing_is_off", "log")


def test_a_run_fails_with_its_checks_and_looks_again_when_it_goes_on(site: Site) -> None:
    site.write("tide/ebb.py", UNUSED)
    first = site.run("validate", fix=False)
    assert first.status == "failed"
    assert first.status_reason == "step-failed: verdict: lint did not pass."
    site.write("tide/ebb.py", UNUSED.removeprefix("import os\n\n\n"))
    second = do(restart_run(first.pk, by=SYSTEM))
    assert second.status == "succeeded", second.status_reason
    assert second.outputs["passed"] is True


def test_a_fixer_without_effect_uses_up_its_attempts(site: Site) -> None:
    site.write("tide/broken.py", "import os\n")
    run = site.run("validate", max_attempts=2, stages=["lint"], fail_on_error=False)
    assert run.status == "succeeded", run.status_reason
    assert run.outputs["passed"] is False
    assert run.outputs["attempts"] == 2
    assert run.outputs["suggestions"][0].startswith("2 attempts at mending were not enough")
    assert len(site.calls("validation_fixer")) == 2
