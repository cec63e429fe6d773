"""What tools print, as errors with file and line: ruff, mypy, pytest, and whoever does alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

MOST = 100  # errors; more would not be read, neither by people nor by agents
_MESSAGE = 500  # characters

# a.py:3:8: F401 …    a.py:3: error: … [code]    src/x.ts(3,8): error TS1: …
_PLACE_FIRST = re.compile(
    r"^(?P<file>[^\s:()][^:()\n]*\.[A-Za-z]\w*)"
    r"(?::(?P<line>\d+)(?::\d+)?(?:-\d+(?::\d+)?)?:|\((?P<tsline>\d+),\d+\):)\s*(?P<said>\S.*)$"
)
# F401 [*] `os` imported but unused
#  --> a.py:1:8
_RUFF_ARROW = re.compile(r"^\s*-->\s*(?P<file>.+?):(?P<line>\d+):\d+\s*$")
_RUFF_FORMAT = re.compile(r"^Would reformat: (?P<file>.+)$")
_PYTEST = re.compile(r"^(?P<what>FAILED|ERROR) (?P<node>\S.*?)(?: - (?P<said>.*))?$")
_PYTEST_SECTION = re.compile(r"^_{2,} (?:ERROR (?:at \w+ of|collecting) )?(?P<name>\S.*?) _{2,}$")
_PYTEST_PLACE = re.compile(r"^(?P<file>[^\s:]+\.py):(?P<line>\d+):")
_PYTEST_REASON = re.compile(r"^E\s+(?P<said>\S.*)$")
_NOTE = re.compile(r"^(note|warning):", re.IGNORECASE)


def find_errors(text: str, folder: Path) -> list[dict[str, Any]]:
    """`{file, line, message}` for each error that can be recognised, in their order."""
    lines = text.splitlines()
    found = _pytest(lines)
    if not found:
        found = _by_lines(lines)
    errors, seen = [], set()
    for file, line, message in found:
        error = (_relative(file, folder), line, message.strip()[:_MESSAGE])
        if error not in seen:
            seen.add(error)
            errors.append(dict(zip(("file", "line", "message"), error, strict=True)))
        if len(errors) == MOST:
            break
    return errors


def nothing_to_check(command: str, code: int, text: str) -> bool:
    """Does the tool say that there was nothing for it to check?"""
    if code == 5 and "pytest" in command:  # its exit code for "no tests collected"
        return True
    said = text.strip()
    if code == 2 and "mypy" in command:
        return said.startswith("There are no .py[i] files in directory")
    return False


def _by_lines(lines: list[str]) -> list[tuple[str, int | None, str]]:
    found: list[tuple[str, int | None, str]] = []
    before = ""
    for line in lines:
        if arrow := _RUFF_ARROW.match(line):
            found.append((arrow["file"], int(arrow["line"]), before))
        elif would := _RUFF_FORMAT.match(line):
            found.append((would["file"], None, "It is not formatted."))
        elif (place := _PLACE_FIRST.match(line)) and not _NOTE.match(place["said"]):
            said = place["said"].removeprefix("error:").strip()
            found.append((place["file"], int(place["line"] or place["tsline"]), said))
        before = line or before
    return found


def _pytest(lines: list[str]) -> list[tuple[str, int | None, str]]:
    """From the summary at the end, with lines from the tracebacks above it."""
    places: dict[str, dict[str, int]] = {}  # section → file → its last line there
    reasons: dict[str, str] = {}
    section = ""
    found: list[tuple[str, int | None, str]] = []
    for line in lines:
        if heading := _PYTEST_SECTION.match(line):
            section = heading["name"]
        elif section and (place := _PYTEST_PLACE.match(line)):
            places.setdefault(section, {})[place["file"]] = int(place["line"])
        elif section and (reason := _PYTEST_REASON.match(line)):
            reasons.setdefault(section, reason["said"])
        elif summed := _PYTEST.match(line):
            file, _, name = summed["node"].partition("::")
            heading_of = name.replace("::", ".") or file
            there = places.get(heading_of, {})
            said = summed["said"] or reasons.get(heading_of) or "It failed."
            found.append((file, there.get(file), f"{name}: {said}" if name else said))
    return found


def _relative(file: str, folder: Path) -> str:
    try:
        return str(Path(file).relative_to(folder))
    except ValueError:
        return file
