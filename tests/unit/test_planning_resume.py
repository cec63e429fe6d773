"""What a resume keeps beside what succeeded: failures that the run went on from, turns by item."""

from collections.abc import Sequence
from typing import Any

import pytest

from runs.definition import load_workflow
from runs.definition.spec import LoopStep
from runs.planning.foresight import Foresight
from runs.planning.graph import Compiled, compile_workflow
from runs.planning.planner import make_plan
from runs.planning.prior import PriorRun, PriorStep
from runs.planning.turns import item_digests, same_turns
from runs.states import StepStatus

HEAD = 'version: "1.0"\nname: w\ninputs:\n  list: {type: array, default: []}\nsteps:\n'


def laid(text: str) -> Compiled:
    loaded = load_workflow(HEAD + text)
    assert loaded.spec is not None, loaded.problems
    return compile_workflow(loaded.spec, {})


def prior(compiled: Compiled, steps: dict[str, str], **more: Any) -> PriorRun:
    return PriorRun(
        "run_before",
        {
            path: PriorStep(
                path,
                f"exec_{path}",
                compiled.node(path).type,
                StepStatus(status.partition(":")[0]),
                definition=compiled.node(path).digest,
                condition=compiled.node(path).condition,
                reason=status.partition(":")[2],
            )
            for path, status in steps.items()
        },
        **more,
    )


def told(compiled: Compiled, run: PriorRun, **more: Any) -> dict[str, str]:
    """``reuse EXECUTION`` or ``run: why`` for each path."""
    plan = make_plan(compiled, run, reuse="checkpoint", **more)
    return {
        i.path: f"reuse {i.source_execution_id}" if i.source_execution_id else f"run: {i.because}"
        for i in plan.items
    }


# ---- failures that the run went on from -----------------------------------------------------------

CONTINUED = """
  - {name: a, type: shell, run: a, on_error: continue}
  - {name: b, type: shell, run: b}
"""
HANDLED = """
  - {name: a, type: shell, run: a, on_error: {name: mend, type: shell, run: mend}}
  - {name: b, type: shell, run: b}
"""


def test_a_tolerated_failure_that_a_checkpoint_holds_stays() -> None:
    w = laid(CONTINUED)
    run = prior(w, {"a": "failed", "b": "succeeded"}, kept=frozenset("ab"))
    assert told(w, run) == {"a": "reuse exec_a", "b": "reuse exec_b"}
    timed_out = prior(w, {"a": "timeout", "b": "succeeded"}, kept=frozenset("ab"))
    assert told(w, timed_out)["a"] == "reuse exec_a"


def test_one_that_no_checkpoint_holds_runs_again() -> None:
    w = laid(CONTINUED)
    steps = {"a": "failed", "b": "succeeded"}
    assert told(w, prior(w, steps))["a"] == "run: failed last time"
    assert told(w, prior(w, steps, kept=frozenset("b")))["a"] == "run: failed last time"
    # What the end of its run has stopped did not fail, whatever `on_error` says.
    stopped = prior(w, {"a": "cancelled"}, kept=frozenset("a"))
    assert told(w, stopped)["a"] == "run: was cancelled last time"


def test_a_failure_that_the_text_no_longer_tolerates_runs_again() -> None:
    before, now = laid(CONTINUED), laid(CONTINUED.replace(", on_error: continue", ""))
    run = prior(before, {"a": "failed", "b": "succeeded"}, kept=frozenset("ab"))
    assert told(now, run)["a"] == "run: failed last time"


def test_a_mended_failure_stays_with_what_mended_it() -> None:
    w = laid(HANDLED)
    steps = {"a": "failed", "mend": "succeeded", "b": "succeeded"}
    kept = frozenset(steps)
    assert set(told(w, prior(w, steps, kept=kept)).values()) == {
        "reuse exec_a", "reuse exec_mend", "reuse exec_b",
    }  # fmt: skip
    # Not mended: the run failed of it.
    not_mended = prior(w, {"a": "failed", "mend": "failed"}, kept=frozenset({"a"}))
    assert told(w, not_mended)["a"] == "run: failed last time"


def test_who_needs_a_mended_step_depends_on_what_mended_it() -> None:
    before, now = laid(HANDLED), laid(HANDLED.replace("run: mend", "run: other"))
    steps = {"a": "failed", "mend": "succeeded", "b": "succeeded"}
    decided = told(now, prior(before, steps, kept=frozenset(steps)))
    assert decided["a"] == "reuse exec_a"
    assert decided["mend"] == "run: definition changed"
    assert decided["b"] == "run: depends on `mend`, which runs again"


