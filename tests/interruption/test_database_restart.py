"""PostgreSQL is restarted at once (`immediate`: as after a crash) in the middle of runs."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import Error, connection

from runs.models import Execution
from tests.homes import begun

from . import harness
from .harness import Site, wait_for

LONG = """
version: "1.0"
name: through-a-restart
steps:
  - name: turns
    type: loop
    for_each: "${{ range(150) }}"
    steps:
      - {name: a, type: python, action: say, kwargs: {text: "turn ${{ index }}"}}
      - {name: b, type: python, action: mark, kwargs: {value: "${{ index }}"}}
  - {name: saved, type: checkpoint}
"""


@pytest.fixture
def own_server(django_db_blocker: Any) -> Iterator[Site]:
    from maverick_site import embedded

    home = begun(Path(tempfile.mkdtemp(prefix="mvk-")))
    place = embedded.home_of(embedded.prepare(home))
    assert place is not None
    embedded.ensure_running(place)
    url = embedded.database_url(home)
    site = harness.make_site(home, url, MAVERICK_LEASE_SECONDS="2.5")
    try:
        with django_db_blocker.unblock(), harness.speaking_to(site):
            try:
                yield site
            finally:
                site.close()
    finally:
        connection.close()
        _stop_server(place)
        shutil.rmtree(home, ignore_errors=True)


def _stop_server(place: Any) -> int:
    """SIGQUIT to the server: it ends without a word, and its log is replayed at the next start."""
    pid = int((place.data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)

    def gone() -> bool:
        from maverick_site import embedded

        return not embedded._alive(pid)

    wait_for(gone, 60, "the server's end")
    return pid


def test_runs_end_although_postgresql_is_restarted_in_the_middle(own_server: Site) -> None:
    from maverick_site import embedded

    site = own_server
    place = embedded.home_of(embedded.prepare(site.home))
    runs = [site.start(LONG) for _ in range(2)]
    workers = [site.start_worker(), site.start_worker()]
    for least in (60, 200):
        wait_for(
            lambda least=least: Execution.objects.filter(status="succeeded").count() >= least,
            what="the middle",
        )
        _stop_server(place)
        connection.close()
        embedded.ensure_running(place)

        def answers() -> bool:
            try:
                return Execution.objects.exists()
            except Error:
                connection.close()
                return False

        wait_for(answers, 60, "the server's answer")
    over = site.wait(*runs, within=60)
    assert [run.status for run in over] == ["succeeded"] * 2
    for run in over:
        assert run.n_succeeded == run.n_total == 302
        rows = harness.steps(run)
        for path, times in site.times(run).items():
            assert times <= len(rows[path].tries), f"{path}: {times}"
            assert times <= 2
    assert all(worker.alive for worker in workers)
