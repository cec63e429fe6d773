"""What the docs show loads, leads somewhere, and exists."""

import importlib
import re
import shlex
from pathlib import Path

import click
import pytest

import runs.library.actions  # noqa: F401
from runs.actions import known_actions
from runs.cli.main import COMMANDS
from runs.definition import Known, load_workflow
from runs.definition.spec import WorkflowSpec
from runs.library.find import find_workflow
from tests.docs.pages import DOCS, ROOT, blocks, everything, page

OWN = {"count_words", "write_notes"}  # actions that a page defines itself


def short(file: Path) -> str:
    return str(file.relative_to(ROOT))


def called(name: str) -> WorkflowSpec | None:
    found = find_workflow(name)
    return load_workflow(found.text).spec if found else None


def option_names(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts} | {"--help"}


@pytest.mark.parametrize("file", everything(), ids=short)
def test_every_workflow_shown_has_no_problem(file: Path) -> None:
    known = Known(actions={*known_actions(), *OWN}, workflows=called)
    for example in blocks(file.read_text(), "yaml"):
        assert load_workflow(example, known=known).problems == ()


@pytest.mark.parametrize("file", everything(), ids=short)
def test_every_piece_of_python_shown_compiles(file: Path) -> None:
    for example in blocks(file.read_text(), "python"):
        compile(example, short(file), "exec")


@pytest.mark.parametrize("file", everything(), ids=short)
def test_every_link_leads_somewhere(file: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", file.read_text())
    gone = [to for to in links if "://" not in to and not (file.parent / to).exists()]
    assert gone == []


def test_every_page_is_reached_from_the_index() -> None:
    pages = {f.relative_to(DOCS).as_posix() for f in DOCS.rglob("*.md")} - {"index.md"}
    text = page("index.md")
    assert [p for p in pages if f"({p})" not in text and not p.startswith("decisions/")] == []


def test_the_commands_of_the_readme_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)\b", readme)) - {"it"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("file", [ROOT / "README.md", DOCS / "first-workflow.md"], ids=short)
def test_every_command_shown_exists_with_its_options(file: Path) -> None:
    shown = re.findall(r"^(?:\$ )?maverick ([^&;|\n]+)", file.read_text(), re.MULTILINE)
    assert shown
    for line in shown:
        words = shlex.split(line.partition(" #")[0])
        assert words[0] in COMMANDS
        command = importlib.import_module(f"runs.cli.commands.{words[0]}").command
        if isinstance(command, click.Group):
            assert words[1] in command.commands, line
            command = command.commands[words[1]]
        options = {word for word in words if word.startswith("-")}
        assert options <= option_names(command), line


def test_the_workflow_of_the_readme_has_no_problem() -> None:
    readme = (ROOT / "README.md").read_text()
    found = re.search(r"<<'END'\n(.*?)^END$", readme, re.DOTALL | re.MULTILINE)
    assert found is not None
    assert load_workflow(found[1]).problems == ()


def test_the_readme_begins_with_one_sentence_and_one_picture() -> None:
    parts = (ROOT / "README.md").read_text().split("\n\n")
    assert parts[1].count(". ") == 0
    picture = re.fullmatch(r"!\[[^\]]+\]\(([^)]+)\)", parts[2])
    assert picture is not None
    assert (ROOT / picture[1]).stat().st_size > 20_000
