"""`maverick why`: as a process, here."""

from tests.cli.conftest import Maverick
from tests.cli.flows import FAILS_UNTIL_OK, flow


def test_why_a_run_failed_and_a_step_ran(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("asks-why", FAILS_UNTIL_OK))
    run = maverick("run", "a.yaml", "--json").json["id"]
    story = maverick("why", run)
    assert story.code == 0, story.err
    assert "It failed because `three` failed" in story.out
    step = maverick("why", f"{run}/two", "--json").json
    assert (step["path"], step["verdict"]) == ("two", "ran")
    assert maverick("why", run, "two", "--json").json == step
    assert maverick("runs", "why", f"{run}/two", "--json").json == step
    assert maverick("why", f"{run}/two", "three").code == 2
    assert maverick("why", f"{run}/nobody").code == 2
