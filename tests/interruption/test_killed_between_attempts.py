"""kill -9 where a container begins anew: each attempt happens once, and what is `once` is once."""

from runs.models import Run

from .harness import Site, steps

TEXT = """
version: "1.0"
name: killed-between-attempts
steps:
  - name: NAME
    type: loop
    for_each: [1, 2]
    max_concurrency: 0
    timeout: 10m
    retry: {max_attempts: 3, backoff: 0}
    steps:
      - {name: a, type: python, action: mark, kwargs: {value: "${{ item }}"}}
      - {name: pay, type: python, action: mark, effect: once}
      - {name: b, type: python, action: flaky, kwargs: {times: 2}}
  - {name: last, type: python, action: mark}
"""
DIES = {
    "reset": "before-again@reset",  # all that is inside is set back, and not committed
    "open": "after-again@open",  # it is open again, and nobody was told
    "failed": "after-commit@failed[1]/b",  # it has failed, and waits for nobody to begin it again
    "second": "after-claim@second[0]/a",  # and in the middle of an attempt
}


def test_the_next_attempt_begins_whoever_died(site: Site) -> None:
    marks = site.home / "deaths"
    marks.mkdir()
    runs = {name: site.start(TEXT.replace("NAME", name)) for name in DIES}
    env = {"MAVERICK_CRASH_AT": ",".join(DIES.values()), "MAVERICK_CRASH_ONCE": str(marks)}
    site.start_sweeper()
    over = site.wait(*runs.values(), within=60, workers=2, **env)
    assert {file.name for file in marks.iterdir()} == {at.replace("/", ":") for at in DIES.values()}
    for name, run in zip(runs, over, strict=True):
        _went_well(site, name, run)


def _went_well(site: Site, name: str, run: Run) -> None:
    rows, times = steps(run), site.times(run)
    assert run.status == "succeeded", run.status_reason
    assert run.n_total == run.n_succeeded == len(rows) == 8
    assert run.n_running == run.n_failed == run.n_skipped == 0
    outcomes = [one["outcome"] for one in rows[name].tries]
    assert outcomes[-1] == "succeeded"
    assert len(outcomes) <= 3
    assert set(outcomes[:-1]) <= {"failed"}
    assert rows[name].due_at is None
    for turn in (0, 1):
        assert times[f"{name}[{turn}]/pay"] == 1
        tries = rows[f"{name}[{turn}]/a"].tries
        lost = sum(one["outcome"] == "interrupted" for one in tries)
        assert len(tries) - lost == len(outcomes)  # once in each attempt
        assert rows[f"{name}[{turn}]/a"].output["value"] == turn + 1
    assert times["last"] == 1
