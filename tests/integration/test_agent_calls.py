"""Calls of agents, told without a server: trees, batches, approvals, restarts, export, hostility."""

import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from runs.actor import SYSTEM, Actor
from runs.agents import addresses
from runs.engine import gone_agents, telling
from runs.errors import NotAllowed
from runs.models import AgentCall, Event, Execution, Run
from runs.operations.decide_approval import decide_approval
from runs.operations.import_run import import_run
from runs.operations.restart_run import RestartRequest, plan_restart, restart_run
from runs.projections.approvals import list_approvals
from runs.projections.export import export_run
from runs.record import lost_calls

from .calls import CALLBACK, Plane

pytestmark = pytest.mark.django_db
VIEWER = Actor("user", "charlie", "viewer")


@pytest.fixture
def plane(make_secret):
    made = Plane(make_secret("operator"))
    made.register()
    return made


# ---- trees and batches ---------------------------------------------------------------------------


def test_a_tree_is_cancelled_with_everything_in_it(plane):
    root = plane.sent("research.plan")
    inner = [plane.inside(root, "research.inner", {"n": n}) for n in range(3)]
    plane.report(inner[0], "succeeded", result=1)
    path = f"workflows/{root['run_id']}/cancel-tree"
    told = plane.post(path, {"reason": "enough"})
    open_ones = [root, *inner[1:]]
    assert told["cancelled"] == [one["execution_id"] for one in open_ones]
    assert (told["status"], told["cancelled_count"]) == ("cancelled", 3)
    assert [plane.poll(one)["status"] for one in inner] == ["succeeded", "cancelled", "cancelled"]
    assert Run.objects.get(pk=root["run_id"]).status == "cancelled"
    assert plane.post(path)["cancelled_count"] == 0
    assert "not found" in plane.post("workflows/run_none/cancel-tree", status=404)["error"]


def test_many_executions_are_asked_for_at_once(plane):
    done, open_one = plane.sent("research.plan"), plane.sent("research.plan")
    plane.report(done, "succeeded", result={"x": 1})
    wanted = [done["execution_id"], open_one["execution_id"], "exec_none", "a\x00b"]
    told = plane.post("executions/batch-status", {"execution_ids": wanted})
    assert told[wanted[0]]["result"] == {"x": 1}
    assert told[wanted[1]]["status"] == "running"
    assert "not found" in told["exec_none"]["error"]
    assert set(told) == set(wanted)
    for wrong in (
        {},
        {"execution_ids": "x"},
        {"execution_ids": [1]},
        {"execution_ids": ["x"] * 501},
    ):
        plane.post("executions/batch-status", wrong, 400)


# ---- agents --------------------------------------------------------------------------------------


def test_discovery_finds_by_name_tag_and_health_and_comes_in_pages(plane):
    plane.register("other", "write", lifecycle_status="ready")
    every = plane.get("discovery/capabilities")
    assert every["total_agents"] == 2
    assert (
        plane.get("discovery/capabilities?reasoner=wr*")["capabilities"][0]["agent_id"] == "other"
    )
    assert plane.get("discovery/capabilities?tags=inner")["total_reasoners"] == 1
    assert plane.get("discovery/capabilities?health_status=active")["total_agents"] == 1
    assert plane.get("discovery/capabilities?agent_ids=other,research")["total_agents"] == 2
    page = plane.get("discovery/capabilities?limit=1&offset=0&include_input_schema=false")
    assert page["pagination"] == {"limit": 1, "offset": 0, "has_more": True}
    for wrong in ("format=xml", "limit=-1", "offset=x"):
        assert plane.get(f"discovery/capabilities?{wrong}", 400)["error"]


