"""Which fields of its inputs a step reads, and which of them a fork changes.

A field is a path of keys: ``("config", "region")``. Lists count as a whole. A step that reads a
field reads everything below it, and whoever reads what is below a changed field reads the change.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runs.definition.spec import BranchStep, StepBase, SubworkflowStep, WaitStep
from runs.expressions import ExpressionError, Reference, condition_references, references

Fields = frozenset[tuple[str, ...]]

# Not of the step itself: what stands inside it is decided there.
_INSIDE = frozenset({"steps", "options", "otherwise", "on_error", "on_failure", "mark", "metadata"})
_BARE = ("when", "until", "for_each")


def changed_fields(before: Mapping[str, Any], now: Mapping[str, Any]) -> Fields:
    """The smallest fields that differ between two inputs."""
    return frozenset(_changed((), before, now))


def _changed(at: tuple[str, ...], before: Any, now: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in sorted({*before, *now}):
            if key not in before or key not in now:
                yield (*at, key)
            else:
                yield from _changed((*at, key), before[key], now[key])
    elif before != now or type(before) is not type(now):
        yield at


def merge_patch(value: Any, patch: Any) -> Any:
    """RFC 7396: mappings are merged, null takes a key away, anything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(value) if isinstance(value, Mapping) else {}
    for key, part in patch.items():
        if part is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), part)
    return merged


def fields_read(step: StepBase, root: str = "inputs") -> Fields:
    """The fields of ``root`` that the step's own expressions read, its condition included.

    An expression that cannot be read is taken to read everything.
    """
    found: set[Reference] = set()
    try:
        for name in type(step).model_fields:
            if name in _INSIDE:
                continue
            value = getattr(step, name)
            if name in _BARE and isinstance(value, str) and not isinstance(step, WaitStep):
                found |= condition_references(value)
            elif not isinstance(value, StepBase):
                found |= references(_plain(value))
        if isinstance(step, BranchStep):
            for option in step.options:
                found |= condition_references(option.when)
    except ExpressionError:
        return frozenset({()})
    return frozenset(tuple(_keys(one.path)) for one in found if one.root == root)


def fields_of_condition(step: StepBase, root: str = "inputs") -> Fields:
    """The fields of ``root`` that decide whether the step runs at all."""
    if not isinstance(step.when, str):
        return frozenset()
    try:
        found = condition_references(step.when)
    except ExpressionError:
        return frozenset({()})
    return frozenset(tuple(_keys(one.path)) for one in found if one.root == root)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def _keys(path: Iterable[str | int]) -> Iterator[str]:
    for key in path:
        if not isinstance(key, str):
            return  # into a list, which counts as a whole
        yield key


def touched(read: Fields, changed: Fields) -> tuple[str, ...] | None:
    """The first changed field that is among, above or below those that are read."""
    for field in sorted(changed):
        for one in read:
            shorter = min(len(field), len(one))
            if field[:shorter] == one[:shorter]:
                return field
    return None


def passed_on(step: SubworkflowStep, changed: Fields) -> Fields:
    """Which inputs of the called workflow change when these fields of the caller's do."""
    found: set[tuple[str, ...]] = set()
    for name, value in step.inputs.items():
        try:
            read = [one for one in references(value) if one.root == "inputs"]
        except ExpressionError:
            found.add((name,))
            continue
        for one in read:
            keys = tuple(_keys(one.path))
            for field in changed:
                shorter = min(len(field), len(keys))
                if field[:shorter] != keys[:shorter]:
                    continue
                whole = isinstance(value, str) and _is_one(value)
                # The value is handed on as it is: what is below it is below the input.
                found.add((name, *field[len(keys) :]) if whole else (name,))
    return frozenset(found)


def _is_one(text: str) -> bool:
    stripped = text.strip()
    inner = stripped.removeprefix("${{").removesuffix("}}").strip()
    return (
        stripped.startswith("${{")
        and stripped.endswith("}}")
        and inner.startswith("inputs")
        and all(part.isidentifier() for part in inner.split("."))
    )


__all__ = ["Fields", "changed_fields", "fields_read", "merge_patch", "passed_on", "touched"]
