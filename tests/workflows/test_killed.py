"""`fly` killed with -9 at any stage, and resumed: it ends as if nothing had happened."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ended, stop
from tests.processes import living

from ..thorough import ALL
from .repository import environment_of, make_repository
from .site import Site

FLY = ("fly", "-i", "branch_name=tides", "-i", 'stages=["lint"]')
SUBJECTS = [
    "tides: Phase 1: Low water",
    "tides: Phase 2: High water",
    "tides: what the review found",
]
# Where it dies. after-step: the work is done, and nobody has written it down; after-commit: it is
# written down, and nothing else happened.
STAGES = (
    "in-step@implement[0]/implement",
    "after-step@implement[0]/implement",
    "after-commit@implement[1]/commit/commit",
    "after-step@implement[1]/phase_complete",
    "after-commit@implementation_complete",
    "after-step@review/rounds[0]/fix",
    "after-step@commit_review/push",
    "after-step@create_pr/create_pr",
)


def tree(site: Site, branch: str = "tides") -> str:
    """What is in a branch: the same files have the same name."""
    return site.git("rev-parse", f"{branch}^{{tree}}", place=site.remote)


def ended_well(site: Site, done: Ended) -> None:
    assert done.code == 0, done.err[-3000:]
    assert site.subjects("main..tides", site.remote) == SUBJECTS
    assert site.subjects("main..tides") == SUBJECTS
    assert site.git("status", "--porcelain") == ""
    (pull,) = site.pulls
    assert (pull["title"], pull["draft"]) == ("Tides, high and low", False)
    assert done.json["outputs"]["pr_number"] == pull["number"]
    assert done.json["outputs"]["status"] == "complete"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, cli_home: Path) -> str:
    """The tree of a flight that nobody interrupts."""
    from tests.cli.conftest import Maverick
    from tests.fakes.github_server import GitHubServer

    folder = tmp_path_factory.mktemp("undisturbed")
    project, remote = make_repository(folder)
    with GitHubServer(repository=remote) as github:
        env = environment_of(folder, github)
        site = Site(Maverick(cli_home, project), project, remote, github, env)
        ended_well(site, site.cli(*FLY))
        return tree(site)


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES if ALL else STAGES[::2])
def test_killed_at_any_stage_it_ends_the_same(cli_site: Site, undisturbed: str, stage: str) -> None:
    site = cli_site
    killed = site.cli(*FLY, MAVERICK_CRASH_AT=stage)
    assert killed.code == -signal.SIGKILL, killed.err[-2000:]
    before = site.calls()
    done = site.cli("fly", "--resume")
    ended_well(site, done)
    assert tree(site) == undisturbed
    assert done.json["kind"] == "resume"
    # No agent is asked twice, but the one that was cut short or whose checkpoint was not there yet.
    again = set(before) & set(site.calls()[len(before) :])
    assert len(again) <= 1, again


@pytest.mark.thorough
def test_killed_after_each_step_it_ends_the_same(cli_site: Site, undisturbed: str) -> None:
    """One flight that dies after every single step, with the work done and nothing recorded."""
    site = cli_site
    deaths = site.project.parent / "deaths"
    deaths.mkdir()
    crash = {"MAVERICK_CRASH_AT": "after-step", "MAVERICK_CRASH_ONCE": str(deaths)}
    done = site.cli(*FLY, **crash)
    while done.code == -signal.SIGKILL:
        assert len(os.listdir(deaths)) < 100
        done = site.cli("fly", "--resume", **crash)
    ended_well(site, done)
    assert tree(site) == undisturbed
    assert len(os.listdir(deaths)) > 50
    assert len(site.calls("implementer")) <= 6


def test_an_agent_dies_with_the_process_and_is_asked_again(
    cli_site: Site, until: Callable[[Callable[[], bool]], None]
) -> None:
    site = cli_site
    hang = site.project.parent / "calls.hang"
    hang.touch()
    process = site.maverick.start("run", *FLY, **site.env)
    until(lambda: site.calls() == ["implementer implement[0]/implement"])
    assert stop(process, signal.SIGKILL).code == -signal.SIGKILL
    until(lambda: living(f"AGENT_CALLS={site.env['AGENT_CALLS']}") == {})
    hang.unlink()
    ended_well(site, site.cli("fly", "--resume"))
    assert len(site.calls("implementer implement[0]")) == 2


def test_a_flight_that_is_resumed_on_another_branch_goes_back_to_its_own(cli_site: Site) -> None:
    site = cli_site
    killed = site.cli(*FLY, MAVERICK_CRASH_AT="after-commit@implement[0]/phase_complete")
    assert killed.code == -signal.SIGKILL
    site.git("switch", "-q", "main")
    ended_well(site, site.cli("fly", "--resume"))
    assert site.git("branch", "--show-current") == "tides"
    assert site.subjects("main") == ["First"]
