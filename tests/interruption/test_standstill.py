"""A step that holds the interpreter: nothing in its worker can stop it, not even a time-out."""

from .harness import Site, steps, wait_for

HOLDS = """
version: "1.0"
name: holds
steps:
  - {name: bad, type: python, action: holds, timeout: 1}
"""
BESIDE = """
version: "1.0"
name: beside
steps:
  - {name: mark, type: python, action: mark}
"""


def test_its_workers_end_themselves_and_every_other_run_goes_on(site: Site) -> None:
    held = site.start(HOLDS)
    keep = {"MAVERICK_STANDSTILL_SECONDS": "2"}
    site.keep(2, **keep)
    wait_for(lambda: site.running(held, "bad"), what="the step has begun")
    beside = site.start(BESIDE)
    over, other = site.wait(held, beside, within=90, workers=2, **keep)
    assert other.status == "succeeded"
    bad = steps(held)["bad"]
    assert over.status == "failed"
    assert (bad.status, bad.error["code"]) == ("failed", "worker-lost")
    assert [one["reason"] for one in bad.tries] == ["worker-lost"] * 3
    assert "maverick_actions.py" in site.said()  # where it stands
    assert "in holds" in site.said()
