"""Issues and pull requests, with a GitHub on loopback that keeps state."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runs.errors import StepCancelled
from runs.library.actions import github_api
from runs.library.actions.github_api import GitHubFailed, GitHubRateLimited, GitHubRefused
from tests.actions import Context, call
from tests.fakes.github_server import TOKEN, GitHubServer


def git(place: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Alice")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "alice@localhost")
    remote = tmp_path / "tide.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    return remote


@pytest.fixture
def server(bare: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(github_api, "FIRST_WAIT", 0.001)
    with GitHubServer(bare) as running:
        monkeypatch.setenv("GITHUB_API_URL", running.url)
        yield running


@pytest.fixture
def step(tmp_path: Path, bare: Path, server: GitHubServer) -> Context:
    """A step on the branch `fix/issue-7`, one pushed commit before main."""
    place = tmp_path / "work"
    git(tmp_path, "clone", "-q", str(bare), str(place))
    git(place, "checkout", "-q", "-b", "main")
    commit(place, "First", "a.txt")
    git(place, "push", "-q", "origin", "main")
    git(place, "checkout", "-q", "-b", "fix/issue-7")
    commit(place, "Mend the tide", "b.txt")
    git(place, "push", "-q", "origin", "fix/issue-7")
    git(place, "config", "remote.origin.pushurl", str(bare))
    git(place, "remote", "set-url", "origin", "git@github.example:octo/tide.git")
    return Context(place, secrets={"GITHUB_TOKEN": TOKEN})


def commit(place: Path, message: str, file: str) -> None:
    (place / file).write_text(f"{message}\n")
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", message)


# -- issues ---------------------------------------------------------------------------------------


def test_issues_are_found_by_label_up_to_the_limit(server, step) -> None:
    for number in range(1, 9):
        server.issue(number, f"Issue {number}", labels=["tech-debt"] if number % 2 else ["other"])
    server.issue(9, "A pull request", labels=["tech-debt"], pull_request=True)
    server.issue(10, "Done", labels=["tech-debt"], state="closed")
    found = call("fetch_github_issues", step, label="tech-debt", limit=3)
    assert (found["success"], found["total_count"], found["error"]) == (True, 3, None)
    assert [issue["number"] for issue in found["issues"]] == [7, 5, 3]
    assert found["issues"][0] == {
        "number": 7,
        "title": "Issue 7",
        "body": "",
        "labels": ["tech-debt"],
        "assignee": None,
        "url": f"{server.url}/octo/tide/issues/7",
        "state": "open",
    }
    every = call("fetch_github_issues", step, label="tech-debt", limit=50, state="all")
    assert [issue["number"] for issue in every["issues"]] == [10, 7, 5, 3, 1]


def test_no_issue_is_no_failure(step) -> None:
    found = call("fetch_github_issues", step, label="nothing")
    assert (found["success"], found["issues"], found["total_count"]) == (True, [], 0)
    assert call("fetch_github_issues", step, limit=0)["issues"] == []


def test_pages_are_read_as_far_as_they_are_needed(server, step) -> None:
    for number in range(1, 251):
        server.issue(number, "x", pull_request=number > 150)
    assert len(call("fetch_github_issues", step, limit=120)["issues"]) == 120
    assert len(server.asked) == 3
    assert call("fetch_github_issues", step, limit=1)["issues"][0]["number"] == 150
    assert len(server.asked) == 5


def test_an_issue_is_there_under_issue_and_at_the_top(server, step) -> None:
    server.issue(7, "The tide is late", body=None, labels=["bug"])
    found = call("fetch_github_issue", step, issue_number=7)
    assert found["issue"]["title"] == found["title"] == "The tide is late"
    assert found["issue"]["body"] == found["body"] == ""
    assert (found["number"], found["labels"], found["state"]) == (7, ["bug"], "open")


def test_an_issue_that_does_not_exist_is_a_permanent_failure(step) -> None:
    with pytest.raises(GitHubFailed, match="knows no /repos/octo/tide/issues/99") as caught:
        call("fetch_github_issue", step, issue_number=99)
    assert caught.value.permanent


# -- pull requests --------------------------------------------------------------------------------


def test_a_pull_request_is_opened_once(server, step) -> None:
    made = call(
        "create_github_pr",
        step,
        generated_body="What it does.",
        generated_title='"Mend the tide"\n\nmore',
        draft=True,
        issue_number=7,
    )
    [number] = server.pulls
    assert made == {
        "success": True,
        "pr_number": number,
        "pr_url": f"{server.url}/octo/tide/pull/{number}",
        "title": "Mend the tide",
        "draft": True,
        "base_branch": "main",
        "head_branch": "fix/issue-7",
        "created": True,
        "error": None,
    }
    assert server.pulls[number]["body"] == "What it does.\n\nCloses #7"
    again = call("create_github_pr", step, title="Another title", issue_number=7)
    assert again == {**made, "created": False}
    assert len(server.pulls) == 1


def test_an_issue_that_is_linked_already_is_not_linked_twice(server, step) -> None:
    call("create_github_pr", step, generated_body="This fixes #7.", issue_number=7)
    assert [pull["body"] for pull in server.pulls.values()] == ["This fixes #7."]


def test_without_a_title_the_last_commit_s_subject_serves(step) -> None:
    assert call("create_github_pr", step)["title"] == "Mend the tide"


def test_one_that_somebody_opens_meanwhile_is_found(server, step) -> None:
    original = server._found
    seen: list[int] = []

    def late(query: dict[str, str]) -> list[dict[str, object]]:
        seen.append(1)
        if len(seen) == 1:  # our look before: nothing yet
            server.pull("fix/issue-7")
            return []
        return original(query)

    server._found = late  # type: ignore[method-assign]
    made = call("create_github_pr", step)
    assert (made["created"], len(server.pulls)) == (False, 1)


def test_what_cannot_become_a_pull_request_says_why(server, step) -> None:
    with pytest.raises(GitHubFailed, match="nothing to merge: same has no commit that main"):
        git(step.workspace, "push", "-q", "origin", "main:same")
        call("create_github_pr", step, head_branch="same")
    with pytest.raises(GitHubFailed, match="knows no branch local") as caught:
        call("create_github_pr", step, head_branch="local")
    assert caught.value.hint == "Push it first."
    with pytest.raises(GitHubFailed, match="from main into itself"):
        call("create_github_pr", step, head_branch="main")
    git(step.workspace, "checkout", "-q", "--detach")
    with pytest.raises(GitHubFailed, match="no current branch"):
        call("create_github_pr", step)
    assert server.pulls == {}


# -- what goes wrong ------------------------------------------------------------------------------


def test_a_used_up_rate_limit_fails_and_says_when_to_come_again(server, step) -> None:
    server.trouble(403)
    with pytest.raises(GitHubRateLimited, match=r"until 20\d\d-.* UTC \(in 30 min\)") as caught:
        call("fetch_github_issues", step)
    assert (caught.value.code, caught.value.permanent) == ("github-rate-limited", False)
    server.trouble(429, headers={"Retry-After": "60"})
    with pytest.raises(GitHubRateLimited, match=r"\(in 1 min\)"):
        call("create_github_pr", step)
    assert server.pulls == {}


def test_a_question_is_asked_again_when_the_server_fails_but_nothing_is_made_twice(
    server, step
) -> None:
    server.trouble(502, times=2)
    assert call("fetch_github_issues", step)["success"] is True
    server.trouble(500, times=3)
    with pytest.raises(GitHubFailed, match="answered 500: Server Error") as caught:
        call("fetch_github_issues", step)
    assert not caught.value.permanent
    server.asked.clear()
    server._troubles.append((200, [], {}))
    server.trouble(500)
    with pytest.raises(GitHubFailed, match="answered 500"):
        call("create_github_pr", step)
    assert [method for method, _ in server.asked] == ["GET", "POST"]


def test_a_token_that_is_wrong_or_missing_is_never_shown(server, step) -> None:
    step.secrets["GITHUB_TOKEN"] = "wrong-token-123"
    with pytest.raises(GitHubRefused, match="does not accept the token") as caught:
        call("fetch_github_issues", step)
    assert caught.value.permanent
    server.trouble(422, {"message": "Bad token wrong-token-123", "errors": []})
    with pytest.raises(GitHubFailed) as repeated:
        call("fetch_github_issue", step, issue_number=1)
    told = f"{caught.value.message}{caught.value.hint}{repeated.value.message}{step.logged}"
    assert "wrong-token-123" not in told
    step.secrets.clear()
    with pytest.raises(GitHubRefused, match="There is no GitHub token"):
        call("fetch_github_issues", step)


def test_the_token_may_stand_in_the_environment(step, monkeypatch) -> None:
    step.secrets.clear()
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    assert call("fetch_github_issues", step)["success"] is True


def test_rights_that_are_missing_are_told_apart_from_a_rate_limit(server, step) -> None:
    server.trouble(403, {"message": "Resource not accessible by personal access token"})
    with pytest.raises(GitHubRefused, match="does not allow this: Resource not accessible"):
        call("fetch_github_issues", step)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9", "cannot be reached"),
        ("http://me:word@127.0.0.1:9", "cannot hold a user"),
        ("nonsense", "none|cannot be reached"),
    ],
)
def test_an_address_that_leads_nowhere_says_so(step, monkeypatch, url, said) -> None:
    monkeypatch.setenv("GITHUB_API_URL", url)
    with pytest.raises(GitHubFailed, match=said) as caught:
        call("fetch_github_issues", step)
    assert "me:word" not in caught.value.message


def test_an_answer_that_is_not_github_s_is_told(server, step) -> None:
    server.trouble(200, "<html>Welcome</html>")
    with pytest.raises(GitHubFailed, match=r"is .* GitHub's API"):
        call("fetch_github_issues", step)
    server.trouble(200, {"not": "a list"})
    with pytest.raises(GitHubFailed, match="did not answer a list"):
        call("fetch_github_issues", step)


def test_a_stop_ends_the_question(server, step) -> None:
    server._lock.acquire()  # it accepts, and does not answer
    timer = threading.Timer(0.3, lambda: step.stop and step.stop())
    timer.start()
    try:
        with pytest.raises(StepCancelled):
            call("fetch_github_issues", step)
    finally:
        server._lock.release()
        timer.join()


@pytest.mark.parametrize(
    "address",
    [
        "git@github.com:octo/tide.git",
        "https://github.com/octo/tide",
        "https://alice:word@github.com/octo/tide.git/",
        "ssh://git@github.com:22/octo/tide.git",
        "github.com:octo/tide",
    ],
)
def test_the_repository_is_read_from_the_remote_s_address(step, address) -> None:
    git(step.workspace, "remote", "set-url", "origin", address)
    assert call("fetch_github_issues", step)["success"] is True


def test_the_settings_name_the_api_and_the_repository(server, step, monkeypatch) -> None:
    git(step.workspace, "remote", "set-url", "origin", "/some/where")
    with pytest.raises(GitHubFailed, match="Nothing says which repository"):
        call("fetch_github_issues", step)
    monkeypatch.delenv("GITHUB_API_URL")
    (step.workspace / "maverick.toml").write_text(
        f'[github]\napi_url = "{server.url}/"\nrepository = "octo/tide"\n'
    )
    assert call("fetch_github_issues", step)["success"] is True
    (step.workspace / "maverick.toml").write_text('[github]\nrepository = "../../user"\n')
    with pytest.raises(GitHubFailed, match="no OWNER/NAME"):
        call("fetch_github_issues", step)
    assert os.environ.get("GITHUB_API_URL") is None
