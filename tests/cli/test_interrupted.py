"""A run that is stopped in the middle, and what `--resume` makes of it."""

import signal
from collections.abc import Callable

import pytest

from tests.cli.conftest import Maverick, stop
from tests.cli.flows import FAILS_UNTIL_OK, SLOW, flow

Until = Callable[[Callable[[], bool]], None]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_with_130_and_the_run_can_be_resumed(
    maverick: Maverick, until: Until, number: signal.Signals
) -> None:
    name = f"stopped-{number.name.lower()}"
    maverick.write("a.yaml", flow(name, SLOW))
    process = maverick.start("run", "a.yaml", "--json")
    until(lambda: "began" in maverick.calls())
    done = stop(process, number)
    assert done.code == 130, done.err
    assert "interrupted" in done.json["status_reason"]
    assert "maverick run a.yaml --resume" in done.err
    # The step's definition is another one now, so that it ends; that has to be accepted.
    maverick.write("a.yaml", flow(name))
    refused = maverick("run", "a.yaml", "--resume")
    assert (refused.code, "three changed" in refused.err) == (2, True)
    assert "[workflow-changed]" in refused.err
    resumed = maverick("run", "a.yaml", "--resume", "--accept-changes", "--json")
    assert resumed.code == 0, resumed.err
    assert resumed.json["kind"] == "resume"
    assert resumed.json["source_run_id"] == done.json["id"]
    assert maverick.calls() == ["one-tea", "two", "began", "three"]


def test_a_killed_run_is_resumed_and_nothing_finished_runs_again(
    maverick: Maverick, until: Until
) -> None:
    last = "echo began >> calls; test -f ok || sleep 30; echo three >> calls"
    maverick.write("a.yaml", flow("killed", last))
    process = maverick.start("run", "a.yaml")
    until(lambda: "began" in maverick.calls())
    assert stop(process, signal.SIGKILL).code == -signal.SIGKILL
    maverick.write("ok", "")
    done = maverick("run", "a.yaml", "--resume", "--json")
    assert done.code == 0, done.err
    assert "from checkpoint save, saved" in done.err
    assert "3 steps kept" in done.err
    assert done.json["counts"]["reused"] == 3
    calls = maverick.calls()
    assert (calls.count("one-tea"), calls.count("two")) == (1, 1)
    assert calls[-1] == "three"


def test_a_failed_run_is_resumed_from_its_checkpoint(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("failed-first", FAILS_UNTIL_OK))
    failed = maverick("run", "a.yaml", "--json")
    assert failed.code == 1
    maverick.write("ok", "")
    done = maverick("run", "a.yaml", "--resume")
    assert done.code == 0
    assert f"Resuming {failed.json['id']} from checkpoint save" in done.out
    assert maverick.calls() == ["one-tea", "two", "three"]


def test_a_checkpoint_file_is_enough(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("by-file", FAILS_UNTIL_OK))
    failed = maverick("run", "a.yaml", "--json").json
    maverick.write("ok", "")
    (file,) = (maverick.project / ".maverick/checkpoints" / failed["id"]).glob("*.json")
    done = maverick("run", "a.yaml", "--resume-from", str(file), "--json")
    assert done.code == 0, done.err
    assert maverick.calls() == ["one-tea", "two", "three"]


def test_other_inputs_are_refused_by_name(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("other-inputs", FAILS_UNTIL_OK))
    maverick("run", "a.yaml")
    done = maverick("run", "a.yaml", "--resume", "-i", "topic=rum")
    assert done.code == 2
    assert "topic" in done.err
    assert "[inputs-differ]" in done.err


def test_nothing_to_resume_is_a_refusal_and_nothing_runs(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("never-ran"))
    done = maverick("run", "a.yaml", "--resume")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "[nothing-to-resume]" in done.err
    assert maverick.calls() == []
    assert maverick("run", "a.yaml").code == 0
    assert maverick("run", "a.yaml", "--resume").code == 2  # a run that succeeded is over
    assert maverick("run", "a.yaml", "--resume-from", "nonsense").code == 2
