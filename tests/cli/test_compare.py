"""`maverick runs compare`: as a process, here; exit codes as `diff` has them."""

from tests.cli.conftest import Maverick
from tests.cli.test_fork import first_run


def test_two_runs_are_compared_and_the_exit_code_says_whether_they_differ(
    maverick: Maverick,
) -> None:
    first = first_run(maverick, "compare-two")
    assert maverick("runs", "compare", first, first).code == 0
    second = maverick("fork", first, "-i", "title=two", "--json").json["id"]
    told = maverick("runs", "compare", first, second)
    assert told.code == 1, told.err
    assert "First divergence: title (input `title` changed)" in told.out
    assert "~ title: one → two" in told.out
    assert "2 reused" in told.out
    assert "region" not in told.out.split("STEP")[1]
    every = maverick("runs", "compare", first, second, "--all").out
    assert "region" in every.split("STEP")[1]
    found = maverick("runs", "compare", first, second, "--json")
    assert found.code == 1
    assert found.json["counts"]["reused"] == 2
    one = maverick("runs", "compare", first, second, "--path", "title", "--json").json
    assert [node["path"] for node in one["nodes"]] == ["title"]


def test_a_run_or_a_step_that_is_not_there_is_refused(maverick: Maverick) -> None:
    first = first_run(maverick, "compare-refused")
    assert maverick("runs", "compare", first, "run_00000000000000").code == 2
    assert maverick("runs", "compare", first, first, "--path", "nobody").code == 2
