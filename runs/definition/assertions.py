"""Golden assertions: YAML or JSON → rules for nodes, or problems with their places. Pure.

    nodes:
      plan: ignore                       # the whole node
      fix[*]/review:
        ignore: [duration, findings.*.id]
        subset: {verdict: ok}
        regex: {summary: "^Fixed"}
        band: {score: [0.8, 1.0], cost: 10%}

docs/golden.md says what each of them means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from runs.definition.load import Document, Path, load_document
from runs.definition.problems import Problem
from runs.patterns import LONGEST, Pattern, PatternFault
from runs.schemas import schema_fault

KINDS = ("ignore", "equal", "subset", "schema", "regex", "band")
TOP = ("version", "nodes")
MOST_NODES = 1000
LONGEST_PATTERN = LONGEST

Place = tuple[str, ...]


@dataclass(frozen=True)
class Band:
    """How far a number may be off: limits, or a distance from the baseline's number."""

    low: float | None = None
    high: float | None = None
    within: float | None = None  # absolute
    percent: float | None = None


@dataclass(frozen=True)
class Rule:
    """What is minded at the nodes whose step path fits ``pattern``."""

    pattern: str
    skip: bool = False  # the node is not looked at
    ignore: tuple[Place, ...] = ()
    equal: tuple[Place, ...] = ()  # the empty place is the whole output
    subset: tuple[Any, ...] = ()  # at most one: BASELINE, or a value
    schema: Mapping[str, Any] | bool | None = None
    regex: tuple[tuple[Place, str], ...] = ()
    band: tuple[tuple[Place, Band], ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether the whole output is to be equal, but for what is ignored."""
        asked = self.equal or self.subset or self.regex or self.band
        return not self.skip and not asked and self.schema is None

    def fits(self, path: str) -> bool:
        """Whether the rule is about the node at ``path``."""
        return _fits(self.pattern, path)


class _Baseline:
    """Stands for the baseline's own output."""

    def __repr__(self) -> str:
        return "the baseline's output"


BASELINE = _Baseline()


@dataclass(frozen=True)
class Assertions:
    """Rules in the order of the file, what is kept of them, and what is wrong."""

    rules: tuple[Rule, ...] = ()
    document: dict[str, Any] | None = None
    problems: tuple[Problem, ...] = ()

    def rule_for(self, path: str) -> Rule | None:
        """The rule about a node: one that names it exactly, else the first pattern that fits."""
        exact = next((rule for rule in self.rules if rule.pattern == path), None)
        return exact or next((rule for rule in self.rules if rule.fits(path)), None)


def parse_assertions(text: str | bytes, file: str = "<text>") -> Assertions:
    """Read an assertions file. Never raises: what is wrong is in ``problems``, with its place."""
    return _Reader(load_document(text, file)).read()


def stored_assertions(document: Mapping[str, Any] | None) -> Assertions:
    """The rules of a document that was checked before; none for None."""
    if document is None:
        return Assertions()
    return _Reader(Document("", value=dict(document))).read()


def parse_place(text: str) -> Place:
    """``findings.*.id`` as parts; ``\\.`` is a dot in a name, ``.`` or nothing is the whole."""
    if text in ("", "."):
        return ()
    parts = re.split(r"(?<!\\)\.", text)
    return tuple(part.replace("\\.", ".") for part in parts)


def place_text(place: Iterable[str]) -> str:
    """A place as it is written in the file."""
    return ".".join(part.replace(".", "\\.") for part in place)


def _fits(pattern: str, path: str) -> bool:
    """Whether a step path fits ``fix[*]/review``: `*` within a name, `**` over any number of them.

    By the set of places in the pattern where one may stand after each letter, so that a pattern of
    nothing but stars takes no longer than its own length for each letter of the path.
    """
    parts = re.findall(r"\*\*|.", pattern, re.DOTALL)
    places = _onward({0}, parts)
    for letter in path:
        ahead = set()
        for place in places:
            part = parts[place] if place < len(parts) else ""
            if part == "**" or (part == "*" and letter != "/"):
                ahead.add(place)
            elif part == letter and part != "*":
                ahead.add(place + 1)
        places = _onward(ahead, parts)
        if not places:
            return False
    return len(parts) in places


def _onward(places: set[int], parts: list[str]) -> set[int]:
    """These places, and those behind the stars that they stand before: a star may be nothing."""
    found = set()
    for place in places:
        found.add(place)
        while place < len(parts) and parts[place] in ("*", "**"):
            place += 1
            found.add(place)
    return found


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = list(document.problems)

    def read(self) -> Assertions:
        value = self.document.value
        if self.problems:
            return Assertions(problems=tuple(self.problems))
        if not isinstance(value, dict):
            self.wrong((), "D602", "An assertions file is a mapping with `nodes`.")
            return Assertions(problems=tuple(self.problems))
        for name in value:
            if name not in TOP:
                self.wrong((name,), "D601", f"`{name}` is not known here.", "`nodes` is.", key=True)
        if value.get("version", 1) != 1:
            self.wrong(("version",), "D602", "This program reads version 1.")
        nodes = value.get("nodes", {})
        rules: list[Rule] = []
        if not isinstance(nodes, dict):
            self.wrong(("nodes",), "D602", "`nodes` maps step paths to assertions.")
        elif len(nodes) > MOST_NODES:
            self.wrong(("nodes",), "D602", f"More than {MOST_NODES} nodes are named.")
        else:
            rules = [self.rule(str(name), asked) for name, asked in nodes.items()]
        if self.problems:
            return Assertions(problems=tuple(self.problems))
        return Assertions(tuple(rules), {"version": 1, "nodes": nodes})

    def wrong(self, path: Path, code: str, message: str, hint: str = "", key: bool = False) -> None:
        mark = self.document.key_mark(path) if key else self.document.mark(path)
        self.problems.append(
            Problem(code, message, hint, mark.line, mark.column, self.document.file)
        )

    def rule(self, pattern: str, asked: Any) -> Rule:
        at: Path = ("nodes", pattern)
        if not pattern or len(pattern) > LONGEST_PATTERN:
            self.wrong(at, "D602", "A node is named by its step path.", key=True)
        if asked == "ignore":
            return Rule(pattern, skip=True)
        if asked == "equal" or asked is None:
            return Rule(pattern)
        if not isinstance(asked, dict):
            self.wrong(at, "D602", "A node has `ignore`, `equal`, or a mapping of assertions.")
            return Rule(pattern)
        for name in asked:
            if name not in KINDS:
                self.wrong(
                    (*at, name), "D601", f"There is no assertion `{name}`.",
                    f"There are {', '.join(KINDS)}.", key=True,
                )  # fmt: skip
        if asked.get("ignore") is True:
            return Rule(pattern, skip=True)
        return Rule(
            pattern,
            ignore=self.places((*at, "ignore"), asked.get("ignore", [])),
            equal=self.equal((*at, "equal"), asked.get("equal")),
            subset=self.subset(asked),
            schema=self.schema((*at, "schema"), asked.get("schema")),
            regex=self.regex((*at, "regex"), asked.get("regex", {})),
            band=self.band((*at, "band"), asked.get("band", {})),
        )

    def places(self, at: Path, given: Any) -> tuple[Place, ...]:
        given = [given] if isinstance(given, str) else given
        if not isinstance(given, list) or any(not isinstance(one, str | int) for one in given):
            self.wrong(at, "D602", f"`{at[-1]}` lists places, such as `findings.*.id`.")
            return ()
        return tuple(parse_place(str(one)) for one in given)

    def equal(self, at: Path, given: Any) -> tuple[Place, ...]:
        if given is None or given is False:
            return ()
        return ((),) if given is True else self.places(at, given)

    def subset(self, asked: Mapping[str, Any]) -> tuple[Any, ...]:
        if "subset" not in asked or asked["subset"] is False:
            return ()
        return (BASELINE,) if asked["subset"] is True else (asked["subset"],)

    def schema(self, at: Path, given: Any) -> Mapping[str, Any] | bool | None:
        if given is None:
            return None
        fault = schema_fault(given)
        if fault:
            self.wrong(at, "D602", f"`schema` is no JSON Schema: {fault}.")
            return None
        found: Mapping[str, Any] | bool = given
        return found

    def regex(self, at: Path, given: Any) -> tuple[tuple[Place, str], ...]:
        given = {".": given} if isinstance(given, str) else given
        if not isinstance(given, dict):
            self.wrong(at, "D602", "`regex` maps places to regular expressions.")
            return ()
        found = []
        for name, expression in given.items():
            try:
                if not isinstance(expression, str):
                    raise PatternFault("a text is needed")
                Pattern(expression)
            except PatternFault as fault:
                self.wrong((*at, name), "D603", f"This is no regular expression: {fault}.")
                continue
            found.append((parse_place(str(name)), expression))
        return tuple(found)

    def band(self, at: Path, given: Any) -> tuple[tuple[Place, Band], ...]:
        given = given if isinstance(given, dict) else {".": given}
        found = []
        for name, asked in given.items():
            band = _band(asked)
            if band is None:
                self.wrong(
                    (*at, name), "D604", "A band is [low, high], a distance, or a share like 10%.",
                    "Null for an open end: [0.8, null].",
                )  # fmt: skip
                continue
            found.append((parse_place(str(name)), band))
        return tuple(found)


def _band(asked: Any) -> Band | None:
    def number(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    if isinstance(asked, list) and len(asked) == 2:
        low, high = asked
        if all(one is None or number(one) for one in asked) and asked != [None, None]:
            if number(low) and number(high) and low > high:
                return None
            return Band(low=low, high=high)
        return None
    if number(asked) and asked >= 0:
        return Band(within=asked)
    if isinstance(asked, str) and (found := re.fullmatch(r"(\d+(\.\d+)?)\s*%", asked.strip())):
        return Band(percent=float(found[1]))
    return None


def assertions_text(document: Mapping[str, Any]) -> str:
    """A checked document as YAML that reads as the same."""
    nodes = {"nodes": document.get("nodes", {})}
    return str(yaml.safe_dump(nodes, sort_keys=False, allow_unicode=True, width=100))
