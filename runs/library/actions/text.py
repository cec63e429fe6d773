"""Text: join, split, match and fill in."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from runs.actions import action

_SLOT = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@action("text.join", effect="pure")
def join(items: Sequence[Any], separator: str = "\n", prefix: str = "", field: str = "") -> str:
    """One text out of many, each with `prefix` before it; `field` picks from mappings."""
    if isinstance(items, str):
        raise TypeError("items is a list, not a text")
    return separator.join(f"{prefix}{item[field] if field else item}" for item in items)


@action("text.split", effect="pure")
def split(text: str, separator: str = "\n", keep_empty: bool = False) -> list[str]:
    """The parts of a text without the white space around them."""
    parts = [part.strip() for part in text.split(separator)]
    return parts if keep_empty else [part for part in parts if part]


@action("text.match", effect="pure")
def match(text: str, pattern: str, required: bool = True) -> dict[str, Any]:
    """The first place where a regular expression matches.

    Answers `{found, match, groups, named, line}`; when it is required and not there, it fails.
    """
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        if required:
            raise LookupError(f"Nothing matches {pattern!r}.")
        return {"found": False, "match": None, "groups": [], "named": {}, "line": None}
    return {
        "found": True,
        "match": found[0],
        "groups": list(found.groups()),
        "named": found.groupdict(),
        "line": text.count("\n", 0, found.start()) + 1,
    }


@action("text.render", effect="pure")
def render(template: str, values: Mapping[str, Any]) -> str:
    """A text with `{name}` replaced by values; what has no value fails, by name.

    Other braces stay as they are, and no attribute or index of a value can be reached.
    """
    missing = sorted({name for name in _SLOT.findall(template) if name not in values})
    if missing:
        raise LookupError(f"No value for {', '.join(missing)}.")
    return _SLOT.sub(lambda slot: str(values[slot[1]]), template)
