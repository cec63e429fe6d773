"""The page of a workflow: its past, source with problems, graph, versions, and the form."""

import re
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from runs.actor import SYSTEM
from runs.models import Run, stored
from runs.operations.publish_workflow import publish_workflow
from runs.projections.workflow_stats import LAST, stats_of
from runs.web.time_axis import axis_end, axis_of, tick
from tests.browser.rows import make_run, version
from tests.web.test_run_page import page

TEXT = """\
version: "1.0"
name: forms
description: Has every kind of input.
inputs:
  topic: {type: string, required: true, description: <b>what</b>}
  size: {type: string, enum: [small, large], default: small}
  tries: {type: integer, default: 3}
  ratio: {type: float, required: false}
  dry: {type: boolean, default: true}
  config: {type: object, default: {region: here}}
  api_key: {type: string, secret: true, required: false}
steps:
  - {name: one, type: shell, run: "echo ${{ inputs.topic }}"}
  - {name: two, type: approval, prompt: "ok?"}
"""


@pytest.fixture
def forms(db: None) -> None:
    publish_workflow(TEXT, by=SYSTEM)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "workflows").mkdir()
    monkeypatch.setenv("MAVERICK_PROJECT", str(tmp_path))
    return tmp_path / "workflows"


def past(now: datetime, *statuses: str) -> None:
    for n, status in enumerate(statuses):
        took = None if status == "running" else 10 * (n + 1)
        make_run("past", now - timedelta(hours=len(statuses) - n), status=status, took=took)


def test_the_list_tells_how_the_last_runs_went(
    alice: Client, now: datetime, forms: None, django_assert_max_num_queries: object
) -> None:
    past(now, "succeeded", "failed", "succeeded", "cancelled", "succeeded", "running")
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        html = page(alice, "/workflows")
    row = html[html.index('/workflows/past"') :].partition("</tr>")[0]
    for said in (">6</a>", "75 %", "3 of 4", 'data-status="running"', "30 s"):
        assert said in row, said
    assert ">past</a>" not in page(alice, "/workflows?q=every+kind")
    assert ">forms</a>" in page(alice, "/workflows?q=every+kind")
    assert "No workflow is called" in page(alice, "/workflows?q=zxqv")


def test_old_runs_are_not_counted_for_ever(now: datetime, db: None) -> None:
    first = make_run("many", now, status="failed", took=1)
    rows = [
        Run(**{**_fields(first), "id": f"run_9{n:013}", "status": "succeeded"}) for n in range(LAST)
    ]
    Run.objects.bulk_create(rows)
    stats = stats_of(["many", "none"])
    assert set(stats) == {"many"}
    assert (stats["many"].runs, stats["many"].rate, stats["many"].is_cut) == (LAST, 100, True)


def _fields(run: Run) -> dict[str, object]:
    return {field.attname: getattr(run, field.attname) for field in Run._meta.concrete_fields}


def test_one_failure_is_never_rounded_away(now: datetime, db: None) -> None:
    past(now, "failed", *["succeeded"] * 3)
    assert stats_of(["past"])["past"].rate == 75
    stats = stats_of(["past"])["past"]
    assert type(stats)(1000, 999, 1000, None, (), None).rate == 99
    assert type(stats)(1000, 1, 1000, None, (), None).rate == 1


