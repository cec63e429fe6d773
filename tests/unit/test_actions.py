"""The registry of actions, and the actions of a project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from runs import actions
from runs.actions import (
    Action,
    ActionImportError,
    StepContext,
    action,
    find_action,
    known_actions,
    load_project_actions,
)


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "_registry", {})
    monkeypatch.setattr(actions, "_loaded", {})


def test_a_function_is_registered_under_its_name_or_another() -> None:
    @action
    def plain() -> int:
        return 1

    @action("review.gather", version="2", effect="pure")
    async def gather() -> None:
        """Gather things.

        More."""

    assert plain() == 1
    found = find_action("review.gather")
    assert found is not None
    assert (found.version, found.effect, found.is_async) == ("2", "pure", True)
    assert found.description == "Gather things."
    assert sorted(known_actions()) == ["plain", "review.gather"]
    assert find_action("nobody") is None


def test_an_effect_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="pure, idempotent"):
        action("x", effect="often")  # type: ignore[arg-type]


def test_known_actions_are_a_snapshot() -> None:
    before = known_actions()
    action("later")(lambda: None)
    assert "later" not in before
    with pytest.raises(TypeError):
        before["x"] = 1  # type: ignore[index]


def with_context(a: int, context: StepContext, *, b: int = 1) -> None: ...
def with_anything(a: int, **more: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "kwargs", "words"),
    [
        (with_context, {"a": 1}, []),
        (with_context, {"a": 1, "b": 2}, []),
        (with_context, {}, ["requires the argument `a`"]),
        (with_context, {"a": 1, "c": 2, "d": 3}, ["no argument `c`", "no argument `d`"]),
        (with_context, {"a": 1, "context": 2}, ["from the engine"]),
        (with_anything, {"a": 1, "z": 2}, []),
        (with_anything, {"z": 2}, ["requires the argument `a`"]),
        (dict, {"z": 2}, []),
    ],
)
def test_arguments_are_checked_by_name(
    function: Any, kwargs: dict[str, Any], words: list[str]
) -> None:
    found = Action("f", function).check_kwargs(kwargs)
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


def test_the_parameter_for_the_context_is_the_annotated_one_or_the_one_of_that_name() -> None:
    assert Action("f", with_context).context_name == "context"
    assert Action("f", with_anything).context_name is None

    def plain(context) -> None: ...  # type: ignore[no-untyped-def]
    def both(step: StepContext, context: str = "") -> None: ...

    assert Action("f", plain).context_name == "context"
    assert Action("f", both).context_name == "step"
    assert Action("f", both).check_kwargs({"context": "given by the file"}) == []
    assert Action("f", both).check_kwargs({"step": 1}) == [
        "`f` gets `step` from the engine, not from the file."
    ]


SOURCE = "from runs.actions import action\n@action\ndef {name}():\n    return {value}\n"


def test_a_project_brings_its_own_actions(tmp_path: Path) -> None:
    assert load_project_actions(tmp_path) == []
    (tmp_path / "maverick_actions.py").write_text(SOURCE.format(name="mine", value=1))
    assert load_project_actions(tmp_path) == ["mine"]
    first = find_action("mine", tmp_path)
    assert load_project_actions(tmp_path) == ["mine"]
    assert find_action("mine", tmp_path) is first


def test_a_changed_file_is_imported_again_and_what_it_dropped_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "maverick_actions.py"
    file.write_text(SOURCE.format(name="mine", value=1) + SOURCE.format(name="old", value=0))
    load_project_actions(tmp_path)
    file.write_text(SOURCE.format(name="mine", value=2))
    os.utime(file, ns=(1, 1))
    assert load_project_actions(tmp_path) == ["mine"]
    found = find_action("mine", tmp_path)
    assert found is not None
    assert found.function() == 2
    assert find_action("old", tmp_path) is None


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("x = 1\nimport nobody_has_this\n", 2, "nobody_has_this"),
        ("def f(:\n", 1, "SyntaxError"),
        ("\n\ndef f():\n    raise RuntimeError('no')\nf()\n", 4, "RuntimeError: no"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit"),
    ],
)
def test_what_cannot_be_imported_is_told_with_its_line(
    tmp_path: Path, source: str, line: int, words: str
) -> None:
    file = tmp_path / "maverick_actions.py"
    file.write_text(SOURCE.format(name="mine", value=1))
    load_project_actions(tmp_path)
    file.write_text(source)
    os.utime(file, ns=(1, 1))
    with pytest.raises(ActionImportError) as caught:
        load_project_actions(tmp_path)
    assert (caught.value.file, caught.value.line) == (str(file), line)
    assert words in str(caught.value)
    assert find_action("mine", tmp_path) is not None, "what worked before stays"


def test_two_projects_may_give_one_name_to_different_things(tmp_path: Path) -> None:
    for value, folder in enumerate(("one", "two")):
        (tmp_path / folder).mkdir()
        text = SOURCE.format(name="mine", value=value)
        (tmp_path / folder / "maverick_actions.py").write_text(text)
        load_project_actions(tmp_path / folder)
    for value, folder in enumerate(("one", "two")):
        found = find_action("mine", tmp_path / folder)
        assert found is not None
        assert found.function() == value
    assert find_action("mine") is None, "it belongs to no project"


def test_a_project_may_hide_a_built_in_action_and_give_it_back(tmp_path: Path) -> None:
    @action("mine")
    def built_in() -> str:
        return "built in"

    file = tmp_path / "maverick_actions.py"
    file.write_text(SOURCE.format(name="mine", value=1))
    load_project_actions(tmp_path)
    found = find_action("mine", tmp_path)
    assert found is not None
    assert found.function() == 1
    file.unlink()
    load_project_actions(tmp_path)
    found = find_action("mine", tmp_path)
    assert found is not None
    assert found.function() == "built in"