def test_a_failure_recorded_as_a_skip_stays_in_a_checkpoint_and_else_is_a_failure() -> None:
    w = laid(CONTINUED.replace("continue", "skip"))
    steps = {"a": "skipped:on-error-skip: action-failed: no", "b": "succeeded"}
    assert told(w, prior(w, steps, kept=frozenset("ab")))["a"] == "reuse exec_a"
    again = told(w, prior(w, steps))
    assert again["a"] == "run: failed last time"
    assert again["b"] == "run: depends on `a`, which runs again"


def test_what_a_checkpoint_holds_as_skipped_stays_skipped() -> None:
    w = laid("  - {name: a, type: shell, run: a, when: 'false'}\n")
    skipped = {"a": "skipped:condition is false"}
    assert told(w, prior(w, skipped, kept=frozenset("a")))["a"] == "reuse exec_a"
    assert told(w, prior(w, skipped))["a"].startswith("run: skipped last time")


TOLERATED_LOOP = """
  - name: l
    type: loop
    for_each: [1, 2]
    on_error: continue
    steps:
      - {name: x, type: shell, run: x}
      - {name: y, type: shell, run: y}
  - {name: b, type: shell, run: b}
"""


def test_a_container_that_failed_and_was_passed_over_stays_with_all_that_is_in_it() -> None:
    w = laid(TOLERATED_LOOP)
    steps = {"l": "failed", "l[0]/x": "succeeded", "l[0]/y": "failed", "b": "succeeded"}
    decided = told(w, prior(w, steps, kept=frozenset(steps)))
    assert decided == {path: f"reuse exec_{path}" for path in steps}
    changed = laid(TOLERATED_LOOP.replace("run: y", "run: z"))
    decided = told(changed, prior(w, steps, kept=frozenset(steps)))
    assert decided["l"].startswith("run")
    assert decided["l[0]/x"] == "reuse exec_l[0]/x"


def test_what_was_undone_runs_again_also_when_it_is_not_to_be_repeated() -> None:
    w = laid("  - {name: a, type: python, action: a, rollback: b, effect: once}\n")
    undone = prior(w, {"a": "succeeded", "a/rollback": "succeeded"}, kept=frozenset("a"))
    assert told(w, undone)["a"] == "run: was undone last time"


# ---- turns -----------------------------------------------------------------------------------------

TURNS = """
  - {name: first, type: shell, run: first}
  - name: l
    type: loop
    for_each: ${{ inputs.list }}
    steps:
      - {name: x, type: shell, run: "x ${{ item }}"}
  - {name: after, type: shell, run: after}
"""


def loop_of(text: str) -> LoopStep:
    step = laid(text).node("l").step
    assert isinstance(step, LoopStep)
    return step


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ("abc", "abc", {0: 0, 1: 1, 2: 2}),
        ("abc", "cab", {0: 2, 1: 0, 2: 1}),
        ("abc", "nabc", {1: 0, 2: 1, 3: 2}),
        ("abc", "ac", {0: 0, 1: 2}),
        ("aab", "aaa", {0: 0, 1: 1}),
        ("abc", "xyz", {}),
        ("", "abc", {}),
    ],
)
def test_a_turn_is_known_by_its_item(before: str, now: str, same: dict[int, int]) -> None:
    both = item_digests(list(before)), item_digests(list(now))
    assert same_turns(loop_of(TURNS), *both) == same


def test_where_a_step_looks_at_the_number_the_number_counts_too() -> None:
    step = loop_of(TURNS.replace("x ${{ item }}", "x ${{ item }} ${{ index }}"))
    assert same_turns(step, item_digests(list("abc")), item_digests(list("nbc"))) == {1: 1, 2: 2}


class Outputs:
    """What an earlier run has recorded."""

    def __init__(self, outputs: dict[str, Any]) -> None:
        self.outputs = outputs

    def output(self, path: str) -> Any:
        return self.outputs.get(path)

    def error(self, path: str) -> Any:
        return None


def foresight(
    w: Compiled, items: Sequence[Any], outputs: dict[str, Any] | None = None
) -> Foresight:
    return Foresight(
        w,
        Outputs(outputs or {}),
        inputs={"list": list(items)},
        run={},
        secrets={},
        env={},
        mask=lambda value: value,
    )


def resumed(items: str, turns: dict[str, str], now: str, text: str = TURNS) -> dict[str, str]:
    w = laid(text)
    steps = {"first": "succeeded", "l": "running"} | turns
    kept = frozenset(path for path, status in steps.items() if status == "succeeded")
    run = prior(w, steps, kept=kept, loop_items={"l": item_digests(list(items))})
    return told(w, run, foresight=foresight(w, now))