def test_health_may_be_told_by_others(plane):
    assert plane.ask("PUT", "nodes/research/health", {"status": "inactive"}).status_code == 200
    assert plane.get("nodes/research")["lifecycle_status"] == "offline"
    assert plane.ask("PUT", "nodes/nobody/health", {}).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["http://10.0.0.1:80", "http://169.254.169.254", "http://[fd00::1]:1", "http://0.0.0.0",
     "http://user:pw@example.org", "http://example.org/?q=1", "http://[", "http://a b", "ftp://x",
     "http://[::ffff:10.0.0.1]", "http://example.org:0"],
)  # fmt: skip
def test_an_agent_at_an_address_that_is_not_public_is_refused(plane, address):
    told = plane.post("nodes/register", {"id": "evil", "base_url": address}, 400)
    assert told["error_category"] == "agent_address_refused"


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        (["127.0.0.0/8", "::1/128"], "http://localhost:9301", True),
        ([], "http://localhost:9301", False),
        ([], "http://127.0.0.1:9301", False),
        (["10.0.0.0/8"], "http://10.1.2.3", True),
        ([], "http://93.184.216.34", True),
        ([], "http://agent.example.org", True),  # a name is looked at when something is sent
    ],
)
def test_what_may_be_private_is_a_setting(settings, networks, address, allowed):
    settings.MAVERICK_AGENTS_ALLOW_PRIVATE = networks
    if allowed:
        addresses.check_url(address)
    else:
        with pytest.raises(addresses.AgentAddressRefused):
            addresses.check_url(address)


@pytest.mark.anyio
async def test_a_name_is_judged_by_what_it_stands_for(settings):
    settings.MAVERICK_AGENTS_ALLOW_PRIVATE = ["127.0.0.0/8", "::1/128"]
    first, *_ = await addresses.places("http://localhost:9301/reasoners/plan")
    assert str(first.url) == "http://127.0.0.1:9301/reasoners/plan"
    assert first.headers == {"Host": "localhost:9301"}
    settings.MAVERICK_AGENTS_ALLOW_PRIVATE = []
    with pytest.raises(addresses.AgentAddressRefused):
        await addresses.places("http://localhost:9301/reasoners/plan")


@pytest.fixture
def anyio_backend():
    return "asyncio"


def test_an_agent_that_is_gone_leaves_nothing_open(plane):
    call = plane.sent("research.plan")
    long_ago = timezone.now() - timedelta(minutes=1)
    assert lost_calls.silent_agents(10) == []
    type(call)  # the heartbeat is a minute old now
    from runs.models import Agent

    Agent.objects.update(last_heartbeat=long_ago)
    assert lost_calls.silent_agents(10) == [("research", "http://127.0.0.1:9")]
    gone_agents._end("research")
    told = plane.poll(call)
    assert (told["status"], told["status_reason"]) == ("failed", "agent_restart_orphaned")


def test_a_call_within_an_agents_process_is_not_lost_after_the_grace(plane):
    root = plane.sent("research.plan")
    event = {"execution_id": "exec_1700000000000_ab", "run_id": root["run_id"], "status": "running",
             "reasoner_id": "helper", "agent_node_id": "research",
             "parent_execution_id": root["execution_id"]}  # fmt: skip
    plane.post("workflow/executions/events", event)
    AgentCall.objects.update(dispatched_at=timezone.now() - timedelta(hours=1))
    assert lost_calls.lost(1.0) == []


def test_an_event_of_a_run_that_nobody_knows_begins_it(plane):
    event = {"execution_id": "exec_1700000000000_cd", "run_id": "run_1700000000000_cd",
             "reasoner_id": "plan", "agent_node_id": "research", "input_data": {"x": 1}}  # fmt: skip
    for one in (
        {"status": "running"},
        {"status": "succeeded", "result": [1]},
        {"status": "running"},
    ):
        plane.post("workflow/executions/events", {**event, **one})
    assert plane.get("executions/exec_1700000000000_cd")["result"] == [1]
    run = Run.objects.get(pk="run_1700000000000_cd")
    assert (run.status, run.n_total, run.n_succeeded) == ("succeeded", 1, 1)


# ---- memory --------------------------------------------------------------------------------------


def test_without_a_scope_memory_is_looked_for_from_the_narrowest_place_on(plane):
    plane.post("memory/set", {"key": "k", "data": "everybody's", "scope": "global"})
    here = {"X_Workflow_ID": "run_1", "X_Session_ID": "s"}
    assert plane.post("memory/get", {"key": "k"}, **here)["data"] == "everybody's"
    plane.post("memory/set", {"key": "k", "data": "session's", "scope": "session"}, **here)
    assert plane.post("memory/get", {"key": "k"}, **here)["data"] == "session's"
    plane.post("memory/get", {"key": "k", "scope": "workflow"}, 404, **here)
    events = plane.get("memory/events/history?patterns=k*&limit=5")
    assert [one["data"] for one in events] == ["session's", "everybody's"]
    assert {one["action"] for one in events} == {"set"}
    assert plane.get("memory/events/history?patterns=x") == []
    assert plane.get("memory/events/history?since=2999-01-01T00:00:00") == []
    plane.get("memory/events/history?since=then", 400)


