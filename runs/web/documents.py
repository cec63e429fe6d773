"""The documents of ``docs/``, read and turned into HTML once as long as they do not change.

No HTML of an author gets through, links between documents lead to their pages here, and nothing is
fetched from elsewhere.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
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
AROUND = 70  # signs on each side of what was searched
# Marks for tools, alone on their lines; with HTML off they would stand in the text.
_COMMENT = re.compile(r"^<!--.*-->\n", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """One page of the docs."""

    name: str  # "steps/loop"
    title: str
    html: SafeString
    headings: tuple[tuple[str, str], ...]  # anchor, text; of the second level
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


def search(words: str) -> list[Hit]:
    """Where all the words stand in one section; those with them in the heading first."""
    wanted = words.casefold().split()
    hits: list[tuple[int, Hit]] = []
    for name in names() if wanted else ():
        made = document(name)
        for anchor, heading, text in made.sections if made else ():
            low, head = text.casefold(), f"{made.title if made else ''} {heading}".casefold()
            if all(word in low or word in head for word in wanted):
                rank = 0 if all(word in head for word in wanted) else 1
                hits.append((rank, _hit(made, anchor, heading, text, low, wanted)))  # type: ignore[arg-type]
    return [hit for _, hit in sorted(hits, key=lambda one: one[0])][:MOST_HITS]


def _hit(
    made: Document, anchor: str, heading: str, text: str, low: str, wanted: Sequence[str]
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
def _read(name: str, path: Path, changed: int) -> Document:
    text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(text)
    title, headings, sections = _prepare(name, tokens)
    html = MarkdownIt("commonmark", {"html": False}).enable("table")
    html.add_render_rule("fence", _fence)
    html.add_render_rule("table_open", _table_open)
    html.add_render_rule("table_close", _table_close)
    made = html.renderer.render(tokens, html.options, {})
    return Document(name, title, mark_safe(made), headings, sections)  # noqa: S308 - html is off


def _prepare(
    name: str, tokens: Sequence[Token]
) -> tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, str, str], ...]]:
    """Give headings their anchors and links their addresses; what the page is about, by section."""
    used: dict[str, int] = {}
    title, headings = name, []
    sections: list[tuple[str, str, list[str]]] = [("", "", [])]
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and after is not None:
            said = _plain(after)
            anchor = _slug(said, used)
            token.attrSet("id", anchor)
            if token.tag == "h1":
                title = said
            else:
                sections.append((anchor, said, []))
                if token.tag == "h2":
                    headings.append((anchor, said))
        elif token.type == "inline":
            _aim(name, token)
            sections[-1][2].append(_plain(token))
        elif token.type == "fence":
            sections[-1][2].append(token.content)
    told = tuple(
        (anchor, head, " ".join(" ".join(text).split())) for anchor, head, text in sections
    )
    return title, tuple(headings), told


def _plain(token: Token) -> str:
    return "".join(
        " " if one.type in ("softbreak", "hardbreak") else one.content
        for one in token.children or ()
    )


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
            if _ELSEWHERE.match(href):
                one.attrSet("rel", "noreferrer")
        elif one.type == "image":
            one.attrSet("src", _address(name, str(one.attrGet("src") or "")))


def _address(name: str, href: str) -> str:
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


def titles() -> Iterator[tuple[str, str]]:
    """Name and title of every document, in their order."""
    for name in names():
        made = document(name)
        if made:
            yield name, made.title
