"""Sites for these tests: one database for the folder, a fresh site a test."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .tables import TABLES

if TYPE_CHECKING:  # this file is read before Django has its settings
    from .harness import Site


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for table in config.stash.get(TABLES, []):
        terminalreporter.write_line("")
        terminalreporter.write_line(table)


# Shorter than in daily life, so that a hundred takeovers fit into a minute; long enough that a
# busy machine does not take living workers for dead ones.
LEASE = "3.5"


@pytest.fixture(scope="session")
def interruption_database() -> Iterator[str]:
    from tests.databases import own_database

    with own_database() as url:
        yield url


@pytest.fixture(scope="module")
def site(interruption_database: str, django_db_blocker: Any) -> Iterator["Site"]:
    """A site of this file's tests; its workers are those that a test starts."""
    yield from _site(
        interruption_database,
        django_db_blocker,
        MAVERICK_LEASE_SECONDS=LEASE,
        MAVERICK_SWEEP_SECONDS="0.5",
    )


@pytest.fixture
def daily_site(interruption_database: str, django_db_blocker: Any) -> Iterator["Site"]:
    """A site with the settings of daily life."""
    yield from _site(interruption_database, django_db_blocker)


@pytest.fixture(autouse=True)
def _no_worker_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "site" in request.fixturenames:
        request.getfixturevalue("site").stop()


def _site(url: str, blocker: Any, **env: str) -> Iterator["Site"]:
    from django.db import connection

    from . import harness

    home = Path(tempfile.mkdtemp(prefix="mvk-"))
    made = harness.make_site(home, url, **env)
    try:
        with blocker.unblock(), harness.speaking_to(made):
            try:
                yield made
            finally:
                made.close()
                with connection.cursor() as cursor:  # nothing is left for the next test's workers
                    cursor.execute("TRUNCATE runs_workflow CASCADE")
    finally:
        shutil.rmtree(home, ignore_errors=True)
