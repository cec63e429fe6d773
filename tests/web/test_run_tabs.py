"""Steps, input and output, log, events and notes of a run."""

import re
from datetime import datetime
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from runs.models import Event, Execution, LogChunk, Run, RunNote
from tests.browser.rows import add, make_run

Pair = tuple[Run, Run]
GROWS = """\
version: "1.0"
name: grows
steps:
  - name: each
    type: loop
    for_each: ${{ range(90) }}
    steps: [{name: turn, type: shell, run: "true"}]
  - {name: end, type: shell, run: "true"}
"""
HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def paths(html: str) -> list[str]:
    return [unescape(path) for path in re.findall(r'<tr data-path="([^"]+)"', html)]


def log(execution: Execution, now: datetime, *lines: str, level: str = "info") -> None:
    for line in lines:
        LogChunk.objects.create(execution=execution, stream="log", level=level, text=line, at=now)


def test_what_went_on_and_succeeded_is_not_offered_to_be_resumed(
    alice: Client, pair: Pair, now: datetime
) -> None:
    failed = pair[0]
    here = f"/runs/{failed.pk}?tab=checkpoints"
    second = make_run("ship-feature", now, status="failed", kind="resume", source=failed)
    assert ">Resume from here</p>" in page(alice, here)  # the last one of the line goes on
    third = make_run("ship-feature", now, status="succeeded", kind="resume", source=second)
    html = page(alice, here)
    assert '/resume">' not in html
    off = re.search(r'<button[^>]+aria-disabled="true" title="([^"]+)"><svg.*?Resume from', html)
    assert off
    assert off[1] == f"It was resumed, and {third.pk} has succeeded: nothing is left to resume"
    # Beside what a pointer shows, for all who read; and no command that would be refused.
    assert f'<a class="link mono" href="/runs/{third.pk}">{third.pk}</a> has succeeded' in html
    assert "--resume<" not in html
    # The same with a restart takes nothing away: the failed run can still be resumed.
    other = make_run("ship-feature", now, status="failed")
    make_run("ship-feature", now, status="succeeded", kind="restart", source=other)
    assert "has succeeded" not in page(alice, f"/runs/{other.pk}?tab=checkpoints")


def test_steps_fold_filter_and_sort(alice: Client, pair: Pair) -> None:
    here = f"/runs/{pair[1].pk}?tab=steps"
    closed = page(alice, f"{here}&rows=none")
    assert "implement[9]/code" not in paths(closed)
    assert 'title="1 failed inside"' in closed  # a closed row tells what is in it
    assert "implement[9]/code" in paths(
        page(alice, f"{here}&rows=none&open=implement&open=implement[9]")
    )
    failed = paths(page(alice, f"{here}&status=failed"))
    assert failed == ["implement", "implement[11]", "implement[11]/validate"]
    assert paths(page(alice, f"{here}&q=Check_L"))[-1] == "docs_needed/write_docs/check_links"
    longest = paths(page(alice, f"{here}&rows=none&sort=longest"))
    assert longest.index("baseline") < longest.index("plan") < longest.index("preflight")
    assert 'aria-sort="descending"' in page(alice, f"{here}&sort=longest")
    nothing = page(alice, f"{here}&q=<script>&status=failed")
    assert "No step fits" in nothing
    assert "<script>" not in nothing.partition("<main")[2]


@pytest.mark.parametrize("tab", ["timeline", "steps"])
def test_a_loop_does_not_close_under_who_follows_it(alice: Client, now: datetime, tab: str) -> None:
    run = make_run("grows", now, yaml=GROWS, status="running")
    loop = add(run, "each", "loop", "running", now, input={"items": list(range(90))})
    for n in range(58):
        add(run, f"each[{n}]/turn", "shell", "succeeded", now, took=1, parent_id=loop.pk)
    here = f"/runs/{run.pk}?tab={tab}"
    small = page(alice, here)
    assert "each[57]/turn" in paths(small)
    assert 'data-begins="open"' in small
    for n in range(58, 62):
        add(run, f"each[{n}]/turn", "shell", "succeeded", now, took=1, parent_id=loop.pk)
    assert "each[0]/turn" not in paths(page(alice, here))  # who comes now begins with less
    follows = page(alice, f"{here}&part=tab&begins=open")
    assert "each[61]/turn" in paths(follows)
    assert not re.search("[?;]begins=", follows)  # no link leads others to what was small once
    assert "each[0]/turn" not in paths(page(alice, f"{here}&begins=open&shut=each"))


