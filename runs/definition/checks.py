"""What the shape cannot say: one small function for each rule."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runs.definition.inputs import misfit
from runs.definition.load import Document, Path
from runs.definition.problems import Problem, Severity
from runs.definition.references import (
    check_inputs_read,
    check_local_names,
    check_steps_read,
    check_unused_inputs,
    read_expressions,
)
from runs.definition.reporting import STAND_IN, closest
from runs.definition.spec import (
    ApprovalStep,
    InputSpec,
    LoopStep,
    PythonStep,
    StepBase,
    SubworkflowStep,
    WorkflowSpec,
    nested,
)
from runs.definition.walk import Site, Walk, walk
from runs.expressions import ExpressionError, Slot, parse, references, split, texts


@dataclass(frozen=True)
class Known:
    """What exists around a workflow. None means: not known, so not checked.

    `actions`: the names of the registered actions; if it is a mapping whose values have
    `check_kwargs` (as `runs.actions.Action` has), arguments are checked too. `workflows`: answers
    the spec of a workflow by its name, or None when there is none.
    """

    actions: Mapping[str, Any] | Collection[str] | None = None
    workflows: Callable[[str], WorkflowSpec | None] | None = None


def check(spec: WorkflowSpec, document: Document, known: Known) -> Iterator[Problem]:
    """Every problem of a workflow whose shape is as right as it could be made."""
    walked = walk(spec)
    uses, unreadable = read_expressions(walked, document)
    yield from unreadable
    yield from check_names(walked, document)
    yield from check_needs(walked, document)
    yield from check_circles(walked, document)
    yield from check_steps_read(uses, spec, document.file)
    yield from check_inputs_read(uses, spec, document.file)
    yield from check_local_names(uses, document.file)
    yield from check_arms(walked, document)
    yield from check_defaults(walked, spec, document)
    yield from check_literals(walked, document)
    yield from check_actions(walked, document, known)
    yield from check_subworkflows(walked, document, known)
    if not unreadable and not _metadata_reads_inputs(walked):
        yield from check_unused_inputs(uses, spec, document)


def _problem(
    document: Document,
    code: str,
    message: str,
    path: Path,
    hint: str = "",
    *,
    severity: Severity = "error",
    key: bool = False,
) -> Problem:
    mark = document.key_mark(path) if key else document.mark(path)
    return Problem(code, message, hint, mark.line, mark.column, document.file, severity)


def check_names(walked: Walk, document: Document) -> Iterator[Problem]:
    """Names are unique in each list of steps."""
    for siblings, path in walked.lists:
        for number, step in enumerate(siblings.steps):
            first = siblings.positions[step.name]
            if first != number and step.name != STAND_IN:
                line = document.mark((*path, first, "name")).line
                message = f"Two steps of this list are called `{step.name}`."
                hint = f"the other one is on line {line}; rename one"
                yield _problem(document, "D201", message, (*path, number, "name"), hint)


def check_arms(walked: Walk, document: Document) -> Iterator[Problem]:
    """The steps directly inside a step have different names, as their paths begin alike."""
    for site in walked.sites:
        if isinstance(site.step, LoopStep):
            continue  # its body is a list, and looked at as such
        first: dict[str, Path] = {}
        for where, step in nested(site.step):
            path = (*site.path, *where, "name")
            if step.name == STAND_IN or first.setdefault(step.name, path) == path:
                continue
            message = f"Two steps inside `{site.step.name}` are called `{step.name}`."
            hint = f"the other one is on line {document.mark(first[step.name]).line}; rename one"
            yield _problem(document, "D201", message, path, hint)


def check_needs(walked: Walk, document: Document) -> Iterator[Problem]:
    """`needs` names steps of the same list."""
    for site in walked.sites:
        needs = site.step.needs
        if not needs:
            continue
        siblings = site.scope.siblings
        names = {} if siblings is None or site.alone else siblings.positions
        for number, name in enumerate(needs):
            where = (*site.path, "needs", number)
            if site.alone:
                message = "This step stands alone and has no siblings that it could need."
                hint = "give `needs` to the step around it"
                yield _problem(document, "D204", message, where, hint)
                break
            if name not in names:
                others = [each for each in names if each not in (STAND_IN, site.step.name)]
                message = f"`needs` names `{name[:80]}`, which is no step of this list."
                yield _problem(document, "D204", message, where, closest(name, others))


def check_circles(walked: Walk, document: Document) -> Iterator[Problem]:
    """Steps do not need each other in a circle."""
    for siblings, path in walked.lists:
        if siblings.circle:
            names = [siblings.steps[number].name for number in siblings.circle]
            shown = " → ".join([*names[:10], *(["…"] if len(names) > 10 else []), names[0]])
            where = (*path, siblings.circle[0], "needs")
            message = f"Steps need each other in a circle: {shown}."
            hint = "remove one of these needs; a step without `needs` needs the one before it"
            yield _problem(document, "D208", message, where, hint)


def check_defaults(walked: Walk, spec: WorkflowSpec, document: Document) -> Iterator[Problem]:
    """A default fits the type of its input, and is a literal; the same in an approval's form."""
    yield from _defaults(spec.inputs, ("inputs",), document)
    for site in walked.sites:
        if isinstance(site.step, ApprovalStep):
            yield from _defaults(site.step.form, (*site.path, "form"), document)


