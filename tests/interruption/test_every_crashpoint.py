"""Every place where a worker may die × every shape of a graph: it ends as if nothing had happened.

All runs go at once on a few real worker processes. Each run has a victim, a step at which the
worker that comes to the armed place is ended with SIGKILL, once; others go on. Each run is then
compared with a run of the same shape that nothing happened to.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from runs.engine.crashpoints import NAMES
from runs.models import Run

from ..thorough import pairs
from .harness import Shape, Site, output, own_name, shapes, steps
from .tables import TABLES

SHAPES = shapes()
PAIRS = pairs(SHAPES, NAMES)
WORKERS = 3
OF_ITS_OWN = ("checkpoint_id", "until", "duration_ms")  # differ between runs that went alike
# A sweep comes to these only when a worker has died before.
AFTER_A_DEATH = {"before-takeover": "in-step", "after-takeover": "in-step"}
TAKEN_WITHIN = 10.0  # product page, section 2.3


@dataclass
class Story:
    """One run, as it was recorded and as its effects tell."""

    run: Run
    victim: str
    deaths: dict[str, float]  # crash point → when the process died
    dead: set[int]  # who died
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

    @property
    def own(self) -> list[tuple[str, dict[str, Any]]]:
        """Without steps of workers whose sweep died in another run."""
        return [
            (path, one)
            for path, one in self.interrupted
            if int(one["worker"].rpartition(":")[2]) in self.dead
        ]

    @property
    def slowest(self) -> float:
        """Seconds from a death to the takeover of what it interrupted."""
        died = min(self.deaths.values())
        ends = [datetime.fromisoformat(one["finished_at"]).timestamp() for _, one in self.own]
        return max((end - died for end in ends), default=0.0)


@pytest.fixture(scope="module")
def stories(site: Site) -> dict[tuple[str, str], Story]:
    marks = site.home / "deaths"
    marks.mkdir()
    plain = [point for point in NAMES if point not in AFTER_A_DEATH]
    # A worker that only sweeps stays alive, so that a takeover is not kept waiting by the next
    # death; in the second half it is the sweep that dies.
    site.start_sweeper()
    calm = [(shape, "") for shape in SHAPES]
    runs = _walk(site, marks, [*calm, *(pair for pair in PAIRS if pair[1] in plain)])
    site.stop()
    runs |= _walk(site, marks, [pair for pair in PAIRS if pair[1] in AFTER_A_DEATH])
    over = Run.objects.in_bulk([run.pk for run, _ in runs.values()])
    dead = {int(file.read_text()) for file in marks.iterdir()}
    return {
        key: _story(site, over[run.pk], victim, own_name(_mark(*key)), marks, dead)
        for key, (run, victim) in runs.items()
    }


def _mark(shape: str, point: str) -> str:
    return f"{shape}-{point or 'calm'}"


def _walk(
    site: Site, marks: Path, todo: list[tuple[Shape, str]]
) -> dict[tuple[str, str], tuple[Run, str]]:
    started: dict[tuple[str, str], tuple[Run, str]] = {}
    armed: list[str] = []
    for shape, point in todo:
        run, victim = site.start_shape(shape, _mark(shape.name, point))
        started[shape.name, point] = run, victim
        armed += [f"{at}@{victim}" for at in {point, AFTER_A_DEATH.get(point, point)} if at]
    env = {
        "MAVERICK_CRASH_AT": ",".join(armed),
        "MAVERICK_CRASH_ONCE": str(marks),
        # A step may be lost to the deaths of other runs' victims, and that is no fault of its own.
        "MAVERICK_MAX_TAKEOVERS": "100",
    }
    site.wait(*(run for run, _ in started.values()), within=400, workers=WORKERS, **env)
    return started


def _story(site: Site, run: Run, victim: str, own: str, marks: Path, dead: set[int]) -> Story:

    def alike(value: Any) -> Any:
        """Without what every run has of its own."""
        if isinstance(value, str):
            return value.replace(own, "victim").replace(run.id, "RUN")
        if isinstance(value, dict):
            return {alike(k): alike(v) for k, v in value.items() if k not in OF_ITS_OWN}
        if isinstance(value, list):
            return [alike(one) for one in value]
        return value

    rows = steps(run)
    told = {
        "status": run.status,
        "outputs": alike(run.outputs),
        "counts": [run.n_total, run.n_running, run.n_succeeded, run.n_failed, run.n_skipped],
        "steps": {
            alike(p): (r.status, (r.error or {}).get("code"), alike(output(r)), alike(r.input))
            for p, r in rows.items()
        },
    }
    mine = [f for f in marks.iterdir() if f.name.partition("@")[2] == victim.replace("/", ":")]
    story = Story(
        run,
        victim,
        {file.name.partition("@")[0]: file.stat().st_mtime for file in mine},
        {int(file.read_text()) for file in mine},
        {path: row.tries for path, row in rows.items()},
        told,
        site.times(run),
    )
    # Every interruption is the death of a process, its own or (while it swept) another run's.
    for _, one in story.interrupted:
        assert int(one["worker"].rpartition(":")[2]) in dead, f"{one} was not killed"
    return story


CASES = pytest.mark.parametrize(
    ("shape", "point"), PAIRS, ids=lambda one: getattr(one, "name", one)
)


@CASES
def test_a_killed_run_ends_as_if_nothing_had_happened(
    stories: dict[tuple[str, str], Story], shape: Shape, point: str
) -> None:
    story, calm = stories[shape.name, point], stories[shape.name, ""]
    if point in AFTER_A_DEATH and point not in story.deaths:
        # Who took the step over died of another run's mark before it came to this one.
        assert story.interrupted, f"nobody came to {point}, and nothing was interrupted"
    else:
        assert point in story.deaths, f"nobody came to {point}"
    assert story.told == calm.told
    assert not calm.interrupted
    # Every step did its work once; only the one that was interrupted may have done it twice.
    for path, count in story.times.items():
        again = sum(1 for where, _ in story.interrupted if where == path)
        assert 1 <= count <= 1 + again, f"{path} did its work {count} times"
    assert len(story.times) == len(calm.times)
    assert len(story.own) <= len(story.deaths)


@CASES
def test_the_interrupted_attempt_is_recorded_and_taken_over_in_time(
    stories: dict[tuple[str, str], Story], shape: Shape, point: str
) -> None:
    story = stories[shape.name, point]
    if point in ("after-commit", "before-hints"):
        # The victim is recorded. The worker may have taken the next step in the same statement;
        # that one, and no other, was interrupted.
        assert len(story.own) <= 1
        assert all(path != story.victim for path, _ in story.own)
    elif point in AFTER_A_DEATH:
        assert story.victim in [path for path, _ in story.own]
    else:
        assert [path for path, _ in story.interrupted] == [story.victim]
    for path, one in story.own:
        assert one["reason"] == "worker-lost"
        assert story.tries[path][-1]["outcome"] in ("succeeded", "failed")
    if point not in AFTER_A_DEATH:  # where those that take over die as well, it takes longer
        assert story.slowest < TAKEN_WITHIN


def test_the_matrix(
    stories: dict[tuple[str, str], Story],
    record_testsuite_property: Callable[..., None],
    request: pytest.FixtureRequest,
) -> None:
    """Prints what was walked, so that it can be shown (`make matrix`, which walks all)."""
    widest = max(len(shape.name) for shape in SHAPES)
    told = [f"{len(NAMES)} crash points × {len(SHAPES)} shapes, {len(PAIRS)} pairs of them"]
    slowest = 0.0
    reached: Counter[str] = Counter()
    for shape in SHAPES:
        cells = []
        for point in (point for one, point in PAIRS if one is shape):
            story = stories[shape.name, point]
            fine = point in story.deaths and story.told == stories[shape.name, ""].told
            cells.append(f"{point} {'ok' if fine else 'FAILED'}")
            reached[point] += point in story.deaths
            if point not in AFTER_A_DEATH:
                slowest = max(slowest, story.slowest)
        told.append(f"{shape.name:<{widest}}  " + "  ".join(cells))
    told.append(f"slowest takeover {slowest:.1f} s")
    request.config.stash.setdefault(TABLES, []).append("\n".join(told))
    walked = Counter(point for _, point in PAIRS)
    assert all(reached[point] >= walked[point] * 3 / 4 for point in NAMES), reached
    record_testsuite_property("crash_points_by_shapes", len(PAIRS))