@pytest.mark.parametrize("tab", ["timeline", "steps", "io", "log", "events", "notes"])
def test_no_tab_asks_more_than_six_times(
    alice: Client, pair: Pair, tab: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page(alice, f"/runs/{pair[1].pk}?tab={tab}")
    with django_assert_max_num_queries(6):
        page(alice, f"/runs/{pair[1].pk}?tab={tab}")


def test_the_panel_opens_beside_every_tab_of_steps(alice: Client, pair: Pair) -> None:
    for tab in ("timeline", "io", "log", "events"):
        html = page(alice, f"/runs/{pair[1].pk}?tab={tab}&node=plan")
        assert 'data-panel="open"' in html
        assert "Reused because" in html


def test_the_log_is_filtered_searched_and_downloaded(alice: Client, now: datetime) -> None:
    run = make_run("logs", now, status="failed", took=5, n_total=2)
    one, two = (add(run, name, "shell", "failed", now, took=2) for name in ("one", "two"))
    log(one, now, "first\nsecond", HOSTILE)
    log(two, now, "Disk FULL", level="error")
    log(two, now, "careful", level="warning")
    here = f"/runs/{run.pk}?tab=log"
    html = page(alice, here)
    assert [html.count(f"<b>{word}</b>") for word in ("first", "second", "Disk FULL")] == [1, 1, 1]
    assert HOSTILE not in html
    errors = page(alice, f"{here}&level=err")
    assert "Disk FULL" in errors
    assert "careful" not in errors
    assert "careful" in page(alice, f"{here}&level=warn")
    found = page(alice, f"{here}&q=disk")
    assert "Disk FULL" in found
    assert "<b>first</b>" not in found
    of_one = page(alice, f"{here}&step=one")
    assert "<b>first</b>" in of_one
    assert "Disk FULL" not in of_one
    assert "No line fits" in page(alice, f"{here}&q=nowhere")
    file = alice.get(f"/runs/{run.pk}/log?step=two")
    assert file["Content-Disposition"] == f'attachment; filename="{run.pk}.log"'
    text = b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert [line.split(" ", 1)[1] for line in text.splitlines()] == [
        "err   two Disk FULL", "warn  two careful",
    ]  # fmt: skip


def test_new_lines_come_alone_and_older_ones_page_by_page(alice: Client, now: datetime) -> None:
    run = make_run("logs", now, status="running", n_total=1)
    one = add(run, "one", "shell", "running", now)
    log(one, now, *(f"line {n}" for n in range(1200)))
    html = page(alice, f"/runs/{run.pk}?tab=log")
    assert "<b>line 199</b>" not in html
    assert html.count("<b>line ") == 1000
    older = re.search(r'href="(\?[^"]*before=\d+[^"]*)"', html)
    assert older is not None
    assert page(alice, f"/runs/{run.pk}{unescape(older[1])}").count("<b>line ") == 200
    last = re.search(r'class="log-fill" data-last="(\d+)" data-live="1"', html)
    assert last is not None
    lines = f"/runs/{run.pk}?tab=log&part=lines&after={last[1]}"
    assert page(alice, lines).strip() == ""
    log(one, now, "line 1200", "line 1201")
    new = page(alice, lines)
    assert re.findall(r"<b>line (\d+)</b>", new) == ["1200", "1201"]
    assert "<html" not in new


def test_events_read_like_sentences_newest_first(alice: Client, now: datetime) -> None:
    run = make_run("events", now, status="failed", took=5, n_total=1, event_seq=300)
    kinds = ["run.created", *["step.started"] * 297, "step.retrying", "run.failed"]
    Event.objects.bulk_create(
        Event(
            run=run, seq=n, kind=kind, path="" if kind[:3] == "run" else f"s{n}",
            data={"reason": f"step-failed: {HOSTILE}"} if kind == "step.retrying" else {}, at=now,
        )
        for n, kind in enumerate(kinds, start=1)
    )  # fmt: skip
    here = f"/runs/{run.pk}?tab=events"
    html = page(alice, here)
    numbers = [int(n) for n in re.findall(r'data-seq="(\d+)"><td', html)]
    assert numbers == list(range(300, 100, -1))
    assert "Run failed" in html
    assert "is tried again" in html
    assert HOSTILE not in html
    older = page(alice, f"{here}&before=101")
    assert [int(n) for n in re.findall(r'data-seq="(\d+)"><td', older)] == list(range(100, 0, -1))
    of_run = page(alice, f"{here}&group=run")
    assert re.findall(r'data-seq="(\d+)"><td', of_run) == ["300", "1"]
    assert re.findall(r'data-seq="(\d+)"><td', page(alice, f"{here}&q=S42")) == ["42"]
    assert re.findall(r'data-seq="(\d+)"><td', page(alice, f"{here}&group=trouble")) == [
        "300",
        "299",
    ]
    assert "No event fits" in page(alice, f"{here}&q=nowhere")


def test_input_and_output_fold_are_found_and_compared(alice: Client, now: datetime) -> None:
    deep = {"a": {"b": [{"odd key": HOSTILE, "n": 7}]}, "topic": "search"}
    source = make_run("io", now, status="failed", took=5, inputs={**deep, "topic": "old"})
    run = make_run(
        "io", now, status="succeeded", took=5, inputs=deep, outputs={"risk": "low"},
        source=source, kind="fork",
    )  # fmt: skip
    here = f"/runs/{run.pk}?tab=io"
    html = page(alice, here)
    assert HOSTILE not in html
    assert 'data-copy="inputs.topic"' in html
    assert "inputs.a.b[0][&quot;odd key&quot;]" in html
    found = page(alice, f"{here}&q=SEARCH")
    assert "<mark>search</mark>" in found
    assert 'data-at="/a">' in found  # closed: it holds nothing of that
    changed = page(alice, f"{here}&against=source")
    assert ">topic</code>" in changed
    assert '<span class="is-old">old</span>' in changed
    assert '<span class="is-new">search</span>' in changed
    assert "One of the runs gave nothing." in changed
    assert alice.get(f"/runs/{run.pk}/input?at=/a/b/0/n").json() == 7
    for wrong in ("/a/b/9", "/nope", "/topic/0", "/a/b/x"):
        assert alice.get(f"/runs/{run.pk}/input?at={wrong}").status_code == 404


def test_notes_are_written_and_read_on_the_page(alice: Client, charlie: Client, pair: Pair) -> None:
    run = pair[0]
    here = f"/runs/{run.pk}?tab=notes"
    assert "No notes" in page(charlie, here)
    assert "<textarea" not in page(charlie, f"{here}&edit=note")
    assert charlie.post(f"/runs/{run.pk}/note", {"text": "x"}).status_code == 403
    saved = alice.post(f"/runs/{run.pk}/note", {"text": f"*why* {HOSTILE}", "revision": "0"})
    assert saved.status_code == 302
    html = page(charlie, here)
    assert "<em>why</em>" in html
    assert HOSTILE not in html
    assert "Written by alice" in html
    assert page(alice, f"{here}&edit=note").count("<textarea") == 1
    # Somebody else was faster: nothing is lost, what was typed stays in the field.
    refused = alice.post(f"/runs/{run.pk}/note", {"text": "mine", "revision": "0"})
    assert refused.status_code == 422
    assert ">mine</textarea>" in refused.content.decode()
    assert "revision 1, written by alice" in refused.content.decode()
    assert 'name="revision" value="1"' in refused.content.decode()
    assert RunNote.objects.get(run=run).text.startswith("*why*")
    assert alice.post("/runs/run_00000000000000/note", {"text": "x"}).status_code == 404


def test_labels_are_edited_on_the_page(alice: Client, charlie: Client, pair: Pair) -> None:
    run = pair[0]
    given = {"labels": "env=production\n\n pr = 17 \n"}
    assert charlie.post(f"/runs/{run.pk}/labels", given).status_code == 403
    assert alice.post(f"/runs/{run.pk}/labels", given).status_code == 302
    run.refresh_from_db()
    assert run.labels == {"env": "production", "pr": "17"}
    assert "<b>env</b>production" in page(charlie, f"/runs/{run.pk}")
    refused = alice.post(f"/runs/{run.pk}/labels", {"labels": "no equals sign"})
    assert refused.status_code == 422
    assert "write name=value" in refused.content.decode()


def test_a_value_cannot_look_like_another_one(alice: Client, now: datetime) -> None:
    """A sign that turns the direction of writing turned the rest of its line as well."""
    run = make_run("fly", now, status="succeeded", took=1, inputs={"who\u200b": "\u202e)live"})
    add(run, "one", "shell", "succeeded", now, input={"a": "漢字 \u2066x"})
    here = f"/runs/{run.pk}?tab=io&node=one"
    seen = unescape(re.sub("<[^>]*>", "", page(alice, here)))
    assert not re.search("[\u200b\u202e\u2066]", seen)
    assert '"\\u202e)live"' in seen
    assert "漢字 \\u2066x" in seen


def test_the_steps_jump_to_failures_only_where_there_are_some(alice: Client, pair: Pair) -> None:
    jump = r'data-do="next-failed"[^>]*?( hidden)?>'
    for run, hidden in ((pair[1], None), (pair[0], None)):
        found = re.search(jump, page(alice, f"/runs/{run.pk}?tab=steps"))
        assert found is not None
        assert found[1] is hidden
    fine = make_run("fine", pair[0].created_at, status="succeeded", took=1)
    found = re.search(jump, page(alice, f"/runs/{fine.pk}?tab=steps"))
    assert found is not None
    assert found[1]
