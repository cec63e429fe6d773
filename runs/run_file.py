"""The file of an exported run: its members, their digests, and what is refused of one. No Django.

A zip with ``manifest.json``, which has the SHA-256 of every other member. Members are read as
streams and never written to disk, and nothing is trusted before its digest was checked.
"""

import hashlib
import io
import json
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from runs.canonical import to_json_value
from runs.errors import MaverickError, Refused

FORMAT, VERSION = "maverick-run", 1
MANIFEST, CRATE = "manifest.json", "ro-crate-metadata.json"
RUN, DEFINITION, SOURCE, GRAPH = "run.json", "definition.json", "definition.yaml", "graph.json"
EXECUTIONS, EVENTS, LOGS = "executions.jsonl", "events.jsonl", "logs.jsonl"
CALLS = "calls.jsonl"  # of agents; runs without any have none
NOTE = "note.json"  # what people wrote about the run, if they did
NEEDED = frozenset({RUN, DEFINITION, EXECUTIONS, EVENTS, LOGS})
_KNOWN = re.compile(
    r"(run|note)\.json|definition\.(json|yaml)|graph\.json|(executions|events|logs|calls)\.jsonl|"
    r"ro-crate-metadata\.json|payloads/[0-9a-f]{64}\.json|checkpoints/\d{1,6}\.json"
)
MOST_MEMBERS = 50_000
MOST_BYTES = 4 * 2**30  # of all members, unpacked
MOST_SMALL = 256 * 2**20  # of one member that is read as a whole
MOST_LINE = 64 * 2**20
MOST_LINES = 5_000_000
HARMLESS = 256 * 2**20  # a log of one line again and again packs like a bomb, and is small
MOST_RATIO = 200  # unpacked to packed; text comes to 20, a bomb to 1,000
_CHUNK = 2**20


def plain_name(file: Any) -> str:
    """A file's name without the folders of the machine that it is of, from either kind of system.

    What comes from elsewhere names no place here, and what goes elsewhere tells none of ours.
    """
    name = str(file or "").replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in name if letter.isprintable())[:200]


class RunFileDamaged(Refused):
    """The file is no exported run, or it is damaged."""

    code = "run-file-damaged"


@dataclass
class Writer:
    """Writes members as streams and remembers their digests."""

    zip: zipfile.ZipFile
    members: dict[str, dict[str, Any]] = field(default_factory=dict)

    def stream(self, name: str, parts: Iterator[bytes]) -> None:
        """A member, piece by piece."""
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED
        with self.zip.open(info, "w", force_zip64=True) as out:
            for part in parts:
                out.write(part)
                digest.update(part)
                size += len(part)
        self.members[name] = {"sha256": digest.hexdigest(), "bytes": size}

    def json(self, name: str, value: Any) -> None:
        """A member of one JSON value."""
        self.stream(name, iter([_dump(value, indent=1)]))

    def lines(self, name: str, values: Iterator[Any]) -> None:
        """A member of many JSON values, a line each."""
        self.stream(name, (_dump(value) + b"\n" for value in values))

    def manifest(self, run_id: str, exported_at: str) -> None:
        """The last member."""
        told = {
            "format": FORMAT,
            "version": VERSION,
            "run_id": run_id,
            "exported_at": exported_at,
            "members": self.members,
        }
        self.stream(MANIFEST, iter([_dump(told, indent=1)]))


def _dump(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str).encode()


