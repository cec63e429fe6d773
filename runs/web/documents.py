"""The documents of ``docs/``, read and turned into HTML once as long as they do not change.

No HTML of an author gets through, links between documents lead to their pages here, and nothing is
fetched from elsewhere.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runs import conf
from runs.web.yaml_colour import yaml_lines

MOST_HITS = 40
_HERE = "http://127.0.0.1:8000"
AROUND = 70  # signs on each side of what was searched
# Marks for tools, alone on their lines; with HTML off they would stand in the text.
_COMMENT = re.compile(r"^<!--.*-->\n", re.MULTILINE)
_HEADING = re.compile(r"(#{1,6}) +(.*?)\s*#*$")
_MARKS = re.compile(r"^\s*[-*] |\||:?-{3,}:?")
_NO_HEADER = re.compile(r"<th((?: [^>]*)?)></th>")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """One page of the docs."""

    name: str  # "steps/loop"
    title: str
    html: SafeString
    headings: tuple[tuple[str, str], ...]  # anchor, text; of the second level


@dataclass(frozen=True, slots=True)
class Outline:
    """What a page is about, without its HTML: for the navigation and the search."""

    name: str
    title: str
    sections: tuple[tuple[str, str, str], ...]  # anchor, heading, plain text


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where the words stand."""

    name: str
    title: str
    anchor: str
    heading: str
    before: str
    found: str
    after: str


def folder() -> Path:
    """Where they lie."""
    return Path(conf.settings.BASE_DIR) / "docs"


def names() -> list[str]:
    """All documents: the start, then in the order in which the start links them, then the rest."""
    known = sorted(
        path.relative_to(folder()).with_suffix("").as_posix() for path in folder().rglob("*.md")
    )
    if "index" not in known:
        return known
    linked = re.findall(r"\]\(([^)#]+)\.md", (folder() / "index.md").read_text(encoding="utf-8"))
    order = {name: at for at, name in enumerate(["index", *dict.fromkeys(linked)])}
    return sorted(known, key=lambda name: (order.get(name, len(order)), name))


def document(name: str) -> Document | None:
    """One page, or None when there is none of that name."""
    path = _file(name, ".md")
    return _read(name, path, path.stat().st_mtime_ns) if path else None


def picture(name: str) -> Path | None:
    """A picture that the documents show."""
    return _file(name, "") if name.endswith((".png", ".svg")) else None


def outlines() -> list[Outline]:
    """Every document, in their order. Read line by line: all of them as HTML would take seconds."""
    found = ((name, _file(name, ".md")) for name in names())
    return [_outline(name, path, path.stat().st_mtime_ns) for name, path in found if path]


def search(words: str) -> list[Hit]:
    """Where all the words stand in one section; those with them in the heading first."""
    wanted = words.casefold().split()
    hits: list[tuple[int, Hit]] = []
    for made in outlines() if wanted else ():
        for anchor, heading, text in made.sections:
            low, head = text.casefold(), f"{made.title} {heading}".casefold()
            if all(word in low or word in head for word in wanted):
                rank = 0 if all(word in head for word in wanted) else 1
                hits.append((rank, _hit(made, anchor, heading, text, low, wanted)))
    return [hit for _, hit in sorted(hits, key=lambda one: one[0])][:MOST_HITS]


def _hit(
    made: Outline, anchor: str, heading: str, text: str, low: str, wanted: Sequence[str]
) -> Hit:
    word = next((one for one in wanted if one in low), "")
    at = low.find(word) if len(low) == len(text) and word else 0
    end = at + len(word)
    return Hit(
        made.name,
        made.title,
        anchor,
        heading,
        ("…" if at > AROUND else "") + text[max(0, at - AROUND) : at],
        text[at:end],
        text[end : end + AROUND] + ("…" if end + AROUND < len(text) else ""),
    )


def _file(name: str, suffix: str) -> Path | None:
    """The file of a name, if it lies in the folder; no name leads out of it."""
    root = folder().resolve()
    try:
        path = (root / f"{name}{suffix}").resolve()
        inside = path.is_relative_to(root) and path.is_file()
    except (OSError, ValueError):  # too long, or not a name at all
        return None
    return path if inside else None


