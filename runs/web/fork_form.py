"""The form of a fork: one field for each declared input, and what of it was changed.

Only changed fields are sent on, as a merge patch. Secrets are never shown; an empty field keeps them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runs import environment
from runs.definition.fields import InputSpec
from runs.definition.inputs import coerce
from runs.definition.spec import AgentStep, GenerateStep
from runs.masking import MASK
from runs.models import Run
from runs.planning.fields import Fields, fields_read, touched
from runs.planning.graph import Compiled
from runs.projections import words
from runs.web.form_input import secret_in

INPUT, CONTEXT, JSON = "input.", "context.", "json"
NAMES_SECRET = "Changes as JSON: a secret is changed in its own field, where nobody reads it"
LONG = 80  # a text longer than this, or of several lines, has a field of several lines
_KINDS = {
    "string": "text",
    "integer": "whole number",
    "float": "number",
    "boolean": "yes or no",
    "object": "object, JSON",
    "array": "list, JSON",
}


@dataclass(frozen=True, slots=True)
class ForkField:
    """One field: what it was in the source run, and what it is now."""

    name: str  # of the control
    label: str
    kind: str  # "text, required"
    control: str  # text, number, select, area, secret
    was: str
    value: str
    options: tuple[tuple[str, str], ...]
    readers: str  # "read by 3 steps"
    description: str
    problem: str

    @property
    def changed(self) -> bool:
        """Whether it is another value than in the source run."""
        return self.value != self.was


@dataclass(frozen=True, slots=True)
class ForkForm:
    """The fields, and what they change."""

    fields: tuple[ForkField, ...]
    input_patch: dict[str, Any]
    context_patch: dict[str, Any]
    shown: dict[str, Any]  # the patches as they may be shown
    json: str = ""  # what was typed as JSON
    json_problem: str = ""
    named: frozenset[str] = frozenset()  # the fields that the JSON changes

    @property
    def changed(self) -> int:
        """How many fields are others now, by their control or by the JSON."""
        return len({one.name for one in self.fields if one.changed} | self.named)

    @property
    def changes(self) -> bool:
        """Whether anything is another than in the source run."""
        return bool(self.changed or self.json.strip())

    @property
    def problem(self) -> str:
        """What is wrong with a field, if something is."""
        said = [f"{one.label}: {one.problem}" for one in self.fields if one.problem]
        return next(iter(said), self.json_problem)


def fork_form(run: Run, made: Compiled, given: Mapping[str, str]) -> ForkForm:
    """The form of a fork of ``run``; ``given`` are the controls that were sent, by name."""
    fields: list[ForkField] = []
    patches: dict[str, dict[str, Any]] = {INPUT: {}, CONTEXT: {}}
    shown: dict[str, Any] = {}
    for prefix, declared, before in _declared(run, made):
        field, value = _field(prefix, declared, before, given, made)
        fields.append(field)
        if not field.changed or field.problem:
            continue
        patch = _difference(before, value)
        patches[prefix][declared.name] = patch
        told = MASK if field.control == "secret" else patch
        if prefix == INPUT:
            shown[declared.name] = told
        else:
            shown.setdefault("context", {})[declared.name] = told
    text = given.get(JSON, "")
    document, problem = _document(made, text)
    if problem == NAMES_SECRET:
        text = ""  # nothing of it comes back to the page
    # The fields are one way to say it and this is the other; where both name a field, this one.
    patches[INPUT] |= document
    shown |= document
    named = frozenset(INPUT + name for name in document)
    return ForkForm(tuple(fields), patches[INPUT], patches[CONTEXT], shown, text, problem, named)


def _document(made: Compiled, text: str) -> tuple[dict[str, Any], str]:
    """The merge patch that was typed, and what is wrong with it."""
    if not text.strip():
        return {}, ""
    try:
        document = json.loads(text)
    except ValueError as wrong:
        return {}, f"Changes as JSON: {wrong}"
    except RecursionError:
        return {}, "Changes as JSON: nested too deep"
    if not isinstance(document, dict):
        return {}, 'Changes as JSON: an object is needed, such as {"topic": "tea"}'
    if MASK in text:
        return (
            {},
            f"Changes as JSON: it would put {MASK} in the place of a secret that is not shown",
        )
    if secret_in(made.spec.inputs, document):
        return {}, NAMES_SECRET
    return document, ""


def _declared(run: Run, made: Compiled) -> Iterator[tuple[str, InputSpec, Any]]:
    for name, declared in made.spec.inputs.items():
        yield INPUT, declared, run.inputs.get(name)
    context = dict(run.context or {})
    asks = any(isinstance(node.step, AgentStep | GenerateStep) for node in made.nodes.values())
    if asks:
        context.setdefault("model", None)
    for name, value in context.items():
        if value is None or isinstance(value, str):
            about = "the model of every agent" if name == "model" else ""
            yield (
                CONTEXT,
                InputSpec(name=name, type="string", required=False, description=about),
                value,
            )


def _field(
    prefix: str, declared: InputSpec, before: Any, given: Mapping[str, str], made: Compiled
) -> tuple[ForkField, Any]:
    name = prefix + declared.name
    secret = declared.secret or environment.is_secret_key(declared.name)
    was = "" if secret else text_of(before)
    text = given.get(name, was).replace("\r\n", "\n")
    value, problem = _value(declared, text, before)
    if (
        not secret
        and not problem
        and value != before
        and MASK in text_of(_difference(before, value))
    ):
        problem = f"it would put {MASK} in the place of a secret that is not shown"
    if text != was and not secret and not problem and value == before:
        text = was  # written otherwise, and the same
    options = _options(declared)
    control = "secret" if secret else "select" if options else _control(declared, was, text)
    kind = f"one of {len(options)}" if declared.enum else _KINDS[declared.type]
    kind = "secret" if secret else kind
    if prefix == CONTEXT:
        kind = "context"
    elif declared.required:
        kind += ", required"
    if options and (not declared.required or not was):
        options = (("", ""), *options)
    return ForkField(
        name=name,
        label=declared.name,
        kind=kind,
        control=control,
        was=was,
        value=text,
        options=options,
        readers=_readers(made, prefix, declared.name),
        description=declared.description,
        problem=problem,
    ), value


def text_of(value: Any) -> str:
    """A value as its control shows it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=2)
    return json.dumps(value)


