"""What a preview says of steps that no record tells of, and of those that may not run at all."""

from typing import Any

import pytest

from runs.planning.foresight import Foresight
from runs.planning.graph import Compiled
from runs.planning.planner import make_plan
from runs.planning.preview import Preview, preview_of
from runs.planning.prior import PriorRun
from runs.planning.unfolding import LIST, MANY, read_ahead
from tests.unit.test_planning_reuse import HEAD, laid, prior


class Recorded:
    """What the steps put out, and how often that was asked for."""

    def __init__(self, outputs: dict[str, Any]) -> None:
        self.outputs, self.asked = outputs, list[str]()

    def output(self, path: str) -> Any:
        self.asked.append(path)
        return self.outputs.get(path)

    def error(self, path: str) -> Any:
        return None


def foresight(w: Compiled, recorded: Recorded, inputs: dict[str, Any]) -> Foresight:
    return Foresight(
        w, recorded, inputs=inputs, run={}, secrets={}, env={}, mask=lambda value: value
    )


def previewed(
    text: str, steps: dict[str, str], *, inputs: dict[str, Any] | None = None, **asked: Any
) -> tuple[Preview, Recorded]:
    w = laid(text)
    before: PriorRun = prior(w, steps)
    plan = make_plan(w, before, **asked)
    recorded = Recorded({path: {"ok": True, "n": 2} for path in steps})
    return preview_of(w, before, plan, {}, foresight(w, recorded, inputs or {})), recorded


def told(preview: Preview) -> dict[str, str]:
    return {item.path: item.action.value for item in preview.items}


def because(preview: Preview, path: str) -> str:
    return next(item.because for item in preview.items if item.path == path)


def nested(size: int, leaf: str) -> str:
    return (
        HEAD
        + f"""
  - {{name: gate, type: shell, run: gate}}
  - name: outer
    type: loop
    for_each: ${{{{ range({size}) }}}}
    steps:
      - name: inner
        type: loop
        for_each: ${{{{ range({size}) }}}}
        steps: [{leaf}]
"""
    )


BRANCH = "{name: br, type: branch, options: [{when: 'true', step: {name: z, type: shell, run: z}}]}"
PLAIN = "{name: z, type: shell, run: z}"


def test_nested_loops_are_counted_as_long_as_they_are_few() -> None:
    small, _ = previewed(nested(10, PLAIN), {"gate": "failed"})
    assert small.counts == {"reuse": 0, "run": 1 + 1 + 10 + 100, "unknown": 0}
    assert not [more for more in small.not_begun if more.is_open]


@pytest.mark.parametrize(("size", "leaf"), [(500, BRANCH), (1500, PLAIN)])
def test_nested_loops_of_many_turns_are_told_in_words(size: int, leaf: str) -> None:
    large, _ = previewed(nested(size, leaf), {"gate": "failed"})
    assert {more.because for more in large.not_begun if "inner" in more.path} >= {MANY}
    assert large.counts["run"] < 500_000


def test_a_long_list_is_known_however_long_it_is() -> None:
    text = HEAD + "  - {name: gate, type: shell, run: gate}\n"
    text += f"  - {{name: l, type: loop, for_each: '${{{{ range(90000) }}}}', steps: [{PLAIN}]}}\n"
    preview, _ = previewed(text, {"gate": "failed"})
    assert preview.counts["run"] == 90_002
    text = text.replace("range(90000)", "steps.gate.output")
    (more,) = previewed(text, {"gate": "failed"})[0].not_begun
    assert (more.because, more.is_open) == (LIST, True)


ASKS = (
    HEAD
    + """
  - {name: a, type: shell, run: a}
  - {name: b, type: shell, run: b, when: steps.a.output.ok}
"""
)


def test_what_failed_runs_again_for_certain_only_if_its_condition_reads_what_stands() -> None:
    steps = {"a": "succeeded", "b": "failed"}
    assert told(previewed(ASKS, steps)[0]) == {"a": "reuse", "b": "run"}
    assert told(previewed(ASKS, steps, from_="a")[0]) == {"a": "run", "b": "unknown"}


def test_a_branch_that_failed_goes_its_way_again_only_if_what_it_asks_stands() -> None:
    text = (
        HEAD
        + """
  - {name: a, type: shell, run: a}
  - name: br
    type: branch
    options:
      - {when: steps.a.output.ok, step: {name: x, type: shell, run: x}}
    else: {name: y, type: shell, run: y}
"""
    )
    steps = {"a": "succeeded", "br": "failed", "br/x": "failed"}
    assert told(previewed(text, steps)[0])["br/x"] == "run"
    preview, _ = previewed(text, steps, from_="a")
    assert told(preview)["br/x"] == "unknown"
    assert [more.path for more in preview.not_begun] == ["br"]


def test_who_handles_a_failure_runs_only_if_it_fails_again() -> None:
    text = (
        HEAD
        + """
  - {name: x, type: shell, run: x, on_error: {name: h, type: shell, run: h}}
"""
    )
    preview, _ = previewed(text, {"x": "failed", "h": "succeeded"}, from_="x")
    assert told(preview) == {"x": "run", "h": "unknown"}
    assert because(preview, "h") == "runs only if `x` fails"


def test_what_will_not_run_is_not_counted() -> None:
    text = HEAD + (
        "  - {name: l, type: loop, when: inputs.go, for_each: '${{ range(1000) }}',"
        f" steps: [{PLAIN}]}}\n"
    )
    text = text.replace("steps:\n", "inputs: {go: {type: boolean, default: false}}\nsteps:\n", 1)
    preview, _ = previewed(text, {"l": "failed"}, inputs={"go": False})
    assert because(preview, "l") == "failed last time; its condition does not hold"
    assert preview.counts == {"reuse": 0, "run": 0, "unknown": 1}


def test_of_one_step_alone_what_never_ran_inside_it_is_counted() -> None:
    text = HEAD + (
        "  - {name: l, type: loop, for_each: [1, 2], steps:"
        " [{name: x, type: shell, run: x}, {name: y, type: shell, run: y}]}\n"
    )
    steps = {"l": "failed", "l[0]/x": "failed"}
    whole, _ = previewed(text, steps, from_="l")
    alone, _ = previewed(text, steps, from_="l", only=True)
    assert whole.counts["run"] == alone.counts["run"] == 5


def test_conditions_are_read_once_and_ahead() -> None:
    turns = 50
    text = HEAD + (
        "  - {name: a, type: shell, run: a}\n"
        f"  - {{name: l, type: loop, for_each: '${{{{ range({turns}) }}}}', steps:"
        " [{name: x, type: shell, run: x, when: steps.a.output.ok}]}\n"
    )
    steps = {"a": "succeeded", "l": "failed"} | {f"l[{n}]/x": "failed" for n in range(turns)}
    w = laid(text)
    assert read_ahead(w, make_plan(w, prior(w, steps))) == {"a"}
    preview, recorded = previewed(text, steps)
    assert set(told(preview).values()) == {"reuse", "run"}
    assert set(recorded.asked) <= {"a"}
    # What never ran is told as unknown without being asked.
    never = {"a": "succeeded", "l": "failed"} | {f"l[{n}]/x": "skipped" for n in range(turns)}
    assert not previewed(text, never)[1].asked
