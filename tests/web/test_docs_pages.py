"""The docs inside the app: all of them, every link leads somewhere, nothing comes from elsewhere."""

import re
from html import unescape

import pytest
from django.test import Client

from runs.web import documents
from tests.docs.pages import DOCS
from tests.web.test_run_page import page

NAMES = sorted(path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md"))


def test_every_document_is_there_in_the_order_of_the_start() -> None:
    assert sorted(documents.names()) == NAMES
    assert documents.names()[:3] == ["index", "first-workflow", "concepts"]


def test_every_link_leads_somewhere() -> None:
    ids = {}
    for name in NAMES:
        made = documents.document(name)
        assert made is not None
        ids[name] = set(re.findall(r' id="([^"]*)"', made.html))
    wrong = []
    for name in NAMES:
        html = documents.document(name).html
        assert "<script" not in html
        for link in map(unescape, re.findall(r'(?:href|src)="([^"]*)"', html)):
            if link.startswith("https://"):
                continue  # which a reader follows, and no page fetches
            if link == "/runs":
                continue
            path, _, anchor = link.partition("#")
            target = path.removeprefix("/docs/") if path else name
            known = target in ids or documents.picture(target)
            if not known or (anchor and anchor not in ids[target]):
                wrong.append((name, link))
        assert not re.search(r'src="(?!/docs/)', html)
    assert wrong == []


def test_the_search_finds_sections_that_the_pages_have() -> None:
    hits = documents.search("checkpoint folder")
    assert hits
    for hit in hits:
        html = documents.document(hit.name).html
        assert not hit.anchor or f'id="{hit.anchor}"' in html
    for one in documents.outlines():
        made = documents.document(one.name)
        assert one.title == made.title
        missing = [a for a, _, _ in one.sections if a and f'id="{a}"' not in made.html]
        assert missing == [], one.name
    assert documents.search("   ") == []
    assert documents.search("zxqv") == []


def test_a_viewer_reads_and_searches(charlie: Client) -> None:
    html = page(charlie, "/docs")
    assert "Kinds of step" in html
    html = page(charlie, "/docs/steps/loop")
    assert '<span class="y-key">' in html
    assert 'aria-current="page">loop' in html
    html = page(charlie, "/docs?q=<b>%20checkpoint")
    assert "&lt;b&gt; checkpoint" in html
    assert "<b> checkpoint" not in html
    assert "<mark>" in page(charlie, "/docs?q=checkpoint")
    answer = charlie.get("/docs/images/run.png")
    assert answer["Content-Type"] == "image/png"
    assert charlie.get("/docs/steps/loop.md")["Location"] == "/docs/steps/loop"


@pytest.mark.parametrize(
    "path", ["../README", "..%2f..%2fREADME", "nothing", "x" * 5000, "images/../../static/icon.svg"]
)
def test_nothing_else_is_read(charlie: Client, path: str) -> None:
    assert charlie.get(f"/docs/{path}").status_code == 404


def test_it_takes_a_login(client: Client, db: None) -> None:
    assert client.get("/docs/language").status_code == 302
