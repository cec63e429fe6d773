"""Tree + names → value. Mappings, lists and scalars only; work and results are bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runs.expressions import functions
from runs.expressions.errors import ExpressionError, MissingValueError
from runs.expressions.limits import Budget
from runs.expressions.nodes import (
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
from runs.expressions.operators import binary, compare, number
from runs.expressions.parse import literal_key, parse
from runs.expressions.values import is_number, kind, plain


def evaluate(source: str | Expression, names: Mapping[str, Any], *, lenient: bool = False) -> Any:
    """The value of one expression.

    `names` maps roots to values: `inputs`, `env`, `secrets` and `run` are mappings, `steps` maps
    a step's name to a mapping with `output`, `status` and `skipped`; `item` and `index` are there
    inside a loop only. Mappings may be lazy. With `lenient` a step result that is not there, and
    a field of null, reads as null.

    Raises ExpressionError.
    """
    return evaluate_within(source, names, Budget(), lenient=lenient)


def evaluate_within(
    source: str | Expression,
    names: Mapping[str, Any],
    budget: Budget,
    *,
    lenient: bool = False,
    notes: list[str] | None = None,
) -> Any:
    """`evaluate`, paid from a budget that several expressions share.

    With `notes` what is missing reads as null and is told there.
    """
    expression = parse(source) if isinstance(source, str) else source
    evaluation = _Evaluation(names, lenient, budget, notes)
    try:
        return plain(evaluation.value(expression.tree))
    except ExpressionError as error:
        raise error.in_source(expression.source) from None
    except RecursionError:
        raise ExpressionError("A value is nested too deep.", source=expression.source) from None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a condition holds, and what was read on the way that is not there.

    `notes`: one sentence for each missing thing, at most MAX_NOTES; mostly none.
    """

    holds: bool
    notes: tuple[str, ...] = ()


MAX_NOTES = 10


def judge(text: str, names: Mapping[str, Any]) -> Judgement:
    """Does a condition hold? The wrapper `${{ }}` is optional; truth is Python's.

    Null, false, 0 and what is empty are false. The result of a step that was skipped or has not
    run reads as null, and so does a field of null. Anything else that is missing reads as null as
    well, but is told in the notes: it is most likely misspelt. What `default(x, y)` forgives is
    not told. Raises ExpressionError: a condition that cannot be answered is not false.
    """
    notes: list[str] = []
    value = evaluate_within(text, names, Budget(), lenient=True, notes=notes)
    return Judgement(bool(value), tuple(dict.fromkeys(notes))[:MAX_NOTES])


def evaluate_condition(text: str, names: Mapping[str, Any]) -> bool:
    """`judge`, for who needs no notes."""
    return judge(text, names).holds


