"""The pages of agents: who is there, how they are, calling one by a form, removing one."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.agentfield import Caller, Report
from runs.models import Agent, AgentCall, Run, User
from runs.operations.execute_target import execute_target, find_target
from runs.operations.report_execution import report_execution
from tests.api.test_agents import register
from tests.integration.test_audit import ANN

HOSTILE = "<script>alert(1)</script>"
SCHEMA = {
    "type": "object",
    "properties": {
        "topic": {"type": "string", "description": "What about."},
        "depth": {"type": "integer", "default": 3},
        "strict": {"type": "boolean"},
        "tone": {"enum": ["dry", "warm"]},
        "api_key": {"type": "string"},
        "more": {"type": "object"},
        "most": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "any": {"type": ["integer", "string"]},
    },
    "required": ["topic"],
}


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("root", role="admin"))
    return client


@pytest.fixture
def research(db: None) -> Agent:
    return register(
        reasoners=[
            {"id": "plan", "input_schema": SCHEMA, "description": HOSTILE, "tags": [HOSTILE]},
            {"id": "free"},
        ],
        skills=[{"id": "add"}],
    )


def called(target: str = "research.plan", **given: object) -> AgentCall:
    return execute_target(find_target(target, given), Caller(), by=ANN)


def text(client: Client, address: str) -> str:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(address)
    assert answer.status_code == 200, address
    assert len(queries) <= 6, [one["sql"][:80] for one in queries]
    return answer.content.decode()


def test_where_no_agent_is_the_page_says_how_one_connects(alice: Client) -> None:
    page = text(alice, "/agents")
    assert "No agent has registered yet" in page
    assert 'agentfield_server="http://testserver"' in page
    assert 'href="/agents"' in text(alice, "/runs")


def test_the_list_says_how_each_is_and_how_often_it_was_called(
    alice: Client, research: Agent
) -> None:
    register("quiet", reasoners=[], skills=[])
    Agent.objects.filter(pk="quiet").update(last_heartbeat=timezone.now() - timedelta(hours=1))
    report_execution(called(topic="a").pk, Report("failed", error="too tired"))
    called(topic="b")
    page = text(alice, "/agents")
    for word in ("Ready", "Silent", "plan, free, add", "1 failed", "/agents/research", "1 h ago"):
        assert word in page, word
    live = text(alice, "/agents?part=live")
    assert "<html" not in live
    assert 'id="agents-now"' in live
    assert "Silent" in live


def test_an_agent_s_page_shows_schemas_calls_and_forms(alice: Client, research: Agent) -> None:
    done = called(topic="a")
    report_execution(done.pk, Report("succeeded", {"ok": 1}, True))
    bad = called(topic="b")
    report_execution(bad.pk, Report("failed", error=HOSTILE))
    page = text(alice, "/agents/research?call=plan")
    assert f"/runs/{done.run_id}?node=plan" in page
    assert HOSTILE not in page
    assert 'name="input.topic"' in page
    assert 'value="3"' in page  # its default
    assert page.count('type="password"') == 1
    assert '<option value="warm">' in page
    assert '<textarea class="input area mono" id="c-1-more"' in page
    assert page.count('name="json"') == 2  # of free and add, which tell no schema
    assert "What about." in page
    live = text(alice, "/agents/research?part=live")
    assert ("<form" in live, bad.run_id in live) == (False, True)
    assert alice.get("/agents/nobody").status_code == 404


def test_the_form_says_in_plain_words_what_each_field_takes(alice: Client, research: Agent) -> None:
    page = text(alice, "/agents/research?call=plan")
    form = page.partition('value="plan"')[2].partition("</form>")[0]
    said = dict(re.findall(r"<label[^>]*><code>(\w+)</code>.*?<small>([^<]*)</small>", form))
    assert said == {
        "topic": "text · What about.",
        "depth": "whole number",
        "strict": "yes or no",
        "tone": "one of 2",
        "api_key": "secret",
        "more": "object, JSON",
        "most": "number",
        "any": "text or JSON",
    }
    assert '<option value="true">yes</option>' in form
    assert "placeholder" not in form


def test_a_form_calls_the_reasoner_and_opens_the_run(alice: Client, research: Agent) -> None:
    sent = {
        "reasoner": "plan", "key": "k", "input.topic": "1.10", "input.depth": "5",
        "input.strict": "true", "input.tone": "", "input.more": '{"a": [1]}',
    }  # fmt: skip
    for _ in range(2):  # pressed twice
        answer = alice.post("/agents/research", sent)
        run = Run.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, f"/runs/{run.pk}")
    call = AgentCall.objects.get()
    assert call.input == {"topic": "1.10", "depth": 5, "strict": True, "more": {"a": [1]}}
    assert run.created_by == "alice"
    assert alice.get(answer["Location"]).status_code == 200
    free = alice.post("/agents/research", {"reasoner": "free", "json": '{"n": 1}'})
    assert free.status_code == 302
    assert AgentCall.objects.get(name="free").input == {"n": 1}


def test_a_refused_form_keeps_what_was_typed_and_says_what_is_wrong(
    alice: Client, research: Agent
) -> None:
    sent = {"reasoner": "plan", "input.depth": "77", "input.api_key": "hush", "key": "k"}
    answer = alice.post("/agents/research", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="77"' in page
    assert "hush" not in page
    assert "research.plan needs topic" in page
    topic = page.partition('name="input.topic"')[2].partition(">")[0]
    assert 'aria-invalid="true"' in topic
    for json in ("{", "[1]", "x"):
        answer = alice.post("/agents/research", {"reasoner": "free", "json": json})
        assert answer.status_code == 422
        assert f">{json}</textarea>" in answer.content.decode()
    assert alice.post("/agents/research", {"reasoner": "nothing"}).status_code == 404
    assert not Run.objects.exists()


def test_a_viewer_looks_and_does_not_call(charlie: Client, research: Agent) -> None:
    page = text(charlie, "/agents/research")
    assert 'name="input.topic"' not in page
    assert "Operators and admins may call it" in page
    assert charlie.post("/agents/research", {"reasoner": "free"}).status_code == 403
    assert not Run.objects.exists()


def test_an_admin_removes_an_agent_and_is_told_what_is_lost(
    admin: Client, alice: Client, research: Agent
) -> None:
    open_call = called(topic="a")
    assert alice.get("/agents/research/remove").status_code == 403
    assert "Remove…" not in text(alice, "/agents/research")
    assert "/agents/research/remove" in text(admin, "/agents/research")
    asked = text(admin, "/agents/research/remove")
    assert "1 call of it is open" in asked
    assert "stop it first" in asked
    refused = admin.post("/agents/research/remove", follow=True)
    assert "Cancel their runs" in refused.content.decode()
    assert Agent.objects.exists()
    gone = admin.post("/agents/research/remove", {"force": "1"}, follow=True)
    assert gone.redirect_chain[-1][0] == "/agents"
    assert not Agent.objects.exists()
    open_call.refresh_from_db()
    assert open_call.status_reason == "agent_removed"
    assert text(admin, f"/runs/{open_call.run_id}")
