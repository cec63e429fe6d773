"""Which failures are no reason for anything any more: the run went on from them."""

from collections.abc import Mapping

from runs.planning.graph import Compiled
from runs.planning.tolerated import tolerated
from runs.states import StepStatus

FAILED = frozenset({"failed", "timeout"})


def handled(made: Compiled | None, statuses: Mapping[str, str]) -> frozenset[str]:
    """The paths of failed steps that the run went on from; ``statuses`` is by path.

    `on_error` said so, a step under `on_error` has succeeded, or what they stand in was gone on
    from. Nothing when the run's text no longer loads.
    """
    failed = {path for path, status in statuses.items() if status in FAILED}
    if not failed or made is None:
        return frozenset()
    # Converted here only: of most runs nothing has failed.
    return tolerated(made, {p: StepStatus(s) for p, s in statuses.items()}) & failed
