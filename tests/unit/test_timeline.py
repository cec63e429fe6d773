"""The pure parts of the Timeline: scale, bars, critical path."""

from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

import pytest

from runs.models.stored import compile_texts
from runs.planning.graph import Compiled
from runs.projections.step_states import StepState
from runs.projections.timeline_bars import Clock, spans_of, waited_ms, worked_ms
from runs.projections.timeline_critical import Worked, critical_path
from runs.projections.timeline_scale import make_scale, ticks

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CLOCK = Clock(T0, T0 + timedelta(seconds=100))


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def state(path: str, status: str, start: float | None, end: float | None, **more: Any) -> StepState:
    name = path.rpartition("/")[2]
    return StepState(
        id="exec_1", path=path, name=name, type=more.pop("type", "shell"), position=0,
        status=status, reason="", tries=more.pop("tries", 1),
        started_at=None if start is None else at(start),
        finished_at=None if end is None else at(end),
        duration_ms=more.pop("took", None), reused=more.pop("reused", False), because="", **more,
    )  # fmt: skip


def test_a_scale_is_straight_without_cuts() -> None:
    scale = make_scale(1000)
    assert [scale.x(ms) for ms in (-5, 0, 250, 1000, 2000)] == [0, 0, 25, 100, 100]


def test_idle_time_shrinks_to_a_mark_and_the_order_of_time_stays() -> None:
    day = 86_400_000
    scale = make_scale(2 * day, [(0, 60_000), (2 * day - 60_000, 2 * day)])
    (cut,) = scale.cuts
    assert (cut.start, cut.end) == (60_000, 2 * day - 60_000)
    assert scale.x(60_000) == pytest.approx(49.25)
    assert scale.x(2 * day - 60_000) == pytest.approx(50.75)
    places = [scale.x(ms) for ms in range(0, 2 * day, day // 50)]
    assert places == sorted(places)
    assert all(0 <= tick.x <= 100 for tick in ticks(scale, 2 * day))
    assert len(ticks(scale, 2 * day)) < 30


@pytest.mark.parametrize("length", [1, 7, 950, 61_000, 298_000, 9_000_000, 5 * 86_400_000, 10**12])
def test_the_axis_has_a_handful_of_round_times(length: float) -> None:
    made = ticks(make_scale(length), length)
    assert 1 <= len(made) <= 8
    assert made[0].x == 0
    assert len({tick.word for tick in made}) == len(made)


def test_attempts_waiting_and_a_lost_worker_have_a_bar_each() -> None:
    tries = [
        {"n": 1, "outcome": "failed", "started_at": at(5).isoformat(), "finished_at": at(20).isoformat()},
        {"n": 2, "outcome": "interrupted", "started_at": at(30).isoformat()},
        {"n": 3, "outcome": "failed", "started_at": at(50).isoformat()},
    ]  # fmt: skip
    spans = spans_of(state("a", "failed", 5, 60, tries=3), at(0), tries, False, CLOCK)
    assert [(s.kind, s.start / 1000, s.end / 1000) for s in spans] == [
        ("wait", 0, 5), ("retry", 5, 20), ("wait", 20, 30), ("lost", 30, 50), ("failed", 50, 60),
    ]  # fmt: skip
    assert (waited_ms(spans), worked_ms(spans)) == (15_000, 45_000)


@pytest.mark.parametrize(
    ("one", "kinds"),
    [
        (state("a", "succeeded", 0, 9), ["done"]),
        (state("a", "running", 0, None), ["running"]),
        (state("a", "waiting", 0, None, type="approval"), ["wait"]),
        (state("a", "succeeded", 0, 9, type="wait"), ["wait"]),
        (state("a", "queued", None, None), ["wait"]),
        (state("a", "pending", None, None), []),
        (state("a", "skipped", 3, 3), []),
        (state("a", "cancelled", 0, 9), ["stopped"]),
        (state("a", "succeeded", 0, 0, reused=True, took=400_000), ["ghost"]),
    ],
)
def test_each_status_has_its_bar(one: StepState, kinds: list[str]) -> None:
    spans = spans_of(one, at(0), (), False, CLOCK)
    assert [span.kind for span in spans] == kinds
    assert all(0 <= span.start <= span.end <= CLOCK.length for span in spans)


FILE = """
version: "1.0"
name: paths
steps:
  - {name: quick, type: shell, run: "true"}
  - {name: slow, type: shell, run: "true", needs: []}
  - {name: both, type: shell, run: "true", needs: [quick, slow]}
  - name: each
    type: loop
    for_each: "${{ range(3) }}"
    needs: [both]
    steps:
      - {name: one, type: shell, run: "true"}
      - {name: two, type: shell, run: "true"}
  - {name: last, type: shell, run: "true", needs: [each]}
"""


@pytest.fixture(scope="module")
def made() -> Compiled:
    return compile_texts(FILE, "paths.yaml", {})


def chain(made: Compiled | None, *ran: tuple[str, float, float]) -> list[str]:
    worked = {path: Worked(path, at(start), at(start), at(end)) for path, start, end in ran}
    return [one.path for one in critical_path(made, {}, worked)]


def test_the_critical_path_goes_by_what_was_needed(made: Compiled) -> None:
    assert chain(made, ("quick", 0, 1), ("slow", 0, 9), ("both", 9, 10)) == ["slow", "both"]


def test_the_critical_path_goes_through_the_turns_of_a_loop(made: Compiled) -> None:
    ran = [("slow", 0, 9), ("both", 9, 10)]
    for turn in range(3):
        begin = 10 + 4 * turn
        ran += [
            (f"each[{turn}]/one", begin, begin + 1),
            (f"each[{turn}]/two", begin + 1, begin + 4),
        ]
    found = chain(made, *ran, ("last", 22, 23))
    assert found == [
        "slow", "both", "each[0]/one", "each[0]/two", "each[1]/one", "each[1]/two", "each[2]/one",
        "each[2]/two", "last",
    ]  # fmt: skip


def test_of_turns_at_the_same_time_the_longest_counts(made: Compiled) -> None:
    found = chain(
        made, ("both", 0, 1), ("each[0]/one", 1, 3), ("each[1]/one", 1, 7), ("last", 7, 8)
    )
    assert found == ["both", "each[1]/one", "last"]


def test_a_run_whose_text_no_longer_loads_has_a_path_by_its_times() -> None:
    assert chain(None, ("a", 0, 2), ("b", 2, 5), ("c", 5, 6)) == ["a", "b", "c"]
    assert chain(None) == []


def test_ten_thousand_steps_are_followed_in_time(made: Compiled) -> None:
    ran = [
        (f"each[{n}]/{x}", n + y, n + y + 0.5)
        for n in range(5000)
        for x, y in (("one", 0), ("two", 0.5))
    ]
    began = process_time()
    assert len(chain(made, *ran)) == 10_000
    assert process_time() - began < 3
