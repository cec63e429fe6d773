"""The search over the list: every key, exclusion, suggestions, mistakes, chart, columns, news."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from runs.models import AgentCall, Run
from tests.browser.rows import make_run

RUNS = ("alpha", "beta", "probe-1", "gamma")


@pytest.fixture
def runs(db: None, now: datetime) -> dict[str, Run]:
    first = make_run("alpha", now, status="failed", took=1, ago=3 * 86400, created_by="alice")
    made = {
        "alpha": first,
        "beta": make_run("beta", now, status="succeeded", took=1, golden_name="good one"),
        "probe-1": make_run("probe-1", now, status="running", labels={"env": "my prod"}),
        "gamma": make_run(
            "gamma", now, status="timeout", took=2, kind="fork", source=first, labels={"env": "dev"}
        ),
    }
    AgentCall.objects.create(
        id="exec_1", run=made["beta"], execution_id="exec_1", role="root", number=1,
        node="writer", name="draft", kind="reasoner", match_key="", created_at=now,
    )  # fmt: skip
    return made


def shown(client: Client, query: str) -> str:
    html = client.get(f"/runs{query}").content.decode()
    found = re.findall(
        r'<tr id="row-[^"]+".*?<div class="wf"><a href="[^"]+" title="([^"]+)"', html, re.S
    )
    return " ".join(sorted(found))


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("status:failed,timeout", "alpha gamma"),
        ("-status:failed", "beta gamma probe-1"),
        ("status:failed -status:failed", ""),
        ("workflow:alpha", "alpha"),
        ("workflow:*a", "alpha beta gamma"),
        ("-workflow:probe-*", "alpha beta gamma"),
        ("workflow:none-*", ""),
        ("kind:fork", "gamma"),
        ("kind:plain", "alpha beta probe-1"),
        ("-kind:fork workflow:*a", "alpha beta"),
        ("golden:yes", "beta"),
        ("golden:no", "alpha gamma probe-1"),
        ('golden:"good one"', "beta"),
        ("label:env", "gamma probe-1"),
        ('label:"env=my prod"', "probe-1"),
        ("label:env -label:env=dev", "probe-1"),
        ("-label:env", "alpha beta"),
        ("label:env=nowhere", ""),
        ("agent:writer", "beta"),
        ("-agent:writer status:succeeded", ""),
        ("by:me", "alpha"),
        ("by:alice", "alpha"),
        ("started:<24h", "beta gamma probe-1"),
        ("started:>24h", "alpha"),
        ("-started:<24h", "alpha"),
        ("alp", "alpha"),
        ("alp status:running", ""),
    ],
)
def test_every_key_finds_what_it_says(
    alice: Client, runs: dict[str, Run], search: str, found: str
) -> None:
    from urllib.parse import quote

    assert shown(alice, "?" + RunFilterOf(search)) == found
    assert shown(alice, f"?q={quote(search)}") == found


def RunFilterOf(search: str) -> str:
    from runs.projections.run_filter import RunFilter

    return RunFilter.of(search).query().lstrip("?")


def test_a_source_finds_what_was_started_from_it(alice: Client, runs: dict[str, Run]) -> None:
    assert shown(alice, f"?source={runs['alpha'].pk}") == "gamma"


def test_six_queries_at_most_with_every_filter_also_when_nothing_is_found(
    alice: Client,
    runs: dict[str, Run],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for query in (
        "?q=alp&workflow=*a&label=env&agent=writer&started=<24h&golden=yes&by=me&kind=fork",
        "?q=alp&view=7",
        "?-workflow=probe-*",
        "?started=>24h",
    ):
        with django_assert_max_num_queries(6):
            assert alice.get(f"/runs{query}").status_code == 200


def test_older_runs_of_a_time_are_paged_both_ways(alice: Client, now: datetime) -> None:
    made = [
        make_run("alpha", now, status="succeeded", took=1, ago=90_000 + n // 3) for n in range(30)
    ]
    first = alice.get("/runs?started=>24h").content.decode()
    older = re.search(r'href="/runs(\?[^"]+)" rel="next"', first)
    assert older is not None
    second = alice.get("/runs" + older[1].replace("&amp;", "&")).content.decode()
    ids = re.findall(r'id="row-(run_\w+)"', first) + re.findall(r'id="row-(run_\w+)"', second)
    assert len(ids) == len(set(ids)) == len(made)
    newer = re.search(r'href="/runs(\?[^"]+)" rel="prev"', second)
    assert newer is not None
    back = alice.get("/runs" + newer[1].replace("&amp;", "&")).content.decode()
    assert re.findall(r'id="row-(run_\w+)"', back) == ids[:25]


def test_a_mistake_is_told_and_left_out(alice: Client, runs: dict[str, Run]) -> None:
    html = alice.get("/runs?q=status:faild+alp").content.decode()
    assert "<code>status:faild</code> status is one of queued" in html
    assert 'title="alpha"' in html
    # What is not understood must not widen what a button does.
    sent = {"action": "cancel", "query": "?status=faild&workflow=alpha", "all": "1", "sure": "1"}
    answer = alice.post("/runs/bulk", sent, follow=True).content.decode()
    assert "status is one of queued" in answer
    assert "Nothing was done" in answer


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("sta", "status:"),
        ("status:f", "status:failed"),
        ("-status:f", "-status:failed"),
        ("wor", "workflow:"),
        ("workflow:bet", "workflow:beta"),
        ("bet", "workflow:beta"),
        ("label:env=m", 'label:"env=my prod"'),
        ("by:al", "by:alice"),
        ("by:m", "by:me"),
        ("kind:fo", "kind:fork"),
        ("started:<2", "started:<24h"),
        ("golden:y", "golden:yes"),
    ],
)
def test_a_word_is_completed(alice: Client, runs: dict[str, Run], word: str, first: str) -> None:
    items = alice.get("/runs/suggest", {"word": word}).json()["items"]
    assert items[0]["value"] == first, items
    assert items[0]["says"]
    assert len(items) <= 10


def test_the_chart_tells_itself_in_words_and_its_bars_filter(
    alice: Client, runs: dict[str, Run], now: datetime
) -> None:
    html = alice.get("/runs").content.decode()
    assert 'aria-label="3 runs started, 1 failed. Most: 3 at' in html
    bar = re.search(
        r'<a href="/runs(\?started=[^"]+)" tabindex="-1" aria-label="[^"]+: 3 runs, 1 failed"', html
    )
    assert bar is not None
    assert html.count('class="bar-bad"') == html.count('class="bar-cross"') == 1
    assert shown(alice, bar[1].replace("&amp;", "&")) == "beta gamma probe-1"
    assert "per day" in alice.get("/runs?started=<30d").content.decode().lower()
    assert "style=" not in html
    # A bar leads to as many runs as it shows, those of this very minute among them; and there
    # bars are shorter, down to a minute.
    assert "per minute" in alice.get("/runs" + bar[1].replace("&amp;", "&")).content.decode()
    minute = re.search(
        r'<a href="/runs(\?started=[^"]+)" tabindex="-1" aria-label="[^"]+: 3 runs',
        alice.get("/runs?started=<20min").content.decode(),
    )
    assert minute is not None
    assert shown(alice, minute[1].replace("&amp;", "&")) == "beta gamma probe-1"
    make_run("zeta", now, ago=0, status="queued")
    html = alice.get("/runs").content.decode()
    bars = re.findall(r'<a href="/runs(\?started=[^"]+)" tabindex="-1" aria-label="[^"]+ run', html)
    assert "zeta" in shown(alice, bars[-1].replace("&amp;", "&"))


def test_an_open_list_is_told_what_is_new_and_keeps_its_rows(
    alice: Client, runs: dict[str, Run], now: datetime
) -> None:
    newest = max(run.pk for run in runs.values())
    for _ in range(3):
        make_run("alpha", now + timedelta(seconds=1), status="queued")
    news = alice.get(f"/runs?part=news&newest={newest}").content.decode()
    assert "3 new runs" in news
    assert 'data-totals data-runs="7" data-golden="1"' in news  # for the navigation
    filtered = alice.get("/runs?part=news&status=failed").content.decode()
    assert 'data-totals data-golden="1"' in filtered
    # Another filter is another list, with numbers of its own; one that finds nothing as well.
    assert 'data-totals data-golden="1"' in alice.get("/runs?part=list&q=no").content.decode()
    whole = alice.get("/runs").content.decode()
    assert whole.count("data-total=") == 1  # how many can be selected
    assert 'data-number="runs">7<' in whole
    assert whole.count('data-number="golden">1<') == 2
    Run.objects.filter(workflow_name="beta").delete()
    none = alice.get("/runs?status=failed").content.decode()
    assert 'data-number="runs" hidden><' in none
    assert none.count('data-number="golden" hidden><') == 2  # the first that comes has a place
    assert "<tr" not in news
    assert "2</b><span>" not in news.partition("Queued")[0].rpartition("<a")[2]
    assert (
        "new run"
        not in alice.get(f"/runs?part=news&newest={newest}&status=failed").content.decode()
    )
    assert (
        "new run"
        not in alice.get(f"/runs?part=news&newest={newest}&before={newest}").content.decode()
    )


def test_a_run_that_comes_into_a_list_below_its_newest_is_told_too(
    alice: Client, now: datetime
) -> None:
    slow = make_run("alpha", now, status="running", took=1, ago=600)
    newest = make_run("alpha", now, status="failed", took=1, ago=30).pk
    asks = f"/runs?part=news&status=failed&newest={newest}&had="
    assert "new run" not in alice.get(asks + "1").content.decode()
    Run.objects.filter(pk=slow.pk).update(status="failed")  # it is older than what is shown
    assert "1 new run" in alice.get(asks + "1").content.decode()
    for no_number in ("2", "", "2,000+", "٢", "-1"):
        assert "new run" not in alice.get(asks + no_number).content.decode(), no_number
    # On an older page nothing above is news; in a list that found nothing everything is.
    assert "new run" not in alice.get(asks + f"0&before={newest}").content.decode()
    empty = "/runs?part=news&status=failed&newest=&had=0"
    assert "2 new runs" in alice.get(empty).content.decode()


def test_the_list_is_shown_as_calls_that_a_shell_takes_as_they_are(
    alice: Client, runs: dict[str, Run]
) -> None:
    html = alice.get("/runs?label=env%3Dit's+$(x)").content.decode()
    assert "/api/v1/runs?filter=label%3A%22env%3Dit%27s%20%24%28x%29%22" in html
    assert "maverick runs list --filter" in html
    import html as entities
    import shlex

    command = entities.unescape(re.findall(r"<code>(maverick runs list[^<]*)</code>", html)[0])
    assert shlex.split(command) == [
        "maverick", "runs", "list", "--filter", "label:\"env=it's $(x)\"",
    ]  # fmt: skip


def test_columns_are_kept_for_their_reader_and_an_address_says_otherwise(
    alice: Client, charlie: Client, runs: dict[str, Run]
) -> None:
    assert 'class="c-labels"' not in alice.get("/runs").content.decode()
    answer = alice.post(
        "/runs/columns", {"columns": ["labels", "ended", "x"], "query": "?kind=fork"}
    )
    assert answer["Location"] == "/runs?kind=fork"
    mine = alice.get("/runs").content.decode()
    assert 'class="c-labels"' in mine
    assert 'class="c-by"' not in mine
    assert 'href="/runs?label=env%3Ddev"' in mine
    rows = alice.get(f"/runs?part=rows&ids={runs['gamma'].pk}").content.decode()
    assert 'class="c-labels"' in rows
    assert 'class="c-labels"' not in charlie.get("/runs").content.decode()
    assert 'class="c-labels"' not in alice.get("/runs?columns=by").content.decode()


def test_actions_that_cannot_be_done_say_why(alice: Client, runs: dict[str, Run]) -> None:
    html = alice.get("/runs").content.decode()
    for why in (
        "This run has already ended",
        "This run has not ended yet",
        "Only admins delete runs",
        "Only a run that succeeded can be one",
    ):
        assert why in html, why
