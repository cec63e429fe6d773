"""A condition that does not hold says why, when what it asks for is not there."""

from pathlib import Path

import pytest

from .here import done, steps

pytestmark = pytest.mark.django_db(transaction=True)

ASKS = """
version: "1.0"
name: asks
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 1}}
  - {name: b, type: python, action: mark, when: "steps.a.output.sucess"}
  - {name: c, type: python, action: mark, when: "steps.a.output.value == 2"}
  - name: d
    type: branch
    options:
      - {when: "steps.a.output.sucess", step: {name: e, type: python, action: mark}}
      - {when: "steps.a.output.value == 1", step: {name: f, type: python, action: mark}}
  - name: g
    type: loop
    until: steps.h.output.doen
    max_iterations: 2
    steps:
      - {name: h, type: python, action: mark, kwargs: {value: 1}}
"""


def test_what_is_missing_in_a_condition_is_told_where_it_counts(project: Path) -> None:
    run = done(project, ASKS)
    assert run.status == "succeeded", run.status_reason
    rows = steps(run)
    assert rows["b"].status == "skipped"
    assert rows["b"].status_reason.startswith("condition is false; ")
    assert "sucess" in rows["b"].status_reason
    assert rows["c"].status_reason == "condition is false"
    assert rows["d/e"].status_reason.startswith("not taken: condition is false; ")
    assert "sucess" in rows["d/e"].status_reason
    assert rows["g"].status_reason.startswith("until-not-met: after 2 turns ")
    assert "doen" in rows["g"].status_reason
