"""Annotations as JSON Schema, and inputs held against them."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal, NewType, NotRequired, TypedDict

import jsonschema_rs
import pytest
from maverick_client import InputRefused
from maverick_client.agent.jsonform import json_form
from maverick_client.agent.reasoners import reasoner_of
from maverick_client.agent.shapes import Wrong, shape_of
from pydantic import BaseModel


class Tone(Enum):
    DRY = "dry"
    WARM = "warm"


class Page(TypedDict):
    url: str
    title: NotRequired[str]


@dataclass
class Chapter:
    title: str
    words: int = 0
    tags: list[str] = field(default_factory=list)


class Model(BaseModel):
    n: int
    tone: Tone = Tone.DRY


Topic = NewType("Topic", str)

FITS: list[tuple[Any, Any, Any]] = [
    (str, "a", "a"),
    (int, 3, 3),
    (int, 3.0, 3),
    (float, 3, 3.0),
    (bool, True, True),
    (None, None, None),
    (Any, [1, {"a": None}], [1, {"a": None}]),
    (Topic, "tea", "tea"),
    (str | None, None, None),
    (int | list[int], [1], [1]),
    (Literal["a", 1], 1, 1),
    (Tone, "warm", Tone.WARM),
    (list, [1, "a"], [1, "a"]),
    (list[Tone], ["dry"], [Tone.DRY]),
    (Sequence[int], [1], [1]),
    (tuple[str, int], ["a", 1], ("a", 1)),
    (tuple[int, ...], [1, 2], (1, 2)),
    (set[str], ["a"], {"a"}),
    (dict, {"a": 1}, {"a": 1}),
    (Mapping[str, Chapter], {"a": {"title": "x"}}, {"a": Chapter("x")}),
    (Page, {"url": "u"}, {"url": "u"}),
    (Chapter, {"title": "x", "tags": ["y"]}, Chapter("x", 0, ["y"])),
    (Model, {"n": 1, "tone": "warm"}, Model(n=1, tone=Tone.WARM)),
    (Annotated[int, "how many"], 2, 2),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "value", "taken"), FITS)
def test_what_fits_is_taken_as_annotated_and_fits_the_schema(
    annotation: Any, value: Any, taken: Any
) -> None:
    shape, wrong = shape_of(annotation), list[Wrong]()
    got = shape.take(value, "x", wrong)
    assert (wrong, got, type(got)) == ([], taken, type(taken))
    jsonschema_rs.validate(shape.schema, value)


FAULTS: list[tuple[Any, Any, str]] = [
    (str, 1, "x: must be a string, not an integer"),
    (int, True, "x: must be an integer, not a boolean"),
    (int, 3.5, "x: must be an integer, not a number"),
    (float, "1", "x: must be a number, not a string"),
    (bool, 1, "x: must be a boolean, not an integer"),
    (str | None, 1, "x: must be a string or null, not an integer"),
    (list[int] | None, [1, "a"], "x[1]: must be an integer, not a string"),
    (Literal["a", 1], True, "x: must be one of 'a', 1, not True"),
    (Tone, "loud", "x: must be one of 'dry', 'warm', not 'loud'"),
    (list[int], {}, "x: must be an array, not an object"),
    (tuple[str, int], ["a"], "x: must be an array of 2"),
    (dict[str, int], {"a": "b"}, "x.a: must be an integer, not a string"),
    (Page, {}, "Missing required field: x.url"),
    (Chapter, {"title": "t", "pages": 1}, "Unknown field: x.pages"),
    (Chapter, [], "x: must be an object, not an array"),
    (list[Chapter], [{"title": "t", "tags": [1]}], "x[0].tags[0]: must be a string, not an integer"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "value", "told"), FAULTS)
def test_what_does_not_fit_is_told_with_its_place(annotation: Any, value: Any, told: str) -> None:
    shape, wrong = shape_of(annotation), list[Wrong]()
    shape.take(value, "x", wrong)
    assert [str(one) for one in wrong] == [told]
    assert not jsonschema_rs.is_valid(shape.schema, value)


def test_a_model_tells_its_own_faults() -> None:
    wrong: list[Wrong] = []
    shape_of(Model).take({"tone": "loud"}, "x", wrong)
    assert [one.place for one in wrong] == ["x.n", "x.tone"]


def test_a_function_is_described_by_its_signature() -> None:
    async def write(
        topic: Annotated[str, "about what"], *, tone: Tone = Tone.DRY, **more: int
    ) -> Page:
        """Writes.

        At length.
        """
        return {"url": topic}

    made = reasoner_of(write)
    assert made.description == "Writes.\n\nAt length."
    assert made.input.schema["properties"]["topic"] == {
        "type": "string",
        "description": "about what",
    }
    assert made.input.schema["required"] == ["topic"]
    assert made.input.schema["additionalProperties"] == {"type": "integer"}
    assert made.output_schema["properties"]["url"] == {"type": "string"}
    assert made.taken({"topic": "a", "extra": 1}) == {"topic": "a", "extra": 1}
    with pytest.raises(InputRefused, match=r"^extra: must be an integer, not a string$"):
        made.taken({"topic": "a", "extra": "b"})
    with pytest.raises(InputRefused, match=r"must be an object, not null"):
        made.taken(None)


def takes(annotation: Any) -> Callable[..., Any]:
    def work(x: Any) -> None: ...

    work.__annotations__ = {"x": annotation}
    return work


class Tree(TypedDict):
    left: "Tree"


@pytest.mark.parametrize("annotation", [bytes, Callable[[], int], "Nowhere", Tree, type(sys)])
def test_what_has_no_json_form_is_told_when_it_is_declared(annotation: Any) -> None:
    with pytest.raises(TypeError, match="the reasoner 'work' cannot be described"):
        reasoner_of(takes(annotation))


def test_results_turn_into_json() -> None:
    value = {"c": Chapter("t"), "tone": Tone.WARM, "m": Model(n=1), "t": (1, 2.5, None)}
    assert json_form(value) == {
        "c": {"title": "t", "words": 0, "tags": []},
        "tone": "warm",
        "m": {"n": 1, "tone": "dry"},
        "t": [1, 2.5, None],
    }
