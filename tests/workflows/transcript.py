"""Writes docs/transcripts/fly-resumed.md: a flight that is killed with -9, and resumed.

    make transcript

Everything is real: a repository and its bare remote in a temporary folder, a PostgreSQL of its own,
GitHub's API on loopback, ruff and pytest, and an agent that edits files. What changes from machine
to machine is replaced: folders, addresses.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fakes.github_server import GitHubServer
from tests.workflows.repository import environment_of, make_repository

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "transcripts" / "fly-resumed.md"
PATIENCE = 120.0  # seconds until the checkpoint is there
SHOWN = 24  # lines of a long output


class Terminal:
    """Runs commands in the project, and keeps what was typed and printed."""

    def __init__(self, folder: Path, github: GitHubServer) -> None:
        self.folder, self.github = folder, github
        self.project, self.remote = make_repository(folder)
        self.parts: list[str] = []
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("MAVERICK_", "DJANGO_", "DATABASE_URL", "CELERY_"))
        }
        self.env = {
            **kept,
            **environment_of(folder, github),
            "MAVERICK_HOME": str(folder / "home"),
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
        }

    def say(self, text: str) -> None:
        """A paragraph between the commands."""
        self.parts.append(text)

    def run(self, typed: str, only: str = "", after: str = "") -> str:
        """A command, to its end; ``only`` picks lines of what it prints, behind ``after``."""
        done = subprocess.run(
            self._words(typed), cwd=self.project, env=self.env, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"{typed} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        printed = done.stdout + done.stderr
        printed = printed[printed.index(after) :]
        lines = [line for line in printed.splitlines() if re.search(only, line)]
        self._show(f"$ {typed}", lines)
        return done.stdout

    def run_and_kill(self, typed: str, said: str) -> None:
        """A command that is killed when it has said something."""
        process = subprocess.Popen(
            self._words(typed),
            cwd=self.project,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if said in line:
                process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            sys.exit(f"{typed} never said {said!r}:\n" + "\n".join(lines))
        self._show(f"$ {typed} &", [*(one for one in lines if one[:1] != "–"), "$ kill -9 $!"])

    def _words(self, typed: str) -> list[str]:
        words = shlex.split(typed)
        return (
            [sys.executable, "-m", "runs.cli.main", *words[1:]] if words[0] == "maverick" else words
        )

    def _show(self, typed: str, lines: list[str]) -> None:
        if len(lines) > 3 * SHOWN:
            half = SHOWN
            lines = [*lines[:half], f"… ({len(lines) - 2 * half} lines)", *lines[-half:]]
        self.parts.append("```text\n" + "\n".join([typed, *lines]) + "\n```")

    def page(self) -> str:
        """All of it, without what belongs to this machine."""
        text = "\n\n".join(self.parts)
        for found, shown in (
            (str(self.project), "~/tide"),
            (str(self.remote), "~/tide.git"),
            (str(self.folder / "home"), "~/.maverick"),
            (str(self.folder), "~"),
            (self.github.url, "https://github.example"),
            (sys.executable, "python"),
        ):
            text = text.replace(found, shown)
        return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE) + "\n"


def write(folder: Path) -> str:
    """The transcript of one flight in ``folder``."""
    with GitHubServer(repository=folder / "tide.git") as github:
        terminal = Terminal(folder, github)
        terminal.say("# fly, killed and resumed")
        terminal.say(
            "Written by `make transcript`: a repository with a bare remote, an agent that edits "
            "files, GitHub's API on loopback, ruff and pytest as checks. Folders and addresses are "
            "replaced; steps that were skipped are left out of what `maverick run` prints."
        )
        terminal.say("Two phases are to be implemented.")
        terminal.run("cat specs/tides/tasks.md")
        terminal.run("git log --oneline --all")
        terminal.say(
            "The flight begins, and is killed as soon as both phases are implemented and committed."
        )
        terminal.run_and_kill("maverick fly -i branch_name=tides", said="✓ implementation_complete")
        terminal.say("What is there: a commit for each phase, nothing pushed, no pull request.")
        terminal.run("git log --oneline main..tides")
        terminal.run("git ls-remote --heads origin")
        terminal.run("maverick checkpoint list")
        terminal.say(
            "Resumed. It says what it resumes; what the checkpoint holds is kept, and the rest is "
            "done. The reviewer finds modules without a word about what they are, the fixer mends "
            "that, the checks run again."
        )
        terminal.run("maverick fly --resume", only=r"^(?!– )")
        terminal.say(
            "One commit for each phase, one for what the review found; pushed; one pull request."
        )
        terminal.run("git log --format=%s main..tides")
        terminal.run("git ls-remote --heads origin")
        pulls = [
            {key: pull[key] for key in ("number", "title", "draft", "state")}
            for pull in github.pulls.values()
        ]
        shown = "\n".join(json.dumps(pull) for pull in pulls)
        terminal.parts.append(
            "```text\n$ curl -s https://github.example/repos/octo/tide/pulls "
            f"| jq -c '.[] | {{number, title, draft, state}}'\n{shown}\n```"
        )
        terminal.say("Why each step was kept or done, as `maverick runs show @last` tells it:")
        terminal.run("maverick runs show @last", after="STEP ")
        return terminal.page()


def main() -> None:
    """Write the page."""
    folder = Path(tempfile.mkdtemp(prefix="mvk-fly-"))
    try:
        text = write(folder)
    finally:
        _database_is_gone(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text)
    print(f"{PAGE.relative_to(ROOT)}: {len(text.splitlines())} lines")


def _database_is_gone(home: Path) -> None:
    """Its server ends with its last client."""
    from maverick_site import embedded

    until = time.monotonic() + PATIENCE
    while embedded.running(home) and time.monotonic() < until:
        time.sleep(0.1)


if __name__ == "__main__":
    main()
