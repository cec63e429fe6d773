"""Preflight: what a workflow's steps require, checked before the first of them runs."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs.actions import StepContext, action
from runs.errors import StepFailure

CHECK_SECONDS = 30.0


class PreflightFailed(StepFailure):
    """Something that the workflow needs is not there."""

    code = "preflight-failed"
    permanent = True


@dataclass(frozen=True)
class Prerequisite:
    """One thing that a step may require by name."""

    title: str
    remedy: str
    needs: tuple[str, ...]
    check: Callable[[Path], str]  # what is wrong; "" when it is there


def _program(name: str) -> Callable[[Path], str]:
    return lambda _: "" if shutil.which(name) else f"the program {name} is not on the PATH"


def _says(*command: str, wrong: str) -> Callable[[Path], str]:
    def check(workspace: Path) -> str:
        try:
            done = subprocess.run(
                command,
                cwd=workspace,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=CHECK_SECONDS,
                env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{command[0]} did not answer within {CHECK_SECONDS:g} s"
        except OSError as error:
            return f"{command[0]} could not be started: {error.strerror or error}"
        return "" if done.returncode == 0 and done.stdout.strip() else wrong

    return check


def _variable(*names: str) -> Callable[[Path], str]:
    wrong = f"{' or '.join(names)} is not set"
    return lambda _: "" if any(os.environ.get(name) for name in names) else wrong


PREREQUISITES: Mapping[str, Prerequisite] = {
    "git": Prerequisite("Git", "Install git.", (), _program("git")),
    "git_repo": Prerequisite(
        "A git repository",
        "Run `git init`, or start the workflow in a repository.",
        ("git",),
        _says("git", "rev-parse", "--git-dir", wrong="the project folder is not a git repository"),
    ),
    "git_identity": Prerequisite(
        "Who commits",
        "Run `git config user.name` and `git config user.email`.",
        ("git",),
        _says("git", "config", "user.email", wrong="git does not know who commits"),
    ),
    "git_remote": Prerequisite(
        "A remote of the repository",
        "Run `git remote add origin ADDRESS`.",
        ("git_repo",),
        _says("git", "remote", wrong="the repository has no remote"),
    ),
    "jj": Prerequisite("Jujutsu", "Install jj.", (), _program("jj")),
    "gh": Prerequisite("The GitHub program", "Install gh.", (), _program("gh")),
    "gh_auth": Prerequisite(
        "A GitHub login",
        "Run `gh auth login`.",
        ("gh",),
        _says("gh", "auth", "token", wrong="gh is not logged in"),
    ),
    "github_token": Prerequisite(
        "A GitHub token",
        "Set the secret GITHUB_TOKEN: MAVERICK_SECRET_GITHUB_TOKEN for the workers.",
        (),
        _variable("MAVERICK_SECRET_GITHUB_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"),
    ),
    "bd": Prerequisite("Beads", "Install bd.", (), _program("bd")),
    "anthropic_key": Prerequisite(
        "An Anthropic key",
        "Set ANTHROPIC_API_KEY.",
        (),
        _variable("ANTHROPIC_API_KEY", "MAVERICK_SECRET_ANTHROPIC_API_KEY"),
    ),
}


@action("preflight", effect="pure")
def preflight(context: StepContext, requires: list[str]) -> dict[str, Any]:
    """Check everything that is required: `{checks: [{name, ok, message, remedy, seconds}]}`.

    All are checked before the verdict, what others need first; fails naming everything that is
    missing, each with what to do. A name that nobody knows is logged and left out; an empty one is
    what is not required this time.
    """
    checks = check_all(context, requires)
    missing = [one for one in checks if not one["ok"]]
    if missing:
        raise PreflightFailed("; ".join(f"{one['message']} ({one['remedy']})" for one in missing))
    return {"checks": checks}


def check_all(context: StepContext, requires: Iterable[str]) -> list[dict[str, Any]]:
    """The checks of these names and of what they need, logged as they are made."""
    results: dict[str, dict[str, Any]] = {}
    for name in _in_order(filter(None, requires)):
        known = PREREQUISITES.get(name)
        if known is None:
            context.log(f"? {name}: nobody knows how to check it; left out", "warning")
            continue
        results[name] = one = _check(name, known, results, context.workspace)
        mark = "ok" if one["ok"] else "MISSING"
        context.log(f"{mark} {known.title}{': ' + one['message'] if one['message'] else ''}")
    return list(results.values())


def _in_order(names: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}

    def add(name: str) -> None:
        known = PREREQUISITES.get(name)
        for need in known.needs if known else ():
            add(need)
        found.setdefault(name)

    for name in names:
        add(name)
    return list(found)


def _check(
    name: str, known: Prerequisite, results: Mapping[str, dict[str, Any]], workspace: Path
) -> dict[str, Any]:
    broken = next((need for need in known.needs if not results[need]["ok"]), None)
    began = time.monotonic()
    wrong = f"skipped: {broken} failed" if broken else known.check(workspace)
    return {
        "name": name,
        "ok": not wrong,
        "message": wrong,
        "remedy": known.remedy if wrong else "",
        "seconds": round(time.monotonic() - began, 3),
    }