def _value(declared: InputSpec, text: str, before: Any) -> tuple[Any, str]:
    """What a control's text means, and what is wrong with it."""
    if declared.enum is not None:
        for one in declared.enum:
            if text_of(one) == text:
                return one, ""
    if text == "" and (declared.type != "string" or before is None):
        return None, ""  # its default
    value = coerce(declared, text)
    if declared.type in ("object", "array") and isinstance(value, str):
        return value, "this is no JSON"
    return value, ""


def _options(declared: InputSpec) -> tuple[tuple[str, str], ...]:
    if declared.enum is not None:
        return tuple((text_of(one), text_of(one)) for one in declared.enum)
    if declared.type == "boolean":
        return (("true", "yes"), ("false", "no"))
    return ()


def _control(declared: InputSpec, *texts: str) -> str:
    if declared.type in ("object", "array") or any("\n" in t or len(t) > LONG for t in texts):
        return "area"
    return "number" if declared.type in ("integer", "float") else "text"


def _difference(before: Any, now: Any) -> Any:
    """The smallest merge patch from ``before`` to ``now``."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        return now
    gone = {key: None for key in before if key not in now}
    return gone | {
        key: _difference(before.get(key), value)
        for key, value in now.items()
        if key not in before or before[key] != value
    }


def _readers(made: Compiled, prefix: str, name: str) -> str:
    """How many steps of the workflow itself read a field; those of called ones have their own."""
    root, field = ("inputs", (name,)) if prefix == INPUT else ("run", ("context", name))
    changed: Fields = frozenset({field})
    count = 0
    for node in made.nodes.values():
        if node.undoes or made.scopes[node.parent].workflow is not made.spec:
            continue
        asks = field == ("context", "model") and isinstance(node.step, AgentStep | GenerateStep)
        if asks or touched(fields_read(node.step, root), changed) is not None:
            count += 1
    return f"read by {words.count(count, 'step')}" if count else "read by no step"
