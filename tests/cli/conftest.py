"""The command line as a process of its own, with a home and a project folder of its own."""

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from tests.homes import begun

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
        """To its end, in a forked process if that makes no difference to it."""
        nursery = Nursery.of.get(self.home)
        if nursery is not None and not any(map(_is_read_early, env)):
            return nursery.run(self, args, stdin, timeout, env)
        return self.anew(*args, stdin=stdin, timeout=timeout, **env)

    def anew(self, *args: str, stdin: str = "", timeout: float = 90, **env: str) -> Ended:
        """To its end, in a new process that has nothing imported yet."""
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


# Read when they are needed; other settings are read with Django's, which a nursery has loaded.
READ_LATE = frozenset(
    {"MAVERICK_SERVER", "MAVERICK_TOKEN", "MAVERICK_CRASH_AT", "MAVERICK_CRASH_ONCE"}
)
READ_EARLY = ("MAVERICK_", "DATABASE_", "CELERY_", "PYTHONIO", "PYTHONUTF8", "LANG", "LC_")


def _is_read_early(name: str) -> bool:
    return (
        name.startswith(READ_EARLY)
        and name not in READ_LATE
        and not name.startswith("MAVERICK_SECRET_")
    )


class Nursery:
    """A process that has everything imported, and forks commands: an eighth of a new one's time."""

    of: ClassVar[dict[Path, "Nursery"]] = {}

    def __init__(self, home: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mvk-nursery-"))
        self.count, self.one_at_a_time = itertools.count(1), threading.Lock()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.interruption.nursery"], cwd=ROOT,
            env=Maverick(home, ROOT).env(DJANGO_SETTINGS_MODULE="maverick_site.settings"),
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(
        self, where: Maverick, args: Sequence[str], stdin: str, timeout: float, env: dict[str, str]
    ) -> Ended:
        log = self.folder / str(next(self.count))
        (given := log.with_name(f"{log.name}.in")).write_text(stdin)
        order = {
            "maverick": list(args), "folder": str(where.project), "env": env, "log": str(log),
            "stdin": str(given),
        }  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self.one_at_a_time:
            print(json.dumps(order), file=self.process.stdin, flush=True)
            pid = int(self.process.stdout.readline())
        code = log.with_name(f"{log.name}.code")
        end = time.monotonic() + timeout
        while _is_there(pid):
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(["maverick", *args], timeout)
            time.sleep(0.005)
        ended = int(code.read_text()) if code.exists() else -signal.SIGKILL
        out, err = (log.with_name(f"{log.name}.{name}").read_text() for name in ("out", "err"))
        assert "Traceback (most recent call last)" not in err, err
        return Ended(ended, out, err)

    def close(self) -> None:
        """No more of them."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _is_there(pid: int) -> bool:
    """Whether a process of the nursery lives: it leaves no zombies."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="session")
def cli_home() -> Iterator[Path]:
    """A home with a real PostgreSQL, made once; it is kept running by a holder."""
    home = begun(Path(tempfile.mkdtemp(prefix="mvk-cli-")))
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
    Nursery.of[home] = Nursery(home)
    yield home
    Nursery.of.pop(home).close()
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
