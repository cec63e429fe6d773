"""The words of the list's search: ``status:failed -workflow:probe-* label:env=staging``. Pure.

One language for page, address, API, command line and saved views. Values of one key stand beside
each other (any of them), keys add up, ``-`` excludes. Labels add up too: a run has several.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from runs.projections.periods import period
from runs.states import RunStatus

LONGEST = 200  # of a value: as long as a workflow's name may be
MOST_TERMS = 30
KINDS = ("plain", "restart", "fork", "resume")
_CHIPS = {"restarted": "restart", "forked": "fork", "resumed": "resume"}


@dataclass(frozen=True, slots=True)
class Term:
    """One filter that is on."""

    key: str
    value: str
    exclude: bool = False

    @property
    def name(self) -> str:
        """The key as it is written: ``-workflow``."""
        return f"-{self.key}" if self.exclude else self.key

    def __str__(self) -> str:
        return f"{self.name}:{quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class Mistake:
    """What was written and is no filter, and what to do."""

    written: str
    message: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A search, read."""

    terms: tuple[Term, ...]
    text: str  # what is no filter: the start of a run id, or a part of a workflow's name
    mistakes: tuple[Mistake, ...]


def _one_of(*known: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        word = value.lower()
        if word not in known:
            raise ValueError(f"is one of {', '.join(known)}")
        return word

    return check


def _text(value: str) -> str:
    return value


def _kind(value: str) -> str:
    word = _CHIPS.get(value.lower(), value.lower())
    return _one_of(*KINDS)("plain" if word == "none" else word)


def _golden(value: str) -> str:
    word = {"true": "yes", "false": "no"}.get(value.lower(), value.lower())
    return word if word in ("yes", "no") else value


def _label(value: str) -> str:
    if value.startswith("="):
        raise ValueError("is `name` or `name=value`")
    return value


def _started(value: str) -> str:
    period(value, datetime.now().astimezone())
    return value


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the search."""

    word: str
    says: str  # beside it in the list of suggestions
    check: Callable[[str], str]  # the value as it is kept; ValueError says what it should be


KEYS: Mapping[str, Key] = {
    key.word: key
    for key in (
        Key("status", "how the run stands", _one_of(*(one.value for one in RunStatus))),
        Key("workflow", "its name; * stands for anything", _text),
        Key("kind", "plain, restart, fork or resume", _kind),
        Key("golden", "yes, no, or a golden run's name", _golden),
        Key("tag", "a tag of golden runs", _text),
        Key("label", "name=value, or only the name", _label),
        Key("agent", "an agent that was called", _text),
        Key("by", "who started it", _text),
        Key("source", "the run it was started from", _text),
        Key("started", "<24h, >7d, today, 2026-11-20, from..to", _started),
    )
}


def read(key: str, value: str, exclude: bool = False) -> Iterator[Term | Mistake]:
    """The filters in ``key:value``; several with commas where the values are words."""
    written = f"{'-' if exclude else ''}{key}:{value}"
    value = value.replace("\x00", "").strip()[:LONGEST]
    if key == "chip":  # an old name of two keys
        key = "golden" if value.lower() == "golden" else "kind"
        value = "yes" if key == "golden" else value
    known = KEYS.get(key)
    if known is None:
        yield Mistake(written, f"There is no filter {key!r}. There are {', '.join(KEYS)}.")
        return
    parts = value.split(",") if key in ("status", "kind") else [value]
    for part in filter(None, (one.strip() for one in parts)):
        try:
            yield Term(key, known.check(part), exclude)
        except ValueError as error:
            yield Mistake(written, f"{key} {error}.")


def parse(search: str) -> Parsed:
    """Read a search as somebody has typed it. Nothing raises: mistakes are told."""
    terms: dict[Term, None] = {}
    words: list[str] = []
    mistakes: list[Mistake] = []
    for word in split(search.replace("\x00", "")[:4000]):
        found = re.match(r"(-?)([a-z_]+):(.*)", word, re.DOTALL | re.IGNORECASE)
        if found is None:
            words.append(word)
        elif found[3]:
            for one in read(found[2].lower(), found[3], bool(found[1])):
                if isinstance(one, Mistake):
                    mistakes.append(one)
                else:
                    terms[one] = None
    return Parsed(tuple(terms)[:MOST_TERMS], " ".join(words)[:LONGEST], tuple(mistakes)[:5])


def split(search: str) -> list[str]:
    """The words; quotes keep blanks in one: ``label:"env=my prod"``."""
    found, quote, word = [], "", ""
    for sign in search:
        if sign == quote:
            quote = ""
        elif not quote and sign == '"':
            quote = sign
        elif sign.isspace() and not quote:
            found.append(word)
            word = ""
        else:
            word += sign
    return [one for one in (*found, word) if one]


def quoted(value: str) -> str:
    """A value as it is typed: in quotes where it has blanks."""
    value = value.replace('"', "")
    return f'"{value}"' if re.search(r"\s", value) else value


def written(terms: tuple[Term, ...], text: str = "") -> str:
    """A search as it is typed, from which ``parse`` makes the same."""
    return " ".join([*(str(term) for term in terms), *([quoted(text)] if text else [])])


def for_shell(search: str) -> str:
    """A search as one word of a command line."""
    return shlex.quote(search)