@pytest.mark.parametrize(
    "path", ["memory/vector/search", "did/register", "did/export/vcs", "execution/vc"]
)
def test_what_is_not_supported_says_so(plane, path):
    assert "not supported" in plane.post(path, {}, 404)["error"]


# ---- approvals -----------------------------------------------------------------------------------


def asked(plane, **more):
    call = plane.sent("research.plan")
    path = f"agents/research/executions/{call['execution_id']}"
    body = {"approval_request_id": "ask-1", "expires_in_hours": 72, "callback_url": CALLBACK}
    told = plane.post(f"{path}/request-approval", {**body, **more})
    return call, path, told


def test_an_agents_question_is_decided_like_every_other(plane):
    call, path, told = asked(plane)
    assert told["approval_request_id"] == "ask-1"
    assert told["approval_request_url"].endswith(f"/runs/{call['run_id']}")
    waits = plane.poll(call)
    assert (waits["status"], waits["status_reason"]) == ("waiting", "waiting_for_approval")
    (item,) = plane.get(f"runs/{call['run_id']}/approvals")["items"]
    assert (item["path"], item["may_decide"]) == ("plan", True)
    assert "research.plan asks for a decision (ask-1)" in item["prompt"]
    assert plane.get(f"{path}/approval-status")["status"] == "pending"
    with pytest.raises(NotAllowed):
        decide_approval(call["run_id"], "plan", approve=True, by=VIEWER)
    body = {"approve": True, "comment": "go", "values": {"n": 1}}
    plane.post(f"runs/{call['run_id']}/approvals/plan", body)
    known = plane.get(f"{path}/approval-status")
    assert known["status"] == "approved"
    assert known["response"]["feedback"] == "go"
    assert known["response"]["n"] == 1
    assert plane.poll(call)["status"] == "running"
    decision = telling._take(call["execution_id"])
    assert decision.url == CALLBACK
    said = json.loads(decision.body)
    assert (said["decision"], said["feedback"], said["approval_request_id"]) == (
        "approved", "go", "ask-1",
    )  # fmt: skip
    assert said["execution_id"] == call["execution_id"]
    telling._note(call["execution_id"], told=True)
    assert telling._take(call["execution_id"]) is None
    plane.post(f"runs/{call['run_id']}/approvals/plan", {"approve": False}, 422)


def test_a_rejected_question_and_one_that_nobody_answers(plane):
    call, path, _ = asked(plane, callback_url="")
    decide_approval(call["run_id"], "plan", approve=False, by=SYSTEM, comment="no")
    assert plane.poll(call)["status_reason"] == "approval_rejected"
    late, path, _ = asked(plane, expires_in_hours=0.000001)
    telling._look_at = 0.0
    assert telling.look_after() == 1
    assert plane.get(f"{path}/approval-status")["status"] == "expired"
    assert json.loads(telling._take(late["execution_id"]).body)["decision"] == "expired"
    assert plane.poll(late)["status"] == "running"


def test_a_question_shows_on_the_page_with_its_form(plane, signed_in):
    call, _, _ = asked(plane)
    page = signed_in.get(f"/runs/{call['run_id']}?node=plan").content.decode()
    assert "asks for a decision" in page
    assert f"/runs/{call['run_id']}/approvals/plan" in page
    assert plane.get(f"runs/{call['run_id']}/why?path=plan")
    signed_in.post(f"/runs/{call['run_id']}/approvals/plan", {"decision": "approve"})
    assert list_approvals(call["run_id"], SYSTEM) == ()


def test_a_question_with_a_bad_callback_or_too_late_is_refused(plane):
    call, path, _ = asked(plane)
    for body in ({"callback_url": "http://10.0.0.1/"}, {"expires_in_hours": "soon"}):
        plane.post(f"{path}/request-approval", body, 400)
    plane.report(call, "succeeded", result=1)
    plane.post(f"{path}/request-approval", {}, 409)


# ---- restart from one call, export and import ----------------------------------------------------


