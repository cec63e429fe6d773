"""What an expression reads, as deep as can be known without evaluating it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from runs.expressions.nodes import Expression, Field, Index, Node, Root, children
from runs.expressions.parse import literal_key, parse
from runs.expressions.template import find_expressions


class Reference(NamedTuple):
    """`steps.plan.output.n` is `("steps", ("plan", "output", "n"))`.

    The path ends where a key is worked out (`inputs.a[index]` reads `inputs.a`) and before
    `.length`, which is mostly no key.
    """

    root: str
    path: tuple[str | int, ...]


def references(value: Any) -> frozenset[Reference]:
    """What all expressions in a value read; `value` is an Expression or text, list, mapping.

    A text counts as a template: a condition without its wrapper must be parsed first. Raises
    ExpressionError when an expression cannot be read.
    """
    if isinstance(value, Expression):
        return frozenset(_read(value.tree))
    found: set[Reference] = set()
    for _, source in find_expressions(value):
        found.update(_read(parse(source).tree))
    return frozenset(found)


def condition_references(text: str) -> frozenset[Reference]:
    """What a condition, or anything else whose wrapper `${{ }}` is optional, reads."""
    return references(parse(text))


def _read(node: Node) -> Iterator[Reference]:
    path: list[str | int] = []
    current = node
    while isinstance(current, Field | Index):
        key = literal_key(current)
        if key is None or (isinstance(current, Field) and key == "length"):
            path.clear()
        else:
            path.append(key)
        if isinstance(current, Index) and key is None:
            yield from _read(current.index)
        current = current.value
    if isinstance(current, Root):
        yield Reference(current.name, tuple(reversed(path)))
        return
    for child in children(current):
        yield from _read(child)
