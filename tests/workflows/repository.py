"""A project with tasks and an agent, its bare remote, and what all of it finds in its environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.fakes.github_server import NAME, OWNER, TOKEN, GitHubServer

AGENT = Path(__file__).with_name("agent.py")
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