def test_its_past_is_drawn_by_the_server(
    alice: Client, now: datetime, django_assert_max_num_queries: object
) -> None:
    past(now, "succeeded", "failed", "timeout", "succeeded", "running")
    page(alice, "/workflows/past")
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        html = page(alice, "/workflows/past")
    bars = re.findall(r'<rect class="c-bar" data-status="(\w+)"[^>]*height="([\d.]+)"', html)
    assert [status for status, _ in bars] == ["succeeded", "failed", "timeout", "succeeded"]
    heights = [float(height) for _, height in bars]
    assert heights == sorted(heights)
    assert 'aria-label="50 % of 4 runs succeeded"' in html
    assert html.count('class="c-cross" data-status="timeout"') == 1  # not by colour alone
    ticks = re.findall(r'class="c-label"[^>]*>([^<]*)<', html)
    assert ticks == ["1 min", "30 s", "0", "100 %", "50 %", "0"]
    assert html.count('<p class="chart-x"><span><time ') == 2
    one = re.search(r'<a href="(/runs\?workflow=past[^"]*)" aria-label="0 of 1 run succeeded', html)
    assert one
    assert page(alice, unescape(one[1])).count('<tr id="row-') == 1

    assert "style=" not in html
    assert html.count('<th scope="row">') == 5


@pytest.mark.parametrize(
    ("ms", "end", "said"),
    [
        (1, "2 ms", "1 ms"),
        (8_400, "10 s", "5 s"),
        (900_000, "20 min", "10 min"),
        (9e9, "105 d", ""),
    ],
)
def test_an_axis_ends_at_a_round_time(ms: float, end: str, said: str) -> None:
    most = axis_end(ms)
    assert tick(most) == end
    assert not said or tick(most / 2) == said


@pytest.mark.parametrize(
    ("times", "labels"),
    [
        ([3000.0], ["4 s", "2 s", "0"]),
        ([3000.0, 3000.0], ["4 s", "2 s", "0"]),
        ([0.0, 0.0], ["2 ms", "1 ms", "0"]),
        ([1000.0, 9000.0], ["10 s", "5 s", "0"]),
        ([1.0, 3 * 86_400_000.0], ["4 d", "10 min", "1 s", "0.1 ms"]),
        ([*[2000.0] * 9, 5_400_000.0], ["2 h", "10 min", "1 min", "1 s"]),
        ([0.0, 5_400_000.0], ["2 h", "1 min", "100 ms", "0.1 ms"]),
    ],
)
def test_one_long_run_leaves_the_others_their_height(times: list[float], labels: list[str]) -> None:
    axis = axis_of(times)
    assert [said for _, said in axis.ticks()] == labels
    shares = [share for share, _ in axis.ticks()]
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= axis.place(ms) <= 1 for ms in times)
    if axis.is_log:
        assert min(axis.place(max(ms, 1)) for ms in times) >= 0.03


def test_its_source_has_colours_and_problems_at_their_lines(alice: Client, project: Path) -> None:
    text = TEXT.replace("inputs.topic", "inputs.topik").replace("forms", "wrong")
    (project / "wrong.yaml").write_text(text)
    html = page(alice, "/workflows/wrong?tab=source")
    line = text.splitlines().index(next(x for x in text.splitlines() if "topik" in x)) + 1
    at = html.index(f'id="L{line}" class="src has-problem"')
    after = html[at:].partition('class="src-problem"')[2][:700]
    assert "D206" in after
    # As the head counts them: a warning is no problem.
    assert re.search(r"<b>1 problem and \d warnings?</b>, each at its line", html)
    assert "1 problem<" in html
    assert "Did you mean <code>topic</code>" in after
    assert '<span class="y-key">inputs</span>' in html
    assert "&lt;b&gt;what" in html
    assert "<b>what" not in html
    listed = page(alice, "/workflows")
    assert re.search(r'href="/workflows/wrong\?tab=source">.*?\d problem', listed)
    assert "It cannot run as it is" in page(alice, "/workflows/wrong/run")
    assert "The text has problems" in page(alice, "/workflows/wrong?tab=graph")


