"""Where the text of a workflow comes from, and what is wrong with it. Without Django."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runs.cli.refusals import CliRefusal
from runs.cli.side import backend

if TYPE_CHECKING:
    from runs.definition import Problem, WorkflowSpec
    from runs.operations.check_workflow import Report


def near(path: Path) -> str:
    """The file as seen from the working folder, when it is in there."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def text_of(ctx: click.Context, given: str) -> tuple[str, str]:
    """The text of a workflow and where it is from: a file, a name here, a name on a server."""
    from runs.cli.inputs import looks_like_a_path, read_text

    if given == "-":
        return read_text("-"), "<stdin>"
    if looks_like_a_path(given):
        return read_text(given), given
    if ctx.find_root().obj["server"]:
        return backend(ctx).workflow(given)["source"], given
    from runs.library.find import find_workflow
    from runs.operations.places import project_folder, user_folder

    file = find_workflow(given, project=project_folder(), user=user_folder())
    if file is not None:
        return file.text, near(file.path)
    kept = backend(ctx).workflow(given)
    return kept["source"], kept["workflow"]["file"] or given


def spec_of(ctx: click.Context, given: str) -> tuple["WorkflowSpec", str, str]:
    """A workflow that can be drawn: its spec, its text, and where that is from.

    What it names need not exist yet. Raises InvalidDefinition.
    """
    text, file = text_of(ctx, given)
    from runs.definition import load_workflow
    from runs.errors import InvalidDefinition

    loaded = load_workflow(text, file=file, lenient=True)
    if loaded.spec is None:
        raise InvalidDefinition(loaded.problems)
    return loaded.spec, text, file


@dataclass
class Checker:
    """Checks many files; what the project has is looked at once."""

    ctx: click.Context
    lenient: bool
    _find: Callable[[str], Any] | None = None
    _known: Any = None
    _import_problems: list["Problem"] = field(default_factory=list)

    def problems_of(self, given: str) -> tuple[list[Any], "WorkflowSpec | None"]:
        """Every problem of one workflow with what it calls, and its spec where there is one."""
        text, file = text_of(self.ctx, given)
        from runs.operations.check_workflow import inspect_workflow

        self._prepare()
        report = inspect_workflow(
            text, file=file, known=self._known, lenient=self.lenient, find=self._find
        )
        problems: list[Any] = [*self._import_problems, *report.problems]
        if not any(problem.severity == "error" for problem in problems):
            problems += self._not_laid_out(report)
        return problems, report.spec

    def _prepare(self) -> None:
        if self._known is not None:
            return
        from dataclasses import replace

        from runs.library.find import Finder
        from runs.operations.known_parts import known_parts
        from runs.operations.places import project_folder, user_folder

        self._find = Finder(project_folder(), user_folder()).get
        self._known, problems = known_parts()
        if self.lenient:
            problems = [replace(problem, severity="warning") for problem in problems]
        self._import_problems = problems

    def _not_laid_out(self, report: "Report") -> list[Any]:
        """Why it cannot be run although every line is right: too deep, two paths that meet, or
        something that this version does not run."""
        from runs.definition.pending import not_run_yet
        from runs.errors import Refused
        from runs.operations.check_workflow import pending_problems
        from runs.planning.graph import compile_workflow

        missing = any(problem.code == "D302" for problem in report.problems)
        if report.spec is None:
            return []
        if missing:
            return list(not_run_yet(report.spec))
        try:
            compiled = compile_workflow(report.spec, report.called.specs)
        except Refused as refused:
            return [{"code": refused.code, "message": refused.message, "hint": refused.hint}]
        return pending_problems(compiled)


def everything() -> list[str]:
    """The path of every workflow file of the project and the user, overridden ones too.

    Those that ship with Maverick are checked by its own tests; what they need of a project, such
    as agents, is no fault of the project's files.
    """
    from runs.library.find import BUILT_IN, list_workflows
    from runs.operations.places import project_folder, user_folder

    found: dict[str, None] = {}
    for one in list_workflows(project=project_folder(), user=user_folder()):
        paths = (one.path, *one.rivals, *one.overrides)
        own = (path for path in paths if not path.is_relative_to(BUILT_IN))
        found.update(dict.fromkeys(map(near, own)))
    if not found:
        raise CliRefusal(
            "nothing-to-check", f"There is no workflow file in {os.getcwd()}.", "Name a file."
        )
    return sorted(found)