DONE = {f"l[{n}]/x": "succeeded" for n in range(3)}


def test_unchanged_turns_are_kept_wherever_their_items_are_now() -> None:
    decided = resumed("abcd", DONE, "cnab")
    assert decided["l[0]/x"] == "reuse exec_l[2]/x"
    assert decided["l[1]/x"] == "run: the item of its turn is another than last time"
    assert decided["l[2]/x"] == "reuse exec_l[0]/x"
    assert decided["l[3]/x"] == "reuse exec_l[1]/x"
    assert decided["l"].startswith("run")


def test_a_list_that_is_shorter_has_no_turns_behind_its_end() -> None:
    assert [path for path in resumed("abc", DONE, "b") if "[" in path] == ["l[0]/x"]
    assert not [path for path in resumed("abc", DONE, "") if "[" in path]


def test_the_same_list_keeps_every_turn() -> None:
    decided = resumed("abcd", DONE, "abcd")
    assert [decided[path] for path in DONE] == [f"reuse exec_{path}" for path in DONE]


def test_a_list_that_cannot_be_told_counts_as_unchanged() -> None:
    text = TURNS.replace("inputs.list", "fromjson(env.NOT_THERE)")
    decided = resumed("abcd", DONE, "irrelevant", text)
    assert [decided[path] for path in DONE] == [f"reuse exec_{path}" for path in DONE]


def test_a_loop_that_was_finished_is_not_opened_again() -> None:
    w = laid(TURNS)
    steps = {"first": "succeeded", "l": "succeeded", **DONE}
    run = prior(w, steps, kept=frozenset(steps), loop_items={"l": item_digests(list("abc"))})
    decided = told(w, run, foresight=foresight(w, "xyz"))
    assert {decided[path] for path in steps} == {f"reuse exec_{path}" for path in steps}


def test_a_list_that_was_edited_is_compared_item_by_item() -> None:
    before = laid(TURNS.replace("${{ inputs.list }}", "[a, b, c]"))
    now = laid(TURNS.replace("${{ inputs.list }}", "[new, c, a]"))
    steps = {"first": "succeeded", "l": "succeeded", **DONE, "after": "failed"}
    run = prior(before, steps, kept=frozenset(steps), loop_items={"l": item_digests(list("abc"))})
    decided = told(now, run, foresight=foresight(now, ""))
    assert decided["l"] == "run: definition changed"
    assert decided["l[0]/x"].startswith("run: the item")
    assert decided["l[1]/x"] == "reuse exec_l[2]/x"
    assert decided["l[2]/x"] == "reuse exec_l[0]/x"
    assert decided["after"].startswith("run")


NESTED = """
  - name: l
    type: loop
    for_each: ${{ inputs.list }}
    steps:
      - {name: split, type: shell, run: split}
      - name: m
        type: loop
        for_each: ${{ steps.split.output.parts }}
        steps:
          - {name: x, type: shell, run: "x ${{ item }}"}
"""


def test_an_inner_list_is_told_from_what_its_turn_has_recorded() -> None:
    w = laid(NESTED)
    steps = {"l": "running"}
    for n in (0, 1):
        steps |= {
            f"l[{n}]/split": "succeeded",
            f"l[{n}]/m": "running",
            f"l[{n}]/m[0]/x": "succeeded",
        }
    items = {
        "l": item_digests(["a", "b"]),
        "l[0]/m": item_digests(["a1", "a2"]),
        "l[1]/m": item_digests(["b1", "b2"]),
    }
    kept = frozenset(path for path, status in steps.items() if status == "succeeded")
    run = prior(w, steps, kept=kept, loop_items=items)
    # The outer items have changed places; the inner list of `b` is another than it was.
    outputs = {"l[0]/split": {"parts": ["a1", "a2"]}, "l[1]/split": {"parts": ["bb", "b1"]}}
    decided = told(w, run, foresight=foresight(w, ["b", "a"], outputs))
    assert decided["l[0]/split"] == "reuse exec_l[1]/split"
    assert decided["l[0]/m[0]/x"].startswith("run: the item")
    assert decided["l[0]/m[1]/x"] == "reuse exec_l[1]/m[0]/x"
    assert decided["l[1]/split"] == "reuse exec_l[0]/split"
    assert decided["l[1]/m[0]/x"] == "reuse exec_l[0]/m[0]/x"
