"""Contract, section 9: restart, replay, lineage and pointers."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from runs.models import AgentCall, Execution, Run
from tests.agentfield.web import http
from tests.interruption.harness import wait_for


class Chain:
    """An agent whose `root` calls a, a, b and c; c fails while `broken` is set. Its first run."""

    agent: Any
    root: str
    run: str
    broken = True
    before = (0, 0, 0, 0)

    def work(self, got):
        name = got.path.rpartition("/")[2]
        if name == "root":
            return [
                self.agent.call(got, f"{self.agent.id}.{one}", {"n": n, "x": got.body.get("x")})
                for n, one in enumerate("aabc")
            ]
        if name == "c" and self.broken:
            raise RuntimeError("c is out")
        return {"did": name, "n": got.body["n"], "f": 1.0}

    def all(self):
        return [len(self.agent.calls(one)) for one in ("root", "a", "b", "c")]

    def counts(self):
        """How often each was called in this test."""
        return [now - before for now, before in zip(self.all(), self.before, strict=True)]

    def restart(self, call_id, status=202, key=None, **body):
        headers = {"Idempotency-Key": key} if key else {}
        url = f"{self.agent.plane}/api/v1/executions/{call_id}/restart"
        answer = http.post(url, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def of(self, run_id, name):
        return AgentCall.objects.filter(run_id=run_id, name=name).order_by("number")


@pytest.fixture(scope="module")
def one_chain(plane, make_agent):
    made = Chain()
    made.agent = make_agent("root", "a", "b", "c", work=made.work)
    first = plane.submit(f"{made.agent.id}.root", {"x": 1}, X_Session_ID="s", X_Actor_ID="me")
    assert plane.ended(first["execution_id"])["status"] == "failed"
    assert made.all() == [1, 2, 1, 1]
    made.root, made.run = first["execution_id"], first["run_id"]
    made.broken = False
    return made


@pytest.fixture
def chain(one_chain):
    # What the test before has started and not waited for would count for this one.
    mine = AgentCall.objects.filter(node=one_chain.agent.id, ended_at=None)
    wait_for(lambda: not mine.exists(), 60, "the end of what the test before has begun")
    one_chain.before = one_chain.all()
    return one_chain


def test_a_restart_from_the_failed_call_reuses_what_started_before(plane, api, chain):
    failed = chain.of(chain.run, "c").get()
    told = chain.restart(failed.pk)
    expected = {
        "source_execution_id": failed.pk, "source_run_id": chain.run,
        "restarted_execution_id": chain.root, "replay_before_execution_id": failed.pk,
        "replay_mode": "succeeded-before", "scope": "workflow", "kind": "restart",
        "status": "queued", "webhook_registered": False,
    }  # fmt: skip
    assert {name: told[name] for name in expected} == expected
    ended = plane.ended(told["execution_id"])
    assert [one["did"] for one in ended["result"]] == ["a", "a", "b", "c"]
    assert [one["n"] for one in ended["result"]] == [0, 1, 2, 3]
    assert chain.counts() == [1, 0, 0, 1]
    root = chain.agent.calls("root")[-1]
    assert root.headers["X-AgentField-Replay-Source-Run-ID"] == chain.run
    assert root.headers["X-AgentField-Replay-Before-Execution-ID"] == failed.pk
    assert root.headers["X-AgentField-Replay-Mode"] == "succeeded-before"
    assert (root.headers["X-Session-ID"], root.headers["X-Actor-ID"]) == ("s", "me")
    assert "X-Parent-Execution-ID" not in root.headers
    run = Run.objects.get(pk=told["run_id"])
    assert (run.kind, run.source_id, run.n_reused, run.status) == (
        "restart", chain.run, 3, "succeeded",
    )  # fmt: skip
    reused = Execution.objects.filter(run=run, type="call").exclude(reused_from="")
    sources = {call.pk for call in AgentCall.objects.filter(run_id=chain.run, name__in="ab")}
    assert {row.reused_from for row in reused} == sources
    assert {row.origin_run for row in reused} == {chain.run}


def test_a_hit_is_told_as_queued_with_its_header(plane, api, chain):
    known = chain.of(chain.run, "b").get()
    hit = plane.submit(
        f"{chain.agent.id}.b", {"n": 2, "x": 1}, X_Run_ID="run_hit",
        X_Parent_Execution_ID="exec_somebody", X_AgentField_Replay_Source_Run_ID=chain.run,
    )  # fmt: skip
    # Its first call begins a run; only a call below one is answered from a source.
    hit = plane.submit(
        f"{chain.agent.id}.b", {"x": 1, "n": 2}, X_Run_ID="run_hit",
        X_Parent_Execution_ID=hit["execution_id"], X_AgentField_Replay_Source_Run_ID=chain.run,
    )  # fmt: skip
    assert hit["status"] == "queued"
    if "X-AgentField-Replay-Hit" in hit["headers"]:
        assert hit["headers"]["X-AgentField-Replay-Hit"] == known.pk
    told = plane.ended(hit["execution_id"])
    assert told["result"] == {"did": "b", "n": 2, "f": 1.0}


def test_all_succeeded_reuses_what_started_later_too(plane, chain):
    told = chain.restart(chain.root, reuse="all-succeeded")
    assert told["replay_mode"] == "all-succeeded"
    assert plane.ended(told["execution_id"])["status"] == "succeeded"
    assert chain.counts() == [1, 0, 0, 1]


def test_from_the_root_with_the_default_nothing_is_reused(plane, chain):
    plane.ended(chain.restart(chain.root)["execution_id"])
    assert chain.counts() == [1, 2, 1, 1]


def test_none_reuses_nothing_and_tells_the_mode(plane, chain):
    told = chain.restart(chain.of(chain.run, "c").get().pk, reuse="none")
    assert "replay_before_execution_id" not in told
    plane.ended(told["execution_id"])
    assert chain.counts() == [1, 2, 1, 1]
    assert chain.agent.calls("root")[-1].headers["X-AgentField-Replay-Mode"] == "none"


def test_the_scope_execution_restarts_that_call_alone(plane, chain):
    failed = chain.of(chain.run, "c").get()
    told = chain.restart(failed.pk, scope="execution")
    assert told["replay_mode"] == "all-succeeded"
    assert "replay_before_execution_id" not in told
    assert told["target"] == f"{chain.agent.id}.c"
    assert plane.ended(told["execution_id"])["result"]["did"] == "c"
    assert chain.counts() == [0, 0, 0, 1]


def test_an_input_makes_it_a_fork_and_only_equal_calls_are_reused(plane, chain):
    told = chain.restart(chain.root, reuse="all-succeeded", input={"x": 2})
    assert told["kind"] == "fork"
    plane.ended(told["execution_id"])
    assert chain.counts() == [1, 2, 1, 1]
    assert chain.agent.calls("root")[-1].body == {"x": 2}


def test_a_restart_of_a_restart_reuses_again(plane, chain):
    first = chain.restart(chain.root, reuse="all-succeeded")
    plane.ended(first["execution_id"])
    second = chain.restart(first["execution_id"], reuse="all-succeeded")
    plane.ended(second["execution_id"])
    assert chain.counts() == [2, 0, 0, 1]
    row = Execution.objects.get(run_id=second["run_id"], path__endswith=".b")
    assert (row.reused_run, row.origin_run) == (first["run_id"], chain.run)


def test_the_pointers_lead_forward(plane, api, chain):
    failed = chain.of(chain.run, "c").get()
    told = chain.restart(failed.pk, reason="again")
    pointer = {"execution_id": told["execution_id"], "run_id": told["run_id"]}
    for one in (failed.pk, chain.root):
        assert api.get(f"/api/v1/executions/{one}").json()["restarted_as"] == pointer
    source = api.get(f"/api/ui/v1/workflows/{chain.run}/dag?lightweight=true").json()
    assert source["lineage"]["restarted_as"]["run_id"] == told["run_id"]
    new = api.get(f"/api/ui/v1/workflows/{told['run_id']}/dag?lightweight=true").json()
    assert new["lineage"]["reuse"] == "succeeded-before"
    assert new["lineage"]["reason"] == "again"


def test_the_same_key_starts_one_run_also_in_a_race(chain):
    before = Run.objects.filter(source_id=chain.run).count()
    with ThreadPoolExecutor(8) as pool:
        key = f"key {chain.root}"
        answers = list(pool.map(lambda _: chain.restart(chain.root, key=key), range(8)))
    assert len({one["run_id"] for one in answers}) == 1
    assert Run.objects.filter(source_id=chain.run).count() == before + 1
    chain.restart(chain.root, 422, key=key, reuse="none")


@pytest.mark.parametrize(
    "body",
    [{"scope": 5}, {"input": [1]}, {"fork": "yes"}, {"scope": "all"}, {"reuse": "some"}],
    ids=repr,
)
def test_a_wrong_restart_is_400(chain, body):
    assert chain.restart(chain.root, 400, **body)["error"]


def test_null_is_absent_and_unknown_fields_are_ignored(chain):
    told = chain.restart(chain.root, scope=None, reuse=None, what="ever", reason=None)
    assert (told["scope"], told["kind"]) == ("workflow", "restart")


def test_more_calls_than_recorded_run(plane, chain):
    """The nth identical call is answered by the nth; the source has one."""
    run = "run_more"
    parent = plane.submit(f"{chain.agent.id}.b", {"n": 9, "x": 1}, X_Run_ID=run)["execution_id"]
    headers = {
        "X_Run_ID": run, "X_Parent_Execution_ID": parent,
        "X_AgentField_Replay_Source_Run_ID": chain.run,
    }  # fmt: skip
    made = [plane.submit(f"{chain.agent.id}.b", {"n": 2, "x": 1}, **headers) for _ in range(2)]
    hits = ["X-AgentField-Replay-Hit" in one["headers"] for one in made]
    assert hits == [True, False]
    for one in made:
        assert plane.ended(one["execution_id"])["result"]["n"] == 2
    missing = plane.submit(f"{chain.agent.id}.b", {"n": 2.5, "x": 1}, **headers)
    assert "X-AgentField-Replay-Hit" not in missing["headers"]


def test_our_own_restart_of_a_direct_call_reuses_its_calls(plane, api, chain):
    made = api.post(f"/api/v1/runs/{chain.run}/restart", json={})
    assert made.status_code == 201, made.text
    run = made.json()["id"]
    wait_for(lambda: Run.objects.get(pk=run).status in ("succeeded", "failed"), 60)
    assert Run.objects.get(pk=run).status == "succeeded", plane.said()
    assert chain.counts() == [1, 0, 0, 1]
    assert api.get(f"/runs/{run}").status_code == 200
