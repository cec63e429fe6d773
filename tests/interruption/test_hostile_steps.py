"""Steps that do the worst: each ends in a clear error, and every other run goes on.

All of them go at once, on workers that are replaced when they die, together with harmless runs.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from runs.models import Execution, LogChunk, Run

from .harness import Site, shapes, steps


def one(name: str, rest: str) -> str:
    return f"""
version: "1.0"
name: bad-{name}
steps:
  - {{name: first, type: python, action: mark}}
  - {{name: bad, {rest}}}
  - {{name: never_reached, type: python, action: mark}}
"""


HOSTILE = {
    "not-json": "type: python, action: not_json",
    "too-long": "type: python, action: never, timeout: 1",
    "too-long-command": "type: shell, run: 'trap \"\" TERM INT; sleep 600', timeout: 1",
    "deaf": "type: python, action: deaf, timeout: 1",
    "exits": "type: python, action: leave",
    "exits-0": "type: python, action: leave, kwargs: {code: 0}",
    "segv": "type: python, action: segv",
    "null": "type: python, action: 'null'",
    "unknown": "type: python, action: no_such_action",
    "wrong-arguments": "type: python, action: mark, kwargs: {nonsense: 1}",
    "kills-itself": "type: shell, run: 'kill -9 $$'",
    "fails-thrice": "type: python, action: flaky, kwargs: {times: 9}, "
    "retry: {max_attempts: 3, backoff: 0.1}",
}
PRINTS = {
    "prints-much": "type: python, action: print_much, kwargs: {megabytes: 100}",
    "prints-much-command": "type: shell, run: 'head -c 104857600 /dev/zero | tr \"\\\\0\" x'",
    "recovers": "type: python, action: flaky, kwargs: {times: 2}, "
    "retry: {max_attempts: 3, backoff: 0.1}",
}


@dataclass
class Ended:
    run: Run
    steps: dict[str, Execution]
    times: dict[str, int]


@pytest.fixture(scope="module")
def ended(site: Site) -> dict[str, Ended]:
    runs = {name: site.start(one(name, rest)) for name, rest in {**HOSTILE, **PRINTS}.items()}
    calm = [site.start_shape(shape, f"{shape.name}-beside")[0] for shape in shapes()]
    site.wait(*runs.values(), *calm, within=100, workers=2)
    over = Run.objects.in_bulk([run.pk for run in (*runs.values(), *calm)])
    beside = {f"beside {n}": run for n, run in enumerate(calm)}
    return {
        name: Ended(over[run.pk], steps(run), site.times(run))
        for name, run in {**runs, **beside}.items()
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_the_run_ends_and_says_why_at_the_right_step(ended: dict[str, Ended], name: str) -> None:
    told = ended[name]
    assert told.run.status in ("failed", "timeout")
    assert told.run.status_reason.startswith("step-failed: bad")
    assert told.steps["first"].status == "succeeded"
    assert told.times["first"] == 1
    assert told.steps["bad"].error["message"]
    assert "never_reached" not in told.times
    assert len(told.steps["bad"].tries) <= 3


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("not-json", "output-not-json", "failed"),
        ("too-long", "timeout", "timeout"),
        ("too-long-command", "timeout", "timeout"),
        ("deaf", "timeout", "timeout"),
        ("exits", "action-failed", "failed"),
        ("exits-0", "action-failed", "failed"),
        ("segv", "worker-lost", "failed"),
        ("null", "worker-lost", "failed"),
        ("unknown", "unknown-action", "failed"),
        ("wrong-arguments", "action-failed", "failed"),
        ("kills-itself", "command-failed", "failed"),
        ("fails-thrice", "action-failed", "failed"),
    ],
)
def test_each_has_its_own_word(ended: dict[str, Ended], name: str, code: str, status: str) -> None:
    bad = ended[name].steps["bad"]
    assert (bad.error["code"], bad.status) == (code, status)
    assert bad.status_reason.startswith(code)


def test_what_is_not_json_is_named_with_its_place(ended: dict[str, Ended]) -> None:
    assert "output.rows[1]" in ended["not-json"].steps["bad"].error["message"]


@pytest.mark.parametrize("name", ["segv", "null"])
def test_a_step_that_kills_its_worker_is_tried_three_times(
    ended: dict[str, Ended], name: str
) -> None:
    tries: list[dict[str, Any]] = ended[name].steps["bad"].tries
    assert [one["reason"] for one in tries] == ["worker-lost"] * 3
    assert ended[name].times["bad"] == 3


def test_a_step_that_fails_is_tried_as_often_as_its_file_says(ended: dict[str, Ended]) -> None:
    assert [one["outcome"] for one in ended["fails-thrice"].steps["bad"].tries] == ["failed"] * 3
    assert ended["recovers"].run.status == "succeeded"
    assert ended["recovers"].steps["bad"].output == 3


@pytest.mark.parametrize("name", ["prints-much", "prints-much-command"])
def test_a_hundred_megabytes_of_log_are_cut(ended: dict[str, Ended], name: str) -> None:
    told = ended[name]
    assert told.run.status == "succeeded"
    kept = list(LogChunk.objects.filter(execution_id=told.steps["bad"].pk).order_by("id"))
    assert 500_000 < sum(len(chunk.text) for chunk in kept) < 1_100_000
    assert "were not kept" in kept[-1].text


def test_every_other_run_goes_on(ended: dict[str, Ended]) -> None:
    for name, told in ended.items():
        if name.startswith("beside"):
            fails = told.run.workflow_name in ("failing", "undone")
            expected = "failed" if fails else "succeeded"
            assert told.run.status == expected, told.run.workflow_name