def test_what_is_broken_cannot_be_started_and_says_why(
    alice: Client, project: Path, django_assert_max_num_queries: object
) -> None:
    version("stored", TEXT.replace("inputs.topic", "inputs.topik").replace("forms", "stored"))
    (project / "filed.yaml").write_text(
        TEXT.replace("inputs.topic", "inputs.topik").replace("forms", "filed")
    )
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        listed = page(alice, "/workflows")
    for name in ("stored", "filed"):
        row = next(one for one in listed.split("<tr>") if f'href="/workflows/{name}"' in one)
        assert f'href="/workflows/{name}/run"' not in row, name
        assert 'aria-disabled="true"' in row, name
        assert "Its text has 1 problem: its page shows where" in row, name
        html = page(alice, f"/workflows/{name}")
        head = html.partition("</header>")[2].partition("</header>")[0]
        assert 'title="Its text has 1 problem: Source shows where"' in head, name
        assert f'href="/workflows/{name}?tab=source"' in head, name
        assert "Show the problems" in html, name


def test_a_page_judges_a_few_stored_texts_and_the_next_one_the_others(
    alice: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "JUDGED_AT_ONCE", 2)
    for name in ("oldest", "older", "newest"):
        version(name, TEXT.replace("inputs.topic", "inputs.topik").replace("forms", name))
    broken = "Its text has 1 problem: its page shows where"
    rows = page(alice, "/workflows").split("<tr>")
    said = {name: broken in row for row in rows for name in ("oldest", "older", "newest")
            if f'href="/workflows/{name}"' in row}  # fmt: skip
    # What nobody has judged yet is offered: its own page judges it.
    assert said == {"oldest": False, "older": True, "newest": True}
    assert page(alice, "/workflows").count(broken) == 3


def test_its_definition_is_drawn(alice: Client, forms: None) -> None:
    html = page(alice, "/workflows/forms?tab=graph&node=two")
    assert '<text class="n-meta" x="29" y="39">approval</text>' in html
    assert "waits" not in html.partition('class="viewport"')[2].partition("</svg></div>")[0]
    assert 'aria-label="one, shell"' in html
    assert re.findall(r'<a class="node[^"]*" href="[^"]*" data-path="(\w+)"', html) == [
        "one",
        "two",
    ]
    assert "Line 14 of the source" in html
    assert "ok?" in html
    assert page(alice, "/workflows/forms?tab=graph&node=nothing")


def test_its_versions_are_compared(alice: Client, db: None) -> None:
    version("v", "one: 1\ntwo: <b>\n")
    version("v", "one: 2\ntwo: <b>\n")
    version("v", "one: 3\ntwo: <b>\n")
    html = page(alice, "/workflows/v?tab=versions")
    assert "-one: 2" in html
    assert "+one: 3" in html
    html = page(alice, "/workflows/v?tab=versions&from=1&to=3")
    assert "-one: 1" in html
    assert "two: &lt;b&gt;" in html
    for odd in ("from=9&to=1", "from=x&to=", "from=-1&to=1", "from=²&to=1", "from=3&to=3"):
        assert alice.get(f"/workflows/v?tab=versions&{odd}").status_code == 200
    assert page(alice, "/workflows/v/versions/1").count("&lt;b&gt;") == 1
    assert alice.get("/workflows/v/versions/9").status_code == 404


def test_the_form_is_made_from_the_declared_inputs(alice: Client, forms: None) -> None:
    html = page(alice, "/workflows/forms/run")
    for said in (
        r'name="input.topic" type="text"[^>]* required',
        r'<select [^>]*name="input.size"',
        r'<option value="small" selected>',
        r'name="input.tries" type="number" step="1" value="3"',
        r'name="input.ratio" type="number" step="any"',
        r'<option value="true" selected>yes',
        r'<textarea [^>]*name="input.config"[^>]*>\s*\{\s*&quot;region&quot;: &quot;here&quot;',
        r'name="input.api_key" type="password" value="" autocomplete="new-password"',
        r'type="file" name="file.config"',
        "&lt;b&gt;what&lt;/b&gt;",
    ):
        assert re.search(said, html), said


