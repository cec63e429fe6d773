"""What has changed in a workflow since the run to resume: refused by name, or accepted."""

from typing import Any

from runs.errors import CheckpointDamaged, WorkflowChanged
from runs.operations.resume_from import Start
from runs.planning.changes import Outline, changes, outlines
from runs.planning.graph import Compiled

MOST_NAMED = 20  # changes in one message


def refuse_changes(compiled: Compiled, start: Start) -> None:
    """Raise WorkflowChanged, naming the inputs and steps that have changed."""
    found = _changed_inputs(compiled, start) + changes(_outline(start), outlines(compiled))
    if found:
        raise WorkflowChanged(
            f"The workflow has changed since {start.prior.run_id}: {_listed(found)}.",
            hint="--accept-changes goes on and reuses only what is unchanged.",
        )


def told_defaults(
    compiled: Compiled, start: Start, given: dict[str, Any], bound: dict[str, Any]
) -> list[str]:
    """A line for every input that keeps a value that is no longer its default."""
    if given or start.before is None:
        return []
    before = start.before.spec.inputs
    return [
        f"The default of the input {name} has changed; the resumed run keeps the one it had."
        for name, declared in compiled.spec.inputs.items()
        if name in before
        and before[name].default != declared.default
        and bound.get(name) == before[name].default
    ]


def _changed_inputs(compiled: Compiled, start: Start) -> list[str]:
    if start.before is not None:
        before = set(start.before.spec.inputs)
    else:
        before = set((start.content or {}).get("inputs", {}))
    now = set(compiled.spec.inputs)
    return [
        *(f"the input {name} is new" for name in sorted(now - before)),
        *(f"the input {name} is gone" for name in sorted(before - now)),
    ]


def _outline(start: Start) -> list[Outline]:
    """The workflow as the run to resume had it."""
    if start.before is not None:
        return outlines(start.before)
    try:
        return [Outline.from_json(one) for one in (start.content or {})["outline"]]
    except (KeyError, TypeError):
        raise CheckpointDamaged(
            f"The checkpoint of {start.prior.run_id} does not say which steps its workflow had.",
            hint="--accept-changes goes on from it all the same.",
        ) from None


def _listed(found: list[str]) -> str:
    shown = ", ".join(found[:MOST_NAMED])
    return shown + (f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else "")
