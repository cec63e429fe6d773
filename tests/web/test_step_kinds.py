"""Approvals, handled failures, undone work, rounds of checks and agents on the run page."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from runs.models import Execution, Run
from tests.browser import sample_kinds


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return unescape(answer.content.decode())


@pytest.fixture
def waiting(db: None, now: datetime) -> Run:
    return sample_kinds.waiting(now)


@pytest.fixture
def undone(db: None, now: datetime) -> Run:
    return sample_kinds.undone(now)


def test_a_step_under_on_error_is_joined_by_a_dashed_line_that_says_so(
    alice: Client, waiting: Run
) -> None:
    html = page(alice, f"/runs/{waiting.pk}")
    assert html.count(">on error</text>") == 2
    assert "is-aside" in html
    assert 'aria-label="sign, shell, failed (handled), 2.0 s"' in html
    assert 'aria-label="mirror, shell, failed (handled), 6.0 s"' in html
    assert ">shell, handled</text>" in html
    assert ">not needed</text>" in html
    assert "blocked" not in html
    assert 'data-failed="0"' in html


def test_what_was_undone_is_a_node_only_when_it_ran(alice: Client, undone: Run) -> None:
    html = page(alice, f"/runs/{undone.pk}")
    assert ">undoes reserve</text>" in html
    assert "2 done · 2 undone" in html
    assert "announce</code></a> failed: no such address." in html
    steps = page(alice, f"/runs/{undone.pk}?tab=steps")
    paths = re.findall(r'<tr data-path="([^"]+)"', steps)
    assert paths == [
        "reserve",
        "reserve/rollback",
        "start",
        "start[0]/boot",
        "start[0]/boot/rollback",
        "start[1]/boot",
        "start[1]/boot/rollback",
        "announce",
    ]
    assert steps.count(">undoes <code>boot</code><") == 2
    panel = page(alice, f"/runs/{undone.pk}?part=panel&node=reserve/rollback")
    assert "<dt>Undoes</dt>" in panel
    assert "Undone by" in page(alice, f"/runs/{undone.pk}?part=panel&node=reserve")
    Execution.objects.filter(path="reserve/rollback").delete()
    assert "undoes reserve" not in page(alice, f"/runs/{undone.pk}")
    assert "Undone by" not in page(alice, f"/runs/{undone.pk}?part=panel&node=reserve")
    assert "no such step" in page(alice, f"/runs/{undone.pk}?part=panel&node=reserve/rollback")


def test_what_could_not_be_undone_is_named_and_is_not_the_reason(
    alice: Client, undone: Run
) -> None:
    Execution.objects.filter(path="reserve/rollback").update(status="failed")
    html = page(alice, f"/runs/{undone.pk}?part=head")
    assert "announce</code></a> failed: no such address. Not undone: reserve." in html


def test_rounds_of_a_validation_are_cells_and_each_is_reachable(
    alice: Client, waiting: Run
) -> None:
    html = page(alice, f"/runs/{waiting.pk}?node=check")
    assert ">check ×2</text>" in html
    assert "1 not passed · 1 passed" in html
    assert html.count('class="cell-missed"') == 1
    assert "passed after 2 rounds" in html
    for path in ("check%5B0%5D%2Fcheck", "check%5B0%5D%2Ffix", "check%5B1%5D%2Fcheck"):
        assert f"node={path}" in html
        assert "no such step" not in page(alice, f"/runs/{waiting.pk}?part=panel&node={path}")


def test_a_validation_is_read_stage_by_stage(alice: Client, waiting: Run) -> None:
    html = page(alice, f"/runs/{waiting.pk}?part=panel&node=check[0]/check")
    assert "Checks <small>not passed</small>" in html
    stages = re.findall(r'<code>(\w+)</code> <span class="muted">([^<]+)</span>', html)
    assert stages == [
        ("format", "passed"),
        ("lint", "failed"),
        ("test", "skipped: prior stage failed"),
    ]
    assert "<code>src/a.py:12:</code> F401 `os` imported but unused" in html
    assert "<li>1 error in 40 files</li>" in html
    assert '"stage_results"' in html  # the JSON is there as well


def test_what_agents_used_stands_with_the_attempt_and_with_the_run(
    alice: Client, waiting: Run
) -> None:
    html = page(alice, f"/runs/{waiting.pk}?part=head")
    assert "24,800 in · 2,620 out · cost 0.023" in html
    panel = page(alice, f"/runs/{waiting.pk}?part=panel&node=notes")
    assert "small-2 · 12,400 in · 1,310 out · cost 0.023" in panel


def test_a_waiting_timer_says_until_when(alice: Client, waiting: Run) -> None:
    html = page(alice, f"/runs/{waiting.pk}?node=settle")
    assert ">waits for</text>" in html
    assert re.search(r'data-until="[^"]+">\d:\d\d</text>', html)
    assert re.search(r"Waits until <b><time [^>]+>[^<]+ UTC</time></b>", html)
    assert re.search(r"settle</code></a> waits until <time ", html)


def test_a_timer_that_is_due_has_no_milliseconds_left(
    alice: Client, waiting: Run, now: datetime
) -> None:
    Execution.objects.filter(run=waiting, path="settle").update(due_at=now - timedelta(minutes=1))
    html = page(alice, f"/runs/{waiting.pk}?node=settle")
    assert html.count(">0 s</span> left") == 2
    assert re.search(r'data-until="[^"]+">0 s</text>', html)
    assert ">0 ms<" not in html


def test_the_question_and_its_form_stand_in_the_panel(
    alice: Client, waiting: Run, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(10):
        html = page(alice, f"/runs/{waiting.pk}?node=deploy")
    assert "Release v1.4.0 to everybody?" in html
    assert "Waits for a decision: " in html
    assert f'action="/runs/{waiting.pk}/approvals/deploy"' in html
    assert '<option value="stable" selected>' in html
    assert '<option value="true" selected>' in html
    assert re.search(r'name="field.percent" type="number"[^>]* required', html)
    assert re.search(r'<textarea [^>]*name="field.extra"', html)
    assert 'value="approve"' in html
    assert 'value="reject" data-hold="reject" formnovalidate' in html


def test_who_may_not_decide_sees_who_may(charlie: Client, waiting: Run) -> None:
    html = page(charlie, f"/runs/{waiting.pk}?node=deploy")
    assert "You may not decide about this. <b>operator</b> may." in html
    assert "data-decide>" not in html
    assert (
        charlie.post(f"/runs/{waiting.pk}/approvals/deploy", {"decision": "approve"}).status_code
        == 403
    )
    assert Execution.objects.get(path="deploy").status == "waiting"


def test_the_list_says_what_a_run_waits_for(alice: Client, waiting: Run) -> None:
    assert "waits for a decision: deploy" in page(alice, "/runs")
    Execution.objects.filter(path="deploy").update(status="succeeded")
    assert re.search(r"waits until [^<]+ UTC: settle", page(alice, "/runs"))


def test_a_run_that_succeeded_over_failures_says_so_in_words(alice: Client, waiting: Run) -> None:
    Run.objects.filter(pk=waiting.pk).update(status="succeeded", status_reason="")
    assert "2 failures handled" in page(alice, "/runs")
    html = page(alice, f"/runs/{waiting.pk}")
    assert "2 steps failed, and the run went on from that." in html
    assert "p-bad" not in html


def test_the_steps_say_what_was_handled_and_what_waits(alice: Client, waiting: Run) -> None:
    html = page(alice, f"/runs/{waiting.pk}?tab=steps")
    assert html.count("Failed (handled)") == 2
    assert "handles `sign`" in html
    assert "waits for a decision: Release v1.4.0 to everybody?" in html
    assert "`notes` did not fail" in html


@pytest.mark.parametrize("by_script", [True, False])
def test_a_refused_decision_keeps_the_run_waiting_and_says_why(
    alice: Client, waiting: Run, by_script: bool
) -> None:
    address = f"/runs/{waiting.pk}/approvals/deploy"
    sent = {"decision": "approve", "field.percent": "many"}
    headers = {"HX-Request": "true"} if by_script else {}
    answer = alice.post(address, sent, headers=headers, follow=True)
    said = unescape(answer.content.decode())
    assert "`percent` must be a whole number" in said
    assert answer.status_code == (422 if by_script else 200)
    assert alice.post(address, {}, headers=headers).status_code == (422 if by_script else 302)
    assert Execution.objects.get(path="deploy").status == "waiting"


def test_a_decision_is_kept_and_shown_with_who_made_it(alice: Client, waiting: Run) -> None:
    address = f"/runs/{waiting.pk}/approvals/deploy"
    sent = {"decision": "approve", "field.percent": "5", "field.extra": "", "comment": "go"}
    answer = alice.post(address, sent)
    assert answer["Location"] == f"/runs/{waiting.pk}?node=deploy"
    html = page(alice, f"/runs/{waiting.pk}?node=deploy")
    assert re.search(r"Approved by <b>alice</b> <time [^>]*>now</time>: go", html)
    assert "data-decide>" not in html
    assert "Waits for a decision" not in html
    decision = Execution.objects.get(path="deploy").tries[-1]["decision"]
    assert decision["values"] == {
        "channel": "stable",
        "percent": 5,
        "notify": True,
        "extra": None,
    }
    again = alice.post(address, sent, headers={"HX-Request": "true"})
    assert again.status_code == 409
    assert "does not wait" in again.content.decode()


def test_a_decision_from_another_site_is_refused(waiting: Run, alice: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = alice.cookies
    answer = strict.post(f"/runs/{waiting.pk}/approvals/deploy", {"decision": "reject"})
    assert answer.status_code == 403
    assert Execution.objects.get(path="deploy").status == "waiting"
