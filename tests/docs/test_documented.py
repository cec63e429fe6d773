"""What is public has its place in the docs."""

import importlib

import click
import pytest

from runs import conf
from runs.actions import known_actions
from runs.agents import errors as agent_errors
from runs.agents.keys import AGENT
from runs.cli.main import COMMANDS
from runs.definition.reporting import yaml_keys
from runs.definition.spec import STEP_CLASSES, StepBase
from runs.errors import MaverickError
from runs.library.find import BUILT_IN
from tests.docs.pages import DOCS, page
from tools import actions_page

COMMON = set(yaml_keys(StepBase))


def codes(kind: type[MaverickError]) -> set[str]:
    """Every code of an error and of those that derive from it."""
    return {kind.code}.union(*map(codes, kind.__subclasses__()))


def commands() -> list[str]:
    """`run`, `runs list`, and all the others."""
    found = []
    for name in COMMANDS:
        command = importlib.import_module(f"runs.cli.commands.{name}").command
        found.append(name)
        if isinstance(command, click.Group):
            found += [f"{name} {inner}" for inner in command.commands]
    return found


@pytest.mark.parametrize("kind", STEP_CLASSES)
def test_every_kind_of_step_has_a_page_that_names_its_keys(kind: str) -> None:
    text = page(f"steps/{kind}.md")
    assert text.startswith(f"# `{kind}`")
    missing = [
        key
        for key in yaml_keys(STEP_CLASSES[kind])
        if key not in COMMON and key != "parallel" and f"`{key}`" not in text
    ]
    assert missing == []
    assert f"steps/{kind}.md" in page("index.md")


def test_no_page_is_about_a_step_that_does_not_exist() -> None:
    assert {file.stem for file in (DOCS / "steps").glob("*.md")} == set(STEP_CLASSES)


def test_every_error_has_its_code_in_the_list() -> None:
    text = page("errors.md")
    own = {code for code in codes(MaverickError) if code != "error"}
    assert sorted(code for code in own if f"`{code}`" not in text) == []


@pytest.mark.parametrize("name", commands())
def test_every_command_is_described(name: str) -> None:
    text = page("cli.md")
    assert f"`{name}" in text or f"## maverick {name}" in text


@pytest.mark.parametrize("name", conf.SETTINGS)
def test_every_setting_has_its_section_and_its_default(name: str) -> None:
    section = page("settings.md").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert section.strip()
    default = conf.SETTINGS[name].default
    assert not default or f"`{default}`" in section


def test_every_built_in_action_is_listed_as_it_is() -> None:
    text = page("actions.md")
    assert text == actions_page.renewed(text), "run python tools/actions_page.py"
    own = [n for n, a in known_actions().items() if a.function.__module__.startswith("runs.")]
    assert [name for name in own if f"| `{name}(" not in text] == []


def test_every_built_in_workflow_is_listed() -> None:
    names = [file.stem for file in BUILT_IN.glob("*/*.yaml")]
    assert names
    assert [n for n in names if f"| `{n}` |" not in page("steps/subworkflow.md")] == []


def test_every_decision_says_context_choice_and_what_was_turned_down() -> None:
    for file in (DOCS / "decisions").glob("*.md"):
        for part in ("Context", "Choice", "Turned down"):
            assert f"\n## {part}\n" in file.read_text(), f"{file.name}: {part}"


@pytest.mark.parametrize("key", [*AGENT, *agent_errors.CODES, "agent-misconfigured"])
def test_every_key_and_every_failure_of_an_agent_is_described(key: str) -> None:
    assert f"`{key}`" in page("agents.md")
