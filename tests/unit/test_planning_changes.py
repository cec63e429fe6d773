"""What a resume calls a change of the workflow, and what it does not."""

import pytest

from runs.definition import load_workflow
from runs.planning.changes import Outline, changes, outlines
from runs.planning.graph import compile_workflow

BEFORE = """
version: "1.0"
name: w
inputs:
  deep: {type: boolean, default: false}
steps:
  - {name: a, type: shell, run: a}
  - {name: b, type: shell, run: b, when: inputs.deep, retry: 2, timeout: 5}
  - name: choose
    type: branch
    options:
      - {when: inputs.deep, step: {name: long, type: shell, run: long}}
    else: {name: short, type: shell, run: short}
  - name: turns
    type: loop
    for_each: [1, 2]
    max_concurrency: 2
    steps:
      - {name: x, type: shell, run: x}
  - {name: c, type: shell, run: c}
"""
INNER = """
version: "1.0"
name: inner
inputs:
  n: {type: integer, default: 1}
steps:
  - {name: y, type: shell, run: y}
outputs:
  n: "${{ inputs.n }}"
"""
OUTER = 'version: "1.0"\nname: w\nsteps:\n  - {name: call, type: subworkflow, workflow: inner}\n'


def laid(text: str, inner: str = "") -> list[Outline]:
    loaded = load_workflow(text)
    assert loaded.spec is not None, loaded.problems
    called = {}
    if inner:
        spec = load_workflow(inner).spec
        assert spec is not None
        called["inner"] = spec
    return outlines(compile_workflow(loaded.spec, called))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("run: b,", "run: other,", "b changed"),
        (
            "when: inputs.deep, retry",
            'when: "not inputs.deep", retry',
            "the condition of b changed",
        ),
        ("when: inputs.deep, retry", "retry", "the condition of b changed"),
        (
            "- {when: inputs.deep, step",
            '- {when: "not inputs.deep", step',
            "the condition of choose changed",
        ),
        ("run: long}", "run: longer}", "choose/long changed"),
        ("for_each: [1, 2]", "for_each: [1, 2, 3]", "turns changed"),
        ("for_each: [1, 2]", "until: index == 1", "turns changed"),
        ("run: c}", "run: c, needs: [a]}", "what c needs changed"),
        ("run: x}", 'run: x, when: "true"}', "the condition of turns/x changed"),
    ],
)
def test_what_a_step_does_and_whether_it_does_it_are_changes(old: str, new: str, told: str) -> None:
    assert BEFORE.count(old) == 1
    assert changes(laid(BEFORE), laid(BEFORE.replace(old, new))) == [told]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("retry: 2", "retry: 5"),
        ("timeout: 5", "timeout: 60"),
        ("max_concurrency: 2", "max_concurrency: 1"),
        ("run: c}", "run: c, needs: [turns]}"),  # what it needs without saying so
        ("run: a}", "run: a, effect: once}"),
        ("steps:\n  - {name: a", "\n\nsteps:\n  - {name: a"),
    ],
)
def test_how_a_step_is_tried_is_no_change(old: str, new: str) -> None:
    assert BEFORE.count(old) == 1
    assert changes(laid(BEFORE), laid(BEFORE.replace(old, new))) == []


def test_new_and_lost_steps_are_named_with_nothing_around_them() -> None:
    more = BEFORE.replace("  - {name: b,", "  - {name: n, type: shell, run: n}\n  - {name: b,")
    assert changes(laid(BEFORE), laid(more)) == ["n is new"]
    assert changes(laid(more), laid(BEFORE)) == ["n is gone"]
    start = BEFORE.index("  - name: turns")
    fewer = BEFORE[:start] + BEFORE[BEFORE.index("  - {name: c") :]
    assert changes(laid(BEFORE), laid(fewer)) == ["turns is gone"]
    assert changes(laid(fewer), laid(BEFORE)) == ["turns is new"]


def test_another_order_is_a_change() -> None:
    lines = BEFORE.splitlines()
    c = next(line for line in lines if "name: c," in line)
    lines.remove(c)
    lines.insert(next(n for n, line in enumerate(lines) if "name: b," in line), c)
    told = changes(laid(BEFORE), laid("\n".join(lines)))
    assert set(told) == {"what c needs changed", "what b needs changed"}


def test_what_a_called_workflow_takes_and_gives_belongs_to_the_call() -> None:
    before = laid(OUTER, INNER)
    assert changes(before, laid(OUTER, INNER.replace("default: 1", "default: 2"))) == [
        "call changed"
    ]
    assert changes(before, laid(OUTER, INNER.replace('  n: "${{ inputs.n }}"', "  n: 7"))) == [
        "call changed"
    ]
    assert changes(before, laid(OUTER, INNER.replace("run: y", "run: z"))) == ["call/y changed"]


def test_an_outline_goes_through_json() -> None:
    import json

    given = laid(BEFORE)
    there = json.loads(json.dumps([one.to_json() for one in given]))
    assert [Outline.from_json(one) for one in there] == given
