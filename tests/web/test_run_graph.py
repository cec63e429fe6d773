"""The graph of a run as the server draws it: groups, views, search, jumps, and the file."""

import re
from datetime import datetime
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from runs.models import Execution, Run
from tests.browser.rows import add, make_run
from tests.browser.sample_groups import CALLS, groups

HOSTILE = "<img src=x onerror=alert(1)>\"'&\x07"


@pytest.fixture
def run(db: None, now: datetime) -> Run:
    return groups(now)


def ask(client: Client, run: Run, query: str = "", part: str = "graph") -> str:
    answer = client.get(f"/runs/{run.pk}?part={part}&{query}")
    assert answer.status_code == 200, query
    return answer.content.decode()


def drawn(html: str) -> dict[str, str]:
    """The nodes by path: what their links say."""
    found = re.findall(
        r'<a class="node[^"]*"[^>]* data-path="([^"]+)"[^>]* aria-label="([^"]*)"', html
    )
    return dict(found)


def seen(html: str) -> dict[str, list[str]]:
    """The view that the page's address would have."""
    found = re.search(r'data-look="([^"]*)"', html)
    assert found
    return parse_qs(found[1].replace("&amp;", "&"), keep_blank_values=True)


def test_groups_are_closed_and_say_how_it_stands_in_them(alice: Client, run: Run) -> None:
    html = ask(alice, run)
    nodes = drawn(html)
    assert set(nodes) == {"plan", "files", "docs", "last"}
    assert "15 reused · 480 done · 5 failed" in nodes["files"]
    assert "1 done · 1 failed · 1 to come" in nodes["docs"]
    assert f"{CALLS + 3} done" in nodes["plan"]
    body = html.partition('data-path="files"')[2].partition("</a>")[0]
    shares = re.findall(r'<rect class="cell-(\w+)"[^>]* width="([\d.]+)"', body)
    assert [look for look, _ in shares] == ["reused", "done", "failed"]
    assert float(shares[1][1]) > 20 * float(shares[0][1])
    assert html.count('role="button" aria-expanded="false"') == 3


def test_an_opened_loop_shows_forty_turns_and_the_ways_to_the_others(
    alice: Client, run: Run
) -> None:
    html = ask(alice, run, "open=files")
    nodes = drawn(html)
    assert len([path for path in nodes if path.startswith("files[")]) == 80
    assert "in files[39]" in nodes["files[39]/write"]
    assert "0 to 39 of 500" in html
    assert 'data-key="next files"' in html
    assert 'data-key="before files"' not in html
    assert 'aria-expanded="true"' in html
    html = ask(alice, run, "open=files%5B45%5D")
    assert "40 to 79 of 500" in html
    assert seen(html) == {"open": ["files[40]"]}
    assert 'data-key="before files"' in html


def test_every_call_of_an_agent_can_be_reached(alice: Client, run: Run) -> None:
    first, second = (drawn(ask(alice, run, f"open=plan%5B{n}%5D")) for n in (0, 100))
    calls = {path for path in {**first, **second} if path.startswith("plan/")}
    assert len(calls) == CALLS
    assert "3 done" in second["plan/planner.ask~120"]
    inner = drawn(ask(alice, run, "open=plan%5B100%5D&open=plan/planner.ask~120"))
    assert "plan/planner.ask~120/planner.look~2" in inner
    panel = ask(alice, run, "node=plan/planner.ask~120", "panel")
    assert re.search(r"<dt>Call</dt><dd><span[^>]*>planner\.ask</span>", panel)


def test_all_groups_open_at_once_and_one_closes_again(alice: Client, run: Run) -> None:
    nodes = drawn(ask(alice, run, "open=*"))
    assert {"docs/pages[0]/page", "docs/pages[2]/page", "docs/bind"} <= set(nodes)
    html = ask(alice, run, "open=*&close=files")
    assert not [path for path in drawn(html) if path.startswith("files[")]
    assert seen(html) == {"open": ["*"], "close": ["files"]}
    assert set(drawn(ask(alice, run, "open=*&close=*"))) == {"plan", "files", "docs", "last"}


def test_the_view_in_the_address_is_what_is_drawn(alice: Client, run: Run) -> None:
    html = ask(
        alice,
        run,
        "dir=down&open=docs&open=gone&status=failed&status=odd&colour=duration&critical=1",
    )
    assert seen(html) == {
        "dir": ["down"],
        "open": ["docs"],
        "status": ["failed"],
        "colour": ["duration"],
        "critical": ["1"],
    }
    assert "top down" in html
    assert 'class="graph is-heat is-critical"' in html
    dim = set(re.findall(r'<a class="node[^"]* dim"[^>]* data-path="([^"]+)"', html))
    assert dim == {"plan", "last", "docs/outline", "docs/bind"}
    heads = [
        float(n)
        for n in re.findall(r'data-path="(?:plan|docs)"[^>]* data-box="[\d.]+ ([\d.]+)', html)
    ]
    assert heads[0] < heads[1]


