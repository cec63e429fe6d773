"""The restart preview: the graph as it will be, the reasons in groups, and exactly that committed."""

import re
from datetime import datetime

import pytest
from django.test import Client

from runs.models import Execution, Run
from tests.browser.rows import add, make_run
from tests.web.test_run_page import page

Pair = tuple[Run, Run]
ASKS = """\
version: "1.0"
name: asks
steps:
  - {name: a, type: python, action: text.join}
  - {name: tell, type: python, action: text.join, effect: ask}
  - {name: pay, type: python, action: text.join, effect: once}
  - {name: last, type: python, action: text.join}
  - {name: maybe, type: python, action: text.join, when: steps.last.output}
"""


@pytest.fixture
def asks(db: None, now: datetime) -> Run:
    run = make_run("asks", now, ago=60, status="failed", yaml=ASKS, n_total=5, n_succeeded=3)
    for n, (name, took) in enumerate({"a": 4, "tell": 2, "pay": 3}.items()):
        add(run, name, "python", "succeeded", now, took=took, after=n, position=n)
    add(run, "last", "python", "failed", now, took=1, after=9, position=3)
    return run


def test_the_graph_is_the_plan(alice: Client, asks: Run) -> None:
    html = page(alice, f"/runs/{asks.pk}/restart")
    assert 'data-mode="preview"' in html
    found = dict(re.findall(r'data-path="(\w+)"[^>]* data-decision="(\w+)"', html))
    assert found == {
        "a": "reuse", "tell": "reuse", "pay": "reuse", "last": "run", "maybe": "unknown",
    }  # fmt: skip
    assert 'aria-label="last, python, will run, ~1.0 s"' in html
    assert "style=" not in html


def test_counter_and_reasons_say_what_the_api_says(alice: Client, asks: Run) -> None:
    html = page(alice, f"/runs/{asks.pk}/restart")
    counter = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split('class="counter"')[1][:600]))
    assert "3 reused 1 run 1 unknown saves 9.0 s" in counter
    told = html[html.index('aria-label="Why"') :]
    order = [told.index(title) for title in ("Will run", "Not known yet", "Reused")]
    assert order == sorted(order)
    assert "Failed last time." in told
    assert "Depends on <code>last</code>, which runs again; its condition decides." in told
    assert "about 1.0 s" in told
    assert "4.0 s saved" in told


def test_the_reason_of_a_restart_is_asked_for_and_recorded(alice: Client, asks: Run) -> None:
    page = f"/runs/{asks.pk}/restart"
    text = alice.get(f"{page}?reason=as+it+was").content.decode()
    assert 'form="start" name="reason" value="as it was"' in text
    plan = re.search(r'name="plan_id" value="(\w+)"', text)
    assert plan is not None
    sent = {"plan_id": plan[1], "reuse": "all-succeeded", "reason": " the network is back "}
    made = alice.post(page, sent)
    run = Run.objects.exclude(pk=asks.pk).get()
    assert made["Location"] == f"/runs/{run.pk}"
    assert run.reason == "the network is back"
    assert "the network is back" in alice.get(f"/runs/{run.pk}").content.decode()
    # A preview that is of something else by now keeps what was typed.
    stale = alice.post(page, {**sent, "plan_id": "plan_0", "reason": "a & b"})
    assert stale["Location"].endswith("reason=a+%26+b")


def test_what_is_kept_is_chosen_in_the_address(alice: Client, asks: Run) -> None:
    html = page(alice, f"/runs/{asks.pk}/restart?from=a")
    assert '<option value="unaffected" selected>what does not depend on a</option>' in html
    nothing = page(alice, f"/runs/{asks.pk}/restart?reuse=none")
    assert '<option value="none" selected>nothing</option>' in nothing
    assert "receipt is reused" in nothing
    alone = page(alice, f"/runs/{asks.pk}/restart?from=a&reuse=only")
    assert 'data-path="maybe"' in alone
    assert "Only <code>a</code> runs again." in alone


