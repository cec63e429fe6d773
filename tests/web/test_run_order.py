"""The run list is in the order of time, also with ids that clients chose."""

import re
from dataclasses import replace
from datetime import datetime

import pytest
from django.test import Client

from runs import ids
from runs.cli.backend import find_run
from runs.cli.here import Here
from runs.cli.refusals import CliRefusal
from runs.live.watch import Subscription
from runs.models import Run
from runs.projections.event_feed import newest_run_ids
from runs.projections.run_filter import RunFilter
from runs.projections.run_list import PAGE, ids_of, run_list
from tests.browser.rows import add, make_run

SDK = "run_20261121_093000_ab12cd34"  # as the package of AgentField makes them
ODD = "My.nightly:2026-11-21"


def shown(client: Client, query: str = "") -> list[str]:
    html = client.get(f"/runs{query}").content.decode()
    return re.findall(r'<tr id="row-[^"]+" data-run="([^"]+)"', html)


def linked(client: Client, query: str, rel: str) -> str:
    html = client.get(f"/runs{query}").content.decode()
    found = re.search(rf'href="/runs([^"]*)" rel="{rel}"', html)
    return found[1].replace("&amp;", "&") if found else ""


@pytest.fixture
def mixed(db: None, now: datetime) -> list[str]:
    """Ids of every second run are of a client's choice; newest first."""
    made = []
    for n in range(PAGE * 2):
        chosen = f"run_2026112{n % 10}_{n}.x:y-z" if n % 2 else None
        fields = {"status": "succeeded", "took": 1, "ago": 3600 - n}
        made.append(make_run("alpha", now, id=chosen, **fields).pk)
    return made[::-1]


def test_an_older_run_of_a_clients_id_stands_below_a_newer_one(
    alice: Client, now: datetime
) -> None:
    old = make_run("alpha", now, id=SDK, status="failed", took=1, ago=60).pk
    new = make_run("alpha", now, status="succeeded", took=1, ago=30).pk
    assert shown(alice) == shown(alice, "?workflow=alpha") == [new, old]
    assert shown(alice, f"?part=rows&ids={old},{new}") == [new, old]
    assert newest_run_ids() == ids_of(RunFilter(), 9, now) == [new, old]
    page = alice.get("/workflows").content.decode()
    assert f'href="/runs/{new}"' in page.partition("last-runs")[2].partition("</a>")[0]
    assert alice.get(f"/compare?ids={new}&ids={old}")["Location"] == f"/runs/{old}/compare/{new}"


def test_pages_lead_over_every_border_and_back(
    alice: Client, mixed: list[str], now: datetime
) -> None:
    assert (first := shown(alice)) == mixed[:PAGE]
    older = linked(alice, "", "next")
    assert older == f"?before={mixed[PAGE - 1].replace(':', '%3A')}"
    assert shown(alice, older) == mixed[PAGE:]
    assert shown(alice, linked(alice, older, "prev")) == first
    for n in (0, 1, PAGE, PAGE + 1):
        (newer, own), asked = mixed[n : n + 2], RunFilter.of("status:succeeded")
        behind = run_list(replace(asked, before=newer), now).rows
        above = run_list(replace(asked, after=own), now).rows
        assert (behind[0].id, above[-1].id) == (own, newer)


def test_a_mark_goes_on_when_its_run_was_deleted(
    alice: Client, mixed: list[str], now: datetime
) -> None:
    # Rows that were made when their ids were.
    made = [make_run("beta", datetime.now(now.tzinfo), status="failed", ago=0).pk for _ in range(3)]
    Run.objects.filter(pk=made[1]).delete()
    assert shown(alice, f"?before={made[1]}") == [made[0], *mixed[: PAGE - 1]]
    assert shown(alice, f"?after={made[1]}") == [made[2]]
    # Of a client's id nobody knows the time: the page says so and leads to the newest.
    Run.objects.filter(pk=mixed[0]).delete()
    assert (
        "Those that stood here are gone" in alice.get(f"/runs?before={mixed[0]}").content.decode()
    )


def test_what_is_new_is_counted_by_time(alice: Client, now: datetime) -> None:
    make_run("alpha", now, id=SDK, status="failed", took=1, ago=60)
    newest = make_run("alpha", now, status="failed", took=1, ago=30).pk
    news = f"/runs?part=news&newest={newest}"
    assert "new run" not in alice.get(news).content.decode()
    make_run("alpha", now, id=ODD, status="failed", took=1, ago=10)
    assert "1 new run" in alice.get(news).content.decode()


def test_a_list_is_told_of_a_newer_run_and_an_empty_one_not_for_ever() -> None:
    def told(newest: str, *polls: list[str]) -> list[bool]:
        one = Subscription({}, newest)
        answers = []
        for poll in polls:
            one.offer({}, poll, {})
            answers.append(one.take()[1])
        return answers

    ours = ids.run_id()
    assert told(ours, [ours, SDK]) == [False]  # an id above, a run below
    assert told(SDK, [ours, SDK], [ours, SDK]) == [True, False]
    assert told("0", [], [SDK]) == [False, True]  # there was no run at all
    assert told("0", [SDK]) == [True]
    assert told("", [ours, SDK], [ours, SDK], [ODD, ours, SDK]) == [False, False, True]
    assert told(ours, []) == [False]  # all were deleted


@pytest.mark.parametrize("chosen", [SDK, ODD])
def test_every_page_of_a_run_takes_its_id(alice: Client, now: datetime, chosen: str) -> None:
    run = make_run("alpha", now, id=chosen, status="failed", took=1)
    add(run, "one", "shell", "failed", now, took=1, output={"a": 1})
    other = make_run(
        "alpha", now, id=f"{chosen}-2", status="failed", took=1, source=run, kind="fork"
    )
    tabs = ("graph", "timeline", "steps", "io", "log", "checkpoints", "lineage", "events")
    for where in (
        *(f"?tab={tab}" for tab in tabs), "?node=one", "?part=head", "/graph.svg", "/input",
        "/output?node=one", "/log", "/fork", "/restart?from=one", "/check",
        f"/compare/{other.pk}",
    ):  # fmt: skip
        answer = alice.get(f"/runs/{chosen}{where}")
        assert answer.status_code == 200, where
    assert shown(alice, f"?q={chosen[:10]}") == [other.pk, chosen]
    assert shown(alice, f"?source={chosen}") == [other.pk]
    suggested = alice.get("/runs/suggest", {"word": f"source:{chosen}"}).json()["items"]
    assert {one["value"] for one in suggested} == {f"source:{chosen}", f"source:{other.pk}"}


def test_the_command_line_lists_by_time_and_takes_any_id(db: None, now: datetime) -> None:
    side = Here()
    for chosen, ago in ((SDK, 60), (ODD, 50), ("n1", 40)):
        make_run("alpha", now, id=chosen, status="failed", took=1, ago=ago)
    ours = make_run("alpha", now, status="succeeded", took=1, ago=30).pk
    assert [one["id"] for one in side.list_runs()] == [ours, "n1", ODD, SDK]
    for given, found in (
        ("@last", ours), (SDK, SDK), (SDK[:-1], SDK), (ODD, ODD), ("n1", "n1"), (ours, ours),
        (ours[4:], ours), (ours[:-1], ours), ("run_zzzzzzzzzzzzzz", "run_zzzzzzzzzzzzzz"),
    ):  # fmt: skip
        assert find_run(side, given) == found
    for given in ("n2", "run_1", "run_20261122", "a/b"):
        with pytest.raises(CliRefusal):
            find_run(side, given)
