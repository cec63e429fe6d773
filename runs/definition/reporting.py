"""Telling what is wrong with a mapping, and making the best of what is right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from runs.definition.fields import NAME_PATTERN
from runs.definition.load import Document, Path
from runs.definition.problems import Problem, Severity

STAND_IN = "__missing__"  # the name of whatever could not be built; no author may use it
MAX_HINTS = 1_000  # looking for a similar word takes time that a hostile file must not get
_INTERNAL = ("mark", "has_default")
_Model = TypeVar("_Model", bound=BaseModel)


def closest(word: str, known: Iterable[str]) -> str:
    """A hint that names the most similar known word, or the first ten there are."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word[:80], names[:2000], n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"there are: {', '.join(names[:10])}" if names else ""


def yaml_keys(model: type[BaseModel]) -> list[str]:
    """The keys of a model as they are written in a file."""
    return [
        field.alias or name for name, field in model.model_fields.items() if name not in _INTERNAL
    ]


def problem_at(
    document: Document,
    code: str,
    message: str,
    path: Path,
    hint: str = "",
    *,
    severity: Severity = "error",
    key: bool = False,
) -> Problem:
    """A problem at the place of a value, or with `key` of its key."""
    mark = document.key_mark(path) if key else document.mark(path)
    return Problem(code, message, hint, mark.line, mark.column, document.file, severity)


class Reporter:
    """The problems of one document, each at its place."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def report(
        self,
        code: str,
        message: str,
        path: Path,
        hint: str = "",
        *,
        severity: Severity = "error",
        key: bool = False,
    ) -> None:
        self.problems.append(
            problem_at(self.document, code, message, path, hint, severity=severity, key=key)
        )

    def unknown_keys(
        self, raw: Mapping[str, Any], path: Path, known: Iterable[str], what: str
    ) -> None:
        names = list(known)
        for key in raw:
            if key not in names:
                message = f"`{key[:80]}` is no key of {what} and has no effect."
                hint = closest(key, names) if len(self.problems) < MAX_HINTS else ""
                self.report("W001", message, (*path, key), hint, severity="warning", key=True)

    def empty_keys(self, raw: Mapping[str, Any], path: Path, known: Iterable[str]) -> None:
        """A key with nothing behind it is a key that is not there; who wrote it may not know."""
        for key in known:
            if key in raw and raw[key] is None:
                message = f"`{key}` has no value and counts as missing."
                self.report("W006", message, (*path, key), severity="warning", key=True)

    def validated(
        self, model: type[_Model], fields: dict[str, Any], path: Path, fills: dict[str, Any]
    ) -> _Model:
        """An instance; what is wrong is reported, left out, and filled so that one comes about."""
        try:
            return model.model_validate(fields)
        except ValidationError as error:
            wrong = self.report_validation(error, path)
        rest = {key: value for key, value in fields.items() if key not in wrong}
        try:
            return model.model_validate({"name": STAND_IN, **fills, **rest})
        except ValidationError:
            return model.model_construct(**{"name": STAND_IN, **fills, **rest})

    def report_validation(self, error: ValidationError, path: Path) -> set[str]:
        """pydantic's complaints as Problems, one a place; answers the keys that are wrong."""
        wrong: set[str] = set()
        told: set[Path] = set()
        for fault in error.errors(include_url=False, include_context=False):
            key = str(fault["loc"][0]) if fault["loc"] else ""
            wrong.add(key)
            where: Path = path
            for part in fault["loc"]:
                if (*where, part) not in self.document.marks:
                    break
                where = (*where, part)
            missing = fault["type"] == "missing"
            spot = (*where, str(fault["loc"][-1])) if missing else where
            if spot in told:
                continue
            told.add(spot)
            message = fault["msg"].removeprefix("Value error, ")
            value = fault.get("input")
            if missing:
                self.report("D101", f"`{'.'.join(map(str, fault['loc']))}` is missing.", where)
            elif key == "name" and fault["type"].startswith("string"):
                hint = f"letters, digits, `_` and `-`: {NAME_PATTERN}"
                shown = str(value)[:80]
                if not isinstance(value, str) and path != where:
                    begin, end = self.document.spans.get(where, (0, 0))
                    shown = self.document.text[begin:end][:80] or shown
                    hint = "put it in quotes: to YAML this is no text"
                self.report("D202", f"{shown!r} is no name.", where, hint, key=path == where)
            elif isinstance(value, str) and "${{" in value:
                text = f"`{key}` must be a literal value; an expression cannot stand here."
                self.report("D209", text, where, message)
            else:
                said = f"`{key}`: {message[:300]}" if key else message[:1].upper() + message[1:300]
                self.report("D102", f"{said}.".replace("..", "."), where)
        return wrong