class Reader:
    """A checked file; a context manager. Raises RunFileDamaged."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise RunFileDamaged(f"This is no zip file: {error}.") from None
        self._infos = self._looked_over(self._zip.infolist())
        self.manifest = self._manifest()
        self._check()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names."""
        return tuple(self._infos)

    def size(self, name: str) -> int:
        """How many bytes a member has."""
        return self._infos[name].file_size

    def raw(self, name: str) -> bytes:
        """A small member as it is."""
        if self._infos[name].file_size > MOST_SMALL:
            raise RunFileDamaged(f"{name} is larger than {MOST_SMALL:,} bytes.")
        return b"".join(self._chunks(name))

    def json(self, name: str) -> Any:
        """A member of one JSON value."""
        return _load(self.raw(name), name)

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """The values of a member, a line each."""
        with self._open(name) as stream:
            number = 0
            while line := stream.readline(MOST_LINE + 1):
                number += 1
                if number > MOST_LINES:
                    raise RunFileDamaged(f"{name} has more than {MOST_LINES:,} lines.")
                if len(line) > MOST_LINE:
                    raise RunFileDamaged(f"Line {number} of {name} is too long.")
                value = _load(line, f"Line {number} of {name}")
                if not isinstance(value, dict):
                    raise RunFileDamaged(f"Line {number} of {name} is no object.")
                yield value

    def _looked_over(self, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        if len(infos) > MOST_MEMBERS:
            raise RunFileDamaged(f"The file has {len(infos):,} members.")
        found: dict[str, zipfile.ZipInfo] = {}
        packed = unpacked = 0
        for info in infos:
            # Nothing is unpacked to disk; a strange name is still a sign that it is not ours.
            if info.filename != MANIFEST and not _KNOWN.fullmatch(info.filename):
                raise RunFileDamaged(f"{info.filename[:100]!r} does not belong into this file.")
            if info.filename in found:
                raise RunFileDamaged(f"{info.filename} is there twice.")
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.is_dir() or kind not in (0, stat.S_IFREG):
                raise RunFileDamaged(f"{info.filename} is no plain file.")
            if info.flag_bits & 1:
                raise RunFileDamaged(f"{info.filename} is encrypted.")
            found[info.filename] = info
            packed, unpacked = packed + info.compress_size, unpacked + info.file_size
        if unpacked > MOST_BYTES or unpacked > max(HARMLESS, MOST_RATIO * packed):
            raise RunFileDamaged(f"Unpacked the file would have {unpacked:,} bytes.")
        missing = sorted({MANIFEST, *NEEDED} - found.keys())
        if missing:
            raise RunFileDamaged(f"This is no exported run: {missing[0]} is missing.")
        return found

    def _manifest(self) -> Mapping[str, Any]:
        told = self.json(MANIFEST)
        if not isinstance(told, dict) or told.get("format") != FORMAT:
            raise RunFileDamaged("This is no exported run of Maverick's.")
        if told.get("version") != VERSION:
            raise RunFileDamaged(
                f"The file has the version {told.get('version')!r}; this program reads {VERSION}."
            )
        members = told.get("members")
        if not isinstance(members, dict) or members.keys() != self._infos.keys() - {MANIFEST}:
            raise RunFileDamaged("The members are not those that the manifest lists.")
        return told

    def _check(self) -> None:
        for name, told in self.manifest["members"].items():
            digest = hashlib.sha256()
            for chunk in self._chunks(name):
                digest.update(chunk)
            if not isinstance(told, dict) or digest.hexdigest() != told.get("sha256"):
                raise RunFileDamaged(f"{name} is damaged: its SHA-256 does not fit.")

    def _chunks(self, name: str) -> Iterator[bytes]:
        left = self._infos[name].file_size
        with self._open(name) as stream:
            while chunk := self._read(stream, name):
                left -= len(chunk)
                if left < 0:  # it says it is smaller than it is
                    raise RunFileDamaged(f"{name} is larger than it says.")
                yield chunk

    def _open(self, name: str) -> io.BufferedReader:
        try:
            return io.BufferedReader(self._zip.open(self._infos[name]))  # type: ignore[arg-type]
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            raise RunFileDamaged(f"{name} cannot be read: {error}.") from None

    def _read(self, stream: io.BufferedReader, name: str) -> bytes:
        try:
            return stream.read(_CHUNK)
        except MaverickError:
            raise
        except Exception as error:  # zlib, bz2 and lzma each have their own
            raise RunFileDamaged(f"{name} is damaged: {error}.") from None


def _load(data: bytes, what: str) -> Any:
    try:
        return to_json_value(json.loads(data), what)
    except MaverickError as error:
        raise RunFileDamaged(f"{what} cannot be stored: {error.message}") from None
    except (ValueError, RecursionError) as error:
        raise RunFileDamaged(f"{what} is no JSON: {error}.") from None
