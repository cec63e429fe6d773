"""A JSON value as a tree that folds without a script: each value with its path, both to be copied."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from runs.projections import words

MOST_ROWS = 1500
_OPEN_DEPTH, _OPEN_ITEMS, _LONGEST = 3, 40, 4000
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def json_view(value: Any, root: str, address: str, find: str = "") -> SafeString:
    """The value as nested lists. ``root`` begins the paths that are copied, ``address`` answers
    the value at ``?at=`` (a JSON pointer). With ``find`` what holds it is open and marked."""
    made = "".join(_View(address, find.casefold()).rows(value, root, "", 0))
    return mark_safe(f'<ul class="jv">{made}</ul>')  # noqa: S308 - every text went through escape


def holds(value: Any, name: str, find: str) -> bool:
    """Whether ``find`` (folded) stands in the name, the value, or anything inside it."""
    if find in name.casefold():
        return True
    if isinstance(value, Mapping):
        return any(holds(one, str(key), find) for key, one in value.items())
    if isinstance(value, list):
        return any(holds(one, "", find) for one in value)
    said = value if isinstance(value, str) else json.dumps(value)
    return find in said.casefold()


class _View:
    def __init__(self, address: str, find: str) -> None:
        self._address, self._find, self._left = address, find, MOST_ROWS

    def rows(self, value: Any, path: str, at: str, depth: int, name: str = "") -> Iterator[str]:
        """One value with what is inside it."""
        self._left -= 1
        if self._left < 0:
            if self._left == -1:
                yield '<li class="x">… more in the file</li>'
            return
        key = f'<span class="k">{self._marked(words.json_text(name))}</span>: '
        key = key if name else ""
        if not (isinstance(value, Mapping | list) and value):
            text = words.json_text(value)
            copied = value if isinstance(value, str) else text
            tools = self._tools(path, f'data-copy="{escape(copied[:100_000])}"')
            yield f"<li>{key}{self._leaf(value, text)}{tools}</li>"
            return
        is_map = isinstance(value, Mapping)
        items: list[tuple[Any, Any]] = (
            list(value.items()) if isinstance(value, Mapping) else list(enumerate(value))
        )
        said = words.count(len(items), "key" if is_map else "item")
        signs = "{}" if is_map else "[]"
        inside = self._find and holds(value, "", self._find)
        is_open = inside if self._find else depth < _OPEN_DEPTH and len(items) <= _OPEN_ITEMS
        whole = f'data-copy-url="{escape(f"{self._address}?at={quote(at)}")}"'
        yield (
            f'<li><details data-at="{escape(at or "/")}"{" open" if is_open else ""}><summary>{key}'
            f'<span class="x">{signs[0]} {said} {signs[1]}</span>'
            "</summary><ul>"
        )
        for child, one in items:
            below = f"{at}/{str(child).replace('~', '~0').replace('/', '~1')}"
            label = str(child) if is_map else ""
            if self._left < 0:
                break
            yield from self.rows(one, _below(path, child), below, depth + 1, label)
        # Behind it, and not in its summary: a button in a button is read by nobody.
        yield f"</ul></details>{self._tools(path, whole)}</li>"

    def _leaf(self, value: Any, text: str) -> str:
        style = "s" if isinstance(value, str) else "v"
        more = len(text) - _LONGEST
        rest = f'<span class="x"> … {more:,} more signs</span>' if more > 0 else ""
        return f'<span class="{style}">{self._marked(text[:_LONGEST])}</span>{rest}'

    def _marked(self, text: str) -> str:
        """The text with what was looked for marked."""
        if not self._find:
            return escape(text)
        parts, at, folded = [], 0, text.casefold()
        if len(folded) != len(text):  # places would not be the same: ß, ﬁ
            return escape(text)
        while (found := folded.find(self._find, at)) >= 0:
            end = found + len(self._find)
            parts += [escape(text[at:found]), f"<mark>{escape(text[found:end])}</mark>"]
            at = end
        return "".join([*parts, escape(text[at:])])

    def _tools(self, path: str, value: str) -> str:
        name = escape(path or "the whole value")
        return (
            f'<span class="jv-do js-only"><button class="jv-b" type="button" {value} '
            f'aria-label="Copy the value of {name}">value</button>'
            f'<button class="jv-b" type="button" data-copy="{escape(path)}" '
            f'aria-label="Copy the path {name}">path</button></span>'
        )


def _below(path: str, key: str | int) -> str:
    """The path as expressions write it: ``inputs.list[0]["odd key"]``."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if _PLAIN.match(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def value_at(value: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901). Raises LookupError."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value[key]
        elif isinstance(value, list) and key.isascii() and key.isdecimal() and len(key) < 12:
            value = value[int(key)]
        else:
            raise LookupError(pointer)
    return value
