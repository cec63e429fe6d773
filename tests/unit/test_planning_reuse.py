"""Reuse or run, and why: every decision in words."""

from typing import Any

import pytest

from runs.definition import load_workflow
from runs.errors import Refused
from runs.planning.graph import Compiled, compile_workflow
from runs.planning.plan import Action, Plan
from runs.planning.planner import make_plan
from runs.planning.prior import PriorRun, PriorStep
from runs.states import StepStatus

HEAD = 'version: "1.0"\nname: w\nsteps:\n'
LINE = HEAD + "".join(f"  - {{name: {n}, type: shell, run: echo {n}}}\n" for n in "abc")
DIAMOND = (
    HEAD
    + """
  - {name: top, type: shell, run: top}
  - {name: left, type: shell, run: left, needs: [top]}
  - {name: right, type: shell, run: right, needs: [top]}
  - {name: join, type: shell, run: join, needs: [left, right]}
"""
)
LOOP = (
    HEAD
    + """
  - {name: before, type: shell, run: before}
  - name: l
    type: loop
    for_each: [1, 2, 3]
    steps:
      - {name: x, type: shell, run: x}
      - {name: y, type: shell, run: y}
  - {name: after, type: shell, run: after}
"""
)


def laid(text: str) -> Compiled:
    loaded = load_workflow(text)
    assert loaded.spec is not None, loaded.problems
    return compile_workflow(loaded.spec, {})


def prior(compiled: Compiled, steps: dict[str, str], **more: Any) -> PriorRun:
    """An earlier run of the same definition: path → status."""
    return PriorRun(
        "run_before",
        {
            path: PriorStep(
                path,
                f"exec_{path}",
                compiled.node(path).type,
                StepStatus(status),
                definition=compiled.node(path).digest,
                duration_ms=10,
            )
            for path, status in steps.items()
        },
        **more,
    )


def told(plan: Plan) -> dict[str, tuple[str, str]]:
    return {item.path: (item.action.value, item.because) for item in plan.items}


def actions(plan: Plan) -> dict[str, str]:
    return {item.path: item.action.value for item in plan.items}


def test_what_failed_runs_again_and_what_follows_and_nothing_else() -> None:
    w = laid(LINE)
    plan = make_plan(w, prior(w, {"a": "succeeded", "b": "failed"}))
    assert told(plan) == {
        "a": ("reuse", "input and definition are unchanged"),
        "b": ("run", "failed last time"),
        "c": ("run", "depends on `b`, which runs again"),
    }
    assert plan.counts == {"reuse": 1, "run": 2, "unknown": 0}
    assert plan.saved_ms == 10


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("failed", "failed last time"),
        ("timeout", "timed out last time"),
        ("cancelled", "was cancelled last time"),
        ("running", "was interrupted last time"),
        ("queued", "did not start last time"),
        ("waiting", "was waiting to be tried again last time"),
    ],
)
def test_what_did_not_succeed_is_never_reused(status: str, why: str) -> None:
    w = laid(LINE)
    plan = make_plan(w, prior(w, {"a": status, "b": "succeeded", "c": "succeeded"}))
    assert told(plan)["a"] == ("run", why)
    assert actions(plan)["b"] == actions(plan)["c"] == "run"


def test_a_sibling_is_not_affected() -> None:
    w = laid(DIAMOND)
    done = {"top": "succeeded", "left": "succeeded", "right": "failed"}
    assert actions(make_plan(w, prior(w, done))) == {
        "top": "reuse",
        "left": "reuse",
        "right": "run",
        "join": "run",
    }


def test_the_chosen_step_runs_again_and_what_depends_on_it() -> None:
    w = laid(DIAMOND)
    done = dict.fromkeys(("top", "left", "right", "join"), "succeeded")
    plan = make_plan(w, prior(w, done), from_="left", succeeded=True)
    assert actions(plan) == {"top": "reuse", "left": "run", "right": "reuse", "join": "run"}
    assert told(plan)["left"][1] == "chosen to run again"


def test_what_went_well_inside_what_failed_is_not_said_to_have_failed() -> None:
    w = laid(LOOP)
    done = {"before": "succeeded", "l": "failed"}
    done |= {f"l[{n}]/{name}": "succeeded" for n in range(2) for name in "xy"}
    done |= {"l[2]/x": "failed"}
    plan = told(make_plan(w, prior(w, done), from_="before"))
    assert plan["l"] == ("run", "failed last time")
    assert plan["l[0]/x"] == ("run", "depends on `before`, which runs again")
    assert plan["l[2]/x"] == ("run", "failed last time")


def test_a_run_that_went_well_runs_anew() -> None:
    w = laid(LINE)
    plan = make_plan(w, prior(w, dict.fromkeys("abc", "succeeded")), succeeded=True)
    assert set(actions(plan).values()) == {"run"}


def test_reuse_none_says_so() -> None:
    w = laid(LINE)
    plan = make_plan(w, prior(w, {"a": "succeeded"}), reuse="none")
    assert told(plan)["a"] == ("run", "reuse is `none`")


def test_a_changed_definition_runs_again() -> None:
    old, new = laid(LINE), laid(LINE.replace("echo b", "echo B"))
    plan = make_plan(new, prior(old, {"a": "succeeded", "b": "succeeded", "c": "failed"}))
    assert told(plan)["a"][0] == "reuse"
    assert told(plan)["b"] == ("run", "definition changed")


