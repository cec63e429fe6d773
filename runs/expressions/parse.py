"""Text → checked tree: Python's grammar, and a strict list of what may be said in it."""

from __future__ import annotations

import ast
import math
from bisect import bisect_right
from functools import lru_cache
from typing import NoReturn

from runs.expressions.errors import ExpressionError
from runs.expressions.limits import MAX_DEPTH, MAX_NODES, MAX_SOURCE, checked_integer
from runs.expressions.nodes import (
    FUNCTIONS,
    Binary,
    Both,
    Call,
    Compare,
    Expression,
    Field,
    Index,
    ListOf,
    Literal,
    MapOf,
    Node,
    Not,
    Root,
    Sign,
    Ternary,
)
from runs.expressions.tokens import Token, tokenise

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
STEP_FIELDS = ("output", "status", "skipped", "error")


def unwrap(text: str) -> str:
    """The expression inside `${{ … }}`, or the text itself when it has no wrapper."""
    stripped = text.strip()
    if stripped.startswith("${{") and stripped.endswith("}}"):
        return stripped[3:-2].strip()
    return stripped


def parse(source: str) -> Expression:
    """Read one expression; the wrapper `${{ … }}` around it is optional.

    Raises ExpressionError, with the offset in the stripped source. Results are remembered.
    """
    if len(source) > MAX_SOURCE + 100:
        _too_long()
    return _parse(unwrap(source))


@lru_cache(maxsize=4096)
def _parse(source: str) -> Expression:
    if len(source) > MAX_SOURCE:
        _too_long()
    try:
        return Expression(source, _Reader(source).read())
    except ExpressionError as error:
        raise error.in_source(source) from None


def _too_long() -> NoReturn:
    raise ExpressionError(f"The expression is longer than {MAX_SOURCE} characters.")


