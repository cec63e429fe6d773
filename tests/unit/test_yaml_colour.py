"""YAML in colour: the text stays what it is, and nothing of it is markup."""

import re
from html import unescape

import pytest

from runs.library.find import BUILT_IN
from runs.web.yaml_colour import yaml_lines

FILES = sorted((BUILT_IN / "workflows").glob("*.yaml"))
HOSTILE = 'name: "<script>alert(1)</script>" # <b>\n- <i>: &x ${{ "</pre>" }}\n'


def plain(text: str) -> str:
    html = "\n".join(yaml_lines(text))
    assert "<script" not in html
    return unescape(re.sub(r"</?span[^>]*>", "", html))


@pytest.mark.parametrize("text", [*(file.read_text() for file in FILES), HOSTILE, "", "\t:\n|"])
def test_the_text_is_the_same(text: str) -> None:
    assert plain(text) == text


def test_what_is_what_has_its_colour() -> None:
    lines = yaml_lines(
        'name: fly # note\nrun: |\n  echo key: 3 ${{ item }}\nok: true\n- {a: "x", n: 3}'
    )
    assert lines[0] == '<span class="y-key">name</span>: fly <span class="y-comment"># note</span>'
    assert "y-key" not in lines[2]
    assert '<span class="y-expression">${{ item }}</span>' in lines[2]
    assert '<span class="y-value">true</span>' in lines[3]
    assert '<span class="y-text">&quot;x&quot;</span>' in lines[4]


def test_a_long_line_costs_no_time() -> None:
    assert plain("a: " + '"' * 200_000) == "a: " + '"' * 200_000
    assert plain("- " * 1900 + "'") == "- " * 1900 + "'"
