"""A container's next attempt: all that is inside begins anew."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from runs import steppath
from runs.engine.steps import Writer
from runs.planning.graph import Compiled
from runs.record import again
from runs.record.again import Inside
from runs.record.ledger import RunPatch
from runs.states import STEP_BAD, StepStatus


def begin_again(writer: Writer, path: str) -> None:
    """Set back what is inside the container at ``path``, which waits for this, and open it.

    The run's fence goes up, so that every worker that knows what was set back reads the run anew.
    The caller holds the run's row lock in a transaction.
    """
    state = writer.state
    rows = again.recorded(state.run_id, path)
    inside = [row for row in rows if row.path != path]
    kept = [row for row in inside if _is_kept(state.compiled, row)]
    # By id, and below containers only: all this is under the run's lock, and a loop may be long.
    whole = [row for row in kept if state.compiled.node(row.path).is_container]
    stays = {row.id for row in kept}
    back = [row for row in inside if row.id not in stays and _begun(row, whole)]
    attempt = len(state.held[path].tries) + 1
    because = f"attempt {attempt} of `{steppath.name_of(path)}`"
    again.set_back([row.id for row in back], [row.id for row in kept], because)
    state.reload()
    given = next(row.input for row in rows if row.path == path)
    state.pending[path] = replace(state.held.pop(path), input=given)
    opened = (next(row for row in rows if row.path == path), *back)
    _count(writer.w.patch, back, sum(_size(state.compiled, row, rows) for row in opened))
    writer.w.patch.fence_up += 1
    writer.begin_again(path)


def _is_kept(compiled: Compiled, row: Inside) -> bool:
    """Whether it was done once and for all."""
    once = compiled.node(row.path).step.effect == "once"
    return once and row.status is StepStatus.SUCCEEDED


def _begun(row: Inside, kept: Iterable[Inside]) -> bool:
    """Whether it is to be set back: not what never began, nor what is inside of what is kept."""
    around = tuple(chain.from_iterable(steppath.below(one.path) for one in kept))
    return row.status is not StepStatus.PENDING and not row.path.startswith(around)


def _count(patch: RunPatch, back: Iterable[Inside], size: int) -> None:
    patch.total -= size
    for row in back:
        patch.succeeded -= row.status is StepStatus.SUCCEEDED
        patch.skipped -= row.status is StepStatus.SKIPPED
        # What was stopped was not counted as failed; what another run left as failed was.
        patch.failed -= row.status in STEP_BAD and row.status is not StepStatus.CANCELLED
        patch.reused -= row.is_reused


def _size(compiled: Compiled, row: Inside, rows: Iterable[Inside]) -> int:
    """How many steps the run counts for what is directly inside an open or closed container."""
    node = compiled.node(row.path)
    if not node.is_container or row.input is None or row.status is StepStatus.SKIPPED:
        return 0
    inside = [one for one in rows if steppath.parent_of(one.path) == row.path]
    if row.is_reused:
        return len(inside)
    size = len(compiled.scopes[node.path].nodes)
    if node.loop is None:
        return size
    if "items" in row.input:
        return size * len(row.input["items"])
    begun = (one for one in inside if one.status is not StepStatus.PENDING)
    return size * len({steppath.scope_of(one.path) for one in begun})
