"""A worker that sleeps through its lease can write nothing afterwards."""

import signal

from runs.models import Event

from .harness import Site, steps, wait_for

RUN = """
version: "1.0"
name: sleeper
steps:
  - {name: before, type: python, action: mark}
  - {name: held, type: python, action: held, kwargs: {name: wake}}
  - {name: after, type: python, action: mark}
"""


def test_a_stopped_worker_is_replaced_and_writes_nothing_when_it_wakes(site: Site) -> None:
    run = site.start(RUN)
    # It sleeps for as long as this machine takes, and must wake up.
    sleeper = site.start_worker(MAVERICK_STANDSTILL_SECONDS="0")
    wait_for(lambda: site.running(run, "held"), what="the step has begun")
    sleeper.signal(signal.SIGSTOP)
    other = site.start_worker()
    (over,) = site.wait(run)
    assert over.status == "succeeded"
    row = steps(run)["held"]
    assert row.tries[0]["reason"] == "worker-lost"
    assert row.worker == ""
    assert row.output == 2
    before = list(Event.objects.filter(run=run).order_by("seq").values_list("seq", "kind"))

    # It wakes in the middle of its step, ends it, and wants to record it and go on.
    (site.project / "wake").touch()
    sleeper.signal(signal.SIGCONT)
    another = site.start(RUN)
    other.kill()
    site.wait(another)  # done by the one that has slept: it is through with the old step
    assert steps(another)["before"].tries[0]["worker"].endswith(f":{sleeper.pid}")
    assert list(Event.objects.filter(run=run).order_by("seq").values_list("seq", "kind")) == before
    assert steps(run)["held"].output == 2
    assert steps(run)["held"].fence == row.fence
    assert site.times(run) == {"before": 1, "held": 2, "after": 1}


def test_a_long_step_keeps_its_lease(site: Site) -> None:
    """Longer than two leases, and nobody takes it over."""
    run = site.start(
        """
version: "1.0"
name: long
steps:
  - {name: long, type: shell, run: sleep 8}
"""
    )
    site.start_worker()
    site.start_worker()
    (over,) = site.wait(run)
    assert over.status == "succeeded"
    assert len(steps(run)["long"].tries) == 1