def test_a_run_is_started_with_fields_a_file_and_json(alice: Client, forms: None) -> None:
    sent = {
        "input.topic": "tea", "input.dry": "false", "input.api_key": "s3cret-value",
        "file.config": SimpleUploadedFile("c.json", b'{"region": "there"}'),
        "json": '{"tries": 9}', "key": "k1", "labels": "team=payments\n\nticket = A-1 ",
    }  # fmt: skip
    answer = alice.post("/workflows/forms/run", sent)
    assert answer.status_code == 302, answer.content.decode()
    run = Run.objects.get()
    assert answer["Location"] == f"/runs/{run.pk}"
    assert run.inputs == {
        "topic": "tea", "size": "small", "tries": 9, "ratio": None, "dry": False,
        "config": {"region": "there"}, "api_key": "•••",
    }  # fmt: skip
    assert run.labels == {"team": "payments", "ticket": "A-1"}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "The input <code>topic</code> is required."),
        ({"input.topic": "x", "input.tries": "many"}, "must be a whole number"),
        ({"input.topic": "x", "input.config": "{"}, "must be a mapping"),
        ({"input.topic": "x", "json": "{"}, "The inputs are no JSON"),
        ({"input.topic": "x", "json": "[]"}, "an object"),
        ({"input.topic": "x", "json": '{"odd": 1}'}, "has no input <code>odd</code>"),
        ({"input.topic": "x", "labels": "a=b\npayments"}, "is no label: write name=value"),
        ({"input.topic": "x", "labels": "a=b\npayments"}, ">\na=b\npayments</textarea>"),
    ],
)
def test_what_does_not_fit_is_said_and_kept(
    alice: Client, forms: None, sent: dict[str, str], said: str
) -> None:
    answer = alice.post("/workflows/forms/run", {"input.api_key": "s3cret-value", **sent})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert said in html
    assert "s3cret-value" not in html
    if "input.topic" in sent:
        assert 'name="input.topic" type="text" value="x"' in html
    assert not Run.objects.exists()


def test_files_that_are_none_are_refused(alice: Client, forms: None) -> None:
    for content, said in ((b"\xff\xfe", "no UTF-8"), (b"x" * (2**20 + 1), "larger than 1 MB")):
        sent = {"input.topic": "x", "file.config": SimpleUploadedFile("c.json", content)}
        answer = alice.post("/workflows/forms/run", sent)
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not Run.objects.exists()


def test_what_a_refused_file_held_stands_in_the_field(alice: Client, forms: None) -> None:
    wrong = SimpleUploadedFile("c.json", b'{"region": ')
    answer = alice.post("/workflows/forms/run", {"input.topic": "x", "file.config": wrong})
    html = answer.content.decode()
    assert (answer.status_code, "must be a mapping" in html) == (422, True)
    assert re.search(r'<textarea [^>]*name="input.config"[^>]*>\s*{&quot;region&quot;: ', html)


def test_a_file_that_is_refused_takes_no_other_along(alice: Client, forms: None) -> None:
    for bad in (b"\xff\xfe", b"x" * (2**20 + 1)):
        sent = {
            "file.topic": SimpleUploadedFile("t.txt", bad),
            "file.config": SimpleUploadedFile("c.json", b'{"region": "there"}'),
        }
        html = alice.post("/workflows/forms/run", sent).content.decode()
        assert re.search(r'name="input.config"[^>]*>\s*{&quot;region&quot;: &quot;there', html)


def test_a_viewer_looks_and_starts_nothing(charlie: Client, forms: None) -> None:
    assert "/workflows/forms/run" not in page(charlie, "/workflows/forms")
    assert "A viewer may look only" in page(charlie, "/workflows/forms/run")
    assert charlie.post("/workflows/forms/run", {"input.topic": "x"}).status_code == 403
    assert not Run.objects.exists()


def test_what_is_not_known_is_not_found(alice: Client) -> None:
    for path in ("nothing", "../etc", "workflows/fly.yaml", "x" * 3000):
        assert alice.get(f"/workflows/{path}").status_code == 404
        assert alice.get(f"/workflows/{path}/run").status_code == 404
    assert alice.get("/workflows/fly").status_code == 200