class _Reader:
    def __init__(self, source: str) -> None:
        if not source:
            raise ExpressionError("The expression is empty.", offset=0)
        self.tokens = tokenise(source)
        self.by_text: dict[str, Token] = {}
        self.starts: list[int] = []  # where each token stands in what Python reads
        self.nodes = 0
        pieces: list[str] = []
        at = 0
        for token in self.tokens:
            self.by_text[token.text] = token
            self.starts.append(at)
            pieces.append(token.text)
            at += len(token.text) + 1
        self.python = " ".join(pieces)
        self.end = len(source)

    def read(self) -> Node:
        try:
            tree = ast.parse(self.python, mode="eval")
        except SyntaxError as error:
            last = self.tokens[-1]
            unfinished = last.kind == "operator" and last.text not in (")", "]", "}")
            known = error.offset is not None and not unfinished
            offset = self.place((error.offset or 1) - 1) if known else self.end
            raise ExpressionError(
                "The expression cannot be read.", hint=self.advice(offset), offset=offset
            ) from None
        except (MemoryError, RecursionError, ValueError):
            raise ExpressionError(f"The expression is nested more than {MAX_DEPTH} deep.") from None
        return self.node(tree.body, 1)

    def place(self, column: int) -> int:
        """The offset in the source of a column of what Python read."""
        if column >= len(self.python):
            return self.end
        return self.tokens[max(0, bisect_right(self.starts, column) - 1)].offset

    def advice(self, offset: int) -> str:
        if offset >= self.end:
            return "something is missing at the end"
        for before, token in zip(self.tokens, self.tokens[1:], strict=False):
            if token.offset == offset and token.text == "." and before.kind == "number":
                return "an index is written `[0]`"
        return "an operator or a comma may be missing"

    def node(self, tree: ast.expr, depth: int) -> Node:
        """The checked form of one piece of Python's tree; ExpressionError if not allowed."""
        offset = self.place(tree.col_offset)
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ExpressionError(f"The expression has more than {MAX_NODES} parts.")
        if depth > MAX_DEPTH:
            raise ExpressionError(f"The expression is nested more than {MAX_DEPTH} deep.")
        below = depth + 1
        match tree:
            case ast.Name(id=name):
                return self.name(self.by_text[name], offset)
            case ast.Constant(value=value):
                return self.number(value, offset)
            case ast.Attribute(value=value, attr=key):
                field = Field(offset, self.node(value, below), str(self.by_text[key].value))
                return self.checked_access(field, self.by_text[key].offset)
            case ast.Subscript(value=value, slice=index) if not isinstance(index, ast.Slice):
                item = Index(offset, self.node(value, below), self.node(index, below))
                return self.checked_access(item, item.index.offset)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(offset, self.node(operand, below))
            case ast.UnaryOp(op=ast.UAdd() | ast.USub() as sign, operand=operand):
                return self.sign("-" if isinstance(sign, ast.USub) else "+", operand, below, offset)
            case ast.BinOp(op=operator, left=left, right=right) if type(operator) in _BINARY:
                name = _BINARY[type(operator)]
                return Binary(offset, name, self.node(left, below), self.node(right, below))
            case ast.Compare(left=left, ops=operators, comparators=others) if all(
                type(operator) in _COMPARE for operator in operators
            ):
                rest = tuple(
                    (_COMPARE[type(operator)], self.node(other, below))
                    for operator, other in zip(operators, others, strict=True)
                )
                return Compare(offset, self.node(left, below), rest)
            case ast.BoolOp(op=operator, values=values):
                word = "and" if isinstance(operator, ast.And) else "or"
                return Both(offset, word, tuple(self.node(value, below) for value in values))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                parts = (self.node(part, below) for part in (test, body, orelse))
                return Ternary(offset, *parts)
            case ast.List(elts=items):
                return ListOf(offset, tuple(self.node(item, below) for item in items))
            case ast.Dict(keys=keys, values=values):
                return self.mapping(keys, values, below, offset)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self.call(self.by_text[name], arguments, below, offset)
            case ast.Tuple():
                hint = "a list is written `[a, b]`"
                raise ExpressionError("A comma is out of place.", hint=hint, offset=offset)
            case ast.Call():
                hint = f"the functions are {', '.join(sorted(FUNCTIONS))}"
                raise ExpressionError("Only functions can be called.", hint=hint, offset=offset)
            case ast.Subscript():
                raise ExpressionError("Slices are not part of the language.", offset=offset)
            case _:
                raise ExpressionError("This is not part of the language.", offset=offset)

    def name(self, token: Token, offset: int) -> Node:
        match token.kind:
            case "literal":
                return Literal(offset, token.value)
            case "root":
                return self.checked_root(token, offset)
            case _:
                raise ExpressionError("A name is out of place.", offset=offset)

    def checked_root(self, token: Token, offset: int) -> Node:
        """`steps` and `secrets` never stand alone: what they read must be known beforehand."""
        following = self.tokens[self.tokens.index(token) + 1 :][:1]
        if token.value in ("steps", "secrets") and (
            not following or following[0].text not in (".", "[")
        ):
            shape = "steps.NAME.output" if token.value == "steps" else "secrets.NAME"
            raise ExpressionError(
                f"`{token.value}` cannot stand alone.", hint=f"write `{shape}`", offset=offset
            )
        return Root(offset, str(token.value))

    def checked_access(self, node: Field | Index, place: int) -> Node:
        """The rules for what follows `steps`, `secrets` and `index`."""
        key = literal_key(node)
        owner = node.value
        if isinstance(owner, Root):
            if owner.name in ("steps", "secrets") and not isinstance(key, str):
                one = "step" if owner.name == "steps" else "secret"
                raise ExpressionError(
                    f"The name of a {one} must be written out.",
                    hint=f"write `{owner.name}.NAME` or `{owner.name}['NAME']`",
                    offset=place,
                )
            if owner.name == "steps":
                self.needs_step_field(str(key), place)
            if owner.name == "index":
                raise ExpressionError("`index` is a number and has no fields.", offset=place)
        elif (
            isinstance(owner, Field | Index)
            and isinstance(owner.value, Root)
            and owner.value.name == "steps"
            and key not in STEP_FIELDS
        ):
            self.step_field_missing(str(literal_key(owner)), place)
        return node

    def needs_step_field(self, step: str, place: int) -> None:
        """`steps.x` must be followed by an access; which one, the access itself checks."""
        at = next(i for i, token in enumerate(self.tokens) if token.offset == place)
        after = at + 2 if self.tokens[at].kind == "literal" else at + 1
        if after >= len(self.tokens) or self.tokens[after].text not in (".", "["):
            self.step_field_missing(step, place)

    def step_field_missing(self, step: str, place: int) -> NoReturn:
        plain = step.isidentifier() or step.replace("-", "_").isidentifier()
        shape = f"steps.{step}" if plain else f"steps['{step}']"
        raise ExpressionError(
            f"`.output` (or `.status`, `.skipped`, `.error`) must follow `{shape}`.",
            hint=f"write `{shape}.output`",
            offset=place,
        )

    def number(self, value: object, offset: int) -> Node:
        if isinstance(value, int) and not isinstance(value, bool):
            return Literal(offset, checked_integer(value))
        if isinstance(value, float) and math.isfinite(value):
            return Literal(offset, value)
        raise ExpressionError("The number is too large.", offset=offset)

    def sign(self, operator: str, operand: ast.expr, below: int, offset: int) -> Node:
        value = self.node(operand, below)
        if isinstance(value, Literal) and type(value.value) in (int, float):
            return Literal(offset, -value.value if operator == "-" else value.value)
        return Sign(offset, operator, value)

    def mapping(
        self, keys: list[ast.expr | None], values: list[ast.expr], below: int, offset: int
    ) -> Node:
        pairs = []
        for key, value in zip(keys, values, strict=True):
            if key is None:
                raise ExpressionError("`**` is not part of the language.", offset=offset)
            pairs.append((self.node(key, below), self.node(value, below)))
        return MapOf(offset, tuple(pairs))

    def call(self, token: Token, arguments: list[ast.expr], below: int, offset: int) -> Node:
        if token.kind != "function":
            raise ExpressionError("Only functions can be called.", offset=offset)
        name = str(token.value)
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise ExpressionError(
                f"{name}() takes {wanted} values, not {len(arguments)}.", offset=offset
            )
        return Call(offset, name, tuple(self.node(argument, below) for argument in arguments))


def literal_key(node: Field | Index) -> str | int | None:
    """The key or index of an access when it is written out; None when it is worked out."""
    if isinstance(node, Field):
        return node.key
    value = node.index.value if isinstance(node.index, Literal) else None
    return value if isinstance(value, str) or type(value) is int else None
