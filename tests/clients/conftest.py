"""One Maverick with a worker, as `maverick up` starts it, for the clients to talk to."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.browser.site import ROOT, Site
from tests.homes import begun


@dataclass(frozen=True)
class Served:
    """Where it is, and who may ask it."""

    address: str
    home: Path
    token: str = field(repr=False)

    def env(self) -> dict[str, str]:
        """For a program that talks to it: nothing of Django, and no other server or home."""
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("MAVERICK_", "DJANGO_", "DATABASE_URL", "PYTEST_", "PYTHONPATH"))
        }
        return {
            **kept, "MAVERICK_SERVER": self.address, "MAVERICK_TOKEN": self.token,
            "MAVERICK_HOME": str(self.home), "NO_COLOR": "1",
        }  # fmt: skip

    def play(self, *command: str, cwd: Path = ROOT) -> str:
        """Run a program to its end; what it printed."""
        done = subprocess.run(
            command, cwd=cwd, env=self.env(), capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Web, a worker and the sweep in a project folder of their own."""
    home = begun(tmp_path_factory.mktemp("home"))
    with Site(home, MAVERICK_WORKERS="1") as site:
        site.up(tmp_path_factory.mktemp("project"))
        yield Served(site.address, home, (home / "token").read_text().strip())
