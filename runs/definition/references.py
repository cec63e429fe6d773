"""The rules about expressions: can they be read, and may they read what they read?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from runs.definition.load import Document, Path
from runs.definition.problems import Problem
from runs.definition.reporting import STAND_IN, closest
from runs.definition.spec import StepBase, WorkflowSpec, nested
from runs.definition.walk import Place, Scope, StepList, Walk
from runs.expressions import ExpressionError, Reference, Slot, parse, references, split, texts


@dataclass(slots=True)
class Use:
    """One expression where it stands, and what it reads."""

    source: str
    scope: Scope
    line: int
    column: int
    reads: frozenset[Reference] = field(default_factory=frozenset)


def read_expressions(walk: Walk, document: Document) -> tuple[list[Use], list[Problem]]:
    """Every expression of a workflow, and a Problem for each that cannot be read."""
    uses: list[Use] = []
    problems: list[Problem] = []
    for place in walk.places:
        if place.bare and isinstance(place.value, str):
            _read_bare(place, document, uses, problems)
            continue
        for location, text in texts(place.value):
            if "${{" in text:
                _read_text(place, location, text, document, uses, problems)
    return uses, problems


def _read_bare(place: Place, document: Document, uses: list[Use], problems: list[Problem]) -> None:
    begin, raw = _raw(document, place.path)
    text = str(place.value).strip()
    found = raw.find(text)
    start = begin + max(found, 0)
    skip = 0
    if text.startswith("${{") and text.endswith("}}"):
        inner = text[3:-2]
        skip = 3 + len(inner) - len(inner.lstrip())
    _add(text, place.scope, document, (place.path, start, skip, found >= 0), uses, problems)


def _read_text(
    place: Place,
    location: Path,
    text: str,
    document: Document,
    uses: list[Use],
    problems: list[Problem],
) -> None:
    path = (*place.path, *location)
    begin, raw = _raw(document, path)
    try:
        parts = split(text)
    except ExpressionError as error:
        start = begin + max(raw.find("${{"), 0)
        problems.append(_unreadable(error, document, path, start))
        return
    at = 0
    for part in parts:
        if not isinstance(part, Slot):
            if part == "${{":  # an escaped one: step over it in the raw text as well
                at = raw.find("$${{", at) + 4
            continue
        # The nth `${{` of the value is the nth in the file, however the text is quoted or folded.
        found = raw.find("${{", at)
        at = found + 3 if found >= 0 else at
        inner = raw[at:]
        skip = 3 + len(inner) - len(inner.lstrip())
        exact = found >= 0 and inner.lstrip().startswith(part.source)
        where = (path, begin + max(found, 0), skip, exact)
        _add(part.source, place.scope, document, where, uses, problems)


def _add(
    source: str,
    scope: Scope,
    document: Document,
    where: tuple[Path, int, int, bool],
    uses: list[Use],
    problems: list[Problem],
) -> None:
    path, start, skip, exact = where
    try:
        reads = references(parse(source))
    except ExpressionError as error:
        inside = skip + (error.offset or 0) if exact and error.offset is not None else 0
        problems.append(_unreadable(error, document, path, start + inside))
        return
    mark = document.mark_at(start) if path in document.spans else document.mark(path)
    uses.append(Use(source, scope, mark.line, mark.column, reads))


def _unreadable(error: ExpressionError, document: Document, path: Path, index: int) -> Problem:
    mark = document.mark_at(index) if path in document.spans else document.mark(path)
    return Problem("D203", error.message, error.hint, mark.line, mark.column, document.file)


def _raw(document: Document, path: Path) -> tuple[int, str]:
    """A text as it stands in the file, and where it begins."""
    begin, end = document.spans.get(path, (0, 0))
    return begin, document.text[begin:end]


def check_steps_read(uses: list[Use], spec: WorkflowSpec, file: str) -> Iterator[Problem]:
    """A step's result can be read only where the step is sure to have finished."""
    inner: dict[str, str] | None = None
    for use in uses:
        for name in sorted({str(r.path[0]) for r in use.reads if r.root == "steps" and r.path}):
            if inner is None:
                inner = dict(_inner_names(spec))
            fault = _fault(name, use.scope, inner)
            if fault is not None:
                code, message, hint = fault
                yield Problem(code, message, hint, use.line, use.column, file)


