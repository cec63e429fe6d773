"""Several workers in one run, in every order that chance gives: as if there had been one."""

import random
from collections import Counter
from pathlib import Path

import pytest

from runs.engine.consequences import Job
from runs.engine.outcome import Failed, Outcome, Succeeded
from runs.engine.session import Session
from runs.engine.state import RunState
from runs.models import Event, Execution, Run

from .here import start

pytestmark = pytest.mark.django_db(transaction=True)

SHAPES = {
    "turns": """
  - name: l
    type: loop
    for_each: "${{ range(7) }}"
    max_concurrency: 0
    steps:
      - {name: x, type: python, action: mark}
  - {name: after, type: python, action: mark}
""",
    "turns of two, three at once": """
  - name: l
    type: loop
    for_each: "${{ range(7) }}"
    max_concurrency: 3
    steps:
      - {name: x, type: python, action: mark}
      - {name: y, type: python, action: mark}
  - {name: after, type: python, action: mark}
""",
    "turns with a fork": """
  - name: l
    type: loop
    for_each: "${{ range(4) }}"
    max_concurrency: 0
    steps:
      - {name: x, type: python, action: mark, needs: []}
      - {name: y, type: python, action: mark, needs: []}
      - {name: z, type: python, action: mark, needs: [x, y]}
  - {name: after, type: python, action: mark}
""",
    "needs": """
  - {name: a, type: python, action: mark, needs: []}
  - {name: b, type: python, action: mark, needs: []}
  - {name: c, type: python, action: mark, needs: []}
  - {name: d, type: python, action: mark, needs: []}
  - {name: ab, type: python, action: mark, needs: [a, b]}
  - {name: bc, type: python, action: mark, needs: [b, c]}
  - {name: cd, type: python, action: mark, needs: [c, d]}
  - {name: all, type: python, action: mark, needs: [ab, bc, cd]}
""",
    "lines side by side": """
  - {name: a, type: python, action: mark, needs: []}
  - {name: a2, type: python, action: mark, needs: [a]}
  - {name: a3, type: python, action: mark, needs: [a2]}
  - {name: b, type: python, action: mark, needs: []}
  - {name: b2, type: python, action: mark, needs: [b], when: "${{ steps.b.output.n < 0 }}"}
  - {name: b3, type: python, action: mark, needs: [b2]}
  - {name: c, type: python, action: mark, needs: []}
  - {name: c2, type: python, action: mark, needs: [c]}
""",
    "two loops": """
  - name: l
    type: loop
    for_each: "${{ range(3) }}"
    max_concurrency: 0
    needs: []
    steps:
      - {name: x, type: python, action: mark}
  - name: m
    type: loop
    for_each: "${{ range(3) }}"
    max_concurrency: 0
    needs: []
    steps:
      - name: inner
        type: loop
        for_each: "${{ range(2) }}"
        max_concurrency: 0
        steps:
          - {name: y, type: python, action: mark}
  - {name: after, type: python, action: mark, needs: [l, m]}
""",
}


def play(run: Run, workers: int, chance: random.Random, failing: str = "") -> Counter[str]:
    """Let ``workers`` work in the run, one act of one of them at a time; how often each step ran."""
    ran: Counter[str] = Counter()
    held: dict[int, tuple[Session, Job]] = {}
    idle = 0
    while held or idle < 3 * workers:
        worker = chance.randrange(workers)
        if worker not in held:
            state = RunState.load(run.pk)
            assert state is not None
            session = Session(state)
            job = session.claim() if state.is_open else None
        else:
            session, job = held.pop(worker)
            outcome: Outcome = Succeeded({"n": len(job.path)})
            if job.path == failing:
                outcome = Failed("no", "It was to fail.", permanent=True)
            # Work that takes its time: nobody is in anybody's way.
            job = session.finish(job, outcome, worked=9.0)
        if job is None:
            idle += 1
        else:
            idle = 0
            ran[job.path] += 1
            held[worker] = session, job
    return ran


FAILING = {
    **dict.fromkeys(SHAPES, ""),
    "turns, one fails": "l[3]/x",
    "turns with a fork, one fails": "l[1]/y",
    "needs, one fails": "b",
    "lines side by side, one fails": "a2",
}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("case", FAILING)
def test_it_ends_as_with_one_worker(project: Path, case: str, seed: int) -> None:
    failing = FAILING[case]
    text = f'version: "1.0"\nname: shared\nsteps:{SHAPES[case.partition(", one")[0]]}'
    alone, shared = start(project, text), start(project, text)
    expected = play(alone, 1, random.Random(0), failing)
    ran = play(shared, 2 + seed % 3, random.Random(f"{case} {seed}"), failing)
    assert ran == expected
    assert set(ran.values()) == {1}
    for run in (alone, shared):
        run.refresh_from_db()
    assert shared.status == ("failed" if failing else "succeeded")
    for field in ("status_reason", "n_total", "n_running", "n_succeeded", "n_failed", "n_skipped"):
        assert getattr(shared, field) == getattr(alone, field), field
    recorded = [
        sorted(Execution.objects.filter(run=run).values_list("path", "status"))
        for run in (alone, shared)
    ]
    assert recorded[0] == recorded[1]
    seqs = list(Event.objects.filter(run=shared).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
