"""The fragments by themselves."""

import pytest

from runs.actor import SYSTEM
from runs.operations.start_run import start_run
from tests.integration.here import do, steps

from .site import Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def changed(site: Site) -> Site:
    """A branch with something that is not committed."""
    site.git("switch", "-q", "-c", "tides")
    site.write("tide/ebb.py", '"""Ebb."""\n')
    return site


def test_a_message_is_generated_and_everything_is_pushed(changed: Site) -> None:
    run = changed.run("commit-and-push", scope="tides")
    assert run.status == "succeeded", run.status_reason
    assert changed.subjects("main..tides", changed.remote) == ["Mend what the checks found"]
    assert (run.outputs["committed"], run.outputs["pushed"]) == (True, True)
    assert run.outputs["files"] == ["tide/ebb.py"]
    told = steps(run)["generate_message"].input["context"]
    assert told["scope"] == "tides"
    assert "+++ b/tide/ebb.py" in told["diff"]


def test_the_difference_to_describe_may_be_given(changed: Site) -> None:
    run = changed.run("commit-and-push", diff="what it is about", push=False)
    assert steps(run)["generate_message"].input["context"]["diff"] == "what it is about"


def test_without_commit_it_only_pushes(changed: Site) -> None:
    run = changed.run("commit-and-push", commit=False)
    assert run.status == "succeeded", run.status_reason
    assert changed.subjects("main..tides", changed.remote) == []
    assert changed.git("status", "--porcelain") == "?? tide/ebb.py"
    assert (run.outputs["committed"], run.outputs["commit_sha"]) == (False, None)


def test_nothing_to_commit_is_no_failure(site: Site) -> None:
    run = site.run("commit-and-push", push=False)
    assert run.status == "succeeded", run.status_reason
    assert run.outputs["committed"] is False
    assert site.calls() == []


def test_the_branch_is_checked_out_first(changed: Site) -> None:
    changed.git("stash", "-q", "-u")
    changed.git("switch", "-q", "main")
    changed.git("stash", "pop", "-q")
    run = changed.run("commit-and-push", branch="tides", message="Ebb")
    assert run.status == "succeeded", run.status_reason
    assert changed.subjects("main..tides", changed.remote) == ["Ebb"]


def test_where_there_is_nothing_to_merge_no_pull_request_is_opened(site: Site) -> None:
    run = site.run("create-pr-with-summary", base_branch="main")
    assert run.status == "succeeded", run.status_reason
    assert (run.outputs["pr_url"], run.outputs["success"]) == (None, False)
    assert run.outputs["reason"].endswith("there is nothing to merge.")
    assert (site.pulls, site.calls()) == ([], [])


def test_a_pull_request_says_what_it_is_given(changed: Site) -> None:
    changed.run("commit-and-push", message="Ebb")
    run = changed.run(
        "create-pr-with-summary", title="Ebb and flow", summary="In short.", issue_number=7
    )
    assert run.status == "succeeded", run.status_reason
    (pull,) = changed.pulls
    assert pull["title"] == "Ebb and flow"
    assert pull["body"] == "In short.\n\nWhat it is about.\n\n* Ebb\n\nCloses #7"
    assert changed.calls("pr_title") == []
    again = changed.run("create-pr-with-summary")
    assert (again.outputs["pr_number"], again.outputs["created"]) == (pull["number"], False)
    assert len(changed.pulls) == 1


@pytest.mark.parametrize(("attempts", "left"), [(0, 1), (1, 0)])
def test_a_review_is_mended_as_often_as_it_may_be(changed: Site, attempts: int, left: int) -> None:
    changed.write("tide/flow.py", "flow = 1\n")
    run = changed.run("review-and-fix", max_attempts=attempts)
    assert run.status == "succeeded", run.status_reason
    assert len(run.outputs["issues_remaining"]) == left
    assert run.outputs["approved"] is (left == 0)
    assert run.outputs["attempts"] == attempts
    assert len(changed.calls("code_reviewer")) == attempts + 1
    assert changed.subjects("main..tides") == []


def test_a_project_puts_its_own_in_the_place_of_a_fragment(changed: Site) -> None:
    changed.write(
        "fragments/mine.yaml",
        'version: "1.0"\nname: commit-and-push\nsteps:\n'
        "  - {name: mine, type: shell, run: echo mine}\noutputs: {success: true}\n",
    )
    started = start_run(
        definition='version: "1.0"\nname: caller\nsteps:\n'
        "  - {name: call, type: subworkflow, workflow: commit-and-push}\n",
        by=SYSTEM,
        workspace=changed.project,
        inputs={},
    )
    assert "call/mine" in steps(do(started))
