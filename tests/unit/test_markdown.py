"""Markdown of people becomes HTML that can do nothing."""

import time

import pytest

from runs.web.markdown import markdown_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "![x](https://elsewhere.example/pixel.png)",
    '<a href="javascript:alert(1)">x</a>',
    '[x](https://a.example/"onmouseover="alert(1))',
    '[x](https://a.example "title\\" onmouseover=alert(1) x=")',
    "`<b>`\n\n    <style>body{display:none}</style>",
    "<https://a.example/<script>>",
    "```<script>\nx\n```",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_note_runs_or_fetches(text: str) -> None:
    html = markdown_html(text).lower()
    for bad in ("<script", "<img", "<style", "<b>", 'href="javascript', 'href="data', 'href="vb'):
        assert bad not in html
    # No attribute of theirs: each tag has only what the renderer gives it.
    for tag in html.split("<")[1:]:
        assert " on" not in tag.partition(">")[0].replace("&quot;", "").partition("title=")[0]


def test_what_people_write_is_rendered() -> None:
    html = markdown_html(
        "# Why\n\nA *b* ~~c~~\n\n- [r](https://x.example)\n\n| a |\n|---|\n| 1 |\n"
    )
    assert "<h3>Why</h3>" in html
    assert "<em>b</em>" in html
    assert "<s>c</s>" in html
    assert 'href="https://x.example"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert "<td>1</td>" in html


@pytest.mark.parametrize("piece", ["[", "> ", "*a ", "`", "- " * 3, "|a", "![](", "<!--"])
def test_the_longest_note_is_rendered_in_time(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    began = time.process_time()
    markdown_html(text)
    assert time.process_time() - began < 2
