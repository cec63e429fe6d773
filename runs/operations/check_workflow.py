"""check_workflow: a text, and every workflow that it calls, loaded and laid out. No Django."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from runs.definition import Known, load_workflow
from runs.definition.pending import not_run_yet
from runs.definition.problems import Problem
from runs.definition.spec import WorkflowSpec, called_workflows
from runs.errors import InvalidDefinition
from runs.library.find import SUFFIXES, Finder, Found, name_in_text
from runs.operations.places import project_folder, user_folder
from runs.planning.graph import Compiled, compile_workflow

# Texts that call no other workflow, checked lately: who submits two hundred runs of one workflow
# has it read once. What such a text means depends on nothing but itself.
_checked: dict[tuple[str | bytes, str], "Checked"] = {}
_MOST_CHECKED = 64

_MOST_CALLED = 200  # workflows called by one, directly and indirectly
_DEEPEST = 20  # a calls b calls c …; the planner's own bound is lower and has the better words


@dataclass(frozen=True)
class Checked:
    """A workflow text that holds, laid out, with the texts it calls."""

    compiled: Compiled
    source: str
    file: str
    bundle: dict[str, dict[str, str]]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True)
class Report:
    """What is wrong with a text and with what it calls. `spec` is None when it cannot be read."""

    spec: WorkflowSpec | None
    problems: tuple[Problem, ...]
    called: "Called"

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps it from being started."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


@dataclass
class Called:
    """The workflows that a text calls, each found, read and checked once."""

    find: Callable[[str], Found | None]
    known: Known
    lenient: bool = False
    specs: dict[str, WorkflowSpec] = field(default_factory=dict)
    bundle: dict[str, dict[str, str]] = field(default_factory=dict)
    errors: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    _missing: set[str] = field(default_factory=set)
    _depth: int = 0

    def known_here(self) -> Known:
        """What is known, the called workflows among it."""
        return replace(self.known, workflows=self.get, broken=self.broken)

    def get(self, name: str) -> WorkflowSpec | None:
        """The spec of a workflow by its name; None when there is none, or it is broken."""
        if name in self.specs or name in self.broken or name in self._missing:
            return self.specs.get(name)
        found = self.find(name)
        if found is None or len(self.bundle) >= _MOST_CALLED or self._depth >= _DEEPEST:
            self._missing.add(name)
            return None
        # Broken until it is read: one that calls itself asks for itself meanwhile, and must not
        # be told that it does not exist.
        self.broken.add(name)
        self._depth += 1
        loaded = load_workflow(
            found.text, file=str(found.path), known=self.known_here(), lenient=self.lenient
        )
        self._depth -= 1
        self.errors += loaded.errors
        if loaded.spec is None:
            return None
        self.broken.discard(name)
        self.specs[name] = loaded.spec
        self.bundle[name] = {"source": found.text, "file": str(found.path)}
        return loaded.spec


def inspect_workflow(
    text: str | bytes,
    *,
    file: str = "",
    project: Path | None = None,
    known: Known | None = None,
    lenient: bool = False,
    anywhere: bool = True,
    find: Callable[[str], Found | None] | None = None,
) -> Report:
    """Everything that is wrong with a text, errors of called workflows included. Never raises.

    `known`: actions and agents to look names up in; its `workflows` is not asked, as called ones
    are found by `find`, or where workflows of this project are. With `lenient`, what is not
    registered is a warning. `anywhere` says whether it may call files outside the project by their
    paths: problems quote what they are about, and who may only look must not read the machine's
    files that way.
    """
    folder = project_folder(project)
    look = find or Finder(folder, user_folder()).get
    if not anywhere:
        look = _within(folder, look)
    called = Called(look, known or Known(), lenient)
    own_name = name_in_text(text)
    if own_name is not None:
        called.broken.add(own_name)  # whoever calls it back meets a circle, not something missing
    loaded = load_workflow(text, file=file or "<text>", known=called.known_here(), lenient=lenient)
    return Report(loaded.spec, (*loaded.problems, *dict.fromkeys(called.errors)), called)


def check_workflow(
    text: str | bytes,
    *,
    file: str = "",
    project: Path | None = None,
    known: Known | None = None,
    lenient: bool = False,
    anywhere: bool = True,
) -> Checked:
    """Load and check a workflow and everything it calls, and lay it out.

    `known`, `lenient` and `anywhere` as for `inspect_workflow`. Raises InvalidDefinition with every problem,
    those of called workflows included; Refused when it cannot be laid out, as with a called
    workflow that is not there.
    """
    cached = _checked.get((text, file)) if known is None else None
    if cached is not None:
        return cached
    report = inspect_workflow(
        text, file=file, project=project, known=known, lenient=lenient, anywhere=anywhere
    )
    if report.spec is None or report.errors:
        raise InvalidDefinition(report.problems)
    called = report.called
    compiled = compile_workflow(report.spec, called.specs)
    source = text if isinstance(text, str) else text.decode("utf-8")
    reached = _reached(report.spec, called.specs)
    kept = {name: called.bundle[name] for name in sorted(reached)}
    checked = Checked(compiled, source, file, kept, report.problems)
    if not reached and known is None:
        if len(_checked) >= _MOST_CHECKED:
            _checked.clear()
        _checked[(text, file)] = checked
    return checked


def pending_problems(compiled: Compiled) -> list[Problem]:
    """What this version of the program cannot run, of the workflow and of those that it calls."""
    owners = {id(scope.workflow): scope.workflow for scope in compiled.scopes.values()}
    return [problem for owner in owners.values() for problem in not_run_yet(owner)]


def _within(project: Path, look: Callable[[str], Found | None]) -> Callable[[str], Found | None]:
    """Look up names, and paths of workflow files of the project only."""

    def find(name: str) -> Found | None:
        found = look(name)
        if found is None or found.origin != "file":
            return found
        path = found.path.resolve()
        inside = path.suffix in (*SUFFIXES, ".json") and path.is_relative_to(project)
        return found if inside else None

    return find


def _reached(spec: WorkflowSpec, specs: dict[str, WorkflowSpec]) -> set[str]:
    todo = list(called_workflows(spec.steps))
    reached: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in reached and name in specs:
            reached.add(name)
            todo.extend(called_workflows(specs[name].steps))
    return reached
