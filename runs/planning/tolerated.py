"""Failures that a run went on from: `on_error` said so, or a step under `on_error` mended them.

Such a failure is as final as a success: what came after it rests on it. A checkpoint holds it, and
a resume keeps it as it was.
"""

from collections.abc import Iterable, Mapping

from runs import steppath
from runs.planning.graph import Compiled
from runs.states import StepStatus

SKIPPED_OVER = "on-error-skip"  # the first word of the reason of a failure recorded as a skip
_FAILED = (StepStatus.FAILED, StepStatus.TIMEOUT)  # cancelled is what the end of its run stopped


def tolerated(compiled: Compiled, statuses: Mapping[str, StepStatus]) -> frozenset[str]:
    """The paths of failures that the run went on from, with all that stands inside them."""
    roots = {
        path
        for path, status in statuses.items()
        if status in _FAILED and _went_on(compiled, statuses, path)
    }
    # What stands inside a container that was skipped over failed there as well.
    closed = roots | {path for path, status in statuses.items() if status is StepStatus.SKIPPED}
    return frozenset(roots | _inside(closed, statuses))


def _went_on(compiled: Compiled, statuses: Mapping[str, StepStatus], path: str) -> bool:
    try:
        node = compiled.node(path)
    except KeyError:
        return False
    if node.on_error == "continue":
        return True
    handler = steppath.child(steppath.scope_of(path), node.handler)
    return bool(node.handler) and statuses.get(handler) is StepStatus.SUCCEEDED


def _inside(containers: set[str], paths: Iterable[str]) -> set[str]:
    found = set()
    for path in paths:
        parent = steppath.parent_of(path)
        while parent:
            if parent in containers:
                found.add(path)
                break
            parent = steppath.parent_of(parent)
    return found
