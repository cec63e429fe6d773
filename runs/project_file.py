"""The settings of a project and of a user: `maverick.toml`, or `[tool.maverick]`.

    project    maverick.toml, else [tool.maverick] in pyproject.toml
    user       maverick.toml in $MAVERICK_HOME

What is wrong with a file becomes a problem with file and key; nothing here raises for what
somebody wrote.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

FILE = "maverick.toml"
SECTIONS = ("agents", "generators", "steps", "agent_defaults", "validation", "github", "actions")
MAX_BYTES = 1024 * 1024
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class SettingsProblem:
    """Something in a settings file that cannot be used. ``key`` is dotted, empty for the file."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}{f': {self.key}' if self.key else ''}: {self.message}"


@dataclass(frozen=True)
class SettingsFile:
    """One file's tables. ``prefix`` stands before every key in messages: `tool.maverick.`."""

    path: Path
    tables: Mapping[str, Any]
    prefix: str = ""

    def table(self, name: str) -> Mapping[str, Any]:
        """A section, empty when it is not there or is no table."""
        found = self.tables.get(name)
        return found if isinstance(found, Mapping) else _NONE

    def problem(self, key: str, message: str) -> SettingsProblem:
        """A problem of this file."""
        return SettingsProblem(str(self.path), f"{self.prefix}{key}" if key else "", message)


@dataclass(frozen=True)
class Settings:
    """The project's file before the user's, those that exist, and what is wrong with them."""

    files: tuple[SettingsFile, ...] = ()
    problems: tuple[SettingsProblem, ...] = ()

    def table(self, name: str) -> dict[str, Any]:
        """A section with the project's keys over the user's."""
        merged: dict[str, Any] = {}
        for file in reversed(self.files):
            merged.update(file.table(name))
        return merged


def load_settings(project: Path, user: Path | None) -> Settings:
    """Read both. Files that do not exist are no problem."""
    problems: list[SettingsProblem] = []
    files = []
    own = _read(project / FILE, problems)
    inside = _read(project / "pyproject.toml", problems, "tool.maverick.")
    if own and inside:
        problems.append(inside.problem("", f"[tool.maverick] is not read: there is a {FILE}."))
    files += [file for file in (own or inside, user and _read(user / FILE, problems)) if file]
    for file in files:
        for name, value in file.tables.items():
            if name not in SECTIONS:
                problems.append(
                    file.problem(name, f"there is no such section.{did_you_mean(name, SECTIONS)}")
                )
            elif not isinstance(value, Mapping):
                problems.append(file.problem(name, "has to be a table."))
    return Settings(tuple(files), tuple(problems))


def _read(path: Path, problems: list[SettingsProblem], prefix: str = "") -> SettingsFile | None:
    empty = SettingsFile(path, _NONE, prefix)
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > MAX_BYTES:
            problems.append(empty.problem("", f"is larger than {MAX_BYTES:,} bytes."))
            return None
        tables: Any = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        # A broken pyproject.toml without our section is not for us to judge.
        if not prefix or b"tool.maverick" in path.read_bytes():
            problems.append(empty.problem("", f"is not TOML: {error}."))
        return None
    except OSError as error:
        problems.append(empty.problem("", f"cannot be read: {error.strerror}."))
        return None
    for part in prefix.split(".")[:-1]:
        tables = tables.get(part) if isinstance(tables, Mapping) else None
    if prefix and tables is None:
        return None
    if not isinstance(tables, Mapping):
        problems.append(empty.problem("", "[tool.maverick] has to be a table."))
        return None
    return SettingsFile(path, MappingProxyType(tables), prefix)


def close_to(name: str, known: Iterable[str]) -> list[str]:
    """Up to five known names that look like this one, the nearest first."""
    return difflib.get_close_matches(name, sorted(known), n=5, cutoff=0.5)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean a, b?`, or nothing."""
    close = close_to(name, known)
    return f" Did you mean {', '.join(close)}?" if close else ""
