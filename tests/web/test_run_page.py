"""The run page: header, graph, tabs, panel, and its fragments."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from runs.models import Execution, Run
from tests.browser.rows import add, make_run

Pair = tuple[Run, Run]
HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_the_header_tells_where_the_run_came_from(alice: Client, pair: Pair) -> None:
    failed, run = pair
    html = page(alice, f"/runs/{run.pk}")
    assert f"Restarted from</span> <code>{failed.pk}</code>" in html
    assert "15 steps" in html
    assert "2 tests failed" in html
    assert f"Restarted as</span> <code>{run.pk}</code>" in page(alice, f"/runs/{failed.pk}")


def test_only_a_run_that_has_ended_can_be_restarted(alice: Client, pair: Pair) -> None:
    failed, run = pair
    assert f'action="/runs/{failed.pk}/restart"' in page(alice, f"/runs/{failed.pk}")
    going = page(alice, f"/runs/{run.pk}")
    assert f'action="/runs/{run.pk}/restart"' not in going
    assert f'action="/runs/{run.pk}/cancel"' in going


def test_every_node_is_a_link_that_says_what_it_is(alice: Client, pair: Pair) -> None:
    html = page(alice, f"/runs/{pair[1].pk}")
    assert 'aria-label="plan, python, reused, 0:48"' in html
    assert 'aria-label="docs_needed, branch, succeeded"' in html
    assert "9 reused · 2 done · 1 failed" in html
    assert len(re.findall(r'<a class="node"', html)) == 14


def test_steps_that_have_not_started_are_drawn_too(alice: Client, pair: Pair) -> None:
    html = page(alice, f"/runs/{pair[1].pk}")
    assert 'data-path="create_pr" data-status="pending"' in html
    assert "blocked" in html
    assert "waits" in html


def test_the_panel_says_why_a_step_was_reused(alice: Client, pair: Pair) -> None:
    failed, run = pair
    html = page(alice, f"/runs/{run.pk}?node=plan")
    assert "Reused because <b>its input and definition are unchanged</b>" in html
    assert f"/runs/{failed.pk}?node=plan" in html
    assert "no report within 60 s" in html
    assert "plan has 12 phases" in html
    assert "•••" in html
    assert "ship-feature.yaml:" in html


def test_the_panel_of_a_turn_and_of_an_unknown_step(alice: Client, pair: Pair) -> None:
    run = pair[1]
    assert "2 tests failed" in page(alice, f"/runs/{run.pk}?part=panel&node=implement[11]/validate")
    assert "no such step" in page(alice, f"/runs/{run.pk}?part=panel&node=nope[9]/x")


@pytest.mark.parametrize(
    "tab", ["graph", "steps", "io", "checkpoints", "lineage", "log", "nonsense"]
)
def test_every_tab_is_real(
    alice: Client, pair: Pair, tab: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(10):
        for run in pair[:1]:
            html = page(alice, f"/runs/{run.pk}?tab={tab}")
    assert "style=" not in html
    assert "onclick" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)


@pytest.mark.parametrize("part", ["head", "graph", "panel", "tab"])
def test_a_fragment_is_a_part_of_the_page(alice: Client, pair: Pair, part: str) -> None:
    html = page(alice, f"/runs/{pair[1].pk}?part={part}&node=plan")
    assert html.strip()
    assert "<html" not in html


def test_steps_are_a_tree_with_the_turns_of_loops(alice: Client, pair: Pair) -> None:
    html = page(alice, f"/runs/{pair[1].pk}?tab=steps")
    order = [
        html.index(f'data-path="{path}"')
        for path in (
            "implement",
            "implement[2]/code",
            "implement[10]/code",
            "docs_needed",
            "create_pr",
        )
    ]
    assert order == sorted(order)


def test_the_steps_tell_why_one_was_reused_and_no_time_of_what_was_skipped(
    alice: Client, now: datetime
) -> None:
    run = make_run("again", now, status="succeeded", took=5, n_total=2, n_succeeded=1, n_reused=1)
    why = {"action": "reuse", "because": "input and definition are unchanged"}
    source = {"reused_run": "run_1", "reused_from": "exec_1", "status_reason": "reused"}
    add(run, "one", "shell", "succeeded", now, took=3, decision=why, **source)
    add(run, "two", "shell", "skipped", now, took=0, position=1)
    rows = page(alice, f"/runs/{run.pk}?tab=steps").split("<tr ")[1:]
    (one,) = [row for row in rows if 'data-path="one"' in row]
    (two,) = [row for row in rows if 'data-path="two"' in row]
    assert ">input and definition are unchanged</span>" in one
    assert "0 ms" not in two
    assert "<time" not in two


def test_a_failed_command_is_told_by_its_exit_code(alice: Client, now: datetime) -> None:
    run = make_run("sh", now, status="failed", took=5, n_total=1, n_failed=1)
    why = "command-failed: exit code 75: The folder is locked"
    add(run, "one", "shell", "failed", now, took=3, status_reason=why)
    html = page(alice, f"/runs/{run.pk}")
    assert "failed: exit code 75: The folder is locked." in html


def test_an_output_can_be_downloaded(alice: Client, pair: Pair) -> None:
    answer = alice.get(f"/runs/{pair[1].pk}/output?node=plan")
    assert answer.json()["phases"] == 12
    assert "attachment" in answer["Content-Disposition"]
    assert alice.get(f"/runs/{pair[1].pk}/output?node=nope").status_code == 404


def test_a_large_output_is_offered_as_a_file(alice: Client, pair: Pair) -> None:
    run = pair[1]
    Execution.objects.filter(run=run, path="plan").update(
        output={"text": "x" * 70_000}, output_size=70_011
    )
    html = page(alice, f"/runs/{run.pk}?part=panel&node=plan")
    assert "too large to show here" in html
    assert "xxxxxxxxxx" not in html


def test_an_unknown_run_is_a_page_that_says_so(alice: Client) -> None:
    answer = alice.get("/runs/run_nope")
    assert answer.status_code == 404
    assert "There is no run" in answer.content.decode()


def test_an_unknown_address_is_a_page_without_words_of_programmers(alice: Client) -> None:
    answer = alice.get("/nowhere")
    assert answer.status_code == 404
    assert "There is no such page." in answer.content.decode()
    assert "Resolver404" not in answer.content.decode()


def test_hostile_data_is_only_text(alice: Client, now: datetime) -> None:
    run = make_run(
        HOSTILE,
        now,
        status="failed",
        took=1,
        yaml="steps: 1",
        reason=HOSTILE,
        labels={HOSTILE: HOSTILE},
        inputs={HOSTILE: [HOSTILE]},
        created_by=HOSTILE,
        status_reason=HOSTILE,
    )
    add(
        run,
        HOSTILE,
        "shell",
        "failed",
        now,
        took=1,
        output={HOSTILE: HOSTILE},
        status_reason=HOSTILE,
        input=[HOSTILE],
        error={"code": HOSTILE, "message": HOSTILE, "detail": {HOSTILE: HOSTILE}},
        decision={"action": "run", "because": HOSTILE},
        tries=[{"n": 1, "reason": HOSTILE}],
    )
    from urllib.parse import quote

    tabs = [
        f"?tab={tab}" for tab in ("timeline", "steps", "io", "lineage", "log", "events", "notes")
    ]
    for query in ("", *tabs, f"?node={quote(HOSTILE, safe='')}"):
        assert "<img" not in page(alice, f"/runs/{run.pk}{query}"), query


def test_a_thousand_nodes_are_served_quickly(alice: Client, now: datetime) -> None:
    import time

    steps = "\n".join(f"  - {{name: s{n}, type: shell, run: x}}" for n in range(1000))
    run = make_run(
        "big", now, status="running", yaml=f'version: "1.0"\nname: big\nsteps:\n{steps}\n'
    )
    Execution.objects.bulk_create(
        Execution(
            id=f"exec_{n:04}",
            run=run,
            path=f"s{n}",
            name=f"s{n}",
            type="shell",
            position=n,
            status="succeeded",
            created_at=now,
            started_at=now,
            duration_ms=5,
        )
        for n in range(500)
    )
    page(alice, f"/runs/{run.pk}")  # reads the definition once
    began = time.process_time()  # of this process: the machine may be busy with others
    html = page(alice, f"/runs/{run.pk}?part=graph")
    took = time.process_time() - began
    assert html.count('data-box="') == 1000
    assert took < 0.6
    drawn = html.count('class="node"')
    assert html.count('<path class="edge') < 60  # many edges each
    assert 0 < drawn < 100  # the others are sent too, and drawn when they come into view
    assert html.count('class="node far"') == 1000 - drawn
    chosen = page(alice, f"/runs/{run.pk}?part=graph&node=s999")
    assert 'class="node" href="?node=s999"' in chosen


def test_restart_starts_one_run_however_often_it_is_pressed(
    alice: Client, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, run = pair
    calls: list[Any] = []

    def restart(run_id: str, request: Any, **given: Any) -> Run:
        calls.append((run_id, request.from_, given["by"].name, given["idempotency_key"]))
        return run

    monkeypatch.setattr("runs.web.pages.run_restart.restart_run", restart)
    for _ in range(2):
        answer = alice.post(f"/runs/{failed.pk}/restart", {"key": "k1"})
        assert answer.status_code == 302
        assert answer["Location"] == f"/runs/{run.pk}"
    assert calls[0] == calls[1]
    assert calls[0][:3] == (failed.pk, None, "alice")
    assert f"<b>{run.pk}</b> started. 15 of 29 steps reused." in page(alice, f"/runs/{run.pk}")
    assert "started. 15" not in page(alice, f"/runs/{run.pk}")


def test_who_may_only_look_cannot_restart_or_cancel(charlie: Client, pair: Pair) -> None:
    failed, run = pair
    assert charlie.post(f"/runs/{failed.pk}/restart").status_code == 403
    assert charlie.post(f"/runs/{run.pk}/cancel").status_code == 403
    assert '/restart" method="post"' not in page(charlie, f"/runs/{failed.pk}?node=plan")


def test_restarting_a_run_that_goes_on_is_refused_in_words(alice: Client, pair: Pair) -> None:
    answer = alice.post(f"/runs/{pair[1].pk}/restart", {"key": "k"}, follow=True)
    assert "cannot be restarted" in answer.content.decode()
