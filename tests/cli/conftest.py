"""The command line as a process of its own, with a home and a project folder of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "runs.cli.main"]
OURS = ("MAVERICK_", "DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_", "PORT", "PYTEST_")


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line of stdout, which has to be the document."""
        return json.loads(self.out.splitlines()[-1])


@dataclass
class Maverick:
    """`maverick` in one project folder."""

    home: Path
    project: Path

    def __call__(self, *args: str, stdin: str = "", timeout: float = 90, **env: str) -> Ended:
        done = subprocess.run(
            [*COMMAND, *args], cwd=self.project, env=self.env(**env), input=stdin,
            capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        assert "Traceback (most recent call last)" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *args], cwd=self.project, env=self.env(**env), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def env(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        return {
            **kept, "MAVERICK_HOME": str(self.home), "PYTHONPATH": str(ROOT), "NO_COLOR": "1",
            **more,
        }  # fmt: skip

    def write(self, name: str, text: str) -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def calls(self) -> list[str]:
        """What the steps wrote into the file `calls`, in order."""
        path = self.project / "calls"
        return path.read_text().split() if path.exists() else []


@pytest.fixture(scope="session")
def cli_home() -> Iterator[Path]:
    """A home with a real PostgreSQL, made once; it is kept running by a holder."""
    home = Path(tempfile.mkdtemp(prefix="mvk-cli-"))
    holder = subprocess.Popen(
        [
            sys.executable, "-c",
            "from runs.cli.here import set_up; set_up(); print('ready', flush=True); input()",
        ],
        cwd=ROOT, env=Maverick(home, ROOT).env(), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "ready"
    yield home
    holder.communicate("\n", timeout=30)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def maverick(cli_home: Path, tmp_path: Path) -> Maverick:
    return Maverick(cli_home, tmp_path)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait until something holds, not longer than a minute."""

    def wait(holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end, "it did not come to hold in a minute"
            time.sleep(0.05)

    return wait


def stop(process: "subprocess.Popen[str]", number: signal.Signals) -> Ended:
    """Send a signal and wait for the end."""
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err)


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """A web process on this home; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "maverick_site.asgi:application", "--port", str(port),
         "--log-level", "warning"],
        cwd=ROOT, env=Maverick(home, ROOT).env(MAVERICK_PROCESS="web"),
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 60
    try:
        while True:
            try:
                httpx.get(f"{address}/healthz", timeout=2)
                break
            except httpx.TransportError:
                assert process.poll() is None, "the server has ended"
                assert time.monotonic() < end, "the server does not answer"
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)