def test_exactly_what_was_previewed_is_started(alice: Client, asks: Run) -> None:
    html = page(alice, f"/runs/{asks.pk}/restart")
    form = dict(
        re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html.split('id="start"')[1][:900])
    )
    for _ in range(2):  # a double press
        answer = alice.post(f"/runs/{asks.pk}/restart", form)
        assert answer.status_code == 302
    (made,) = Run.objects.filter(source=asks)
    assert answer["Location"] == f"/runs/{made.pk}"
    assert made.n_reused == 3


def test_a_stale_preview_gives_a_new_one(alice: Client, asks: Run) -> None:
    old = {"plan_id": "plan_old", "from": "a", "reuse": "unaffected", "key": "k"}
    answer = alice.post(f"/runs/{asks.pk}/restart", old, follow=True)
    assert answer.redirect_chain[0][0] == f"/runs/{asks.pk}/restart?from=a&reuse=unaffected"
    assert "Something has changed since this preview" in answer.content.decode()
    assert not Run.objects.filter(source=asks).exists()


def test_what_asks_is_named_and_confirmed(alice: Client, asks: Run) -> None:
    pressed = alice.post(f"/runs/{asks.pk}/restart", {"from": "a", "key": "k"}, follow=True)
    html = pressed.content.decode()
    assert "<b>tell</b> asks first" in html
    assert re.search(r'name="confirm" value="tell" form="start" required', html)
    assert not Run.objects.filter(source=asks).exists()
    plan = re.search(r'name="plan_id" value="([^"]+)"', html)
    assert plan
    sure = {"from": "a", "reuse": "unaffected", "plan_id": plan[1], "confirm": "tell", "key": "k"}
    alice.post(f"/runs/{asks.pk}/restart", sure)
    assert Run.objects.filter(source=asks).count() == 1


def test_a_viewer_sees_the_preview_and_starts_nothing(charlie: Client, asks: Run) -> None:
    html = page(charlie, f"/runs/{asks.pk}/restart")
    assert "Start restart" not in html
    assert charlie.post(f"/runs/{asks.pk}/restart", {}).status_code == 403


def test_what_cannot_be_previewed_is_said_on_the_run(alice: Client, asks: Run, pair: Pair) -> None:
    for address, said in (
        (f"/runs/{asks.pk}/restart?from=nowhere", "There is no step"),
        (f"/runs/{asks.pk}/restart?reuse=checkpoint", "has saved no checkpoint"),
        (f"/runs/{pair[1].pk}/restart", "cannot be restarted"),
    ):
        answer = alice.get(address, follow=True)
        assert said in answer.content.decode(), address
    assert alice.get("/runs/run_nobody/restart").status_code == 404


def test_turns_that_had_not_begun_are_counted(alice: Client, pair: Pair) -> None:
    run = pair[1]
    Run.objects.filter(pk=run.pk).update(status="failed")
    Execution.objects.filter(run=run, path__startswith="implement[8]").delete()
    Execution.objects.filter(run=run, status__in=["queued", "running"]).update(status="failed")
    html = page(alice, f"/runs/{run.pk}/restart")
    assert "1 more turn that had not begun: 2 steps." in html
    assert "10 reused · 2 run" in html
    again = page(alice, f"/runs/{run.pk}/restart?from=plan")
    assert "How many turns it has is known when it runs." in again
    assert "and more in " in again


def test_turns_are_decided_one_by_one(alice: Client, pair: Pair) -> None:
    run = pair[1]
    Run.objects.filter(pk=run.pk).update(status="failed")
    Execution.objects.filter(run=run, status__in=["queued", "running"]).update(status="failed")
    html = page(alice, f"/runs/{run.pk}/restart")
    assert "11 reused · 1 run" in html
    assert "1 of 12 turns runs" in html
    turn = page(alice, f"/runs/{run.pk}/restart?from=implement[2]&reuse=only")
    assert 'data-path="implement[2]/code"' in turn


