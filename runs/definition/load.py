"""Safe YAML that remembers where everything stood.

PyYAML's parser yields events; the values are made here, without recursion and with every alias
counted as if it were written out, so that neither depth nor an alias bomb can hurt. Keys are
always text (`on:` is "on", not true). Of YAML's own types only those of JSON are made; what
looks like a date stays text.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from runs.definition.fields import START, Mark
from runs.definition.problems import Problem

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 60
MAX_NODES = 200_000

Path = tuple[str | int, ...]

_PREFIX = "tag:yaml.org,2002:"
_RESOLVER: Any = yaml.resolver.Resolver()
_INTEGER = re.compile(r"[-+]?(0x[0-9a-fA-F_]+|0b[01_]+|0o?[0-7_]*|[1-9][0-9_]*)")
_JSON_FLOAT = re.compile(r"-?\d+[eE][-+]?\d+")  # to YAML 1.1 a text, for want of a dot
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StopLoading(Exception):
    """A problem after which nothing more can be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Node:
    """A value with its place. `value`: scalar, list of nodes, or list of (key, key mark, node)."""

    value: Any
    kind: str  # scalar, list, map
    start: Any  # PyYAML's mark
    end: Any


@dataclass(slots=True)
class Document:
    """A loaded file: its plain value, and where each path of it stands."""

    file: str
    text: str = ""
    value: Any = None
    problems: list[Problem] = field(default_factory=list)
    # Lines and columns, of values and of keys. Few of them are ever asked for, so each becomes a
    # Mark only then: of a thousand steps, ten thousand would be half of the time of reading.
    marks: dict[Path, tuple[int, int]] = field(default_factory=dict)
    key_marks: dict[Path, tuple[int, int]] = field(default_factory=dict)
    spans: dict[Path, tuple[int, int]] = field(default_factory=dict)  # of texts, in characters
    line_starts: list[int] = field(default_factory=list)  # filled when first asked for

    def mark(self, path: Path) -> Mark:
        """Where a value stands, or the nearest thing around it that has a place."""
        while path and path not in self.marks:
            path = path[:-1]
        found = self.marks.get(path)
        return Mark(line=found[0], column=found[1]) if found else START

    def key_mark(self, path: Path) -> Mark:
        """Where the key of a value stands; the value itself for an item of a list."""
        found = self.key_marks.get(path)
        return Mark(line=found[0], column=found[1]) if found else self.mark(path)

    def mark_at(self, index: int) -> Mark:
        """The place of one character of the text."""
        if not self.line_starts:
            self.line_starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        line = bisect_right(self.line_starts, index)
        return Mark(line=line, column=index - self.line_starts[line - 1] + 1)


def load_document(source: str | bytes, file: str) -> Document:
    """Read one YAML document. Never raises: what is wrong is in `problems`."""
    document = Document(file)
    try:
        document.text = _decode(source, file)
        root = _compose(document)
        if root is not None:
            document.value = _Expander(document).expand(root)
    except _StopLoading as stop:
        document.problems.append(stop.problem)
        document.value = None
    return document