def _fault(name: str, scope: Scope, inner: dict[str, str]) -> tuple[str, str, str] | None:
    known: list[str] = []
    at: Scope | None = scope
    while at is not None and at.siblings is not None:
        position = at.siblings.positions.get(name)
        if position is not None:
            stuck = at.position >= 0 and at.siblings.stuck >> at.position & 1
            if at.visible >> position & 1 or stuck:
                return None
            return _too_early(name, position, at)
        known += at.siblings.positions
        at = at.outer
    message = f"There is no step `{name[:80]}` here."
    if name in inner:
        around = inner[name]
        return "D204", message, f"it is inside `{around}`: read `steps.{around}.output`"
    return "D204", message, closest(name, [each for each in known if each != STAND_IN])


def _too_early(name: str, position: int, scope: Scope) -> tuple[str, str, str]:
    siblings, step = scope.siblings, scope.step
    if siblings is None or step is None:
        return "D205", f"The result of `{name}` is not there yet.", ""
    if scope.position == position:
        hint = "read that of a step before it"
        if scope.output or scope.error:
            hint = "read `output`" if scope.output else "read `error`"
        return "D205", f"The step `{name}` reads its own result.", hint
    message = f"The step `{step.name}` does not depend on `{name}`, whose result it reads."
    if step.needs is None and position > scope.position:
        return (
            "D205",
            message,
            f"move `{name}` before `{step.name}`, or {_with(siblings, step, name)}",
        )
    return "D205", message, _with(siblings, step, name)


def _with(siblings: StepList, step: StepBase, name: str) -> str:
    if step.needs is None:
        number = siblings.positions.get(step.name, 0)
        needs = [siblings.steps[number - 1].name] if number else []
    else:
        needs = list(step.needs)
    wanted = ", ".join([*needs[:10], name])
    return f"give `{step.name}` the line `needs: [{wanted}]`"


def _inner_names(spec: WorkflowSpec) -> Iterator[tuple[str, str]]:
    """(name of a nested step, the outermost step around it)"""
    for top in spec.steps:
        todo: list[StepBase] = [top]
        while todo:
            step = todo.pop()
            todo.extend(inner for _, inner in nested(step))
            if step is not top:
                yield step.name, top.name


def check_inputs_read(uses: list[Use], spec: WorkflowSpec, file: str) -> Iterator[Problem]:
    """Every input that is read is declared."""
    for use in uses:
        for name in sorted({str(r.path[0]) for r in use.reads if r.root == "inputs" and r.path}):
            if name not in spec.inputs:
                hint = closest(name, spec.inputs) or f"declare it: `inputs: {{{name[:64]}: …}}`"
                message = f"The input `{name[:80]}` is not declared."
                yield Problem("D206", message, hint, use.line, use.column, file)


# name → (where it is known, in words)
_LOCAL = {
    "item": "inside a `for_each` loop",
    "index": "inside a loop",
    "output": "in a step's `outputs`, `rollback` and `on_failure`",
    "error": "inside `on_error`",
}


def check_local_names(uses: list[Use], file: str) -> Iterator[Problem]:
    """`item`, `index`, `output` and `error` are known in some places only."""
    for use in uses:
        roots = {reference.root for reference in use.reads}
        for name, where in _LOCAL.items():
            if name in roots and not getattr(use.scope, name):
                message = f"`{name}` is only known {where}."
                yield Problem("D207", message, "", use.line, use.column, file)


def check_unused_inputs(
    uses: list[Use], spec: WorkflowSpec, document: Document
) -> Iterator[Problem]:
    """An input that nothing reads is most likely a misspelling somewhere."""
    read: set[str] = set()
    for use in uses:
        for reference in use.reads:
            if reference.root == "inputs":
                if not reference.path:
                    return
                read.add(str(reference.path[0]))
    for name in spec.inputs:
        if name not in read:
            mark = document.key_mark(("inputs", name))
            message = f"The input `{name}` is never read."
            yield Problem(
                "W002", message, "", mark.line, mark.column, document.file, severity="warning"
            )
