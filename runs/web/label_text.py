"""Labels as people type them: one ``name=value`` a line."""

from collections.abc import Iterator

from runs.errors import Refused


def labels_of(text: str) -> dict[str, str]:
    """All the labels there shall be. Raises Refused."""
    return dict(_pairs(text))


def changes_of(text: str) -> dict[str, str | None]:
    """What is set, and (``name-``) what is taken away. Raises Refused."""
    lines = [line.strip() for line in text.splitlines()]
    gone = [line for line in lines if len(line) > 1 and line.endswith("-") and "=" not in line]
    kept = "\n".join(line for line in lines if line not in gone)
    return {**labels_of(kept), **{line[:-1].strip(): None for line in gone}}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, given, value = line.partition("=")
        if not line.strip():
            continue
        if not (given and name.strip()):
            raise Refused(f"{line[:80]!r} is no label: write name=value.", field="labels")
        yield name.strip(), value.strip()