def test_the_panel_restarts_from_a_step_a_turn_or_the_step_alone(alice: Client, pair: Pair) -> None:
    failed = pair[0]
    html = page(alice, f"/runs/{failed.pk}?node=implement[11]/validate")
    for said in ("Restart from here", "Rerun node only", "Restart from turn <code>implement[11]"):
        assert said in html
    assert f'href="/runs/{failed.pk}/restart?from=implement%5B11%5D%2Fvalidate"' in html
    alice.post(f"/runs/{failed.pk}/restart", {"from": "plan", "reuse": "only", "key": "k"})
    made = Run.objects.filter(source=failed, kind="restart").latest("id")
    assert made.decisions["*"]["because"] == "plan"


def test_a_turn_is_chosen_in_the_panel_of_its_loop(alice: Client, pair: Pair) -> None:
    failed = pair[0]
    html = page(alice, f"/runs/{failed.pk}?node=implement")
    assert re.search(r'name="turn" type="number" min="0" max="11" value="9" required', html)
    alice.post(f"/runs/{failed.pk}/restart", {"from": "implement", "turn": "2", "key": "k"})
    made = Run.objects.filter(source=failed, kind="restart").latest("id")
    assert made.decisions["implement[2]/code"]["because"] == "chosen to run again"
    never = {"from": "implement", "turn": "40", "key": "k2"}
    answer = alice.post(f"/runs/{failed.pk}/restart", never, follow=True)
    assert "There is no step" in answer.content.decode() or "never ran" in answer.content.decode()


def test_the_panel_says_what_an_effect_means_for_a_restart(alice: Client, asks: Run) -> None:
    once = page(alice, f"/runs/{asks.pk}?node=pay")
    assert "it never happens twice" in once
    assert "Restart from here" not in once
    assert "Before it happens again you are asked" in page(alice, f"/runs/{asks.pk}?node=tell")


def test_the_menu_pauses_and_lets_go_on(alice: Client, pair: Pair) -> None:
    run = pair[1]
    assert f'action="/runs/{run.pk}/pause"' in page(alice, f"/runs/{run.pk}")
    alice.post(f"/runs/{run.pk}/pause")
    run.refresh_from_db()
    assert run.status == "paused"
    assert "Let it go on" in page(alice, f"/runs/{run.pk}")
    alice.post(f"/runs/{run.pk}/pause", {"go_on": "1"})
    run.refresh_from_db()
    assert run.status != "paused"
    over = alice.post(f"/runs/{pair[0].pk}/pause", follow=True)
    assert "has already ended" in over.content.decode()


def test_both_menus_have_every_way_to_recover(alice: Client, asks: Run) -> None:
    for html in (page(alice, f"/runs/{asks.pk}"), page(alice, "/runs")):
        for said in ("Restart run", "Restart preview…", "Fresh rerun", "Pause run", "Cancel run"):
            assert said in html


def test_a_step_that_waits_for_its_next_try_is_tried_now(alice: Client, now: datetime) -> None:
    text = 'version: "1.0"\nname: tries\nsteps:\n  - {name: a, type: shell, run: exit 1}\n'
    run = make_run("tries", now, status="waiting", yaml=text, n_total=1)
    add(run, "a", "shell", "waiting", now, status_reason="retry: exit code 1")
    assert f'action="/runs/{run.pk}/retry/a"' in page(alice, f"/runs/{run.pk}?node=a")
    answer = alice.post(f"/runs/{run.pk}/retry/a", follow=True)
    assert "<b>a</b> is tried now." in answer.content.decode()
    assert Execution.objects.get(run=run, path="a").status == "queued"
    again = alice.post(f"/runs/{run.pk}/retry/a", follow=True)
    assert "does not wait to be tried again" in again.content.decode()
    assert alice.post(f"/runs/{run.pk}/retry/nobody").status_code == 404
