"""What is checked before it costs anything."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runs.library.actions.preflight import PreflightFailed
from tests.actions import Context, call
from tests.fakes.github_server import TOKEN, GitHubServer

EVERYTHING = ["format", "lint", "typecheck", "test"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    with GitHubServer() as running:
        monkeypatch.setenv("GITHUB_API_URL", running.url)
        yield running


@pytest.fixture
def step(tmp_path: Path, server: GitHubServer, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A step where everything is there that a workflow can need."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("ruff", "mypy", "pytest", "my-agent"):
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}/usr/bin:/bin")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    place = tmp_path / "work"
    for words in (
        ["init", "-q", str(place)],
        ["-C", str(place), "config", "user.name", "Alice"],
        ["-C", str(place), "config", "user.email", "alice@localhost"],
        ["-C", str(place), "remote", "add", "origin", "git@github.com:octo/tide.git"],
    ):
        subprocess.run(["git", *words], check=True)
    monkeypatch.setenv("MAVERICK_SECRET_MODEL", "model-key")
    (place / "maverick.toml").write_text(
        '[agents.a]\ncommand = ["my-agent"]\n'
        '[agents.b]\nbase_url = "http://x"\nmodel = "m"\napi_key = "${{ secrets.MODEL }}"\n'
    )
    return Context(place, secrets={"GITHUB_TOKEN": TOKEN})


def test_where_everything_is_there_it_passes(step) -> None:
    found = call("run_preflight_checks", step, validation_stages=EVERYTHING)
    assert found == {
        "success": True,
        "api_available": True,
        "git_available": True,
        "github_available": True,
        "jj_available": True,
        "bd_available": True,
        "validation_tools_available": True,
        "errors": [],
        "warnings": [],
    }


def test_everything_that_is_missing_is_told_at_once(step, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("MAVERICK_SECRET_MODEL")
    (tmp_path / "tools" / "ruff").unlink()
    (tmp_path / "tools" / "my-agent").chmod(stat.S_IRUSR)
    step.secrets.clear()
    subprocess.run(["git", "config", "--unset", "user.email"], cwd=step.workspace, check=True)
    with pytest.raises(PreflightFailed) as caught:
        call("run_preflight_checks", step, validation_stages=EVERYTHING)
    assert caught.value.permanent
    for part in (
        "agents.a needs the program my-agent",
        "agents.b needs the secret MODEL. Set MAVERICK_SECRET_MODEL.",
        "Git does not know who commits",
        "There is no GitHub token",
        "The stage format needs the program ruff",
    ):
        assert part in caught.value.message
        assert part in step.logged
    assert caught.value.message.count("program ruff") == 1


def test_what_is_missing_is_only_told_when_that_is_wanted(step) -> None:
    step.secrets["GITHUB_TOKEN"] = "wrong"
    found = call("run_preflight_checks", step, fail_on_error=False)
    assert (found["success"], found["github_available"], found["git_available"]) == (
        False,
        False,
        True,
    )
    assert "does not accept the token" in found["errors"][0]


def test_what_is_not_asked_for_is_not_looked_at(server, step) -> None:
    call("run_preflight_checks", step, check_github=False)
    assert server.asked == []
    step.secrets.clear()
    no = dict.fromkeys(("check_api", "check_git", "check_github", "check_validation_tools"), False)
    assert call("run_preflight_checks", step, **no)["success"] is True
    with pytest.raises(PreflightFailed, match="The program bd is not on the PATH"):
        call("run_preflight_checks", step, **no, check_bd=True)


def test_no_agent_and_an_unknown_stage_are_warnings(step) -> None:
    (step.workspace / "maverick.toml").unlink()
    found = call("run_preflight_checks", step, validation_stages=["speling"])
    assert found["success"] is True
    assert "No agent is configured" in found["warnings"][0]
    assert "no stage 'speling'" in found["warnings"][1]


def test_outside_a_repository_it_says_so_once(tmp_path, server) -> None:
    place = tmp_path / "plain"
    place.mkdir()
    found = call(
        "run_preflight_checks",
        Context(place),
        check_github=False,
        check_validation_tools=False,
        fail_on_error=False,
    )
    assert [one for one in found["errors"] if "repository" in one] == [
        "The project folder is not a git repository. Run `git init`, or start the workflow in a "
        "repository."
    ]
