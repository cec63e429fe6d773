"""Forks that change where a run goes: its lists, its branches, its bounds."""

from pathlib import Path
from typing import Any

import pytest

from runs.actor import SYSTEM
from runs.models import Run
from runs.operations.restart_run import RestartRequest, restart_run

from .here import do, done, effects, steps

pytestmark = pytest.mark.django_db(transaction=True)

LIST = """
version: "1.0"
name: list
inputs:
  items: {type: array, default: [a, b, c]}
  wide: {type: integer, default: 1}
steps:
  - name: each
    type: loop
    for_each: "${{ inputs.items }}"
    max_concurrency: "${{ inputs.wide }}"
    steps:
      - {name: one, type: python, action: mark, kwargs: {value: "${{ item }}"}}
      - {name: two, type: python, action: mark, kwargs: {value: "${{ steps.one.output.value }}"}}
  - {name: end, type: python, action: mark, kwargs: {value: "${{ len(steps.each.output) }}"}}
"""
BRANCH = """
version: "1.0"
name: branch
inputs:
  which: {type: string, default: left}
steps:
  - name: way
    type: branch
    options:
      - when: ${{ inputs.which == 'left' }}
        step: {name: left, type: python, action: mark, kwargs: {value: 1}}
      - when: ${{ inputs.which == 'right' }}
        step: {name: right, type: python, action: mark, kwargs: {value: 2}}
  - {name: end, type: python, action: mark, kwargs: {value: "${{ steps.way.output.value }}"}}
"""
UNTIL = """
version: "1.0"
name: until
inputs:
  enough: {type: integer, default: 2}
steps:
  - name: rounds
    type: loop
    until: ${{ steps.one.output.value >= inputs.enough }}
    max_iterations: 6
    steps:
      - {name: one, type: python, action: mark, kwargs: {value: "${{ index }}"}}
  - {name: end, type: python, action: mark, kwargs: {value: "${{ len(steps.rounds.output) }}"}}
"""
AFTER = """
version: "1.0"
name: after
inputs:
  first: {type: string, default: a}
steps:
  - {name: make, type: python, action: mark, kwargs: {value: ["${{ inputs.first }}", b]}}
  - name: each
    type: loop
    for_each: "${{ steps.make.output.value }}"
    steps:
      - {name: one, type: python, action: mark, kwargs: {value: "${{ item }}"}}
"""


def fork(run: Run, patch: dict[str, Any], **asked: Any) -> Run:
    return do(restart_run(run.pk, RestartRequest(input_patch=patch, **asked), by=SYSTEM))


def results(run: Run) -> dict[str, tuple[str, Any]]:
    """What each step gave; the steps of a run from scratch and of a fork must agree."""
    return {
        path: (row.status, row.output["value"] if isinstance(row.output, dict) else row.output)
        for path, row in steps(run).items()
        if row.type == "python"
    }


@pytest.mark.parametrize("reuse", [None, "all-succeeded", "unaffected"])
@pytest.mark.parametrize(
    ("text", "patch", "again"),
    [
        (LIST, {"items": ["a", "x", "c"]}, ["each[1]/one", "each[1]/two", "end"]),
        (LIST, {"items": ["b", "a", "c", "a"]}, ["each[3]/one", "each[3]/two", "end"]),
        (LIST, {"items": ["a"]}, ["end"]),
        (LIST, {"items": []}, ["end"]),
        (LIST, {"wide": 3}, ["end"]),
        (BRANCH, {"which": "right"}, ["way/right", "end"]),
        (BRANCH, {"which": "neither"}, ["end"]),
        (UNTIL, {"enough": 4}, None),
        (UNTIL, {"enough": 1}, None),
        (AFTER, {"first": "z"}, None),
    ],
)
def test_a_fork_gives_what_a_run_from_scratch_gives(
    project: Path, text: str, patch: dict[str, Any], again: list[str] | None, reuse: str | None
) -> None:
    first = done(project, text)
    forked = fork(first, patch, reuse=reuse)
    scratch = done(project, text, patch)
    assert results(forked) == results(scratch)
    if again is not None:
        ran = effects(project, forked)
        # Whether the end comes out the same is known at the end only, so it may be kept.
        assert sorted({*ran, "end"}) == sorted(again)


ENVIRONMENT = """
version: "1.0"
name: environment
steps:
  - {name: other, type: python, action: mark, kwargs: {value: 1}, needs: []}
  - {name: reads, type: python, action: mark, kwargs: {value: "${{ env.REGION }}"}, needs: []}
  - {name: after, type: python, action: mark, kwargs: {value: "${{ steps.reads.output.value }}"}, needs: [reads]}
  - {name: east, type: python, action: mark, when: "env.REGION == 'eu'", needs: []}
  - {name: west, type: python, action: mark, when: "env.REGION == 'us'", needs: []}
  - name: each
    type: loop
    for_each: "${{ [env.REGION, 'all'] }}"
    needs: []
    steps:
      - {name: one, type: python, action: mark, kwargs: {value: "${{ item }}"}}
  - {name: end, type: python, action: fails_unless, kwargs: {name: fixed}, needs: [after, each]}
"""


def restarted(run: Run) -> Run:
    return do(restart_run(run.pk, RestartRequest(), by=SYSTEM))


def test_the_environment_is_compared_as_well(
    project: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.MAVERICK_ENV_ALLOW = ["REGION"]
    monkeypatch.setenv("REGION", "eu")
    first = done(project, ENVIRONMENT)
    assert first.status == "failed"
    (project / "fixed").touch()
    assert effects(project, restarted(first)) == ["end"]
    monkeypatch.setenv("REGION", "us")
    second = restarted(first)
    assert sorted(effects(project, second)) == ["after", "each[0]/one", "end", "reads", "west"]
    found = steps(second)
    assert found["reads"].output["value"] == "us"
    assert found["each"].output == [[found["each[0]/one"].output], [found["each[1]/one"].output]]
    assert found["east"].status == "skipped"
    why = {path: row.decision["because"] for path, row in found.items() if row.decision}
    assert why["reads"] == "it reads the environment, and is given something else now"
    assert why["east"] == "its condition reads the environment, and does not hold any more"
    assert why["west"] == "its condition reads the environment, and holds now"
    assert why["other"] == "input and definition are unchanged"
