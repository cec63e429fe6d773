"""A terminal whose commands and output become a page of the docs."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "transcripts"
PATIENCE = 120.0  # seconds until the database has ended
SHOWN = 24  # lines of a long output


class Terminal:
    """Runs commands in the project, and keeps what was typed and printed."""

    def __init__(
        self, project: Path, home: Path, env: dict[str, str], replaced: list[tuple[str, str]]
    ) -> None:
        self.project, self.replaced = project, [*replaced, (sys.executable, "python")]
        self.parts: list[str] = []
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("MAVERICK_", "DJANGO_", "DATABASE_URL", "CELERY_"))
        }
        self.env = {
            **kept,
            **env,
            "MAVERICK_HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
        }

    def say(self, text: str) -> None:
        """A paragraph between the commands."""
        self.parts.append(text)

    def run(self, typed: str, only: str = "", after: str = "", code: int = 0) -> str:
        """A command, to its end; ``only`` picks lines of what it prints, behind ``after``."""
        done = subprocess.run(
            self._words(typed), cwd=self.project, env=self.env, capture_output=True, text=True
        )
        if done.returncode != code:
            sys.exit(f"{typed} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        printed = done.stdout + done.stderr
        printed = printed[printed.index(after) :]
        lines = [line for line in printed.splitlines() if re.search(only, line)]
        self._show(f"$ {typed}", lines)
        return done.stdout

    def answer(self, typed: str) -> Any:
        """What a command answers as JSON; it is not shown."""
        done = subprocess.run(
            self._words(typed), cwd=self.project, env=self.env, capture_output=True, check=True
        )
        return json.loads(done.stdout.splitlines()[-1])

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
        for found, shown in self.replaced:
            text = text.replace(found, shown)
        return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE) + "\n"


def publish(name: str, text: str) -> None:
    """Write a page of the docs."""
    PAGES.mkdir(exist_ok=True)
    page = PAGES / name
    page.write_text(text)
    print(f"{page.relative_to(ROOT)}: {len(text.splitlines())} lines")


def wait_until_database_ended(home: Path) -> None:
    """Its server ends with its last client."""
    from maverick_site import embedded

    until = time.monotonic() + PATIENCE
    while embedded.running(home) and time.monotonic() < until:
        time.sleep(0.1)