@pytest.fixture
def ended(plane):
    """A direct call that has called inner three times, and failed in the third."""
    root = plane.sent("research.plan", {"topic": "owls"})
    inner = [plane.inside(root, "research.inner", {"n": n}) for n in range(3)]
    for one in inner[:2]:
        plane.report(one, "succeeded", result={"did": one["execution_id"]})
    plane.report(inner[2], "failed", error="boom")
    plane.report(root, "failed", error="boom")
    return root, inner


def begun(run: Run) -> AgentCall:
    """The call that the run's step makes."""
    while not AgentCall.objects.filter(run=run).exists():
        from runs.engine import driver

        driver.work(run.pk)
    return AgentCall.objects.get(run=run, role="step")


def test_a_restart_may_name_one_call(plane, ended):
    root, inner = ended
    preview = plan_restart(root["run_id"], RestartRequest(from_=inner[1]["execution_id"]))
    assert [item.action for item in preview.items] == ["run"]
    run = restart_run(root["run_id"], RestartRequest(from_="plan/research.inner~2"), by=SYSTEM)
    call = begun(run)
    assert (call.replay_mode, call.replay_before) == ("succeeded-before", inner[1]["execution_id"])
    assert Event.objects.get(run=run, seq=1).data["from"] == "plan/research.inner~2"
    headers = {
        "X_Run_ID": run.pk, "X_Parent_Execution_ID": call.pk,
        "X_AgentField_Replay_Source_Run_ID": call.replay_run,
        "X_AgentField_Replay_Before_Execution_ID": call.replay_before,
        "X_AgentField_Replay_Mode": call.replay_mode,
    }  # fmt: skip
    hits = [
        plane.ask(
            "POST", "execute/async/research.inner", {"input": {"n": n}}, **headers
        ).headers.get("X-AgentField-Replay-Hit")
        for n in range(3)
    ]
    assert hits == [inner[0]["execution_id"], None, None]


def test_a_restart_that_reuses_nothing_answers_no_call(plane, ended):
    run = restart_run(ended[0]["run_id"], RestartRequest(reuse="none"), by=SYSTEM)
    assert begun(run).replay_mode == "none"


def exported(run_id):
    out = io.BytesIO()
    export_run(run_id, out)
    out.seek(0)
    return out


def test_an_exported_run_takes_its_calls_along(plane, ended, tmp_path):
    root, inner = ended
    file = exported(root["run_id"])
    brought = import_run(file, by=SYSTEM, new_id=True, workspace=tmp_path).run
    calls = list(AgentCall.objects.filter(run=brought).order_by("number"))
    assert [(call.role, call.status) for call in calls] == [
        ("root", "failed"), ("nested", "succeeded"), ("nested", "succeeded"), ("nested", "failed"),
    ]  # fmt: skip
    assert {call.parent for call in calls[1:]} == {calls[0].pk}
    assert calls[0].pk != root["execution_id"]
    told = plane.post(f"executions/{calls[3].pk}/restart", {}, 202)
    headers = {
        "X_Run_ID": told["run_id"], "X_Parent_Execution_ID": told["execution_id"],
        "X_AgentField_Replay_Source_Run_ID": brought.pk,
    }  # fmt: skip
    hit = plane.submit("research.inner", {"n": 1}, **headers)
    assert plane.poll(hit)["result"] == {"did": inner[1]["execution_id"]}
    assert plane.get(f"/api/ui/v1/workflows/{brought.pk}/dag?lightweight=1")["total_nodes"] == 4


def test_secrets_do_not_travel_and_what_had_them_runs_again(plane, tmp_path):
    root = plane.sent("research.plan", {"api_key": "hunter22"})
    secret = plane.inside(root, "research.inner", {"n": 1})
    plane.report(secret, "succeeded", result={"password": "hunter22"})
    plane.report(root, "succeeded", result=1)
    file = exported(root["run_id"])
    assert b"hunter22" not in file.getvalue()
    brought = import_run(file, by=SYSTEM, new_id=True, workspace=tmp_path).run
    first, inner = AgentCall.objects.filter(run=brought).order_by("number")
    assert (inner.has_result, first.match_key) == (False, "")
    told = plane.post(f"executions/{first.pk}/restart", {}, 400)
    assert "secret" in told["error"]
    plane.post(f"executions/{first.pk}/restart", {"input": {"api_key": "x"}}, 202)


