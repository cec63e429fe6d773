"""The inbox of approvals: who waits since when, decided there, with its form and a comment."""

from datetime import datetime

import pytest
from django.test import Client

from runs.actor import SYSTEM
from runs.agentfield import Caller
from runs.models import AgentCall, Execution, Run
from runs.operations.decide_call import request_approval
from runs.operations.execute_target import execute_target, find_target
from runs.operations.register_agent import register_agent
from tests.browser import sample_kinds
from tests.web.test_run_page import page


@pytest.fixture
def waiting(db: None, now: datetime) -> Run:
    return sample_kinds.waiting(now)


def count(client: Client) -> str:
    return client.get("/approvals?part=count").content.decode()


def test_what_waits_stands_there_with_its_form(
    alice: Client, waiting: Run, django_assert_max_num_queries: object
) -> None:
    page(alice, "/approvals")
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        html = page(alice, "/approvals")
    for said in (waiting.pk, "release-train", "Release v1.4.0 to everybody?", "asked", "left.",
                 'name="field.percent"', '<option value="beta"', "needed", "Comment"):  # fmt: skip
        assert said in html, said
    assert count(alice) == "1"
    assert "data-approvals" in html


def test_who_may_not_decide_is_told_who_may(charlie: Client, waiting: Run) -> None:
    html = page(charlie, "/approvals")
    assert "Not for you to decide" in html
    assert "<b>operator</b> may" in html
    assert 'name="decision"' not in html
    assert count(charlie) == ""
    sent = {"run": waiting.pk, "where": "deploy", "decision": "approve", "field.percent": "5"}
    assert charlie.post("/approvals", sent).status_code == 403
    assert Execution.objects.get(run=waiting, path="deploy").status == "waiting"


def test_what_does_not_fit_is_said_beside_its_field(alice: Client, waiting: Run) -> None:
    sent = {"run": waiting.pk, "where": "deploy", "decision": "approve", "comment": "go & see",
            "field.percent": "many", "field.extra": "{"}  # fmt: skip
    answer = alice.post("/approvals", sent)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert html.count('class="wrong"') == 2
    assert "The input <code>percent</code> must be a whole number" in html
    assert 'value="many"' in html
    assert "go &amp; see" in html
    assert Execution.objects.get(run=waiting, path="deploy").status == "waiting"


@pytest.mark.parametrize("said", ["approve", "reject"])
def test_it_is_decided_once(alice: Client, waiting: Run, said: str) -> None:
    sent = {"run": waiting.pk, "where": "deploy", "decision": said, "comment": "on Friday",
            "field.percent": "5" if said == "approve" else ""}  # fmt: skip
    answer = alice.post("/approvals", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/approvals")
    decision = Execution.objects.get(run=waiting, path="deploy").tries[-1]["decision"]
    assert decision["approved"] is (said == "approve")
    assert (decision["by"], decision["comment"]) == ("alice", "on Friday")
    html = page(alice, "/approvals")
    assert "Nothing waits for a decision" in html
    assert f'<a class="link" href="/runs/{waiting.pk}?node=deploy">Open</a>' in html  # the toast
    assert count(alice) == ""
    again = alice.post("/approvals", sent)
    assert again.status_code == 409
    assert "does not wait for a decision" in again.content.decode()


def test_what_a_run_that_is_over_asked_is_no_question(alice: Client, waiting: Run) -> None:
    Run.objects.filter(pk=waiting.pk).update(status="cancelled")
    assert "Nothing waits" in page(alice, "/approvals")
    assert count(alice) == ""


def test_rubbish_is_answered(alice: Client, waiting: Run) -> None:
    for sent in ({}, {"decision": "maybe"}, {"decision": "approve", "run": "x", "where": "y"}):
        assert alice.post("/approvals", sent).status_code in (404, 422)


def test_what_an_agent_asks_stands_there_too(alice: Client) -> None:
    about = {"id": "research", "base_url": "http://127.0.0.1:9", "reasoners": [{"id": "plan"}]}
    register_agent(about)
    call = execute_target(find_target("research.plan", {}), Caller(), by=SYSTEM)
    AgentCall.objects.filter(pk=call.pk).update(state="begun", status="running")
    request_approval(call.pk, {"approval_request_id": "ask-1"})
    html = page(alice, "/approvals")
    assert "research.plan asks for a decision (ask-1)" in html
    assert count(alice) == "1"
    sent = {"run": call.run_id, "where": "plan", "decision": "reject", "comment": "too dear"}
    assert alice.post("/approvals", sent).status_code == 302
    assert count(alice) == ""
    assert "nothing waits" in page(alice, "/approvals").lower()
    call.refresh_from_db()
    assert call.approval is not None
    assert (call.approval["status"], call.approval["response"]["feedback"]) == (
        "rejected",
        "too dear",
    )
