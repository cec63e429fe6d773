"""A repository with a bare remote, an agent, GitHub on loopback, and workflows run in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs.actor import SYSTEM
from runs.models import Run
from runs.operations.start_run import start_run
from tests.cli.conftest import Ended, Maverick
from tests.fakes.github_server import GitHubServer
from tests.integration.here import do

from .repository import git

QUICK = {"stages": ["lint"], "skip_review": True}  # where a test is not about checks and reviews


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