def _decode(source: str | bytes, file: str) -> str:
    if len(source) > MAX_BYTES:
        raise _StopLoading(Problem("D001", "The file has more than 10 MB.", file=file))
    if isinstance(source, bytes):
        try:
            encoding = "utf-16" if source[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
            source = source.decode(encoding)
        except UnicodeDecodeError as error:
            message = f"The file is not UTF-8 text: {error.reason} at byte {error.start + 1}."
            raise _StopLoading(Problem("D001", message, file=file)) from None
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _SURROGATES.sub(_one_character, text) if _is_json(text) else text


def _is_json(text: str) -> bool:
    return text[:100].lstrip()[:1] == "{"


# JSON writes what is beyond U+FFFF as two escapes, which YAML does not know. The first branch
# steps over an escaped backslash, so that `\\\\ud83d` stays what it is.
_SURROGATES = re.compile(r"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def _one_character(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[0]
    return chr(0x10000 + ((int(found[1], 16) - 0xD800) << 10) + int(found[2], 16) - 0xDC00)


def _compose(document: Document) -> _Node | None:
    """The tree of the first document; aliases share their node."""
    anchors: dict[str, _Node] = {}
    open_anchors: set[int] = set()
    stack: list[_Node] = []
    root: _Node | None = None
    documents = count = 0
    for event in _events(document):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _stop(document, "D002", "There is more than one document.", event.start_mark)
            continue
        node: _Node
        if isinstance(event, yaml.CollectionEndEvent):
            done = stack.pop()
            done.end = event.end_mark
            open_anchors.discard(id(done))
            continue
        if isinstance(event, yaml.AliasEvent):
            known = anchors.get(str(event.anchor))
            if known is None or id(known) in open_anchors:
                message = f"The alias *{event.anchor} " + (
                    "names no anchor." if known is None else "contains itself."
                )
                raise _stop(document, "D002", message, event.start_mark)
            node = known
        elif isinstance(event, yaml.NodeEvent):
            count += 1
            if count > MAX_NODES:
                message = f"The file has more than {MAX_NODES} parts."
                raise _stop(document, "D003", message, event.start_mark)
            node = _node(document, event)
            if event.anchor:
                anchors[event.anchor] = node
        else:
            continue
        if stack:
            stack[-1].value.append(node)
        else:
            root = node
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append(node)
            open_anchors.add(id(node))
            if len(stack) > MAX_DEPTH:
                message = f"The file is nested more than {MAX_DEPTH} deep."
                raise _stop(document, "D003", message, event.start_mark)
    return root


def _events(document: Document) -> Iterator[Any]:
    loader = None
    try:
        loader = _PARSER(document.text)
        while loader.check_event():
            yield loader.get_event()
    except yaml.MarkedYAMLError as error:
        message = " ".join(part for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        raise _stop(document, "D002", f"The YAML cannot be read: {message}.", mark) from None
    except (yaml.YAMLError, ValueError, RecursionError, MemoryError) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _stop(document, "D002", f"The YAML cannot be read: {message}.", None) from None
    finally:
        if loader is not None:
            loader.dispose()


def _stop(document: Document, code: str, message: str, mark: Any) -> _StopLoading:
    line, column = (None, None) if mark is None else (mark.line + 1, mark.column + 1)
    return _StopLoading(Problem(code, message, line=line, column=column, file=document.file))


def _node(document: Document, event: Any) -> _Node:
    tag = event.tag
    if isinstance(event, yaml.ScalarEvent):
        if tag is None or tag == "!":
            plain = tag is None and event.implicit[0]
            if plain and _JSON_FLOAT.fullmatch(event.value) and _is_json(document.text):
                tag = _PREFIX + "float"
            else:
                tag = _RESOLVER.resolve(yaml.ScalarNode, event.value, (plain, not plain))
        value = _scalar(document, str(tag).removeprefix(_PREFIX), event)
        return _Node(value, "scalar", event.start_mark, event.end_mark)
    mapping = isinstance(event, yaml.MappingStartEvent)
    if tag not in (None, "!", _PREFIX + ("map" if mapping else "seq")):
        _report(document, event.start_mark, f"The tag {tag} is not supported.")
    return _Node([], "map" if mapping else "list", event.start_mark, event.end_mark)


@dataclass(frozen=True, slots=True)
class _Scalar:
    """A scalar, and its text as it was written (for keys)."""

    value: Any
    text: str
    merge: bool = False


def _scalar(document: Document, tag: str, event: Any) -> _Scalar:
    text = str(event.value)
    value: Any = text
    try:
        match tag:
            case "null":
                value = None
            case "bool":
                value = text.lower() in ("yes", "true", "on", "y")
            case "int":
                value = _integer(text)
            case "float":
                value = float(text.replace("_", "").lower().replace(".inf", "inf"))
            case "str" | "timestamp" | "value":
                pass
            case "merge":
                return _Scalar(text, text, merge=True)
            case _:
                _report(document, event.start_mark, f"The tag {event.tag} is not supported.")
        if isinstance(value, float) and not math.isfinite(value):
            _report(document, event.start_mark, f"{text} is no number that JSON knows.")
            value = None
    except ValueError:
        # `1:30` is a number to YAML 1.1 and to nobody else; `.nan` and monsters are refused.
        if re.fullmatch(r"[-+]?[0-9_]+(:[0-9.]+)+", text) is None:
            _report(document, event.start_mark, f"{text[:40]} is no number that JSON knows.")
            value = None
    return _Scalar(value, text)


def _integer(text: str) -> int:
    if len(text) > 300 or not _INTEGER.fullmatch(text):
        raise ValueError(text)
    digits = text.replace("_", "")
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    if digits.startswith(("0x", "0b", "0o")):
        return sign * int(digits, 0)
    if digits.startswith("0") and len(digits) > 1:
        return sign * int(digits, 8)  # as YAML 1.1 has it
    return sign * int(digits)


def _report(document: Document, mark: Any, message: str) -> None:
    document.problems.append(
        Problem("D005", message, line=mark.line + 1, column=mark.column + 1, file=document.file)
    )


class _Expander:
    """Nodes → plain values, with the place of each; recursion is bounded by MAX_DEPTH."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0

    def expand(self, node: _Node, path: Path = ()) -> Any:
        self.count += 1
        if self.count > MAX_NODES:
            message = f"The file has more than {MAX_NODES} parts when its aliases are written out."
            raise _stop(self.document, "D003", message, node.start)
        if len(path) > MAX_DEPTH:
            message = f"The file is nested more than {MAX_DEPTH} deep."
            raise _stop(self.document, "D003", message, node.start)
        self.document.marks[path] = _place(node.start)
        if node.kind == "scalar":
            self.document.spans[path] = (node.start.index, node.end.index)
            return node.value.value
        if node.kind == "list":
            return [self.expand(item, (*path, number)) for number, item in enumerate(node.value)]
        return {
            key: self.expand(value, (*path, key)) for key, value in self.pairs(node, path).items()
        }

    def pairs(self, node: _Node, path: Path, depth: int = 0) -> dict[str, _Node]:
        """The entries of a mapping: its own before merged ones, an earlier merge before later.

        A mapping that is being merged (`depth` above 0) tells nothing of itself: its keys have
        their places, and its duplicates were told, where it stands.
        """
        own: dict[str, _Node] = {}
        first: dict[str, Any] = {}
        merged: list[_Node] = []
        for key, value in zip(node.value[::2], node.value[1::2], strict=True):
            if key.kind != "scalar":
                problem = "A key must be a text, not a list or a mapping."
                raise _stop(self.document, "D002", problem, key.start)
            name = key.value.text
            if key.value.merge:
                merged.append(value)
            elif name not in own:
                own[name], first[name] = value, key.start
                if not depth:
                    self.document.key_marks[(*path, name)] = _place(key.start)
            elif not depth:
                self.duplicate(name, first[name], key.start)
        for source in merged:
            for each in source.value if source.kind == "list" else [source]:
                self.merge(each, source, own, path, depth)
        return own

    def merge(
        self, each: Any, source: _Node, own: dict[str, _Node], path: Path, depth: int
    ) -> None:
        if not isinstance(each, _Node) or each.kind != "map":
            message = "`<<` merges a mapping or a list of mappings."
            raise _stop(self.document, "D002", message, source.start)
        self.count += len(each.value) + 1
        if self.count > MAX_NODES or depth > MAX_DEPTH:
            raise _stop(self.document, "D003", "Too much is merged.", source.start)
        for name, value in self.pairs(each, path, depth + 1).items():
            own.setdefault(name, value)

    def duplicate(self, name: str, first: Any, second: Any) -> None:
        self.document.problems.append(
            Problem(
                "D004",
                f"The key `{name}` stands twice: on lines {first.line + 1} and {second.line + 1}.",
                hint="remove one of them",
                line=second.line + 1,
                column=second.column + 1,
                file=self.document.file,
            )
        )


def _place(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1
