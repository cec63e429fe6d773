"""The checked tree of an expression. What has no class here cannot be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """`offset`: where in the source it begins, in characters."""

    offset: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    value: Any  # None, bool, int, float or str


@dataclass(frozen=True, slots=True)
class Root(Node):
    name: str  # one of ROOTS


@dataclass(frozen=True, slots=True)
class Field(Node):
    """`value.key`"""

    value: Node
    key: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`value[index]`"""

    value: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Not(Node):
    value: Node


@dataclass(frozen=True, slots=True)
class Sign(Node):
    operator: str  # + -
    value: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    operator: str  # + - * / // %
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`first op second op third …`, as in Python: each neighbour pair must hold."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Both(Node):
    """`and` or `or`, answering the operand that decided."""

    operator: str
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Ternary(Node):
    test: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapOf(Node):
    pairs: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str  # one of FUNCTIONS
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """A source text that was read and found right."""

    source: str
    tree: Node


ROOTS = ("inputs", "steps", "item", "index", "output", "error", "run", "secrets", "env")

# name → (fewest, most) arguments
FUNCTIONS: dict[str, tuple[int, int]] = {
    "len": (1, 1),
    "lower": (1, 1),
    "upper": (1, 1),
    "default": (2, 2),
    "contains": (2, 2),
    "join": (1, 2),
    "json": (1, 1),
    "fromjson": (1, 1),
    "range": (1, 3),
    "keys": (1, 1),
}


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below one."""
    match node:
        case Field(value=value) | Not(value=value) | Sign(value=value):
            return (value,)
        case Index(value=value, index=index):
            return (value, index)
        case Binary(left=left, right=right):
            return (left, right)
        case Compare(first=first, rest=rest):
            return (first, *(node for _, node in rest))
        case Both(values=values):
            return values
        case Ternary(test=test, then=then, otherwise=otherwise):
            return (test, then, otherwise)
        case ListOf(items=items):
            return items
        case MapOf(pairs=pairs):
            return tuple(node for pair in pairs for node in pair)
        case Call(arguments=arguments):
            return arguments
        case _:
            return ()
