"""Whatever ends a step early ends all that its command has started, before the step goes on.

The family of the first attempt: a child in the background, one in a process group of its own, one
that went into a session of its own, one that was orphaned there, and one that does not care for
SIGTERM. All write into one file as fast as they can. What the second attempt finds in that file
must be all that there ever is from the first one.
"""

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest

from runs.actor import SYSTEM
from runs.models import Execution, Run
from runs.operations.cancel_run import cancel_run
from tests.processes import living

from .harness import Site, Worker, steps, wait_for

FAMILY = r"""
version: "1.0"
name: family-{mark}
steps:
  - name: family
    type: shell
    timeout: {timeout}
    retry: {{max_attempts: 2, backoff: 0.1}}
    run: |
      file={mark}.grows
      if [ $MAVERICK_ATTEMPT = 2 ]; then
        wc -l < $file > {mark}.found
        sleep 0.5
        wc -l < $file >> {mark}.found
        exit 0
      fi
      write() {{ while :; do echo $1 >> $file; sleep 0.01; done; }}
      export -f write; export file
      write background &
      (set -m; write group & )
      setsid bash -c 'write session' &
      (setsid bash -c 'write orphan' &) &
      (trap "" TERM INT HUP; write deaf) &
      wait
"""
MEMBERS = {"background", "group", "session", "orphan", "deaf"}


@pytest.fixture
def begun(site: Site, request: pytest.FixtureRequest) -> Iterator[tuple[Run, Worker, str]]:
    """A run whose first attempt has its whole family, and the worker that has it."""
    mark = request.node.name.removeprefix("test_").replace("_", "-")
    timeout = 3 if "time_is_up" in request.node.name else 60
    run = site.start(FAMILY.format(mark=mark, timeout=timeout))
    worker = site.start_worker()
    file = site.project / f"{mark}.grows"
    wait_for(
        lambda: file.exists() and set(file.read_text().split()) == MEMBERS, what="the whole family"
    )
    yield run, worker, mark
    while left := family(run):  # of a test that failed
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def family(run: Run) -> dict[int, str]:
    return living(f"MAVERICK_EXECUTION_ID={Execution.objects.get(run=run).pk}")


def the_second_attempt_was_alone(site: Site, run: Run, mark: str) -> None:
    (over,) = site.wait(run)
    assert over.status == "succeeded"
    assert len(steps(run)["family"].tries) == 2
    first, later = map(int, (site.project / f"{mark}.found").read_text().split())
    assert first == later, "somebody went on writing beside the second attempt"
    assert len((site.project / f"{mark}.grows").read_text().splitlines()) == later
    assert family(run) == {}


def test_kill_of_the_worker(site: Site, begun: tuple[Run, Worker, str]) -> None:
    run, worker, mark = begun
    assert len(family(run)) > len(MEMBERS)
    worker.kill()
    wait_for(lambda: not family(run), 3, "the end of the whole family")
    site.start_worker()
    the_second_attempt_was_alone(site, run, mark)


def test_kill_of_the_worker_while_another_waits(site: Site, begun: tuple[Run, Worker, str]) -> None:
    run, worker, mark = begun
    site.start_worker()
    worker.kill()
    the_second_attempt_was_alone(site, run, mark)


def test_stop_of_the_worker(site: Site, begun: tuple[Run, Worker, str]) -> None:
    run, worker, mark = begun
    worker.signal(signal.SIGTERM)
    wait_for(lambda: Execution.objects.get(run=run).status == "queued", what="it is given back")
    assert family(run) == {}
    wait_for(lambda: not worker.alive, 60, "the worker's end")
    site.start_worker()
    the_second_attempt_was_alone(site, run, mark)


def test_time_is_up(site: Site, begun: tuple[Run, Worker, str]) -> None:
    run, _, mark = begun
    the_second_attempt_was_alone(site, run, mark)
    assert steps(run)["family"].tries[0]["outcome"] == "timeout"


def test_cancel(site: Site, begun: tuple[Run, Worker, str]) -> None:
    run, _, _ = begun
    cancel_run(run.pk, by=SYSTEM)
    wait_for(lambda: not family(run), 60, "the end of the whole family")