def test_what_is_not_work_is_not_part_of_the_definition() -> None:
    old = laid(LINE)
    new = laid(LINE.replace("run: echo b", "run: echo b, timeout: 5, retry: 3"))
    assert old.node("b").digest == new.node("b").digest


def test_turns_of_a_loop_are_decided_one_by_one() -> None:
    w = laid(LOOP)
    steps = {"before": "succeeded", "l": "failed"}
    steps |= {f"l[{n}]/{s}": "succeeded" for n in (0, 1) for s in "xy"}
    steps |= {"l[2]/x": "succeeded", "l[2]/y": "failed"}
    plan = told(make_plan(w, prior(w, steps)))
    assert plan["l[0]/x"][0] == plan["l[1]/y"][0] == plan["l[2]/x"][0] == "reuse"
    assert plan["l[2]/y"] == ("run", "failed last time")
    assert plan["l"][0] == "run"
    assert plan["after"] == ("run", "depends on `l`, which runs again")


def test_a_turn_may_be_chosen() -> None:
    w = laid(LOOP)
    steps = {"before": "succeeded", "l": "succeeded", "after": "succeeded"}
    steps |= {f"l[{n}]/{s}": "succeeded" for n in range(3) for s in "xy"}
    plan = make_plan(w, prior(w, steps), from_="l[1]/x", succeeded=True)
    again = [path for path, action in actions(plan).items() if action == "run"]
    assert sorted(again) == ["after", "l", "l[1]/x", "l[1]/y"]


def test_a_whole_loop_is_reused_with_what_is_inside() -> None:
    w = laid(LOOP)
    steps = {"before": "succeeded", "l": "succeeded", "after": "failed"}
    steps |= {f"l[{n}]/{s}": "succeeded" for n in range(3) for s in "xy"}
    plan = make_plan(w, prior(w, steps))
    assert plan.counts == {"reuse": 8, "run": 1, "unknown": 0}
    assert plan.saved_ms == 70, "a container's time is that of its steps, not counted twice"


def test_when_a_loop_s_source_runs_again_no_turn_is_reused() -> None:
    w = laid(LOOP)
    steps = {"before": "failed", "l": "succeeded"} | {f"l[{n}]/x": "succeeded" for n in range(3)}
    assert set(actions(make_plan(w, prior(w, steps))).values()) == {"run"}


def test_what_comes_after_the_checkpoint_runs_again() -> None:
    w = laid(LINE)
    run = prior(w, dict.fromkeys("abc", "succeeded"), kept=frozenset("a"))
    plan = told(make_plan(w, run, reuse="checkpoint"))
    assert plan["a"][0] == "reuse"
    assert plan["b"] == ("run", "comes after the checkpoint")


def test_the_effect_once_is_never_repeated() -> None:
    w = laid(LINE.replace("run: echo b", "run: echo b, effect: once"))
    plan = told(make_plan(w, prior(w, {"a": "failed", "b": "succeeded", "c": "succeeded"})))
    assert plan["a"][0] == "run"
    assert plan["b"][0] == "reuse"
    assert "receipt" in plan["b"][1]


def test_an_unknown_step_or_mode_is_refused() -> None:
    w = laid(LINE)
    with pytest.raises(Refused, match="no step"):
        make_plan(w, prior(w, {"a": "succeeded"}), from_="nobody")
    with pytest.raises(Refused, match="never ran"):
        make_plan(w, prior(w, {"a": "succeeded"}), from_="c")
    with pytest.raises(Refused, match="no reuse mode"):
        make_plan(w, prior(w, {"a": "succeeded"}), reuse="a-little")


def test_a_plan_is_named_by_what_it_decides() -> None:
    w = laid(LINE)
    run = prior(w, {"a": "succeeded", "b": "failed"})
    assert make_plan(w, run, basis="1").plan_id == make_plan(w, run, basis="1").plan_id
    assert make_plan(w, run, basis="1").plan_id != make_plan(w, run, basis="2").plan_id
    assert make_plan(w, run).plan_id != make_plan(w, run, from_="a").plan_id


def test_every_recorded_step_has_a_decision_with_a_reason() -> None:
    w = laid(LOOP)
    steps = {"before": "succeeded", "l": "running", "l[0]/x": "succeeded", "l[0]/y": "skipped"}
    plan = make_plan(w, prior(w, steps))
    assert set(steps) <= set(actions(plan))
    assert all(item.because for item in plan.items)
    assert all(
        (item.source_execution_id is not None) == (item.action is Action.REUSE)
        for item in plan.items
    )


def test_turns_of_a_loop_that_itself_changed_are_not_taken_for_the_same_turns() -> None:
    before, now = laid(LOOP), laid(LOOP.replace("[1, 2, 3]", "[7, 8, 9]"))
    done = {"before": "succeeded", "l": "succeeded", "after": "failed"}
    done |= {f"l[{n}]/{s}": "succeeded" for n in range(3) for s in "xy"}
    decided = actions(make_plan(now, prior(before, done)))
    assert decided["before"] == "reuse"
    assert {decided[path] for path in done if path != "before"} == {"run"}


def test_a_receipt_is_kept_even_of_the_step_that_is_to_run_alone() -> None:
    w = laid(LINE.replace("run: echo b", "run: echo b, effect: once"))
    plan = make_plan(w, prior(w, dict.fromkeys("abc", "succeeded")), from_="b", only=True)
    assert {item.path: item.action.value for item in plan.items} == dict.fromkeys("abc", "reuse")
