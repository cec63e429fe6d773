"""The inputs of a resume against those of what is resumed; secrets are compared, never told."""

from collections.abc import Mapping
from typing import Any

from runs.definition.spec import WorkflowSpec
from runs.errors import InputsDiffer
from runs.masking import is_masked
from runs.models import Run
from runs.operations.start_run import checked_inputs
from runs.record import sealing

_SAME = "Give the same inputs, or none; or start a new run without --resume."
Content = Mapping[str, Any]  # of a checkpoint file


def has_inputs(run: Run, spec: WorkflowSpec, given: dict[str, Any]) -> bool:
    """Whether the run was started with these inputs, as far as that can be told."""
    if not given:
        return True  # nothing said about inputs: those of the run are kept
    return not _compare(_digests_of(run, spec), spec, checked_inputs(spec, given))[0]


def refuse_other_inputs(run: Run, spec: WorkflowSpec, given: dict[str, Any]) -> None:
    """Raise InputsDiffer, naming what differs from the run's inputs."""
    differ, _ = _compare(_digests_of(run, spec), spec, checked_inputs(spec, given))
    raise InputsDiffer(
        f"The newest unfinished run, {run.id}, has other inputs: {', '.join(differ)}.",
        hint=_SAME,
    )


def resumed_inputs(
    spec: WorkflowSpec,
    given: dict[str, Any],
    source: Run | None,
    content: Content | None,
    warnings: list[str],
) -> dict[str, Any]:
    """The inputs to go on with: those that are given, which must be the recorded ones; without
    any, the recorded ones, which must be readable here.

    They are recorded in the run ``source`` or, when it is not in this database, in a checkpoint
    file's ``content``. A secret that cannot be compared is taken as it is given, and told in
    ``warnings``. Raises InputsDiffer, InvalidInputs.
    """
    if not given:
        return checked_inputs(spec, _recorded(spec, source, content))
    bound = checked_inputs(spec, given)
    if source is None:
        known = dict((content or {}).get("input_digests", {}))
    else:
        known = _digests_of(source, spec)
    differ, unknown = _compare(known, spec, bound)
    if differ:
        whose = source.id if source is not None else (content or {}).get("run_id")
        raise InputsDiffer(
            f"The inputs differ from those of {whose}: {', '.join(differ)}.", hint=_SAME
        )
    if unknown:
        warnings.append(
            f"Secret inputs that cannot be compared are taken as given: {', '.join(unknown)}. They "
            "were recorded by another installation, or before its secret key changed."
        )
    return bound


def _recorded(spec: WorkflowSpec, source: Run | None, content: Content | None) -> dict[str, Any]:
    if source is not None:
        recorded = {**source.inputs, **sealing.unseal(source.sealed)}
        lost = sealing.is_lost(source.sealed)
    else:
        recorded, lost = dict((content or {}).get("inputs", {})), True
    known = {key: value for key, value in recorded.items() if key in spec.inputs}
    hidden = [key for key, value in known.items() if lost and is_masked(value)]
    if hidden:
        raise InputsDiffer(
            f"The secret inputs cannot be read here: {', '.join(hidden)}.",
            hint="Give all inputs again, with `-i name=value`.",
        )
    return known


def _digests_of(run: Run, spec: WorkflowSpec) -> dict[str, str]:
    """The hashes that a checkpoint of the run would hold."""
    real = sealing.unseal(run.sealed)
    known = sealing.input_digests(spec, {**run.inputs, **real})
    if sealing.is_lost(run.sealed):
        saved = run.checkpoints.order_by("-created_at").first()
        told = saved.content.get("input_digests", {}) if saved is not None else {}
        for key, value in run.inputs.items():
            if is_masked(value):
                known[key] = told.get(key, sealing.UNREADABLE)
    return known


def _compare(
    known: Mapping[str, str], spec: WorkflowSpec, bound: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """The keys that differ, and those that cannot be compared.

    An input that only one of the two workflows declares is a change of the workflow.
    """
    differ, unknown = [], []
    for key in sorted(known.keys() & spec.inputs.keys()):
        same = key in bound and sealing.is_same(known[key], key, bound[key])
        if same is None:
            unknown.append(key)
        elif not same:
            differ.append(key)
    return differ, unknown
