"""Every place where a worker may die × every shape of a graph: it ends as if nothing had happened.

All runs go at once on a few real worker processes. Each run has a victim, a step at which the
worker that comes to the armed place is ended with SIGKILL, once; others go on. Each run is then
compared with a run of the same shape that nothing happened to.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from runs.engine.crashpoints import NAMES
from runs.models import Run

from .harness import Shape, Site, output, shapes, steps

SHAPES = shapes()
WORKERS = 3
# A sweep comes to these only when a worker has died before.
AFTER_A_DEATH = {"before-takeover": "in-step", "after-takeover": "in-step"}
TAKEN_WITHIN = 10.0  # product page, section 2.3


@dataclass
class Story:
    """One run, as it was recorded and as its effects tell."""

    run: Run
    victim: str
    deaths: dict[str, float]  # crash point → when the process died
    tries: dict[str, list[dict[str, Any]]]
    told: Any  # status, outputs and every execution, names alike for all runs of a shape
    times: dict[str, int]

    @property
    def interrupted(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (path, one)
            for path, tries in self.tries.items()
            for one in tries
            if one.get("outcome") == "interrupted"
        ]


@pytest.fixture(scope="module")
def stories(site: Site) -> Iterator[dict[tuple[str, str], Story]]:
    marks = site.home / "deaths"
    marks.mkdir()
    started: dict[tuple[str, str], tuple[Run, str]] = {}
    armed: list[str] = []
    for shape, point in product(SHAPES, ("", *NAMES)):
        run, victim = site.start_shape(shape, f"{shape.name}-{point or 'calm'}")
        started[shape.name, point] = run, victim
        armed += [f"{at}@{victim}" for at in {point, AFTER_A_DEATH.get(point, point)} if at]
    env = {"MAVERICK_CRASH_AT": ",".join(armed), "MAVERICK_CRASH_ONCE": str(marks)}
    runs = [run for run, _ in started.values()]
    import time
    t0=time.monotonic()
    from runs.models import Execution
    seen=[0.0]
    ok=site.keep
    def keep(n,**e):
        ok(n,**e)
        if time.monotonic()-seen[0]>3:
            seen[0]=time.monotonic()
            from django.db.models import Count
            print(round(time.monotonic()-t0,1), "deaths",len(list(marks.iterdir())), dict(Run.objects.values_list("status").annotate(Count("id"))), dict(Execution.objects.values_list("status").annotate(Count("id"))), "msgs", len(list((site.home/"broker"/"queue").iterdir())), flush=True)
    site.keep=keep
    site.wait(*runs, within=240, workers=WORKERS, **env)
    over = Run.objects.in_bulk([run.pk for run in runs])
    yield {
        key: _story(site, over[run.pk], victim, marks) for key, (run, victim) in started.items()
    }


def _story(site: Site, run: Run, victim: str, marks: Path) -> Story:
    own = victim.rpartition("/")[2]

    def alike(value: Any) -> Any:
        """Without what every run has of its own."""
        if isinstance(value, str):
            return value.replace(own, "victim").replace(run.id, "RUN")
        if isinstance(value, dict):
            return {alike(k): alike(v) for k, v in value.items() if k != "checkpoint_id"}
        if isinstance(value, list):
            return [alike(one) for one in value]
        return value

    rows = steps(run)
    told = {
        "status": run.status,
        "outputs": alike(run.outputs),
        "counts": [run.n_total, run.n_running, run.n_succeeded, run.n_failed, run.n_skipped],
        "steps": {alike(p): (r.status, alike(output(r)), alike(r.input)) for p, r in rows.items()},
    }
    deaths = {
        file.name.partition("@")[0]: file.stat().st_mtime
        for file in marks.iterdir()
        if file.name.partition("@")[2] == victim.replace("/", ":")
    }
    return Story(
        run, victim, deaths, {path: row.tries for path, row in rows.items()}, told, site.times(run)
    )


CASES = pytest.mark.parametrize(
    ("shape", "point"), list(product(SHAPES, NAMES)), ids=lambda one: getattr(one, "name", one)
)


@CASES
def test_a_killed_run_ends_as_if_nothing_had_happened(
    stories: dict[tuple[str, str], Story], shape: Shape, point: str
) -> None:
    story, calm = stories[shape.name, point], stories[shape.name, ""]
    assert point in story.deaths, f"nobody came to {point}"
    assert story.told == calm.told
    assert not calm.interrupted
    # Every step did its work once; only the one that was interrupted may have done it twice.
    for path, count in story.times.items():
        again = sum(1 for where, _ in story.interrupted if where == path)
        assert 1 <= count <= 1 + again, f"{path} did its work {count} times"
    assert len(story.times) == len(calm.times)
    assert len(story.interrupted) <= len(story.deaths)


@CASES
def test_the_interrupted_attempt_is_recorded_and_taken_over_in_time(
    stories: dict[tuple[str, str], Story], shape: Shape, point: str
) -> None:
    story = stories[shape.name, point]
    if point in ("after-commit", "before-hints"):
        # The victim is recorded. The worker may have taken the next step in the same statement;
        # that one, and no other, was interrupted.
        assert len(story.interrupted) <= 1
        assert all(path != story.victim for path, _ in story.interrupted)
    else:
        assert [path for path, _ in story.interrupted] == [story.victim]
    died = min(story.deaths.values())
    for path, one in story.interrupted:
        assert one["reason"] == "worker-lost"
        taken = datetime.fromisoformat(one["finished_at"]).timestamp() - died
        # Where the one that takes over dies as well, it takes a second one.
        assert taken < TAKEN_WITHIN, f"{path} was taken over after {taken:.1f} s"
        assert story.tries[path][-1]["outcome"] in ("succeeded", "failed")


def test_the_matrix(
    stories: dict[tuple[str, str], Story], record_testsuite_property: Callable[..., None]
) -> None:
    """Prints what was walked, so that it can be quoted (`pytest -rP`)."""
    widest = max(len(shape.name) for shape in SHAPES)
    print(f"\n{len(NAMES)} crash points × {len(SHAPES)} shapes")
    slowest = 0.0
    for shape in SHAPES:
        cells = []
        for point in NAMES:
            story = stories[shape.name, point]
            fine = point in story.deaths and story.told == stories[shape.name, ""].told
            cells.append(f"{point} {'ok' if fine else 'FAILED'}")
            for _, one in story.interrupted:
                taken = datetime.fromisoformat(one["finished_at"]).timestamp()
                slowest = max(slowest, taken - min(story.deaths.values()))
        print(f"{shape.name:<{widest}}  " + "  ".join(cells))
    print(f"slowest takeover {slowest:.1f} s")
    record_testsuite_property("crash_points_by_shapes", len(NAMES) * len(SHAPES))