def test_the_critical_path_goes_through_what_ended_last(alice: Client, run: Run) -> None:
    html = ask(alice, run, "open=docs&critical=1")
    on_it = set(re.findall(r'data-path="([^"]+)"[^>]* data-critical', html))
    assert on_it == {"plan", "docs", "docs/outline", "docs/pages"}
    assert "4 steps, 1 min 00 s: plan, docs, docs/outline, docs/pages" in html


def test_the_slowest_steps_have_the_darkest_ground(alice: Client, run: Run) -> None:
    heat = dict(
        re.findall(r'data-path="([^"]+)"[^>]* data-heat="(\d)"', ask(alice, run, "open=docs"))
    )
    assert heat["docs"] == "5"
    assert heat["docs/outline"] < heat["docs/pages"]
    assert "last" not in heat


def test_next_failed_goes_from_failure_to_failure_wherever_it_is(alice: Client, run: Run) -> None:
    at, way = "", []
    for _ in range(2):
        html = ask(alice, run, f"next=failed&node={at}")
        found = re.search(r'data-chosen="([^"]*)"', html)
        assert found
        at = found[1]
        way.append(at)
        assert at in drawn(html)
    assert way == ["docs/pages[1]/page"] * 2  # the loop's failures were handled
    assert 'data-failed="1"' in html


def test_a_link_to_a_step_opens_what_is_around_it(alice: Client, run: Run) -> None:
    answer = alice.get(f"/runs/{run.pk}?node=files%5B499%5D/write").content.decode()
    assert "files[499]/write" in drawn(answer)
    assert "480 to 499 of 500" in answer
    # A fragment opens nothing by itself: what the reader has closed stays closed.
    assert "files[499]/write" not in drawn(ask(alice, run, "node=files%5B499%5D/write"))
    assert "files[499]/write" in drawn(ask(alice, run, "node=files%5B499%5D/write&reveal=1"))


def test_steps_in_closed_groups_are_found(alice: Client, run: Run) -> None:
    html = ask(alice, run, "q=PAGE", "find")
    hits = re.findall(r'data-hit="([^"]+)"', html)
    assert hits == ["docs/pages", "docs/pages[0]/page", "docs/pages[1]/page"]
    html = ask(alice, run, "q=files", "find")
    assert html.count("data-hit=") == 30
    assert "and 971 more" in html
    assert "bind" in ask(alice, run, "q=bind", "find")  # it never ran
    assert "No step has" in ask(alice, run, "q=nothing+there", "find")


def test_a_view_costs_no_more_queries(
    alice: Client, run: Run, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ask(alice, run)
    with django_assert_max_num_queries(6):
        ask(alice, run, "open=*&dir=down&critical=1&next=failed")


def test_the_graph_is_a_file_that_needs_nothing_else(alice: Client, run: Run) -> None:
    answer = alice.get(f"/runs/{run.pk}/graph.svg?dir=down&open=docs")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Content-Disposition"] == f'attachment; filename="{run.pk}-graph.svg"'
    text = answer.content.decode()
    root = ElementTree.fromstring(text)
    names = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "outline" in names
    assert "var(" not in text
    assert "<a " not in text
    used = set(re.findall(r'<use [^>]*href="#([\w-]+)"', text))
    assert used <= set(re.findall(r'<symbol id="([\w-]+)"', text))
    assert alice.get("/runs/run_nope/graph.svg").status_code == 404


def test_hostile_names_are_only_text_in_groups_and_files(alice: Client, now: datetime) -> None:
    run = make_run("odd", now, status="failed", took=1, yaml="steps: 1")
    add(run, "outer", "loop", "failed", now, took=1)
    Execution.objects.filter(run=run).update(path=HOSTILE.replace("/", ""), name=HOSTILE)
    add(run, f"{HOSTILE}[0]/inner", "shell", "failed", now, took=1)
    html = ask(alice, run, "open=*&next=failed")
    assert "<img" not in html
    assert len(drawn(html)) == 2  # without a definition groups open too
    ElementTree.fromstring(alice.get(f"/runs/{run.pk}/graph.svg?open=*").content)
    assert "<img" not in ask(alice, run, "q=img", "find")


def test_a_drawing_never_grows_without_end(alice: Client, now: datetime) -> None:
    from tests.browser.large_runs import many_loops

    html = ask(alice, many_loops(now), "open=*")
    assert 1900 < len(drawn(html)) <= 2000
    assert 'data-left-out="1"' in html
