"""What the shape cannot say: one small function for each rule."""

from __future__ import annotations

from collections.abc import Iterator

from runs.definition.elsewhere import (
    Callees,
    check_arguments,
    check_registered,
    check_stages,
    check_subworkflows,
)
from runs.definition.inputs import misfit
from runs.definition.known import Known
from runs.definition.load import Document, Path
from runs.definition.problems import Problem
from runs.definition.references import (
    check_inputs_read,
    check_local_names,
    check_steps_read,
    check_unused_inputs,
    read_expressions,
)
from runs.definition.reporting import STAND_IN, closest, problem_at
from runs.definition.shapes import check_fields
from runs.definition.spec import (
    ApprovalStep,
    BranchStep,
    InputSpec,
    ShellStep,
    StepBase,
    ValidateStep,
    WorkflowSpec,
    nested,
)
from runs.definition.walk import Walk, walk
from runs.expressions import ExpressionError, Slot, parse, references, split, texts
from runs.schemas import schema_fault


def check(spec: WorkflowSpec, document: Document, known: Known) -> Iterator[Problem]:
    """Every problem of a workflow whose shape is as right as it could be made."""
    walked = walk(spec)
    callees = Callees(known.workflows) if known.workflows is not None else None
    uses, unreadable = read_expressions(walked, document)
    yield from unreadable
    yield from check_names(walked, document)
    yield from check_needs(walked, document)
    yield from check_circles(walked, document)
    yield from check_steps_read(uses, spec, document.file)
    yield from check_inputs_read(uses, spec, document.file)
    yield from check_local_names(uses, document.file)
    yield from check_handlers(walked, document)
    yield from check_defaults(walked, spec, document)
    yield from check_literals(walked, document)
    yield from check_effects(walked, document)
    yield from check_schemas(walked, document)
    yield from check_registered(walked, document, known)
    yield from check_arguments(walked, document, known)
    yield from check_stages(walked, document, known)
    yield from check_subworkflows(walked, spec, document, known, callees)
    yield from check_fields(uses, spec, callees, document.file)
    if not unreadable and not _metadata_reads_inputs(walked):
        yield from check_unused_inputs(uses, spec, document)


def check_names(walked: Walk, document: Document) -> Iterator[Problem]:
    """Names are unique among the steps that stand beside each other.

    These are the steps of a list, or the arms of a branch, and in both the steps under their
    `on_error`, which take the place of those that failed.
    """
    for siblings, path in walked.lists:
        places: list[tuple[Path, StepBase]] = [
            ((*path, number), step) for number, step in enumerate(siblings.steps)
        ]
        yield from _unique(places, document)
    for site in walked.sites:
        if isinstance(site.step, BranchStep | ValidateStep):
            own = [((*site.path, *where), step) for where, step in nested(site.step)]
            yield from _unique([one for one in own if one[0][-1] != "on_error"], document)


def _unique(places: list[tuple[Path, StepBase]], document: Document) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for path, step in places:
        beside = [(path, step)]
        if isinstance(step.on_error, StepBase):
            beside.append(((*path, "on_error"), step.on_error))
        for where, each in beside:
            place = (*where, "name")
            if each.name == STAND_IN or first.setdefault(each.name, place) == place:
                continue
            line = document.mark(first[each.name]).line
            message = f"Two steps that stand beside each other are called `{each.name}`."
            hint = f"the other one is on line {line}; rename one"
            yield problem_at(document, "D201", message, place, hint)


def check_handlers(walked: Walk, document: Document) -> Iterator[Problem]:
    """A step under `on_error` has no such step itself: there would be no end of it."""
    for site in walked.sites:
        handler = site.step.on_error
        if isinstance(handler, StepBase) and isinstance(handler.on_error, StepBase):
            message = "A step under `on_error` may say `continue` or `skip`, not another step."
            where = (*site.path, "on_error", "on_error")
            yield problem_at(document, "D105", message, where, key=True)


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
                yield problem_at(document, "D204", message, where, hint)
                break
            if name not in names:
                others = [each for each in names if each not in (STAND_IN, site.step.name)]
                message = f"`needs` names `{name[:80]}`, which is no step of this list."
                yield problem_at(document, "D204", message, where, closest(name, others))


def check_circles(walked: Walk, document: Document) -> Iterator[Problem]:
    """Steps do not need each other in a circle."""
    for siblings, path in walked.lists:
        if siblings.circle:
            names = [siblings.steps[number].name for number in siblings.circle]
            shown = " → ".join([*names[:10], *(["…"] if len(names) > 10 else []), names[0]])
            where = (*path, siblings.circle[0], "needs")
            message = f"Steps need each other in a circle: {shown}."
            hint = "remove one of these needs; a step without `needs` needs the one before it"
            yield problem_at(document, "D208", message, where, hint)


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
            yield problem_at(document, "D106", f"The default of `{name}` {wrong}.", where)
        elif any("${{" in text for _, text in texts(declared.default)):
            message = "An expression in a default is not evaluated."
            yield problem_at(document, "W005", message, where, severity="warning")


def check_literals(walked: Walk, document: Document) -> Iterator[Problem]:
    """Names that are looked at before anything runs hold no expression."""
    for site in walked.sites:
        step = site.step
        fields: dict[str, tuple[str, ...]] = {"needs": step.needs or (), "requires": step.requires}
        if isinstance(step, ApprovalStep):
            fields["approvers"] = step.approvers
        if isinstance(step, ShellStep) and step.shell is not None:
            fields["shell"] = (step.shell,)
        for field, names in fields.items():
            if any("${{" in name for name in names):
                message = f"`{field}` must be literal; an expression cannot stand here."
                yield problem_at(document, "D209", message, (*site.path, field))


def check_effects(walked: Walk, document: Document) -> Iterator[Problem]:
    """Who waits for the clock or for people is not tried again."""
    for site in walked.sites:
        if site.step.type in ("wait", "approval") and site.step.retry is not None:
            message = f"`retry` has no effect on a step of type {site.step.type}."
            where = (*site.path, "retry")
            yield problem_at(document, "W005", message, where, severity="warning", key=True)


def check_schemas(walked: Walk, document: Document) -> Iterator[Problem]:
    """An output schema that is a mapping is a JSON Schema."""
    for site in walked.sites:
        schema = getattr(site.step, "output_schema", None)
        fault = schema_fault(schema) if isinstance(schema, dict) else None
        if fault is not None:
            message = f"`output_schema`: {fault[:200]}."
            yield problem_at(document, "D310", message, (*site.path, "output_schema"))


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
