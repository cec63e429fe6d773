"""The inputs of a run, checked against what the workflow declares."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping
from typing import Any

from runs.definition.problems import Problem
from runs.definition.spec import InputSpec, WorkflowSpec

_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")
_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "float": "a number",
    "object": "a mapping",
    "array": "a list",
}
_MAX_DIGITS = 300


def bind_inputs(
    spec: WorkflowSpec, given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """The effective inputs of a run, and everything that is wrong with those given.

    A missing input takes its default, or null if it is not required. A text is turned into the
    declared type (an array or object from JSON), as a command line can only give texts. Never
    raises; the values of inputs declared secret never appear in a message.
    """
    bound: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, declared in spec.inputs.items():
        if name not in given:
            if declared.required:
                problems.append(
                    _problem(
                        "D501",
                        f"The input `{name}` is required.",
                        spec,
                        hint=f"give {name}=… ({declared.type})",
                    )
                )
            else:
                bound[name] = declared.default if declared.has_default else None
            continue
        value = given[name]
        if value is None and not declared.required:
            bound[name] = None
            continue
        value = coerce(declared, value)
        wrong = misfit(declared, value)
        if wrong:
            code = "D504" if "one of" in wrong and _fits(declared.type, value) else "D502"
            problems.append(_problem(code, f"The input `{name}` {wrong}.", spec))
        else:
            bound[name] = value
    for name in given:
        if name not in spec.inputs:
            hint = _similar(str(name), spec)
            message = f"The workflow has no input `{str(name)[:80]}`."
            problems.append(_problem("D503", message, spec, hint=hint))
    return bound, problems


def misfits(declared: Mapping[str, InputSpec], given: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by the name of the input: a form says it beside the field."""
    found: dict[str, str] = {}
    for name, one in declared.items():
        alone = WorkflowSpec.model_construct(name="", inputs={name: one})
        problems = bind_inputs(alone, {name: given[name]} if name in given else {})[1]
        if problems:
            found[name] = problems[0].message
    return found


def _problem(code: str, message: str, spec: WorkflowSpec, hint: str = "") -> Problem:
    return Problem(code, message, hint, file=spec.file)


def _similar(name: str, spec: WorkflowSpec) -> str:
    near = difflib.get_close_matches(name[:80], list(spec.inputs), n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    names = ", ".join(sorted(spec.inputs)[:10])
    return f"its inputs are: {names}" if names else "it has no inputs"


def coerce(declared: InputSpec, value: Any) -> Any:
    """A text as a value of the declared type; what cannot be turned stays as it is."""
    if isinstance(value, int) and not isinstance(value, bool) and declared.type == "float":
        try:
            return float(value)
        except OverflowError:
            return value
    if isinstance(value, float) and declared.type == "integer" and value.is_integer():
        return int(value)
    if not isinstance(value, str) or declared.type == "string":
        return value
    text = value.strip()
    try:
        match declared.type:
            case "boolean":
                return _boolean(text, value)
            case "integer":
                return int(text) if len(text) <= _MAX_DIGITS else value
            case "float":
                return float(text)
            case _:
                return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return value


def _boolean(text: str, otherwise: Any) -> Any:
    if text.lower() in _TRUE:
        return True
    return False if text.lower() in _FALSE else otherwise


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "float":
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return number and (isinstance(value, int) or math.isfinite(value))
        case "object":
            return isinstance(value, Mapping)
        case _:
            return isinstance(value, list | tuple)


def misfit(declared: InputSpec, value: Any) -> str:
    """What is wrong with a value, as the end of a sentence; empty when it fits."""
    if not _fits(declared.type, value):
        shown = "" if declared.secret else f", not {_shown(value)}"
        return f"must be {_WORDS[declared.type]}{shown}"
    if declared.enum is not None and not any(_equal(value, each) for each in declared.enum):
        allowed = ", ".join(_shown(each) for each in declared.enum[:20])
        return f"must be one of {allowed}"
    return ""


def _equal(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _shown(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return f"a value of the type {type(value).__name__}"
    return text if len(text) <= 60 else text[:59] + "…"
