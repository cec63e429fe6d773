"""A step with the effect `once` in a loop: its receipt is the item's, whatever turn that has now."""

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from runs.actor import SYSTEM
from runs.models import Run
from runs.operations.restart_run import RestartRequest, plan_restart, restart_run

from .here import do, done, effects, steps

pytestmark = pytest.mark.django_db(transaction=True)

GIVEN = """
version: "1.0"
name: given
inputs:
  items: {type: array, default: [a, b]}
  text: {type: string, default: hello}
steps:
  - name: each
    type: loop
    for_each: "${{ inputs.items }}"
    steps:
      - name: send
        type: python
        action: mark
        effect: EFFECT
        kwargs: {value: "${{ [item, inputs.text] }}"}
"""
# The list comes from a step that runs again: what it will be is not known when it is planned.
MADE = """
version: "1.0"
name: made
inputs:
  items: {type: array, default: [a, b]}
  text: {type: string, default: hello}
steps:
  - {name: make, type: python, action: mark, kwargs: {value: "${{ inputs.items }}"}}
  - name: each
    type: loop
    for_each: "${{ steps.make.output.value }}"
    max_concurrency: 2
    steps:
      - {name: before, type: python, action: mark, kwargs: {value: "${{ item }}"}}
      - name: send
        type: python
        action: mark
        effect: EFFECT
        kwargs: {value: "${{ [item, inputs.text] }}"}
"""
NESTED = """
version: "1.0"
name: nested
inputs:
  items: {type: array, default: [[a, b], [c]]}
  text: {type: string, default: hello}
steps:
  - {name: make, type: python, action: mark, kwargs: {value: "${{ inputs.items }}"}}
  - name: outer
    type: loop
    for_each: "${{ steps.make.output.value }}"
    steps:
      - name: each
        type: loop
        for_each: "${{ item }}"
        steps:
          - name: send
            type: python
            action: mark
            effect: EFFECT
            kwargs: {value: "${{ [item, inputs.text] }}"}
"""


def fork(run: Run, **patch: Any) -> Run:
    forked = do(restart_run(run.pk, RestartRequest(input_patch=patch), by=SYSTEM))
    assert forked.status == "succeeded"
    return forked


def sent(project: Path, run: Run) -> list[str]:
    """The items for which it was done in this run."""
    outputs = {path: row.output for path, row in steps(run).items()}
    return [outputs[path]["value"][0] for path in effects(project, run) if path.endswith("/send")]


def held(run: Run) -> list[str]:
    """The item that each turn has something for, in the order of the turns."""
    rows = sorted(steps(run).items())
    return [row.output["value"][0] for path, row in rows if path.endswith("/send")]


@pytest.mark.parametrize("text", [GIVEN, MADE], ids=["given", "made"])
@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        ("ab", "xab", "x"),
        ("ab", "ac", "c"),
        ("ab", "ba", ""),
        ("abc", "c", ""),
        ("aa", "aaa", "a"),
        ("ab", "", ""),
    ],
)
def test_it_is_done_once_for_each_item(
    project: Path, text: str, before: str, now: str, new: str
) -> None:
    text = text.replace("EFFECT", "once")
    first = done(project, text, {"items": list(before)})
    second = fork(first, items=list(now))
    assert sent(project, second) == list(new)
    assert held(second) == list(now), "and every turn has what was done for its own item"
    third = fork(second, items=list(now), text="other")
    assert sent(project, third) == [], "also from a run that took it over"


def test_it_is_done_once_for_each_item_of_lists_in_lists(project: Path) -> None:
    text = NESTED.replace("EFFECT", "once")
    first = done(project, text)
    moved = fork(first, items=[["x"], ["c"], ["a", "b"]])
    assert (sent(project, moved), held(moved)) == (["x"], ["x", "c", "a", "b"])
    # A turn is known by its whole item: a list that grew is another item.
    grown = fork(first, items=[["a", "b"], ["c", "d"]])
    assert sent(project, grown) == ["c", "d"]


@pytest.mark.parametrize("seed", range(16))
def test_whatever_the_lists_are(project: Path, seed: int) -> None:
    chance = Random(seed)
    before, now = (chance.choices("abcd", k=chance.randint(1, 6)) for _ in range(2))
    text = chance.choice([GIVEN, MADE]).replace("EFFECT", "once")
    first = done(project, text, {"items": before})
    second = fork(first, items=now, text=chance.choice(["hello", "other"]))
    assert Counter(sent(project, second)) == Counter(now) - Counter(before)
    assert held(second) == now


def test_the_preview_says_that_it_is_kept_although_what_it_reads_changed(project: Path) -> None:
    first = done(project, GIVEN.replace("EFFECT", "once"))
    asked = RestartRequest(input_patch={"text": "other"})
    told = {item.path: item for item in plan_restart(first.pk, asked).items}
    assert told["each[0]/send"].action == "reuse"
    assert told["each[0]/send"].because.endswith("although input `text` changed")
    first = done(project, MADE.replace("EFFECT", "once"))
    asked = RestartRequest(input_patch={"items": ["b"]})
    told = {item.path: item for item in plan_restart(first.pk, asked).items}
    assert told["each[0]/send"].action == "unknown"
    assert "where the item is the same" in told["each[0]/send"].because


def test_what_asks_is_named_by_the_item_that_it_was_done_for(project: Path) -> None:
    first = done(project, GIVEN.replace("EFFECT", "ask"))
    asked = RestartRequest(input_patch={"items": ["x", "a", "b"], "text": "other"})
    assert plan_restart(first.pk, asked).confirm == ("each[1]/send", "each[2]/send")
    asked = RestartRequest(input_patch={"items": ["x", "a", "b"]})
    assert plan_restart(first.pk, asked).confirm == ()
