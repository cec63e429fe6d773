"""Labels as people type them: one ``name=value`` a line."""

from collections.abc import Iterator

from runs.errors import Refused


def labels_of(text: str) -> dict[str, str]:
    """All the labels there shall be. Raises Refused."""
    return dict(map(_pair, _lines(text)))


def changes_of(text: str) -> dict[str, str | None]:
    """What is set, and (``name-``) what is taken away; the last word counts. Raises Refused."""
    found: dict[str, str | None] = {}
    for line in _lines(text):
        if len(line) > 1 and line.endswith("-") and "=" not in line:
            found[line[:-1].strip()] = None
        else:
            name, value = _pair(line)
            found[name] = value
    return found


def _lines(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, text.splitlines()))


def _pair(line: str) -> tuple[str, str]:
    name, given, value = line.partition("=")
    if not (given and name.strip()):
        raise Refused(f"{line[:80]!r} is no label: write name=value.", field="labels")
    return name.strip(), value.strip()
