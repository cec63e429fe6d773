"""The run list: rows, filters, paging, empty states, and what it costs."""

from datetime import datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from runs.actor import SYSTEM
from runs.operations.golden import mark_golden
from runs.projections.run_filter import RunFilter
from runs.projections.run_list import PAGE, ids_of
from tests.browser.rows import make_run
from tests.browser.sample_runs import everything

HOSTILE = "<script>alert(1)</script>\"'&"


def page(client: Client, address: str = "/runs") -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_a_stranger_is_sent_to_the_sign_in_page(db: None) -> None:
    answer = Client().get("/runs")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in")


def test_an_empty_list_says_how_to_begin(alice: Client) -> None:
    html = page(alice)
    assert "No runs yet" in html
    assert "maverick run" in html


def test_a_row_shows_status_chips_progress_and_times(alice: Client, now: datetime) -> None:
    source = make_run("ship", now, status="failed", took=3)
    run = make_run(
        "ship",
        now,
        status="succeeded",
        took=298,
        kind="restart",
        source=source,
        golden_name="good",
        n_total=29,
        n_succeeded=29,
        n_reused=15,
        created_by="mira.k",
    )
    html = page(alice)
    assert run.pk in html
    assert f"/runs/{source.pk}" in html
    for word in (
        "Succeeded",
        "Restarted",
        "Golden",
        "4 min 58 s",
        "15 reused",
        "mira.k",
        "1 min ago",
    ):
        assert word in html, word


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("?status=failed", "alpha", "beta"),
        ("?workflow=beta", "beta", "alpha"),
        ("?chip=golden", "beta", "alpha"),
        ("?q=alp", "alpha", "beta"),
        ("?status=succeeded&q=bet", "beta", "alpha"),
    ],
)
def test_filters_are_in_the_address(
    alice: Client, now: datetime, query: str, shown: str, hidden: str
) -> None:
    make_run("alpha", now, status="failed", took=1)
    make_run("beta", now, status="succeeded", took=1, golden_name="")
    html = page(alice, f"/runs{query}")
    assert f'title="{shown}"' in html
    assert f'title="{hidden}"' not in html


@pytest.mark.parametrize(("kind", "word"), [("restart", "Restarted"), ("fork", "Forked")])
def test_the_chip_of_a_row_leads_to_the_source_and_beside_it_to_the_comparison(
    alice: Client, now: datetime, kind: str, word: str
) -> None:
    source = make_run("ship", now, status="failed", took=3)
    run = make_run("ship", now, status="succeeded", took=3, kind=kind, source=source)
    html = page(alice)
    assert f'href="/runs/{source.pk}" title="{word} from {source.pk}"' in html
    compare = f'href="/runs/{source.pk}/compare/{run.pk}"'
    assert html.count(compare) == 1
    assert f'aria-label="Compare with {source.pk}"' in html


def test_the_chip_of_a_row_whose_source_was_deleted_says_so(alice: Client, now: datetime) -> None:
    make_run("ship", now, status="succeeded", took=3, kind="restart")
    html = page(alice)
    assert 'title="Restarted from a deleted run"' in html
    assert 'from "' not in html
    assert "/compare/" not in html


def test_golden_runs_are_found_by_their_tag(alice: Client, now: datetime) -> None:
    for name, tags in (("alpha", ["nightly", "eu"]), ("beta", ["weekly"])):
        mark_golden(make_run(name, now, status="succeeded", took=1).pk, by=SYSTEM, tags=tags)
    html = page(alice, "/runs?tag=nightly")
    assert 'title="alpha"' in html
    assert 'title="beta"' not in html
    assert "<b>tag:</b><i>nightly</i>" in html
    assert 'name="tag" value="nightly"' in html
    assert "<code>tag:night</code> there would be 2 run" in page(alice, "/runs?tag=night")
    assert RunFilter.of("tag:eu").query() == "?tag=eu"
    ids = ids_of(RunFilter.of("tag:weekly"), 9, now)
    assert len(ids) == 1


def test_a_run_is_found_by_the_beginning_of_its_id(alice: Client, now: datetime) -> None:
    run = make_run("alpha", now, status="failed", took=1)
    assert f'id="row-{run.pk}"' in page(alice, f"/runs?q={run.pk[:-1]}")


def test_when_nothing_matches_the_filter_in_the_way_is_named(alice: Client, now: datetime) -> None:
    make_run("alpha", now, status="failed", took=1)
    html = page(alice, "/runs?status=timeout&workflow=alpha")
    assert "No run matches these 2 filters" in html
    assert "<code>status:timeout</code> there would be 1 run" in html


def test_pages_lead_to_older_and_newer_runs(alice: Client, now: datetime) -> None:
    runs = [make_run("alpha", now, status="succeeded", took=1) for _ in range(PAGE + 3)]
    first = page(alice)
    assert f'id="row-{runs[-1].pk}"' in first
    assert f'id="row-{runs[0].pk}"' not in first
    older = page(alice, f"/runs?before={runs[3].pk}")
    assert f'id="row-{runs[0].pk}"' in older
    assert f'id="row-{runs[3].pk}"' not in older
    assert f"after={runs[2].pk}" in older
    newer = page(alice, f"/runs?after={runs[2].pk}")
    assert f'id="row-{runs[3].pk}"' in newer
    assert f'id="row-{runs[2].pk}"' not in newer


@pytest.mark.parametrize(
    "query", ["", "?status=failed&q=fly", "?chip=golden", "?workflow=fly-beads"]
)
def test_the_list_takes_six_queries_at_most(
    alice: Client, now: datetime, query: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    everything(now)
    with django_assert_max_num_queries(6):
        page(alice, f"/runs{query}")


def test_hostile_names_and_reasons_are_only_text(alice: Client, now: datetime) -> None:
    make_run(
        HOSTILE,
        now,
        status="failed",
        took=1,
        status_reason=f"step-failed: {HOSTILE}",
        created_by=HOSTILE,
        golden_name=HOSTILE,
        yaml="version: '1.0'",
    )
    html = page(alice) + page(alice, "/runs?q=" + HOSTILE) + page(alice, "/workflows")
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    "query",
    [
        "?status=nope",
        "?before=%00",
        "?after=zzz",
        "?chip=<b>",
        "?q=%00%00",
        "?q=zzz",
        "?q=run_zzz",
        "?before=" + 9 * "9",
    ],
)
def test_odd_addresses_are_answered(alice: Client, now: datetime, query: str) -> None:
    make_run("alpha", now, status="failed", took=1)
    page(alice, f"/runs{query}")


def test_a_fragment_is_a_part_of_the_page(alice: Client, now: datetime) -> None:
    run = make_run("alpha", now, status="failed", took=1)
    rows = page(alice, f"/runs?part=rows&ids={run.pk},run_gone")
    assert f'id="row-{run.pk}"' in rows
    assert "<html" not in rows
    assert "<html" not in page(alice, "/runs?part=list")


def test_a_filter_drops_only_itself() -> None:
    asked = RunFilter.from_query({"status": ["failed"], "q": ["x"], "chip": ["golden"]})
    assert [one.without for one in asked.filters] == [
        "?golden=yes&q=x",
        "?status=failed&q=x",
        "?status=failed&golden=yes",
    ]