class _Evaluation:
    def __init__(
        self, names: Mapping[str, Any], lenient: bool, budget: Budget, notes: list[str] | None
    ) -> None:
        self.names = names
        self.lenient = lenient
        self.budget = budget
        self.notes = notes

    def value(self, node: Node) -> Any:
        self.budget.spend()
        try:
            return self._value(node)
        except ExpressionError as error:
            if error.offset is None:
                error.offset = node.offset
            raise

    def _value(self, node: Node) -> Any:
        match node:
            case Literal(value=value):
                return value
            case Field() | Index() | Root():
                try:
                    return self.access(node)
                except MissingValueError as error:
                    if self.notes is None or isinstance(node, Root):
                        raise
                    hint = f" ({error.hint})" if error.hint else ""
                    self.notes.append(f"`{_written(node)}` is not there and reads as null{hint}.")
                    return None
            case Both(operator=operator, values=values):
                result: Any = None
                for part in values:
                    result = self.value(part)
                    if bool(result) == (operator == "or"):
                        break
                return result
            case Not(value=inner):
                return not self.value(inner)
            case Compare(first=first, rest=rest):
                return self.comparison(first, rest)
            case Ternary(test=test, then=then, otherwise=otherwise):
                return self.value(then) if self.value(test) else self.value(otherwise)
            case Binary(operator=operator, left=left, right=right):
                return binary(operator, self.value(left), self.value(right), self.budget)
            case Sign(operator=operator, value=inner):
                operand = self.value(inner)
                if not is_number(operand):
                    raise ExpressionError(f"`{operator}` cannot take {kind(operand)}.")
                return number(operator, 0, operand)
            case ListOf(items=items):
                return [plain(self.value(item)) for item in items]
            case MapOf(pairs=pairs):
                return self.mapping(pairs)
            case Call(function="default", arguments=(wanted, replacement)):
                return self.default(wanted, replacement)
            case Call(function=function, arguments=arguments):
                values_ = [self.value(argument) for argument in arguments]
                return functions.call(function, values_, self.budget)
        raise AssertionError(f"no rule for {node}")

    def comparison(self, first: Node, rest: tuple[tuple[str, Node], ...]) -> bool:
        left = self.value(first)
        for operator, node in rest:
            right = self.value(node)
            if not compare(operator, left, right, self.budget):
                return False
            left = right
        return True

    def mapping(self, pairs: tuple[tuple[Node, Node], ...]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key_node, value_node in pairs:
            key = self.value(key_node)
            if not isinstance(key, str):
                raise ExpressionError(f"A key is a text, not {kind(key)}.")
            made[key] = plain(self.value(value_node))
        return made

    def default(self, wanted: Node, replacement: Node) -> Any:
        told = len(self.notes or ())
        try:
            value = self.value(wanted)
        except MissingValueError:
            value = None
        if self.notes is not None:
            del self.notes[told:]
        return self.value(replacement) if value is None else value

    def access(self, node: Root | Field | Index) -> Any:
        match node:
            case Root(name=name):
                if name in self.names:
                    return self.names[name]
                if name in ("item", "index"):
                    raise MissingValueError(f"`{name}` is only known inside a loop.")
                if self.lenient and name == "steps":
                    return {}
                raise MissingValueError(f"`{name}` is not known here.")
            case Field(value=inner, key=key):
                return self.look_up(node, self.value(inner), key)
            case Index(value=inner, index=index):
                return self.look_up(node, self.value(inner), self.value(index))

    def look_up(self, node: Field | Index, owner: Any, key: Any) -> Any:
        if owner is None:
            if self.lenient:
                return None
            raise MissingValueError(
                f"Null has no field {_shown(key)}.",
                hint="the step may have been skipped; write `default(x, …)`",
            )
        if isinstance(owner, Mapping):
            return self.entry(node, owner, key)
        if isinstance(owner, str | list | tuple):
            if isinstance(node, Field) and key == "length":
                return len(owner)
            if isinstance(key, int) and not isinstance(key, bool):
                if -len(owner) <= key < len(owner):
                    return owner[key]
                raise MissingValueError(f"There is no index {key}: the length is {len(owner)}.")
        raise ExpressionError(f"{kind(owner).capitalize()} has no field {_shown(key)}.")

    def entry(self, node: Field | Index, owner: Mapping[Any, Any], key: Any) -> Any:
        if isinstance(key, int) and not isinstance(key, bool):
            key = str(key)  # the keys of JSON are texts
        if not isinstance(key, str):
            raise ExpressionError(f"A key is a text, not {kind(key)}.")
        try:
            return owner[key]
        except KeyError:
            pass
        root = node.value
        of_step = isinstance(root, Field | Index) and isinstance(root.value, Root)
        if isinstance(root, Root):
            what = {"steps": "result of a step", "inputs": "input"}.get(root.name, "entry")
            if self.lenient and root.name == "steps":
                return None
        else:
            what = "field"
            if self.lenient and of_step and _root_name(root) == "steps":
                return None
        raise MissingValueError(f"There is no {what} {_shown(key)}.", hint=_available(owner))


def _root_name(node: Node) -> str:
    owner = node.value if isinstance(node, Field | Index) else node
    return owner.name if isinstance(owner, Root) else ""


def _written(node: Node) -> str:
    """An access as it is written: `steps.plan.output['a b'][…]`."""
    pieces: list[str] = []
    while isinstance(node, Field | Index):
        key = node.key if isinstance(node, Field) else literal_key(node)
        plain = isinstance(key, str) and key.replace("-", "_").isidentifier()
        if key is None:
            pieces.append("[…]")
        else:
            pieces.append(f".{key}" if plain else f"[{_shown(key)}]")
        node = node.value
    start = node.name if isinstance(node, Root) else "(…)"
    return start + "".join(reversed(pieces))


def _shown(key: Any) -> str:
    text = repr(key) if isinstance(key, str) else str(key)
    return text if len(text) <= 80 else text[:77] + "…"


def _available(owner: Mapping[Any, Any]) -> str:
    """The first ten names there are, in order, for the hint."""
    names: list[str] = []
    for key in owner:
        names.append(str(key)[:60])
        if len(names) > 1000:
            break
    if not names:
        return "there are none here"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"there are: {', '.join(sorted(names)[:10])}{more}"
