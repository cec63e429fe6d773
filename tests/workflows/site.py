"""A repository with a bare remote, an agent, GitHub on loopback, and `maverick` in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs.actor import SYSTEM
from runs.models import Run
from runs.operations.start_run import start_run
from tests.cli.conftest import Ended, Maverick
from tests.fakes.github_server import NAME, OWNER, TOKEN, GitHubServer
from tests.integration.here import do

AGENT = Path(__file__).with_name("agent.py")
QUICK = {"stages": ["lint"], "skip_review": True}  # where a test is not about checks and reviews
PYPROJECT = """\
[project]
name = "tide"
version = "1"

[tool.pytest.ini_options]
pythonpath = ["."]
addopts = "-p no:cacheprovider"

[tool.ruff.lint]
select = ["F"]

[tool.ruff]
extend-exclude = ["agent.py"]
"""
SETTINGS = """\
[agents."*"]
command = ["{python}", "agent.py"]

[generators."*"]
command = ["{python}", "agent.py"]

[validation]
typecheck_cmd = ["{python}", "-m", "compileall", "-q", "tide"]
"""
TASKS = """\
# Tides

## Phase 1: Low water

- [ ] the module tide/low_water.py with a test

## Phase 2: High water

- [ ] the module tide/high_water.py with a test
"""


def git(place: Path, *arguments: str) -> str:
    """What git says. It ends with an error when git does."""
    done = subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True)
    return done.stdout.decode().strip()


def make_repository(folder: Path) -> tuple[Path, Path]:
    """A project with one commit on main, and the bare remote that it is pushed to."""
    remote, project = folder / "tide.git", folder / "tide"
    git(folder, "init", "-q", "--bare", "-b", "main", str(remote))
    git(folder, "clone", "-q", str(remote), str(project))
    git(project, "checkout", "-q", "-B", "main")
    git(project, "config", "user.name", "Alice")
    git(project, "config", "user.email", "alice@localhost")
    python = sys.executable
    files = {
        "pyproject.toml": PYPROJECT,
        "maverick.toml": SETTINGS.format(python=python),
        ".gitignore": "__pycache__/\n.ruff_cache/\n",
        "tide/__init__.py": '"""Tides."""\n',
        "specs/tides/tasks.md": TASKS,
    }
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copy(AGENT, project / "agent.py")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "First")
    git(project, "push", "-q", "-u", "origin", "main")
    return project, remote


@dataclass
class Site:
    """All of it. Workflows run in the test's own process, or by `maverick`."""

    maverick: Maverick
    project: Path
    remote: Path
    github: GitHubServer
    env: dict[str, str]

    def run(self, workflow: str, **inputs: Any) -> Run:
        """A workflow, to its end, in this process."""
        started = start_run(workflow=workflow, inputs=inputs, by=SYSTEM, workspace=self.project)
        return do(started)

    def cli(self, *words: str, **env: str) -> Ended:
        """`maverick run …`, to its end, with --json."""
        return self.maverick("run", *words, "--json", timeout=300, **{**self.env, **env})

    def git(self, *arguments: str, place: Path | None = None) -> str:
        return git(place or self.project, *arguments)

    def write(self, name: str, text: str) -> Path:
        """A file of the project."""
        return self.maverick.write(name, text)

    def set(self, text: str) -> None:
        """More settings."""
        with (self.project / "maverick.toml").open("a") as file:
            file.write(text)

    # -- what has happened ------------------------------------------------------------------------

    def calls(self, name: str = "") -> list[str]:
        """`AGENT PATH` of each call of an agent, in order."""
        file = Path(self.env["AGENT_CALLS"])
        lines = file.read_text().splitlines() if file.exists() else []
        return [line for line in lines if line.startswith(name)]

    def subjects(self, span: str, place: Path | None = None) -> list[str]:
        """The commits of a branch, the oldest first."""
        return self.git("log", "--reverse", "--format=%s", span, place=place).splitlines()

    @property
    def pulls(self) -> list[dict[str, Any]]:
        return list(self.github.pulls.values())


def environment_of(folder: Path, github: GitHubServer) -> dict[str, str]:
    """What agents, checks and actions find in their environment."""
    return {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": f"{OWNER}/{NAME}",
        "MAVERICK_SECRET_GITHUB_TOKEN": TOKEN,
        "AGENT_CALLS": str(folder / "calls"),
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
