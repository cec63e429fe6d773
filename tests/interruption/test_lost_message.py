"""Messages are hints: losing every one of them loses no run."""

import shutil
from pathlib import Path

from runs.models import Execution

from .harness import Site, wait_for

WIDE = """
version: "1.0"
name: wide
steps:
  - {name: a, type: python, action: mark, needs: []}
  - {name: b, type: python, action: until_file, needs: [a], kwargs: {name: go}}
  - {name: c, type: python, action: mark, needs: [a]}
  - {name: d, type: python, action: mark, needs: [a]}
  - {name: e, type: python, action: mark, needs: [b, c, d]}
"""


def empty(broker: Path) -> None:
    """Delete every message, those of a worker that is just writing or reading some too."""
    for file in list(broker.rglob("*")):
        if file.is_file():
            file.unlink(missing_ok=True)


def test_emptying_the_broker_in_the_middle_loses_no_run(site: Site) -> None:
    runs = [site.start(WIDE) for _ in range(4)]
    worker = site.start_worker()
    wait_for(lambda: Execution.objects.filter(status="running").exists(), what="a step runs")
    empty(site.home / "broker")
    (site.project / "go").touch()
    site.start_worker()
    over = site.wait(*runs)
    assert [run.status for run in over] == ["succeeded"] * 4
    assert all(times == 1 for run in runs for times in site.times(run).values())
    assert worker.alive


def test_a_run_that_no_message_tells_of_is_found(site: Site) -> None:
    run = site.start(WIDE)
    (site.project / "go").touch()
    shutil.rmtree(site.home / "broker", ignore_errors=True)
    site.start_worker()
    (over,) = site.wait(run, within=60)
    assert over.status == "succeeded"
