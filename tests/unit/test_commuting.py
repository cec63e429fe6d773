"""What may be recorded without a look at what others record: only what is true in any order."""

import pytest

from runs.definition import load_workflow
from runs.planning.commuting import made_ready
from runs.planning.graph import compile_workflow

LINE = """
  - {name: a, type: python, action: x}
  - {name: b, type: python, action: x}
  - {name: c, type: python, action: x, when: "${{ True }}"}
  - {name: d, type: python, action: x}
  - {name: e, type: python, action: x, rollback: {action: y}}
  - {name: f, type: python, action: x}
"""
FAN = """
  - {name: a, type: python, action: x, needs: []}
  - {name: b, type: python, action: x, needs: []}
  - {name: c, type: python, action: x, needs: []}
  - {name: ab, type: python, action: x, needs: [a, b]}
  - {name: bc, type: python, action: x, needs: [b, c]}
"""
LOOP = """
  - name: l
    type: loop
    for_each: "${{ range(9) }}"
    max_concurrency: 0
    steps:
      - {name: x, type: python, action: x}
      - {name: y, type: python, action: x}
  - name: wide
    type: loop
    for_each: "${{ range(9) }}"
    max_concurrency: 0
    steps:
      - {name: x, type: python, action: x, needs: []}
      - {name: y, type: python, action: x, needs: []}
  - name: few
    type: loop
    for_each: "${{ range(9) }}"
    max_concurrency: 4
    steps:
      - {name: x, type: python, action: x}
  - {name: after, type: python, action: x}
"""
HANDLED = """
  - name: a
    type: python
    action: x
    needs: []
    on_error: {name: mend, type: python, action: x}
  - {name: b, type: python, action: x, needs: []}
"""


@pytest.mark.parametrize(
    ("steps", "finished", "other", "expected"),
    [
        (LINE, "a", None, ["b"]),  # what follows needs nothing else
        (LINE, "b", None, None),  # its condition may not hold
        (LINE, "d", None, ["e"]),
        (LINE, "e", None, None),  # when it succeeded decides when it is undone
        (LINE, "f", None, None),  # the run is over
        (FAN, "a", "b", []),  # `ab` waits for b as well
        (FAN, "a", "c", None),  # b may have ended meanwhile: then `ab` is ready
        (FAN, "b", "a", None),  # `bc` may be
        (FAN, "a", None, None),
        (LOOP, "l[3]/x", None, ["l[3]/y"]),
        (LOOP, "l[3]/x", "l[4]/x", ["l[3]/y"]),
        (LOOP, "l[3]/y", "l[4]/x", []),  # the turn is over, the loop is not
        (LOOP, "l[3]/y", None, None),  # it may be the last turn
        (LOOP, "l[3]/y", "after", None),
        (LOOP, "wide[3]/x", "wide[3]/y", []),
        (LOOP, "wide[3]/y", "wide[4]/x", None),  # x may be over: then the turn is
        (LOOP, "few[3]/x", "few[4]/x", None),  # its end begins another turn
        (HANDLED, "a", "b", None),
        (HANDLED, "mend", "b", None),
    ],
)
def test_what_commutes(
    steps: str, finished: str, other: str | None, expected: list[str] | None
) -> None:
    loaded = load_workflow('version: "1.0"\nname: w\nsteps:' + steps)
    assert loaded.spec is not None, loaded.problems
    ready = made_ready(compile_workflow(loaded.spec, {}), finished, other)
    assert (ready if ready is None else sorted(ready)) == expected
