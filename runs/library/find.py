"""Which file answers a workflow name: the project's, then the user's, then the built-in one.

A workflow is known by the `name` inside its file; the file's stem answers when no file has the
name. Looking is cheap: only the head of a file is read, and only so many files are looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

from runs.errors import Refused

Origin = Literal["project", "user", "built-in", "file"]

HEAD = 4096  # bytes of a file that are looked at to see whether it is a workflow
LONG_HEAD = 64 * 1024  # when `steps:` is not among them
MAX_FILES = 2_000  # looked at in one place
MAX_FOLDERS = 2_000
MAX_FILE = 10 * 1024 * 1024
SUFFIXES = (".yaml", ".yml")
BUILT_IN = Path(__file__).parent

_NAME = re.compile(rb"^name[ \t]*:[ \t]*([\"']?)([^\s\"'#]+)\1[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_STEPS = re.compile(rb"^steps[ \t]*:", re.MULTILINE)
_JSON_NAME = re.compile(rb"\"name\"\s*:\s*\"([^\"]+)\"")


class AmbiguousWorkflow(Refused):
    """Two files of one place have the same workflow name."""

    code = "workflow-ambiguous"


@dataclass(frozen=True)
class Found:
    """One workflow file. `overrides`: files of the same name that it takes precedence over.

    `rivals`: files of the same name in the same place, so that nothing says which is meant.
    `is_fragment`: it lies in a folder called `fragments`, to be called by others.
    `text` is filled by `find_workflow`; in a list it is empty, as nothing but heads was read.
    """

    name: str
    path: Path
    origin: Origin
    text: str = ""
    overrides: list[Path] = field(default_factory=list)
    rivals: list[Path] = field(default_factory=list)
    is_fragment: bool = False


@dataclass(frozen=True)
class _Place:
    """A folder that is looked in. An earlier one goes before a later one."""

    folder: Path
    origin: Origin
    base: Path
    deep: bool = True


class Finder:
    """Looks names up. The folders are listed once, when the first name is asked for."""

    def __init__(self, project: Path | None = None, user: Path | None = None) -> None:
        self._project, self._user = project, user

    @cached_property
    def all(self) -> list[Found]:
        """Every workflow that has a name, one for each name, in the order of names.

        A file that cannot be read is left out.
        """
        winners: dict[str, Found] = {}
        places: dict[str, _Place] = {}
        for place in _places(self._project, self._user):
            for path in _files(place.folder, deep=place.deep):
                head = _head(path)
                if head is None or not _looks_like_a_workflow(head):
                    continue
                name = _name_in(head) or _stem(path)
                winner = winners.get(name)
                if winner is None:
                    below = path.relative_to(place.base).parts[:-1]
                    fragment = "fragments" in below
                    winners[name] = Found(name, path, place.origin, is_fragment=fragment)
                    places[name] = place
                elif path != winner.path and path not in winner.overrides:
                    (winner.rivals if places[name] == place else winner.overrides).append(path)
        return sorted(winners.values(), key=lambda found: found.name)

    def get(self, name_or_path: str | Path) -> Found | None:
        """The workflow that a name or a path means, with its text; None when there is none.

        A path (it exists as a file, and has a suffix or a separator) wins; it is taken relative
        to the working directory, then to the project. Raises AmbiguousWorkflow when two files of
        one place have the name, OSError if the chosen file vanishes or cannot be read.
        """
        wanted = str(name_or_path)
        direct = _as_file(wanted, self._project)
        if direct is not None:
            head = _head(direct)
            name = _name_in(head) if head else None
            return Found(name or _stem(direct), direct, "file", _text(direct))
        found = next((each for each in self.all if each.name == wanted), None) or next(
            (each for each in self.all if wanted in (each.path.stem, _stem(each.path))), None
        )
        if found is not None and found.rivals:
            raise AmbiguousWorkflow(
                f"Which {found.name} is meant? It stands in {found.path} and in {found.rivals[0]}.",
                hint="Rename one of them, or give the path.",
            )
        return None if found is None else replace(found, text=_text(found.path))


def find_workflow(
    name_or_path: str | Path, *, project: Path | None = None, user: Path | None = None
) -> Found | None:
    """The workflow that a name or a path means; see `Finder.get`."""
    return Finder(project, user).get(name_or_path)


def list_workflows(*, project: Path | None = None, user: Path | None = None) -> list[Found]:
    """Every workflow that has a name; see `Finder.all`."""
    return Finder(project, user).all


def name_in_text(text: str | bytes) -> str | None:
    """The workflow name that a text says it has, without reading it as YAML."""
    head = text[:LONG_HEAD]
    return _name_in(head.encode("utf-8", "replace") if isinstance(head, str) else head)


def _places(project: Path | None, user: Path | None) -> Iterator[_Place]:
    if project is not None:
        yield _Place(project, "project", project, deep=False)
        for folder in ("workflows", "fragments", ".maverick/workflows", ".maverick/fragments"):
            yield _Place(project / folder, "project", project)
    for base, origin in ((user, "user"), (BUILT_IN, "built-in")):
        if base is not None:
            for folder in ("workflows", "fragments"):
                yield _Place(base / folder, cast(Origin, origin), base)


def _files(folder: Path, *, deep: bool = True) -> Iterator[Path]:
    """The YAML files of a folder, those nearest first, in the order of names."""
    count = 0
    for folders, (root, names, files) in enumerate(
        os.walk(folder), start=1
    ):  # no links: no circles
        names[:] = sorted(n for n in names if n != "node_modules" and not n.startswith("."))
        if not deep or folders >= MAX_FOLDERS:
            names.clear()
        for file in sorted(files):
            if file.endswith(SUFFIXES):
                count += 1
                if count > MAX_FILES:
                    return
                yield Path(root) / file


def _as_file(wanted: str, project: Path | None) -> Path | None:
    if not wanted or "\0" in wanted:
        return None
    if not wanted.endswith((*SUFFIXES, ".json")) and "/" not in wanted and os.sep not in wanted:
        return None
    for base in (Path(), project or Path()):
        try:
            path = base / Path(wanted).expanduser()
            if path.is_file():
                return path.absolute()
        except (OSError, RuntimeError):  # too long for the file system; no such home folder
            return None
    return None


def _head(path: Path) -> bytes | None:
    """The head of a file: as short as shows `steps:`, None when it cannot be read."""
    try:
        if not path.is_file():  # a pipe would make reading wait for ever
            return None
        with path.open("rb") as file:
            head = file.read(HEAD)
            if len(head) == HEAD and not _looks_like_a_workflow(head):
                head += file.read(LONG_HEAD - HEAD)  # a long comment, or many inputs
            return head.removeprefix(b"\xef\xbb\xbf")
    except OSError:
        return None


def _looks_like_a_workflow(head: bytes) -> bool:
    return _STEPS.search(head) is not None or (head.lstrip()[:1] == b"{" and b'"steps"' in head)


def _name_in(head: bytes) -> str | None:
    found = _NAME.search(head)
    if found:
        return found[2].decode("utf-8", "replace")
    json_name = _JSON_NAME.search(head) if head.lstrip()[:1] == b"{" else None
    return json_name[1].decode("utf-8", "replace") if json_name else None


def _stem(path: Path) -> str:
    return path.stem.replace("_", "-").lower()


def _text(path: Path) -> str:
    with path.open("rb") as file:
        # One byte more than is allowed, so that the loader sees that it is too much; and what is
        # no UTF-8 stays recognisable, so that it says that as well.
        return file.read(MAX_FILE + 1).decode("utf-8-sig", "surrogateescape")
