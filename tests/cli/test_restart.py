"""`maverick restart`: what succeeded is reused, and every decision has its reason."""

from tests.cli.conftest import Maverick
from tests.cli.flows import FAILS_UNTIL_OK, flow


def failed_run(maverick: Maverick, name: str) -> str:
    maverick.write("a.yaml", flow(name, FAILS_UNTIL_OK))
    done = maverick("run", "a.yaml", "--json")
    assert done.code == 1, done.err
    maverick.write("ok", "")
    return str(done.json["id"])


def test_a_restart_reuses_what_succeeded(maverick: Maverick) -> None:
    source = failed_run(maverick, "restart-reuses")
    done = maverick("restart", source, "--reason", "the file is there", "--json")
    assert done.code == 0, done.err
    assert done.json["kind"] == "restart"
    assert done.json["source_run_id"] == source
    assert done.json["counts"]["reused"] == 3
    assert maverick.calls() == ["one-tea", "two", "three"]
    shown = maverick("runs", "show", done.json["id"])
    assert f"from {source}" in shown.out
    assert "failed last time" in shown.out


def test_a_preview_starts_nothing_and_says_why(maverick: Maverick) -> None:
    source = failed_run(maverick, "restart-plan")
    before = maverick("runs", "list", "--workflow", "restart-plan", "--json").json
    plan = maverick("restart", source, "--plan", "--json")
    assert plan.code == 0
    actions = {item["path"]: item["action"] for item in plan.json["items"]}
    assert actions == {"one": "reuse", "two": "reuse", "save": "reuse", "three": "run"}
    assert plan.json["counts"] == {"reuse": 3, "run": 1, "unknown": 0}
    assert all(item["because"] for item in plan.json["items"])
    shown = maverick("restart", source, "--plan").out
    assert "3 reused, 1 run, saves" in shown
    assert shown.index("Will run (1)") < shown.index("failed last time")
    assert shown.index("Reused (3)") < shown.index("input and definition are unchanged")
    assert f"--plan-id {plan.json['plan_id']}" in shown
    after = maverick("runs", "list", "--workflow", "restart-plan", "--json").json
    assert after == before


def test_an_execution_is_restarted_by_its_id(maverick: Maverick) -> None:
    source = failed_run(maverick, "restart-execution")
    nodes = maverick("runs", "show", source, "--json").json["steps"]
    two = next(node["id"] for node in nodes if node["path"] == "two")
    plan = maverick("execution", "restart", two, "--plan", "--json")
    assert {item["path"]: item["action"] for item in plan.json["items"]}["two"] == "run"
    named = maverick("execution", "restart", two, "--plan-id", plan.json["plan_id"], "--json")
    assert (named.code, named.json["source_run_id"]) == (0, source), named.err
    assert maverick.calls() == ["one-tea", "two", "two", "three"]
    alone = maverick("execution", "restart", two, "--scope", "execution", "--json")
    assert alone.code == 0, alone.err
    assert maverick.calls()[4:] == ["two"]
    unknown = maverick("execution", "restart", "exec_nobody")
    assert (unknown.code, "There is no execution" in unknown.err) == (2, True)


def test_nothing_is_reused_when_that_is_asked(maverick: Maverick) -> None:
    source = failed_run(maverick, "restart-none")
    done = maverick("restart", source, "--reuse", "none", "--json")
    assert (done.code, done.json["counts"]["reused"]) == (0, 0)
    assert maverick.calls() == ["one-tea", "two", "one-tea", "two", "three"]


def test_a_restart_begins_at_the_step_that_is_named(maverick: Maverick) -> None:
    source = failed_run(maverick, "restart-from")
    done = maverick("restart", source, "--from", "two", "--json")
    assert done.code == 0, done.err
    assert maverick.calls() == ["one-tea", "two", "two", "three"]
    assert maverick("restart", source, "--from", "nowhere").code == 2


def test_the_beginning_of_an_id_is_enough(maverick: Maverick) -> None:
    source = failed_run(maverick, "restart-prefix")
    assert maverick("runs", "show", source[:-1], "--json").json["id"] == source
    assert maverick("runs", "show", source.removeprefix("run_"), "--json").json["id"] == source
    assert maverick("restart", "@last", "--plan").code == 0
