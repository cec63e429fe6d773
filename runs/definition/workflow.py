"""From text to a checked workflow: every problem at once, and never an exception."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from runs.definition.build import Builder
from runs.definition.checks import check
from runs.definition.known import Known
from runs.definition.load import load_document
from runs.definition.problems import UNREGISTERED, Problem
from runs.definition.spec import WorkflowSpec

MAX_PROBLEMS = 500  # nobody reads more, and a hostile file could have millions


@dataclass(frozen=True)
class Loaded:
    """What came of a file. `spec` is None when there is an error."""

    spec: WorkflowSpec | None
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """No errors; there may be warnings."""
        return self.spec is not None and not self.errors

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.severity == "warning")


def load_workflow(
    text: str | bytes,
    *,
    file: str = "<text>",
    known: Known | None = None,
    lenient: bool = False,
) -> Loaded:
    """Read and check a workflow. No input makes it raise (what `known` raises passes through).

    `file` appears in messages and in the spec. Without `known`, actions, agents and sub-workflows
    are not looked up. With `lenient`, what is not registered is a warning.
    """
    document = load_document(text, file)
    problems = list(document.problems)
    spec: WorkflowSpec | None = None
    unreadable = {"D001", "D002", "D003"} & {problem.code for problem in problems}
    if not unreadable:
        builder = Builder(document)
        spec = builder.workflow()
        problems += builder.problems
        if spec is not None:
            # Each may cost a search for a similar name: enough is enough.
            problems += islice(check(spec, document, known or Known()), 2 * MAX_PROBLEMS)
    if lenient:
        problems = [_milder(problem) for problem in problems]
    problems = sorted(set(problems), key=_order)
    if any(problem.severity == "error" for problem in problems):
        spec = None
    return Loaded(spec, _first(problems))


def _milder(problem: Problem) -> Problem:
    return replace(problem, severity="warning") if problem.code in UNREGISTERED else problem


def _order(problem: Problem) -> tuple[int, int, str, str]:
    return (problem.line or 0, problem.column or 0, problem.code, problem.message)


def _first(problems: list[Problem]) -> tuple[Problem, ...]:
    if len(problems) <= MAX_PROBLEMS:
        return tuple(problems)
    errors = [problem for problem in problems if problem.severity == "error"]
    return tuple((errors or problems)[:MAX_PROBLEMS])
