"""Killed in the middle: nothing goes out twice, and nothing hangs for ever. Fan-out and depth."""

import time

import pytest

from runs.models import AgentCall, Execution, Run
from tests.interruption.harness import wait_for
from tests.thorough import many

CALLS, DEPTH = many(100, 30), many(20, 12)


@pytest.fixture
def workers(plane):
    """Workers of the test's own; the folder's two are there again afterwards."""
    plane.site.stop()
    yield plane.site
    plane.site.stop()
    for _ in range(2):
        plane.site.start_worker()


def test_a_call_noted_and_not_sent_fails_after_the_grace(plane, make_agent, workers):
    workers.start_worker(MAVERICK_CRASH_AT="after-dispatch-noted")
    agent = make_agent("plan")
    call = plane.submit(f"{agent.id}.plan")["execution_id"]
    wait_for(lambda: not workers.workers[0].alive, 60, "the worker's end")
    workers.start_worker()
    told = plane.ended(call)
    assert (told["status"], told["status_reason"]) == ("failed", "internal_error")
    assert agent.got == []


def test_a_call_whose_answer_was_lost_is_not_sent_again_and_its_report_counts(
    plane, make_agent, workers
):
    workers.start_worker(MAVERICK_CRASH_AT="after-dispatch")
    agent = make_agent("plan")
    call = plane.submit(f"{agent.id}.plan")["execution_id"]
    wait_for(lambda: not workers.workers[0].alive, 60, "the worker's end")
    workers.start_worker()
    assert agent.report(call, "succeeded", result=1).is_success
    assert plane.ended(call)["result"] == 1
    time.sleep(1)
    assert len(agent.got) == 1


def test_server_and_workers_killed_with_many_calls_nothing_goes_out_twice(
    plane, make_agent, workers
):
    for _ in range(2):
        workers.start_worker()
    agent = make_agent("plan")
    made = [plane.submit(f"{agent.id}.plan")["execution_id"] for _ in range(many(50, 20))]
    wait_for(lambda: len(agent.got) > 5, 60, "some requests")
    plane.web.kill()
    plane.web.wait(60)
    workers.stop()
    untouched = set(AgentCall.objects.filter(pk__in=made, state="new").values_list("pk", flat=True))
    plane.start_web()
    for _ in range(2):
        workers.start_worker()
    wait_for(lambda: not AgentCall.objects.filter(pk__in=made, state="new").exists(), 60)
    time.sleep(1)
    for got in list(agent.got):
        agent.report(got.id, "succeeded", result=1)
    ended = {call: plane.ended(call)["status"] for call in made}
    # Whether one that was on its way arrived nobody knows: without a report it fails after the grace.
    assert set(ended.values()) <= {"succeeded", "failed"}
    assert {ended[call] for call in untouched} <= {"succeeded"}
    assert len({got.id for got in agent.got}) == len(agent.got)


def test_a_fan_out_of_many_nested_calls(plane, api, make_agent):
    def work(got):
        if got.path.endswith("outer"):
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(20) as pool:
                calls = [
                    pool.submit(agent.call, got, f"{agent.id}.inner", {"n": n})
                    for n in range(CALLS)
                ]
                return sum(one.result() for one in calls)
        return got.body["n"]

    agent = make_agent("outer", "inner", work=work)
    made = plane.submit(f"{agent.id}.outer")
    assert plane.ended(made["execution_id"], 90)["result"] == sum(range(CALLS))
    run = Run.objects.get(pk=made["run_id"])
    assert (run.n_total, run.n_succeeded, run.n_running) == (CALLS + 1, CALLS + 1, 0)
    assert len(agent.calls("inner")) == CALLS


def test_calls_many_deep(plane, api, make_agent):
    def work(got):
        n = got.body.get("n", DEPTH)
        return 0 if n == 0 else 1 + agent.call(got, f"{agent.id}.deep", {"n": n - 1})

    agent = make_agent("deep", work=work)
    made = plane.submit(f"{agent.id}.deep", {"n": DEPTH})
    assert plane.ended(made["execution_id"], 60)["result"] == DEPTH
    dag = api.get(f"/api/ui/v1/workflows/{made['run_id']}/dag?lightweight=1").json()
    assert dag["max_depth"] == DEPTH
    deepest = Execution.objects.filter(run_id=made["run_id"]).order_by("-seq")
    assert max(row.path.count("/") for row in deepest) == DEPTH
