"""A Maverick of its own, in a folder of its own: real processes, as a person would start them."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
# The same engine without windows comes first: it takes half of the processor's time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), "chromium")
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Site:
    """Processes that serve pages, and the folder they live in. A context manager."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home = home
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.link = self.address
        self.said: list[str] = []
        self.env = {
            **os.environ,
            "MAVERICK_HOME": str(home),
            "MAVERICK_DEMO": "0",
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "maverick_site.settings",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            **env,
        }
        # A test of a database elsewhere must not reach into this one.
        self.env.pop("DATABASE_URL", None)
        self.process: subprocess.Popen[str] | None = None

    def manage(self, *words: str) -> None:
        """One `manage.py` command, to its end."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])

    def run(self, code: str) -> str:
        """Some Python inside this site, with Django set up; returns what it printed."""
        start = f"import django; django.setup()\n{code}"
        done = subprocess.run(
            [sys.executable, "-c", start], cwd=ROOT, env=self.env, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        return done.stdout.strip()

    def serve(self) -> "Site":
        """Pages only, no workers: enough to look at rows."""
        self.env |= {"MAVERICK_PROCESS": "web", "MAVERICK_AUTH": "off"}
        if not (self.home / "pg/data").exists():
            self.manage("migrate", "--noinput")
            self.manage("collectstatic", "--noinput", "--ignore", "django_htmx")
        return self._start(
            sys.executable,
            "-m",
            "uvicorn",
            "maverick_site.asgi:application",
            "--port",
            str(self.port),
            "--log-level",
            "warning",
            "--lifespan",
            "off",
        )

    def up(self, project: Path) -> "Site":
        """All of it, as `maverick up` starts it, working in ``project``."""
        self.env["MAVERICK_PROJECT"] = str(project)
        program = "from runs.cli.main import main; main()"
        self._start(sys.executable, "-c", program, "up", "--no-demo", cwd=project)
        self._wait(self._linked, "the login link", 60)
        return self

    def _start(self, *command: str, cwd: Path = ROOT) -> "Site":
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=self.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        self._wait(self._answers, "an answer", 60)
        return self

    def _listen(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)

    def _linked(self) -> bool:
        found = re.search(r"http://\S+token=[\w.~-]+", "".join(self.said))
        if found:
            self.link = found[0]
        return found is not None

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.address}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def _wait(self, done: Callable[[], bool], what: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not done():
            over = self.process is not None and self.process.poll() is not None
            if over or time.monotonic() > until:
                raise RuntimeError(f"{what} never came:\n" + "".join(self.said)[-4000:])
            time.sleep(0.1)

    def stop(self) -> None:
        """Ask, then insist."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def __enter__(self) -> "Site":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Any:
        self.stop()
