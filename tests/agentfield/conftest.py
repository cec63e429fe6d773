"""One installation for the folder: a real server, two real workers, agents as real HTTP servers."""

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:  # this file is read before Django has its settings
    from tests.agentfield.agents import FakeAgent
    from tests.agentfield.plane import Plane

SDK = Path(__file__).parents[2] / "requirements.agentfield.lock"


@pytest.fixture(scope="package")
def plane(django_db_setup: None, django_db_blocker: Any) -> Iterator["Plane"]:
    """Server and workers, without logins, with a short grace for agents that are lost.

    For this folder and not for the session: while it is there, this process's database is its own.
    """
    from tests.agentfield.plane import Plane
    from tests.databases import own_database
    from tests.interruption import harness

    home = Path(tempfile.mkdtemp(prefix="mvk-"))
    with django_db_blocker.unblock(), own_database() as url:
        site = harness.make_site(
            home,
            url,
            MAVERICK_AUTH="off",
            MAVERICK_AGENT_GRACE_SECONDS="1.5",
            MAVERICK_CALL_WAIT_SECONDS="4",
            MAVERICK_SWEEP_SECONDS="0.3",
            MAVERICK_WEBHOOKS_ALLOW_PRIVATE="127.0.0.1",
        )
        made = Plane(site)
        try:
            with harness.speaking_to(site):
                made.start()
                yield made
                made.close()
        finally:
            made.close()
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="package")
def api(plane: "Plane") -> Iterator[httpx.Client]:
    with httpx.Client(base_url=plane.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="package")
def make_agent(plane: "Plane") -> Iterator[Callable[..., "FakeAgent"]]:
    """Agents of the protocol, served by this process and registered."""
    from tests.agentfield.agents import FakeAgent

    made: list[FakeAgent] = []

    def make(*names: str, skills: tuple[str, ...] = (), **more: Any) -> FakeAgent:
        agent = FakeAgent(plane.url, f"a{time.monotonic_ns()}", names, skills, **more)
        made.append(agent)
        assert agent.register().status_code in (200, 201)
        return agent

    yield make
    for agent in made:
        agent.close()


@pytest.fixture(scope="session")
def sdk_python() -> str:
    """A Python with the published package in it; the test is skipped where there is no registry.

    `AGENTFIELD_PYTHON` names one that is there already.
    """
    given = os.environ.get("AGENTFIELD_PYTHON")
    if given:
        return given
    mark = hashlib.sha256(SDK.read_bytes()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"maverick-agentfield-{mark}-{os.getuid()}"
    python = folder / "bin/python"
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of xdist ask at once
        if not (folder / "ready").exists() and not _installed(folder, python):
            pytest.skip("agentfield cannot be installed here, so the real package was not tried")
        (folder / "ready").touch()
    return str(python)


def _installed(folder: Path, python: Path) -> bool:
    venv = [sys.executable, "-m", "venv", "--clear", str(folder)]
    # What is pinned is all that is needed: no solving, and no 300 MB for models that nobody asks.
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    pip += ["--require-hashes", "--no-deps", "-r", str(SDK)]
    return all(
        subprocess.run(command, capture_output=True, check=False).returncode == 0
        for command in (venv, pip)
    )


@pytest.fixture(scope="module")
def run_agent(plane: "Plane", sdk_python: str) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start an agent of the published package, from `real_agents.py` unless a script is named;
    wait until it is ready."""
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, script: Path | None = None, **env: str) -> subprocess.Popen[bytes]:
        port = free_port()
        log = (plane.site.home / f"agent-{name}-{port}.log").open("wb")
        process = subprocess.Popen(
            [
                sdk_python,
                str(script or Path(__file__).with_name("real_agents.py")),
                name,
                str(port),
            ],
            env={**_plain_env(), "AGENTFIELD_SERVER": plane.url, "PORT": str(port), **env},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started.append(process)
        from runs.models import Agent
        from tests.interruption.harness import wait_for

        def ready() -> bool:
            if process.poll() is not None:
                text = Path(log.name).read_text(errors="replace")[-3000:]
                raise AssertionError(f"the agent ended: {text}")
            at = Agent.objects.filter(pk=name, base_url__endswith=f":{port}").first()
            return at is not None and answers(port)

        wait_for(ready, 90, f"the agent {name}", 0.1)
        return process

    start.processes = started  # type: ignore[attr-defined]
    yield start
    for process in started:
        process.kill()
        process.wait(10)


def _plain_env() -> dict[str, str]:
    kept = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "DJANGO_SETTINGS_MODULE")
    }
    return {k: v for k, v in kept.items() if not k.startswith(("MAVERICK_", "AGENTFIELD_"))}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5):
            return True
    except OSError:
        return False
