"""Each test has a repository of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import Maverick, cli_home, until
from tests.fakes.github_server import GitHubServer

from .repository import environment_of, make_repository

if TYPE_CHECKING:  # this file is read before Django has its settings
    from .site import Site

__all__ = ["cli_home", "until"]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Site"]:
    """A repository, its remote and GitHub; workflows run in the test's own process."""
    from .site import Site

    project, remote = make_repository(tmp_path)
    with GitHubServer(repository=remote) as github:
        env = environment_of(tmp_path, github)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        for name in ("GITHUB_TOKEN", "GH_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        yield Site(Maverick(tmp_path, project), project, remote, github, env)


@pytest.fixture
def cli_site(site: "Site", cli_home: Path) -> "Site":
    """The same, with a home for `maverick`."""
    site.maverick.home = cli_home
    return site
