"""Annotations as JSON Schema, and values held against them. No package is needed for that."""

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

Schema = dict[str, Any]
_ABSENT = object()


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a value, and where."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


@dataclass(frozen=True)
class Shape:
    """What a value must be. ``take`` gives it as the function wants it, and adds what is wrong."""

    schema: Schema
    take: Callable[[Any, str, list[Wrong]], Any]


@dataclass(frozen=True)
class Field:
    """One member of an object."""

    shape: Shape
    required: bool = True
    default: Any = _ABSENT  # told in the schema, if it is JSON

    @property
    def schema(self) -> Schema:
        """With the default."""
        told = self.default is None or isinstance(self.default, bool | int | float | str)
        return {**self.shape.schema, **({"default": self.default} if told else {})}


ANY = Shape({}, lambda value, _place, _wrong: value)


def shape_of(annotation: Any, within: tuple[Any, ...] = ()) -> Shape:
    """The shape of what is annotated so. Raises TypeError for what has no JSON form."""
    if annotation in within:
        raise TypeError(f"{annotation!r} is within itself")
    inner = (*within, annotation) if isinstance(annotation, type) else within
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation is Any or annotation is object:
        return ANY
    if annotation is None or annotation is types.NoneType:
        return _plain("null")
    if annotation in _NAMES:
        return _plain(_NAMES[annotation])
    if origin is Annotated:
        return _described(shape_of(args[0], within), args[1:])
    if origin in (Required, NotRequired):
        return shape_of(args[0], within)
    if origin in (Union, types.UnionType):
        return _one_of([shape_of(arg, inner) for arg in args])
    if origin is Literal:
        return _choice({value: value for value in args})
    if (meant := getattr(annotation, "__supertype__", None)) is not None:  # a NewType
        return shape_of(meant, within)
    return _built(annotation, origin or annotation, args, inner)


def _built(annotation: Any, kind: Any, args: tuple[Any, ...], within: tuple[Any, ...]) -> Shape:
    if kind is tuple and args and args[-1] is not Ellipsis:
        return _row([shape_of(arg, within) for arg in args])
    if kind in (list, tuple, set, frozenset, Sequence, Iterable):
        item = shape_of(args[0], within) if args else ANY
        return _list(item, list if kind in (Sequence, Iterable) else kind)
    if kind in (dict, Mapping):
        return _map(shape_of(args[1], within) if args else ANY)
    if is_typeddict(annotation):
        hints = get_type_hints(annotation, include_extras=True)
        needed = annotation.__required_keys__
        members = {k: Field(shape_of(v, within), k in needed) for k, v in hints.items()}
        return object_shape(members, title=annotation.__name__)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _choice({member.value: member for member in annotation})
    if isinstance(annotation, type) and is_dataclass(annotation):
        return _dataclass(annotation, within)
    if hasattr(annotation, "model_json_schema") and hasattr(annotation, "model_validate"):
        return _model(annotation)
    raise TypeError(f"{annotation!r} has no JSON form")


# ---- plain values --------------------------------------------------------------------------------

_NAMES: dict[Any, str] = {
    str: "string", int: "integer", float: "number", bool: "boolean",
    dict: "object", list: "array",
}  # fmt: skip
_ARTICLES = {"integer": "an", "array": "an", "object": "an", "null": ""}


