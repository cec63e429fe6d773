"""kill -9 of the process that does a step."""

from datetime import datetime

from runs.models import Execution

from .harness import Site, steps, wait_for

HELD = """
version: "1.0"
name: held
steps:
  - {name: before, type: python, action: mark}
  - {name: held, type: python, action: held, kwargs: {name: go}}
  - {name: after, type: python, action: mark}
"""
FAN = """
version: "1.0"
name: fan-of-turns
steps:
  - name: turns
    type: loop
    for_each: "${{ range(40) }}"
    max_concurrency: 0
    steps:
      - {name: a, type: python, action: mark}
      - {name: b, type: shell, run: "sleep 0.02; echo ${{ index }}"}
  - {name: join, type: python, action: mark, kwargs: {value: "${{ len(steps.turns.output) }}"}}
"""


def test_a_run_goes_on_elsewhere_within_ten_seconds(daily_site: Site) -> None:
    """With the lease of daily life, and workers started as `maverick up` starts them."""
    site = daily_site
    run = site.start(HELD)
    first = site.start_celery()
    site.start_sweeper()  # a second process that lives on
    wait_for(lambda: site.running(run, "held"), what="the step has begun")
    killed = first.kill()
    site.start_celery()
    site.wait(run)
    row = steps(run)["held"]
    assert row.status == "succeeded"
    assert [one["outcome"] for one in row.tries] == ["interrupted", "succeeded"]
    assert row.tries[0]["reason"] == "worker-lost"
    assert row.tries[0]["worker"].endswith(f":{first.pid}")
    again = datetime.fromisoformat(row.tries[1]["started_at"]).timestamp()
    assert again - killed < 10.0
    assert site.times(run) == {"before": 1, "held": 2, "after": 1}
    assert len({e.execution_id for e in site.effects(run) if e.path == "held"}) == 1


def test_kill_in_the_middle_of_a_fan_out_repeats_only_what_was_interrupted(site: Site) -> None:
    run = site.start(FAN)
    workers = [site.start_worker() for _ in range(3)]
    for number, worker in enumerate(workers[:2], start=1):
        wait_for(
            lambda least=10 * number: (
                Execution.objects.filter(run=run, status="succeeded").count() >= least
            ),
            what="the middle of the fan-out",
        )
        worker.kill()
    (over,) = site.wait(run)
    assert over.status == "succeeded"
    assert over.n_succeeded == over.n_total == 82
    assert over.n_running == 0
    rows = steps(run)
    assert rows["join"].output["value"] == 40
    for path, times in site.times(run).items():
        interrupted = [one for one in rows[path].tries if one["outcome"] == "interrupted"]
        assert times <= 1 + len(interrupted), path
    lost = [path for path, row in rows.items() if len(row.tries) > 1]
    assert len(lost) <= 2, "one step a killed worker"


def test_a_command_does_not_outlive_its_killed_worker(site: Site) -> None:
    """Two of them would work in one workspace."""
    run = site.start(
        """
version: "1.0"
name: long-command
steps:
  - name: long
    type: shell
    run: |
      echo $$ >> pids
      if [ "$MAVERICK_ATTEMPT" = 1 ]; then sleep 600; fi
"""
    )
    worker = site.start_worker()
    pids = site.project / "pids"
    wait_for(lambda: pids.exists() and pids.read_text().strip(), what="the command runs")
    import os

    command = int(pids.read_text().split()[0])
    worker.kill()

    def gone() -> bool:
        try:
            os.kill(command, 0)
        except ProcessLookupError:
            return True
        with open(f"/proc/{command}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"

    wait_for(gone, 60, "the command's end")
    site.start_worker()
    (over,) = site.wait(run)
    assert over.status == "succeeded"
    assert len(pids.read_text().split()) == 2


def test_a_worker_that_is_told_to_stop_gives_its_step_back(site: Site) -> None:
    """SIGTERM: nobody waits for a lease."""
    import signal

    run = site.start(HELD)
    worker = site.start_worker()
    wait_for(lambda: site.running(run, "held"), what="the step has begun")
    worker.signal(signal.SIGTERM)
    wait_for(lambda: not worker.alive, 60, "the worker's end")
    row = steps(run)["held"]
    assert row.status == "queued", (row.tries, site.said()[-1500:])
    assert row.tries[0]["reason"] == "worker-stopped"
    site.start_worker()
    (over,) = site.wait(run)
    assert over.status == "succeeded"
    assert site.times(run)["held"] == 2
