"""Is what a run gave still what the baseline gave? One node against its rule; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runs.definition.assertions import BASELINE, Band, Place, Rule, place_text
from runs.patterns import LONGEST_TEXT, Pattern, PatternFault
from runs.schemas import SchemaFault, violations

MOST = 10  # differences that are told of one node
MOST_TEXT = 1_000_000  # characters that one expression looks at in all places together
_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Finding:
    """One assertion that does not hold: where, and what was there instead of what."""

    kind: str  # equal, subset, schema, regex, band, status
    at: str  # the place in the output; empty is the whole of it
    message: str
    expected: Any = None
    actual: Any = None


def check_output(expected: Any, actual: Any, rule: Rule | None) -> list[Finding]:
    """What of the rule does not hold for ``actual``; empty: everything does.

    Without a rule the outputs must be equal.
    """
    rule = rule or Rule("")
    for place in rule.ignore:
        expected, actual = _without(expected, place), _without(actual, place)
    found: list[Finding] = []
    if rule.is_plain:
        found += _equal("equal", expected, actual, ())
    for place in rule.equal:
        for one in sorted(set(_places(expected, place)) | set(_places(actual, place))):
            found += _equal("equal", _at(expected, one), _at(actual, one), one)
    for wanted in rule.subset:
        found += _subset(expected if wanted is BASELINE else wanted, actual, ())
    if rule.schema is not None:
        try:
            found += [Finding("schema", "", said) for said in violations(actual, rule.schema)]
        except SchemaFault as fault:
            found.append(Finding("schema", "", f"the schema cannot be used: {fault}"))
    for place, expression in rule.regex:
        found += _regex(actual, place, expression)
    for place, band in rule.band:
        found += _band(expected, actual, place, band)
    return found[:MOST]


# ---- places ------------------------------------------------------------------------------------


def _places(value: Any, place: Place) -> Iterator[Place]:
    """The places that there are for one with stars in it."""
    if not place:
        yield ()
        return
    head, *rest = place
    if isinstance(value, Mapping):
        names = list(value) if head == "*" else [head] if head in value else []
        for name in names:
            for more in _places(value[name], tuple(rest)):
                yield (name, *more)
    elif isinstance(value, list):
        numbers = range(len(value)) if head == "*" else [int(head)] if head.isdecimal() else []
        for number in numbers:
            if number < len(value):
                for more in _places(value[number], tuple(rest)):
                    yield (str(number), *more)


def _at(value: Any, place: Place) -> Any:
    for part in place:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return _MISSING
    return value


def _without(value: Any, place: Place) -> Any:
    """The value without what stands at the place; an item of a list becomes null, so that the
    others keep their numbers."""
    if not place:
        return None
    head, rest = place[0], place[1:]
    if isinstance(value, Mapping):
        if head == "*":
            return {k: _without(v, rest) for k, v in value.items()} if rest else {}
        if head not in value:
            return value
        others = {k: v for k, v in value.items() if k != head}
        return {**others, head: _without(value[head], rest)} if rest else others
    if isinstance(value, list):
        return [
            _without(one, rest) if head in ("*", str(number)) else one
            for number, one in enumerate(value)
        ]
    return value


# ---- the assertions ----------------------------------------------------------------------------


def same(a: Any, b: Any) -> bool:
    """Whether two JSON values are equal: 1 is 1.0, and neither is true."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def _equal(kind: str, expected: Any, actual: Any, at: Place) -> list[Finding]:
    if expected is _MISSING or actual is _MISSING:
        there = actual is not _MISSING
        return [] if expected is actual else [
            Finding(
                kind, place_text(at),
                "is not in the baseline" if there else "is missing",
                None if there else expected, actual if there else None,
            )
        ]  # fmt: skip
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        found: list[Finding] = []
        for name in [*expected, *(name for name in actual if name not in expected)]:
            before, now = expected.get(name, _MISSING), actual.get(name, _MISSING)
            found += _equal(kind, before, now, (*at, str(name)))
            if len(found) > MOST:
                break
        return found
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        found = []
        for number, (before, now) in enumerate(zip(expected, actual, strict=True)):
            found += _equal(kind, before, now, (*at, str(number)))
            if len(found) > MOST:
                break
        return found
    if isinstance(expected, list) and isinstance(actual, list):
        said = f"has {len(actual)} items, not {len(expected)}"
        return [Finding(kind, place_text(at), said, expected, actual)]
    if same(expected, actual):
        return []
    return [Finding(kind, place_text(at), "is not equal", expected, actual)]


def _subset(wanted: Any, actual: Any, at: Place) -> list[Finding]:
    """Everything of ``wanted`` is in ``actual``; mappings and lists may have more (at the end)."""
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        found: list[Finding] = []
        for name in wanted:
            found += _subset(wanted[name], actual.get(name, _MISSING), (*at, str(name)))
        return found
    if isinstance(wanted, list) and isinstance(actual, list):
        found = []
        for number, one in enumerate(wanted):
            there = actual[number] if number < len(actual) else _MISSING
            found += _subset(one, there, (*at, str(number)))
        return found
    return _equal("subset", wanted, actual, at)


def _regex(actual: Any, place: Place, expression: str) -> Iterator[Finding]:
    try:
        pattern = Pattern(expression)
    except PatternFault as fault:  # kept by a version that read expressions otherwise
        yield Finding("regex", place_text(place), f"cannot be used: {fault}", expression)
        return
    some, left = False, MOST_TEXT
    for at in _places(actual, place):
        some = True
        value = _at(actual, at)
        if not isinstance(value, str):
            yield Finding("regex", place_text(at), "is no text", expression, value)
            continue
        left -= min(len(value), LONGEST_TEXT)
        if left < 0:
            said = f"the texts are longer than {MOST_TEXT:,} characters together"
            yield Finding("regex", place_text(at), f"is not looked at: {said}", expression)
            return
        if not pattern.is_in(value):
            yield Finding("regex", place_text(at), f"does not match {expression}", None, value)
    if not some:
        yield Finding("regex", place_text(place), "is missing", expression)


def _band(expected: Any, actual: Any, place: Place, band: Band) -> Iterator[Finding]:
    some = False
    for at in _places(actual, place):
        some = True
        value, before = _at(actual, at), _at(expected, at)
        if not _is_number(value):
            yield Finding("band", place_text(at), "is no number", None, value)
            continue
        low, high = band.low, band.high
        if band.within is not None or band.percent is not None:
            if not _is_number(before):
                yield Finding(
                    "band", place_text(at), "has no number in the baseline to be near to",
                    None if before is _MISSING else before, value,
                )  # fmt: skip
                continue
            share = abs(before) * (band.percent or 0.0) / 100
            room = band.within if band.within is not None else share
            low, high = before - room, before + room
        if (low is not None and value < low) or (high is not None and value > high):
            limits = (
                f"{'…' if low is None else f'{low:g}'} to {'…' if high is None else f'{high:g}'}"
            )
            yield Finding(
                "band", place_text(at), f"is not within {limits}",
                None if before is _MISSING else before, value,
            )  # fmt: skip
    if not some:
        yield Finding("band", place_text(place), "is missing")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