# ---- hostile -------------------------------------------------------------------------------------

DEEP = b'{"input": ' + b'{"a":' * 300 + b"1" + b"}" * 301
BODIES = [
    b"{", b"[]", b'"x"', b"\xff\xfe", b'{"input": NaN}', b'{"input": {"x": 1e999}}',
    b'{"input": {"x": ' + b"9" * 3000 + b"}}", b'{"input": {"x": ' + b"9" * 9000 + b"}}", DEEP,
    b"[" * 200_000, b'{"status": 5}', b'{"id": "a\\u0000b", "base_url": "http://h"}',
    b'{"id": "a/b", "base_url": "http://h"}', b'{"id": "a", "base_url": "http://h", "skills": 1}',
    b'{"execution_ids": {"a": 1}}', b'{"message": 5, "tags": 7}', b'{"entries": {"a": 1}}',
    b'{"execution_id": "a\\u0000", "run_id": "b\\u0000", "status": "running"}',
    b'{"execution_id": "a", "run_id": "..", "status": "running", "reasoner_id": "x[1]",'
    b' "agent_node_id": "y"}',
    b'{"key": "a\\u0000b", "data": "\\ud800"}', b'{"key": 7}', b'{"scope": 5, "reuse": []}',
]  # fmt: skip
PATHS = [
    "nodes/register", "nodes/research/heartbeat", "nodes/a%00b/heartbeat", "nodes/research/shutdown",
    "execute/async/research.plan", "execute/async/research.pl%2Fan", "execute/async/..",
    "executions/{call}/status", "executions/a%00b/status", "executions/{call}/restart",
    "executions/{call}/cancel", "executions/{call}/logs", "executions/note",
    "executions/batch-status", "workflow/executions/events", "memory/set", "memory/get",
    "agents/research/executions/{call}/awaiter-status",
    "agents/research/executions/{call}/request-approval", "workflows/{run}/cancel-tree",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_rubbish_is_refused_in_words_and_breaks_nothing(plane, path):
    call = plane.sent("research.plan")
    address = path.format(call=call["execution_id"], run=call["run_id"])
    for body in BODIES:
        answer = plane.ask("POST", address, body, X_Execution_ID=call["execution_id"])
        assert answer.status_code < 500, (body[:60], answer.content[:300])
        assert "json" in answer["Content-Type"], (body[:60], answer.content[:300])
    assert plane.poll(call)["execution_id"] == call["execution_id"]


def test_a_report_that_cannot_be_kept_ends_the_execution(plane):
    for body in (b'{"status": "succeeded", "result": NaN}', DEEP.replace(b"input", b"result")):
        call = plane.sent("research.plan")
        path = f"executions/{call['execution_id']}/status"
        assert plane.ask("POST", path, body).status_code == 200
        told = plane.poll(call)
        assert (told["status"], told["status_reason"]) == ("failed", "bad_response")
        assert "cannot be kept" in told["error"]


@pytest.mark.parametrize("run_id", ["..", ".", ".hidden", "-x", "a b", "a" * 121])
def test_a_run_id_that_names_a_folder_above_is_refused(plane, run_id):
    plane.post("execute/async/research.plan", {}, 400, X_Run_ID=run_id)


def test_names_that_pages_and_paths_cannot_hold_are_told_otherwise(plane, signed_in):
    plane.register("odd[1]", "re[2]a")
    root = plane.sent("research.plan")
    made = plane.inside(root, "odd[1].re[2]a")
    assert Execution.objects.get(pk=made["execution_id"]).path == "plan/odd_1_.re_2_a"
    assert signed_in.get(f"/runs/{root['run_id']}").status_code == 200


def test_calls_a_hundred_deep_with_long_names_stay_below_what_an_index_holds(plane):
    name = "n" * 150
    plane.register(name, "r" * 150)
    call = plane.sent("research.plan")
    for _ in range(30):
        call = plane.inside(call, f"{name}.{'r' * 150}")
    longest = max(Execution.objects.values_list("path", flat=True), key=len)
    assert len(longest) < 2000
    dag = plane.get(f"/api/ui/v1/workflows/{call['run_id']}/dag?mode=lightweight")
    assert dag["max_depth"] == 30
