"""`maverick call`, `agents` and `execution restart` of an agent's calls, here and by server.

In this process: it stands on the plane's database, and a command of its own would only cost time.
"""

import json
import signal

import pytest

from runs.cli.main import main
from runs.models import Agent, AgentCall, Run

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "name": {"type": "string"}},
    "required": ["n"],
}


@pytest.fixture
def maverick(plane, capsys, monkeypatch):
    monkeypatch.setenv("MAVERICK_HOME", str(plane.site.home))
    before = signal.getsignal(signal.SIGTERM)

    def run(*args, by=""):
        code = main([*(["--server", by] if by else []), *args])
        told = capsys.readouterr()
        lines = told.out.splitlines()
        last = json.loads(lines[-1]) if "--json" in args and lines else None
        return code, told.out + told.err, last

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def agent(make_agent):
    """`outer` calls `inner` twice and fails while it is broken."""

    def work(got):
        if got.path.endswith("inner"):
            return {"n": got.body["n"]}
        found = [made.call(got, f"{made.id}.inner", {"n": n}) for n in range(2)]
        if made.broken:
            raise RuntimeError("too tired")
        return {"found": found, "given": got.body}

    made = make_agent("outer", "inner", work=work)
    made.broken = False
    made.register(
        lifecycle_status="ready",
        reasoners=[{"id": "outer", "input_schema": SCHEMA}, {"id": "inner"}],
    )
    return made


@pytest.mark.parametrize("far", [False, True], ids=["here", "by server"])
def test_a_reasoner_is_called_and_its_result_is_told(maverick, plane, agent, far):
    by = plane.url if far else ""
    code, _, run = maverick(
        "call", f"{agent.id}.outer", "-i", "n=3", "-i", "name=1.10", "--json", by=by
    )
    assert code == 0
    assert (run["workflow"], run["status"]) == (f"{agent.id}.outer", "succeeded")
    # By the schema: a number is one, and a name that looks like one is none.
    assert run["output"]["given"] == {"n": 3, "name": "1.10"}
    code, said, _ = maverick("call", f"{agent.id}.inner", "-i", "n=4", by=by)
    assert code == 0
    assert '{"n":"4"}' in said  # a reasoner that tells no schema is given texts
    agent.broken = True
    code, said, run = maverick("call", f"{agent.id}.outer", "-i", "n=1", "--json", by=by)
    assert (code, run["status"], run["output"]) == (1, "failed", None)
    assert "too tired" in said


def test_a_call_that_cannot_be_made_says_why_and_starts_nothing(maverick, plane, agent):
    before = Run.objects.count()
    for args, words in (
        (["outer"], "is no agent.reasoner"),
        ([f"{agent.id}.outr", "-i", "n=1"], f"Did you mean {agent.id}.outer?"),
        ([f"{agent.id}.outer"], "input.n"),
        (["nobody.plan"], "There is no agent 'nobody'"),
        ([f"{agent.id}.outer", "--context", "[1]"], "must be a JSON object"),
    ):
        for by in ("", plane.url):
            code, said, _ = maverick("call", *args, by=by)
            assert (code, words in said) == (2, True), said
    assert Run.objects.count() == before


def test_a_call_need_not_be_waited_for(maverick, plane, agent):
    code, _, run = maverick("call", f"{agent.id}.outer", "-i", "n=1", "--no-wait", "--json")
    assert (code, run["status"] in ("queued", "running")) == (0, True)
    assert plane.ended(AgentCall.objects.get(run_id=run["id"], role="root").pk)


@pytest.mark.parametrize("far", [False, True], ids=["here", "by server"])
def test_a_call_is_restarted_with_what_is_changed(maverick, plane, agent, far, tmp_path):
    by = plane.url if far else ""
    agent.broken = True
    _, _, run = maverick("call", f"{agent.id}.outer", "-i", "n=1", "--json")
    agent.broken = False
    root = AgentCall.objects.get(run_id=run["id"], role="root")
    inner = len(agent.calls("inner"))
    code, _, again = maverick(
        "execution", "restart", root.pk, "--reuse", "all-succeeded", "--reason", "rested",
        "--json", by=by,
    )  # fmt: skip
    assert (code, again["kind"], again["source_run_id"]) == (0, "restart", run["id"])
    assert (again["counts"]["reused"], len(agent.calls("inner"))) == (2, inner)

    (tmp_path / "new.yaml").write_text("n: 9\n")
    (tmp_path / "context.json").write_text('{"lang": "de"}')
    code, _, forked = maverick(
        "execution", "restart", root.pk, "--scope", "execution", "--reuse", "none", "--model",
        "large", "--input", f"@{tmp_path / 'new.yaml'}", "--context",
        f"@{tmp_path / 'context.json'}", "--json", by=by,
    )  # fmt: skip
    assert (code, forked["kind"], forked["counts"]["reused"]) == (0, "fork", 0)
    call = AgentCall.objects.get(run_id=forked["id"], role="root")
    assert (call.input, call.context) == ({"n": 9}, {"lang": "de", "model": "large"})
    code, _, third = maverick(
        "execution", "restart", call.pk, "--reuse", "all-succeeded", "--model", "small", "--fork",
        "--json", by=by,
    )  # fmt: skip
    assert AgentCall.objects.get(run_id=third["id"], role="root").context == {
        "lang": "de", "model": "small",
    }  # fmt: skip
    code, said, _ = maverick("execution", "restart", root.pk, "--plan", by=by)
    assert (code, "has no preview" in said) == (2, True)
    code, said, _ = maverick("execution", "restart", root.pk, "--reuse", "checkpoint", by=by)
    assert code == 2
    assert "reuse must be one of" in said


def test_agents_are_listed_shown_and_removed(maverick, plane, agent):
    maverick("call", f"{agent.id}.inner", "-i", "n=1", "--json")
    for by in ("", plane.url):
        _, said, _ = maverick("agents", "list", by=by)
        (line,) = [one for one in said.splitlines() if one.startswith(agent.id)]
        assert "ready" in line
        assert "outer, inner" in line
        _, said, _ = maverick("agents", "show", agent.id, by=by)
        assert "n: integer, name?: string" in said
        assert "succeeded" in said
    here, there = (maverick("agents", "list", "--json", by=by)[2] for by in ("", plane.url))
    assert here == there
    here, there = (
        maverick("agents", "show", agent.id, "--json", by=by)[2] for by in ("", plane.url)
    )
    assert here == there

    agent.work = None  # it takes the call and says nothing more
    _, _, run = maverick("call", f"{agent.id}.outer", "-i", "n=1", "--no-wait", "--json")
    code, said, _ = maverick("agents", "remove", agent.id, "--yes", by=plane.url)
    assert (code, "has open calls (1)" in said) == (2, True)
    code, _, gone = maverick(
        "agents", "remove", agent.id, "--force", "--yes", "--json", by=plane.url
    )
    assert (code, gone["failed_calls"]) == (0, 1)
    assert Run.objects.get(pk=run["id"]).status == "failed"
    assert not Agent.objects.filter(pk=agent.id).exists()
    assert maverick("agents", "remove", agent.id, "--yes")[0] == 2
