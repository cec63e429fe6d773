"""YAML in colour: keys, texts, numbers, comments and expressions, line by line; all escaped.

For readers, not for machines: a sign that it takes for something else has another colour, and the
text is the same.
"""

import re
from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_LINE = re.compile(
    r"(?P<lead>\s*+(?:- +)*+)(?P<key>(?:\"[^\"]*\"|'[^']*'|[\w.$/-][^:#{}\[\],&*\"']*?))?(?P<colon>:(?=\s|$))"
)
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?\s*(#.*)?$")
_PARTS = re.compile(
    r"(?P<x>\$\{\{.*?\}\})"
    r"|(?P<s>\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*')"
    r"|(?P<c>(?:(?<=\s)|^)#.*$)"
    r"|(?P<v>(?<![\w.-])(?:-?\d+(?:\.\d+)?|true|false|null|yes|no)(?![\w.-]))"
)
_EXPRESSION = re.compile(r"(\$\{\{.*?\}\})")
_CLASSES = {"x": "y-expression", "s": "y-text", "c": "y-comment", "v": "y-value"}
_LONGEST = 4000  # signs of a line that are worth their colour


def yaml_lines(text: str) -> list[SafeString]:
    """Each line of ``text`` as HTML."""
    return [mark_safe(line) for line in _lines(text)]  # noqa: S308 - all of it went through escape


def _lines(text: str) -> Iterator[str]:
    block: int | None = None  # the indentation of the key whose text of several lines we are in
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        if block is not None and (not line.strip() or indent > block):
            yield _expressions(line)
            continue
        block = None
        if len(line) > _LONGEST:
            yield str(escape(line))
            continue
        found = _LINE.match(line)
        if found is None or found["key"] is None:
            yield _value(line)
            continue
        rest = line[found.end() :]
        if _BLOCK.search(rest.strip() or "-"):
            block = indent
        yield (
            f'{escape(found["lead"])}<span class="y-key">{escape(found["key"])}</span>:'
            f"{_value(rest)}"
        )


def _value(text: str) -> str:
    made, at = [], 0
    for part in _PARTS.finditer(text):
        made.append(str(escape(text[at : part.start()])))
        kind = _CLASSES[part.lastgroup or "v"]
        inside = _marked(part[0]) if part.lastgroup == "s" else escape(part[0])
        made.append(f'<span class="{kind}">{inside}</span>')
        at = part.end()
    made.append(str(escape(text[at:])))
    return "".join(made)


def _expressions(text: str) -> str:
    """A line of a text of several lines: only its expressions have a colour."""
    return f'<span class="y-text">{_marked(text)}</span>' if text.strip() else text


def _marked(text: str) -> str:
    """A text with its expressions marked."""
    parts = _EXPRESSION.split(text)
    said = [
        f'<span class="y-expression">{escape(part)}</span>' if n % 2 else str(escape(part))
        for n, part in enumerate(parts)
    ]
    return "".join(said)