@lru_cache(maxsize=256)
def _outline(name: str, path: Path, changed: int) -> Outline:
    used: dict[str, int] = {}
    title, fenced = name, False
    sections: list[tuple[str, str, list[str]]] = [("", "", [])]
    for line in _COMMENT.sub("", path.read_text(encoding="utf-8")).split("\n"):
        if line.startswith("```"):
            fenced = not fenced
            continue
        heading = None if fenced else _HEADING.match(line)
        if heading is None:
            sections[-1][2].append(line if fenced else _plain(line))
            continue
        said = _bare(heading[2])
        anchor = _slug(said, used)
        if heading[1] == "#":
            title = said
        else:
            sections.append((anchor, said, []))
    told = ((anchor, head, " ".join(" ".join(text).split())) for anchor, head, text in sections)
    return Outline(name, title, tuple(told))


def _bare(text: str) -> str:
    """A heading without links and backticks, as its anchor is made from it."""
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("`", "")


def _plain(line: str) -> str:
    """A line without the marks of Markdown."""
    return _MARKS.sub(" ", _bare(line)).replace("**", "")


@lru_cache(maxsize=64)
def _read(name: str, path: Path, changed: int) -> Document:
    text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("table_open", _table_open)
    markdown.add_render_rule("table_close", _table_close)
    tokens = markdown.parse(text)
    title, headings = _prepare(name, tokens)
    # A column without a word above it has no header.
    made = _NO_HEADER.sub(r"<td\1></td>", markdown.renderer.render(tokens, markdown.options, {}))
    return Document(name, title, mark_safe(made), headings)  # noqa: S308 - html is off


def _prepare(name: str, tokens: Sequence[Token]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Give headings their anchors and links their addresses; the title and the headings."""
    used: dict[str, int] = {}
    title, headings = name, []
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and after is not None:
            said = "".join(one.content for one in after.children or ())
            anchor = _slug(said, used)
            token.attrSet("id", anchor)
            if token.tag == "h1":
                title = said
            elif token.tag == "h2":
                headings.append((anchor, said))
        elif token.type == "inline":
            _aim(name, token)
    return title, tuple(headings)


def _slug(text: str, used: dict[str, int]) -> str:
    """As the forges make them, so that links work there and here."""
    slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
    used[slug] = used.get(slug, -1) + 1
    return f"{slug}-{used[slug]}" if used[slug] else slug


def _aim(name: str, token: Token) -> None:
    """Turn links and pictures of a document into addresses of ours."""
    for one in token.children or ():
        if one.type == "link_open":
            href = str(one.attrGet("href") or "")
            address = _address(name, href)
            if address:
                one.attrSet("href", address)
            else:
                one.attrs.pop("href")  # a file of the repository that is no document: its name only
            if _ELSEWHERE.match(address):
                one.attrSet("rel", "noreferrer")
        elif one.type == "image":
            one.attrSet("src", _address(name, str(one.attrGet("src") or "")))


def _address(name: str, href: str) -> str:
    href = href.removeprefix(_HERE) or "/"  # as the texts write the address of these pages
    if _ELSEWHERE.match(href) or href.startswith(("#", "/")):
        return href
    path, mark, anchor = href.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(path)))
    if target.startswith(".."):
        return ""
    if path.endswith("/"):
        target = next((one for one in names() if one.startswith(f"{target}/")), target)
    return reverse("docs-page", args=[target.removesuffix(".md")]) + mark + anchor


def _fence(self: object, tokens: Sequence[Token], at: int, *_: object) -> str:
    token = tokens[at]
    text = token.content.rstrip("\n")
    coloured = "\n".join(yaml_lines(text)) if token.info.strip() == "yaml" else escape(text)
    return f'<pre class="json doc-code" tabindex="0"><code>{coloured}</code></pre>\n'


def _table_open(*_: object) -> str:
    return '<div class="doc-table" tabindex="0" role="group" aria-label="Table"><table>'


def _table_close(*_: object) -> str:
    return "</table></div>\n"
