"""The log of a run: what its steps printed, in the order of writing, filtered and from a place on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from runs.models import LogChunk
from runs.projections.run_detail import level_of

LINES_A_PAGE = 1000
_CHUNKS_A_READ = 500
_MOST_CHUNKS = 20_000  # looked through for a search that finds little
LEVELS = ("info", "warn", "err")  # in the order of their weight


@dataclass(frozen=True, slots=True)
class LogAsked:
    """Which lines."""

    step: str = ""  # a step path, with all that is inside it
    level: str = ""  # this one and heavier
    find: str = ""
    before: int | None = None  # older than this chunk
    after: int | None = None  # newer than this chunk


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log."""

    path: str
    level: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some lines, oldest first, and where the log goes on at both its ends."""

    lines: tuple[LogLine, ...]
    last: int  # the newest chunk that was looked at, to go on from
    before: int | None  # there are older lines before this chunk


def log_page(run_id: str, asked: LogAsked) -> LogPage:
    """The newest lines that fit; with ``after`` the ones that came since."""
    newest = asked.after is None
    rows = _rows(run_id, asked).order_by("-id" if newest else "id")
    kept: list[tuple[int, LogLine]] = []
    first, last, more = None, asked.after or 0, False
    for chunk, lines in _fitting(rows, asked):
        if newest and len(kept) + len(lines) > LINES_A_PAGE and kept:
            more = True
            break
        first = chunk if first is None else min(first, chunk)
        last = max(last, chunk)
        kept = [*lines, *kept] if newest else [*kept, *lines]
        if not newest and len(kept) >= LINES_A_PAGE:
            break
    more = more or len(kept) > LINES_A_PAGE
    shown = tuple(line for _, line in (kept[-LINES_A_PAGE:] if newest else kept))
    return LogPage(shown, last, first if more and newest else None)


def log_text(run_id: str, asked: LogAsked) -> Iterator[str]:
    """The whole log that fits as lines of a text file, oldest first."""
    for _, lines in _fitting(_rows(run_id, asked).order_by("id"), asked, None):
        for _, line in lines:
            yield f"{line.at.isoformat(timespec='milliseconds')} {line.level:<5} {line.path} {line.text}\n"


_Rows = QuerySet[LogChunk, tuple[int, str, str, str, str, datetime]]
_Lines = Sequence[tuple[int, LogLine]]


def _rows(run_id: str, asked: LogAsked) -> _Rows:
    rows = LogChunk.objects.filter(execution__run_id=run_id)
    if asked.step:
        inside = Q(execution__path__startswith=f"{asked.step}/")
        inside |= Q(execution__path__startswith=f"{asked.step}[")
        rows = rows.filter(Q(execution__path=asked.step) | inside)
    if asked.before is not None:
        rows = rows.filter(id__lt=asked.before)
    if asked.after is not None:
        rows = rows.filter(id__gt=asked.after)
    if asked.find:
        rows = rows.filter(text__icontains=asked.find)
    return rows.values_list("id", "execution__path", "level", "stream", "text", "at")


def _fitting(
    rows: _Rows, asked: LogAsked, most: int | None = _MOST_CHUNKS
) -> Iterator[tuple[int, _Lines]]:
    """Chunk by chunk, the lines of each that fit; a chunk is of one level."""
    find = asked.find.casefold()
    least = LEVELS.index(asked.level) if asked.level in LEVELS else 0
    found = rows[:most] if most else rows
    for chunk, path, level, stream, text, at in found.iterator(_CHUNKS_A_READ):
        word = level_of(level, stream)
        if least and (LEVELS.index(word) if word in LEVELS else 0) < least:
            continue
        yield (
            chunk,
            [
                (chunk, LogLine(path, word, line, at))
                for line in text.rstrip("\n").split("\n")
                if not find or find in line.casefold()
            ],
        )