def kind_of(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string")):
        if isinstance(value, kind):
            return name
    return "object" if isinstance(value, Mapping) else "array"


def _named(kind: str) -> str:
    return f"{_ARTICLES.get(kind, 'a')} {kind}".strip()


def _plain(name: str) -> Shape:
    def take(value: Any, place: str, wrong: list[Wrong]) -> Any:
        kind = kind_of(value)
        if name == kind or (name == "number" and kind == "integer"):
            return float(value) if name == "number" else value
        if name == "integer" and kind == "number" and value.is_integer():
            return int(value)  # 3.0 is an integer to JSON
        wrong.append(Wrong(place, f"must be {_named(name)}, not {_named(kind)}"))
        return value

    return Shape({"type": name}, take)


def _choice(values: Mapping[Any, Any]) -> Shape:
    def take(value: Any, place: str, wrong: list[Wrong]) -> Any:
        for known, meant in values.items():
            if known == value and isinstance(known, bool) == isinstance(value, bool):
                return meant
        words = ", ".join(repr(known) for known in values)
        wrong.append(Wrong(place, f"must be one of {words}, not {value!r:.80}"))
        return value

    return Shape({"enum": list(values)}, take)


def _described(shape: Shape, notes: tuple[Any, ...]) -> Shape:
    text = next((note for note in notes if isinstance(note, str)), None)
    return Shape({**shape.schema, "description": text}, shape.take) if text else shape


# ---- built of others -----------------------------------------------------------------------------


def _one_of(shapes: list[Shape]) -> Shape:
    def take(value: Any, place: str, wrong: list[Wrong]) -> Any:
        best: list[Wrong] = []
        for shape in shapes:
            found: list[Wrong] = []
            taken = shape.take(value, place, found)
            if not found:
                return taken
            # What fits at the top and fails deeper inside is what was meant.
            if not best or max(len(w.place) for w in found) > max(len(w.place) for w in best):
                best = found
        if any(len(one.place) > len(place) for one in best):
            wrong.extend(best)
        else:
            allowed = [one.schema.get("type") or "another value" for one in shapes]
            words = " or ".join(_named(str(kind)) for kind in allowed)
            wrong.append(Wrong(place, f"must be {words}, not {_named(kind_of(value))}"))
        return value

    return Shape({"anyOf": [shape.schema for shape in shapes]}, take)


def _list(item: Shape, kind: Callable[[Iterable[Any]], Any]) -> Shape:
    def take(value: Any, place: str, wrong: list[Wrong]) -> Any:
        if not isinstance(value, list):
            wrong.append(Wrong(place, f"must be an array, not {_named(kind_of(value))}"))
            return value
        found: list[Wrong] = []
        taken = [item.take(one, f"{place}[{n}]", found) for n, one in enumerate(value)]
        wrong.extend(found)
        return taken if found else kind(taken)

    return Shape({"type": "array", **({"items": item.schema} if item.schema else {})}, take)


def _row(items: list[Shape]) -> Shape:
    def take(value: Any, place: str, wrong: list[Wrong]) -> Any:
        if not isinstance(value, list) or len(value) != len(items):
            wrong.append(Wrong(place, f"must be an array of {len(items)}"))
            return value
        pairs = enumerate(zip(items, value, strict=True))
        return tuple(item.take(one, f"{place}[{n}]", wrong) for n, (item, one) in pairs)

    told = {"prefixItems": [item.schema for item in items], "minItems": len(items)}
    return Shape({"type": "array", **told, "maxItems": len(items)}, take)


def _map(item: Shape) -> Shape:
    def take(value: Any, place: str, wrong: list[Wrong]) -> Any:
        if not isinstance(value, dict):
            wrong.append(Wrong(place, f"must be an object, not {_named(kind_of(value))}"))
            return value
        return {key: item.take(one, _at(place, key), wrong) for key, one in value.items()}

    more = {"additionalProperties": item.schema} if item.schema else {}
    return Shape({"type": "object", **more}, take)


def object_shape(
    members: Mapping[str, Field],
    *,
    open_to: Shape | None = None,
    title: str = "",
    make: Callable[[dict[str, Any]], Any] = lambda taken: taken,
) -> Shape:
    """An object with these members, and others only if it is open to them."""

    def take(value: Any, place: str, wrong: list[Wrong]) -> Any:
        if not isinstance(value, dict):
            wrong.append(Wrong(place, f"must be an object, not {_named(kind_of(value))}"))
            return value
        found: list[Wrong] = []
        for name, member in members.items():
            if member.required and name not in value:
                found.append(Wrong("", f"Missing required field: {_at(place, name)}"))
        taken = {}
        for name, one in value.items():
            shape = members[name].shape if name in members else open_to
            if shape is None:
                found.append(Wrong("", f"Unknown field: {_at(place, name)}"))
            else:
                taken[name] = shape.take(one, _at(place, name), found)
        wrong.extend(found)
        return taken if found else make(taken)

    schema: Schema = {
        **({"title": title} if title else {}),
        "type": "object",
        "properties": {name: member.schema for name, member in members.items()},
        "required": [name for name, member in members.items() if member.required],
        "additionalProperties": open_to is not None and (open_to.schema or True),
    }
    return Shape(schema, take)


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _dataclass(kind: type[Any], within: tuple[Any, ...]) -> Shape:
    hints = get_type_hints(kind, include_extras=True)
    members = {
        one.name: Field(
            shape_of(hints[one.name], within),
            one.default is MISSING and one.default_factory is MISSING,
            _ABSENT if one.default is MISSING else one.default,
        )
        for one in fields(kind)
        if one.init
    }
    return object_shape(members, title=kind.__name__, make=lambda taken: kind(**taken))


def _model(kind: Any) -> Shape:
    """A class that checks itself, in pydantic's way; this package need not know it."""

    def take(value: Any, place: str, wrong: list[Wrong]) -> Any:
        try:
            return kind.model_validate(value)
        except ValueError as error:
            told: list[Any] = getattr(error, "errors", list)()
            for one in told:
                at = ".".join(map(str, [*([place] if place else []), *one["loc"]]))
                wrong.append(Wrong(at, one["msg"]))
            if not told:
                wrong.append(Wrong(place, str(error)))
            return value

    return Shape(kind.model_json_schema(), take)
