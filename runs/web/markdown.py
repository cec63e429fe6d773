"""Markdown of people as safe HTML: no HTML of theirs, no images, no addresses that run.

See docs/decisions/009-markdown.md.
"""

from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict


def markdown_html(text: str) -> SafeString:
    """The text rendered. What is HTML in it is shown as it was typed."""
    html: str = _renderer().render(text)
    return mark_safe(html)  # noqa: S308 - html is off, every text is escaped


@lru_cache(maxsize=1)
def _renderer() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True})
    made.enable(["table", "strikethrough"])
    # An image would be fetched from elsewhere by everybody who opens the page; the policy of the
    # pages would refuse it, and its link stays readable as a link.
    made.disable(["image"])
    made.add_render_rule("link_open", _link)
    for name in ("heading_open", "heading_close"):
        made.add_render_rule(name, _heading)
    return made


def _link(
    self: RendererHTML, tokens: list[Token], number: int, options: OptionsDict, env: EnvType
) -> str:
    tokens[number].attrSet("rel", "noopener noreferrer nofollow")
    tokens[number].attrSet("class", "link")
    return self.renderToken(tokens, number, options, env)


def _heading(
    self: RendererHTML, tokens: list[Token], number: int, options: OptionsDict, env: EnvType
) -> str:
    # Below the page's own headings.
    tokens[number].tag = f"h{min(int(tokens[number].tag[1]) + 2, 6)}"
    return self.renderToken(tokens, number, options, env)