def _defaults(inputs: dict[str, InputSpec], path: Path, document: Document) -> Iterator[Problem]:
    for name, declared in inputs.items():
        where = (*path, name, "default")
        if not declared.has_default or declared.default is None:
            continue
        wrong = misfit(declared, declared.default)
        if wrong:
            yield _problem(document, "D106", f"The default of `{name}` {wrong}.", where)
        elif any("${{" in text for _, text in texts(declared.default)):
            message = "An expression in a default is not evaluated."
            yield _problem(document, "W005", message, where, severity="warning")


def check_literals(walked: Walk, document: Document) -> Iterator[Problem]:
    """Names that are looked at before anything runs hold no expression."""
    for site in walked.sites:
        step = site.step
        fields: dict[str, tuple[str, ...]] = {"needs": step.needs or (), "requires": step.requires}
        if isinstance(step, ApprovalStep):
            fields["approvers"] = step.approvers
        for field, names in fields.items():
            if any("${{" in name for name in names):
                message = f"`{field}` must be literal; an expression cannot stand here."
                yield _problem(document, "D209", message, (*site.path, field))


def check_actions(walked: Walk, document: Document, known: Known) -> Iterator[Problem]:
    """Every action exists and takes the arguments it is given."""
    actions = known.actions
    if actions is None:
        return
    for site in walked.sites:
        step = site.step
        if not isinstance(step, PythonStep) or step.action == STAND_IN:
            continue
        if step.action not in actions:
            message = f"The action `{step.action[:80]}` is not known."
            hint = closest(step.action, actions)
            yield _problem(document, "D301", message, (*site.path, "action"), hint)
        elif isinstance(actions, Mapping) and not step.args:
            check_kwargs = getattr(actions[step.action], "check_kwargs", None)
            for message in check_kwargs(step.kwargs) if check_kwargs else ():
                yield _problem(document, "D304", message, (*site.path, "kwargs"), key=True)


def check_subworkflows(walked: Walk, document: Document, known: Known) -> Iterator[Problem]:
    """Every sub-workflow exists and is given the inputs it requires."""
    if known.workflows is None:
        return
    found: dict[str, WorkflowSpec | None] = {}
    for site in walked.sites:
        step = site.step
        if not isinstance(step, SubworkflowStep) or step.workflow == STAND_IN:
            continue
        if step.workflow not in found:
            found[step.workflow] = known.workflows(step.workflow)
        callee = found[step.workflow]
        if callee is None:
            message = f"The workflow `{step.workflow[:80]}` is not known."
            yield _problem(document, "D302", message, (*site.path, "workflow"))
        else:
            yield from _check_given(step, callee, site, document)


def _check_given(
    step: SubworkflowStep, callee: WorkflowSpec, site: Site, document: Document
) -> Iterator[Problem]:
    for name, declared in callee.inputs.items():
        if declared.required and name not in step.inputs:
            message = f"`{callee.name}` requires the input `{name}`."
            hint = f"add `{name}:` below `inputs:`"
            yield _problem(document, "D303", message, (*site.path, "inputs"), hint, key=True)
    for name in step.inputs:
        if name not in callee.inputs:
            message = f"`{callee.name}` has no input `{name[:80]}`; it is not passed on."
            where = (*site.path, "inputs", name)
            hint = closest(name, callee.inputs)
            yield _problem(document, "W004", message, where, hint, severity="warning", key=True)


def _metadata_reads_inputs(walked: Walk) -> bool:
    """Metadata is never evaluated, but who mentions an input there has not forgotten it."""
    return any(_reads_inputs(site.step) for site in walked.sites)


def _reads_inputs(step: StepBase) -> bool:
    for _, text in texts(step.metadata):
        try:
            for part in split(text):
                if isinstance(part, Slot) and any(
                    reference.root == "inputs" for reference in references(parse(part.source))
                ):
                    return True
        except ExpressionError:
            continue
    return False
