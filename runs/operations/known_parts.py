"""What a workflow of this project may name: actions, agents, generators, stages. No Django."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import runs.library.actions  # noqa: F401 - registers the built-in ones
from runs.actions import ActionImportError, known_actions, load_project_actions
from runs.agents.settings import PROMPTS, AgentBook, load_agents
from runs.agents.setup import Role
from runs.definition import Known
from runs.definition.problems import Problem
from runs.library.validation import DEFAULTS
from runs.operations.places import project_folder, user_folder

_STAGE = "_cmd"


@dataclass(frozen=True)
class Configured(Collection[str]):
    """The names of the agents or generators that are set up; with `*`, every name is one."""

    book: AgentBook
    role: Role

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.book.knows(self.role, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.book.names(self.role))

    def __len__(self) -> int:
        return len(self.book.names(self.role))


def known_parts(project: Path | None = None) -> tuple[Known, list[Problem]]:
    """What is known in a project, and what keeps its own actions from being imported.

    The project's actions are imported, which runs its code. Where that fails, no action is looked
    up, and the problem says why.
    """
    folder = project_folder(project)
    problems: list[Problem] = []
    actions = None
    try:
        load_project_actions(folder)
        actions = known_actions(folder)
    except ActionImportError as error:
        hint = "until then no action is looked up"
        problems.append(Problem("D311", error.message, hint, error.line, None, error.file))
    book = load_agents(folder, user_folder())
    stages = set(DEFAULTS)
    for file in book.settings.files:
        names = (
            key.removesuffix(_STAGE) for key in file.table("validation") if key.endswith(_STAGE)
        )
        stages |= set(names)
    known = Known(
        actions=actions,
        agents=Configured(book, "agent"),
        generators=Configured(book, "generator"),
        stages=stages,
        expected={file.stem for file in PROMPTS.glob("*.md")},
    )
    return known, problems
