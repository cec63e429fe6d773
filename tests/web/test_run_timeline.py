"""The Timeline tab of a run."""

import re
from datetime import datetime, timedelta

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from runs.models import Execution, Run
from tests.browser import large_runs
from tests.browser.rows import add, make_run

Pair = tuple[Run, Run]


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def paths(html: str) -> list[str]:
    return re.findall(r'<tr data-path="([^"]+)"', html)


def test_every_row_of_the_drawing_stands_in_a_table(alice: Client, pair: Pair) -> None:
    html = page(alice, f"/runs/{pair[1].pk}?tab=timeline")
    for kind in ("b-done", "b-running", "b-failed", "b-ghost", "g-span is-failed"):
        assert f'class="{kind}"' in html, kind
    assert 'class="crit-line"' in html
    assert "9 turns reused, save" in html
    assert "on the critical path" in html
    assert 'aria-label="Gantt chart of' in html
    assert "Critical path, " in html


def test_the_critical_path_strikes_no_words_through(alice: Client, pair: Pair) -> None:
    html = page(alice, f"/runs/{pair[0].pk}?tab=timeline&idle=hide")
    assert html.index('class="crit-line"') < html.index('<text class="before"')


def test_attempts_that_have_times_are_bars_of_their_own(alice: Client, now: datetime) -> None:
    run = make_run("again", now, status="failed", took=60, n_total=1, n_failed=1)
    start = run.started_at
    assert start is not None
    tries = [
        {"n": 1, "outcome": "interrupted", "started_at": start.isoformat()},
        {
            "n": 2,
            "outcome": "failed",
            "started_at": (start + timedelta(seconds=20)).isoformat(),
            "finished_at": (start + timedelta(seconds=30)).isoformat(),
        },
        {"n": 3, "outcome": "failed", "started_at": (start + timedelta(seconds=45)).isoformat()},
    ]
    add(run, "one", "shell", "failed", now, took=60, tries=tries)
    html = page(alice, f"/runs/{run.pk}?tab=timeline")
    drawn = html.partition('class="g-plot"')[2].partition('class="g-legend"')[0]
    for kind in ("b-lost", "b-retry", "b-wait", "b-failed"):
        assert drawn.count(f'<rect class="{kind}"') == 1, kind
    assert "1: worker lost" in html
    assert "3 tries" in html
    assert "waited 15 s" in html


def test_loops_open_and_close_by_the_address(alice: Client, pair: Pair) -> None:
    here = f"/runs/{pair[1].pk}?tab=timeline"
    closed = page(alice, f"{here}&rows=none")
    assert "implement[9]/code" not in paths(closed)
    assert 'aria-expanded="false"' in closed
    one = page(alice, f"{here}&rows=none&open=implement&open=implement%5B9%5D")
    assert "implement[9]/code" in paths(one)
    assert "implement[10]/code" not in paths(one)
    everything = page(alice, f"{here}&rows=all")
    assert "implement[0]/code" in paths(everything)
    # What is around the chosen step is open.
    chosen = page(alice, f"{here}&rows=none&node=implement%5B11%5D%2Fvalidate")
    assert "implement[11]/validate" in paths(chosen)
    assert re.search(r'data-path="implement\[11\]/validate"[^>]* aria-selected="true"', chosen)


def test_what_is_asked_for_is_hidden_and_found(alice: Client, pair: Pair) -> None:
    here = f"/runs/{pair[1].pk}?tab=timeline"
    plain = page(alice, here)
    assert "preflight" in paths(plain)
    assert "preflight" not in paths(page(alice, f"{here}&reused=hide"))
    assert 'class="crit-line" d="M' not in page(alice, f"{here}&critical=hide").replace(
        'd="M0 6h26"', ""
    )
    assert paths(page(alice, f"{here}&q=DOCS"))[0] == "docs_needed"
    assert "No step is called like" in page(alice, f"{here}&q=%3Cscript%3E")
    assert "<script>" not in page(alice, f"{here}&q=%3Cscript%3E").partition("<main")[2]


def test_idle_time_is_cut_out_on_demand(alice: Client, now: datetime) -> None:
    run = make_run("slow", now, status="succeeded", ago=90_000, took=86_400, n_total=3)
    add(run, "one", "shell", "succeeded", now, took=60)
    add(run, "ask", "approval", "succeeded", now, after=60, took=86_280, position=1)
    add(run, "two", "shell", "succeeded", now, after=86_340, took=60, position=2)
    here = f"/runs/{run.pk}?tab=timeline"
    assert 'class="g-cut"' not in page(alice, here)
    cut = page(alice, f"{here}&idle=hide")
    assert cut.count('class="g-cut"') == 1
    assert "23 h 58 min without work" in cut
    widths = [
        float(w) for w in re.findall(r'class="b-done" x="[\d.]+%" y="[\d.]+" width="([\d.]+)', cut)
    ]
    assert min(widths) > 40


def test_the_tab_asks_six_times_at_most_and_a_thousand_steps_are_fast(
    alice: Client, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = large_runs.chain(now)
    page(alice, f"/runs/{run.pk}?tab=timeline")  # the definition is read once a process
    with django_assert_max_num_queries(6):
        html = page(alice, f"/runs/{run.pk}?tab=timeline")
    assert len(paths(html)) == 1000
    assert len(html) < 1_500_000


def test_ten_thousand_executions_begin_as_three_rows(alice: Client, now: datetime) -> None:
    run = large_runs.one_loop(now)
    assert Execution.objects.filter(run=run).count() == 9999
    assert paths(page(alice, f"/runs/{run.pk}?tab=timeline")) == ["before", "turns", "after"]
    opened = page(alice, f"/runs/{run.pk}?tab=timeline&open=turns")
    assert len(paths(opened)) == 1000
    assert "from=1000" in opened


def test_nonsense_in_the_address_is_no_error(alice: Client, pair: Pair) -> None:
    here = f"/runs/{pair[1].pk}?tab=timeline"
    for query in ("zoom=99", "zoom=²", "from=-1", "from=99999999999999999999", "open=", "rows=x"):
        page(alice, f"{here}&{query}")
