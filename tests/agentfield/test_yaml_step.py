"""A step of a workflow that names a reasoner: its calls are its children, and are reused."""

import time
from urllib.parse import quote

import pytest

from runs.models import AgentCall, Execution, Run
from tests.interruption.harness import wait_for

TEXT = """
version: "1.0"
name: with-agent
inputs:
  topic: {type: string}
steps:
  - name: before
    type: shell
    run: echo begin
  - name: research
    type: agent
    agent: AGENT.outer
    context: {topic: "${{ inputs.topic }}"}
    MORE
  - name: after
    type: shell
    run: echo "${{ steps.research.output.found }}"
"""


@pytest.fixture
def start(api):
    def begin(agent, more="effect: idempotent"):
        text = TEXT.replace("AGENT", agent.id).replace("MORE", more)
        made = api.post("/api/v1/runs", json={"definition": text, "inputs": {"topic": "owls"}})
        assert made.status_code == 201, made.text
        return made.json()["id"]

    return begin


def ended(plane, run_id, within=60):
    def over():
        return Run.objects.get(pk=run_id).status in ("succeeded", "failed", "cancelled", "timeout")

    try:
        wait_for(over, within)
    except AssertionError:
        rows = list(Execution.objects.filter(run_id=run_id).values("path", "status", "tries"))
        raise AssertionError(f"{rows}\n{plane.said()}") from None
    return Run.objects.get(pk=run_id)


def test_the_step_waits_without_a_worker_and_goes_on_with_the_report(plane, api, make_agent, start):
    agent = make_agent("outer")
    run_id = start(agent)
    wait_for(lambda: agent.calls("outer"), 60, "the request")
    (got,) = agent.calls("outer")
    assert got.body == {"topic": "owls"}
    row = Execution.objects.get(run_id=run_id, path="research")
    assert (row.status, row.lease_until) == ("waiting", None)
    assert got.id == row.pk
    assert Run.objects.get(pk=run_id).status == "waiting"
    assert agent.report(got.id, "succeeded", result={"found": 3}).is_success
    assert ended(plane, run_id).status == "succeeded"
    row.refresh_from_db()
    assert row.output == {"found": 3}


def test_its_calls_stand_below_it_and_a_restart_reuses_them(plane, api, make_agent, start):
    broken = [True]

    def work(got):
        if got.path.endswith("outer"):
            found = [agent.call(got, f"{agent.id}.inner", {"n": n}) for n in range(3)]
            if broken[0]:
                raise RuntimeError("too tired")
            return {"found": len(found)}
        return {"n": got.body["n"]}

    agent = make_agent("outer", "inner", work=work)
    first = start(agent)
    assert ended(plane, first).status == "failed"
    inner = Execution.objects.filter(run_id=first, type="call").order_by("seq")
    path = f"research/{agent.id}.inner"
    assert [row.path for row in inner] == [path, f"{path}~2", f"{path}~3"]
    for address in (f"/runs/{first}", f"/runs/{first}?tab=steps", f"/runs/{first}?tab=timeline"):
        page = api.get(address)
        assert page.status_code == 200, plane.said()
    assert f"{agent.id}.inner" in api.get(f"/runs/{first}?tab=steps").text
    drawn = api.get(f"/runs/{first}?open=*").text
    assert f'data-path="{path}~3"' in drawn
    for node in ("research", path, f"{path}~3"):
        for tab in ("", "&tab=steps"):
            panel = api.get(f"/runs/{first}?node={quote(node, safe='')}{tab}")
            assert panel.status_code == 200, plane.said()

    broken[0] = False
    plan = api.post(f"/api/v1/runs/{first}/restart-plan", json={})
    assert plan.status_code == 200, plan.text
    again = api.post(f"/api/v1/runs/{first}/restart", json={}).json()["id"]
    assert ended(plane, again).status == "succeeded"
    assert (len(agent.calls("outer")), len(agent.calls("inner"))) == (2, 3)
    reused = Execution.objects.filter(run_id=again, type="call").exclude(reused_from="")
    assert reused.count() == 3
    run = api.get(f"/api/v1/runs/{again}").json()
    assert run["counts"]["reused"] == 4  # `before` and the three calls
    third = api.post(f"/api/v1/runs/{again}/restart", json={"from": "research"}).json()["id"]
    assert ended(plane, third).status == "succeeded"
    assert len(agent.calls("inner")) == 3
    for path in ("compare/" + again, "lineage", "graph", "executions"):
        answer = api.get(f"/api/v1/runs/{first}/{path}")
        assert answer.status_code == 200, f"{path}\n{plane.said()}"
    for page in (f"/runs/{again}", f"/runs/{first}/compare/{again}"):
        answer = api.get(page)
        assert answer.status_code in (200, 404), plane.said()


def test_a_failed_report_is_tried_again_under_an_id_of_its_own(plane, make_agent, start):
    seen = []

    def work(got):
        seen.append(got.id)
        if len(seen) == 1:
            raise RuntimeError("not yet")
        return {"found": 1}

    agent = make_agent("outer", work=work)
    run_id = start(agent, "retry: {max_attempts: 2, backoff: 0}")
    assert ended(plane, run_id).status == "succeeded"
    assert len(set(seen)) == 2
    assert AgentCall.objects.filter(run_id=run_id).count() == 2


def test_an_agent_that_never_reports_is_a_timeout(plane, make_agent, start):
    agent = make_agent("outer")
    run_id = start(agent, "timeout: 1")
    run = ended(plane, run_id)
    assert run.status in ("failed", "timeout")
    call = AgentCall.objects.get(run_id=run_id)
    assert call.status == "timeout"
    assert agent.report(call.pk, "succeeded", result=1).status_code == 409


def test_a_report_that_comes_before_the_202_is_kept(plane, make_agent, start):
    """The event and the answer race (contract, pitfall P5): the report may be first."""

    def respond(got):
        assert agent.report(got.id, "succeeded", result={"found": 5}).is_success
        time.sleep(0.3)
        return 202, {"status": "processing"}

    agent = make_agent("outer")
    agent.respond = respond
    assert ended(plane, start(agent)).status == "succeeded"
