"""Every step of a change to a repository is killed after its work: nothing is there twice."""

import subprocess
from pathlib import Path

from tests.fakes.github_server import TOKEN, GitHubServer

from .harness import Site, output, steps

WORK = """
version: "1.0"
name: change
steps:
  - {name: branch, type: python, action: create_git_branch, kwargs: {branch_name: fix/one, exist_ok: false}}
  - {name: work, type: python, action: files.write, kwargs: {path: b.txt, text: "new\\n"}}
  - {name: commit, type: python, action: git_commit, kwargs: {message: Mend it}}
  - {name: push, type: python, action: git_push}
  - {name: pr, type: python, action: create_github_pr, kwargs: {title: Mend it, issue_number: 1}}
"""
PATHS = ("branch", "work", "commit", "push", "pr")


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True)
    return done.stdout.decode().strip()


def test_a_killed_change_ends_with_one_branch_one_commit_and_one_pull_request(site: Site) -> None:
    remote, place, deaths = site.home / "remote.git", site.project, site.home / "deaths"
    deaths.mkdir()
    git(site.home, "init", "-q", "--bare", "-b", "main", str(remote))
    git(place, "init", "-q", "-b", "main")
    git(place, "config", "user.name", "Alice")
    git(place, "config", "user.email", "alice@localhost")
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "First")
    git(place, "remote", "add", "origin", str(remote))
    git(place, "push", "-q", "origin", "main")
    with GitHubServer(remote) as server:
        env = {
            "MAVERICK_CRASH_AT": ",".join(f"after-step@{path}" for path in PATHS),
            "MAVERICK_CRASH_ONCE": str(deaths),
            "MAVERICK_SECRET_GITHUB_TOKEN": TOKEN,
            "GITHUB_API_URL": server.url,
            "GITHUB_REPOSITORY": "octo/tide",
        }
        site.start_sweeper()
        run = site.start(WORK)
        (over,) = site.wait(run, within=90, workers=1, **env)
    assert over.status == "succeeded", over.status_reason
    assert len(list(deaths.iterdir())) == len(PATHS)
    rows = steps(run)
    assert [[one["outcome"] for one in rows[path].tries] for path in PATHS] == [
        ["interrupted", "succeeded"]
    ] * len(PATHS)
    assert git(remote, "log", "--format=%s", "fix/one").splitlines() == ["Mend it", "First"]
    assert output(rows["branch"])["created"] is True
    assert output(rows["commit"])["commit_sha"] == git(remote, "rev-parse", "fix/one")
    [pull] = server.pulls.values()
    assert pull["body"] == "Closes #1"
    assert output(rows["pr"])["pr_number"] == pull["number"]
    assert TOKEN not in site.said()
