"""The turns of loops, and the rounds of validations, as the cells of one node. Pure."""

from collections.abc import Mapping, Sequence, Set

from runs import steppath
from runs.projections import words
from runs.projections.step_states import StepState

MISSED = "missed"  # a round that went well and whose checks did not pass


def turns_of(
    loops: Set[str], states: Mapping[str, StepState], undoing: Set[str]
) -> dict[str, tuple[str, ...]]:
    """For every container that is drawn with turns, the status of each turn that has begun.

    What was undone later does not change how a turn went.
    """
    found: dict[str, dict[int, set[str]]] = {}
    for path, state in states.items():
        bracket = path.find("[")
        while bracket > 0:
            loop = path[:bracket]
            if loop in loops and path not in undoing:
                end = path.index("]", bracket)
                turn = int(path[bracket + 1 : end])
                looks = found.setdefault(loop, {}).setdefault(turn, set())
                looks.add(_look(state, loop))
            bracket = path.find("[", bracket + 1)
    counts = {
        loop: max(max(found.get(loop, {-1: set()})) + 1, states[loop].turns)
        for loop in loops
        if loop in states
    }
    return {
        loop: tuple(turn_status(found.get(loop, {}).get(n, set())) for n in range(count))
        for loop, count in counts.items()
    }


def undone_in(
    drawn: Set[str], states: Mapping[str, StepState], undoing: Set[str]
) -> dict[str, int]:
    """How many steps inside each drawn container have been undone."""
    counts: dict[str, int] = {}
    for path in undoing - drawn:
        container = steppath.parent_of(path)
        while container and container not in drawn:
            container = steppath.parent_of(container)
        if container and states[path].status == "succeeded":
            counts[container] = counts.get(container, 0) + 1
    return counts


def sentence(turns: Sequence[str], validates: bool, undone: int) -> str:
    """``9 reused · 2 done · 1 failed``; of a validation ``2 not passed · 1 passed``."""
    said = words.sum_of_turns(turns, "passed" if validates else "done")
    parts = [said or ("no rounds yet" if validates else "no turns yet")]
    if undone:
        parts.append(f"{undone} undone")
    return " · ".join(parts)


def _look(state: StepState, loop: str) -> str:
    if state.passed is False and state.status == "succeeded":
        return MISSED if steppath.parent_of(state.path) == loop else state.look
    # A failure inside the turn that the turn went on from.
    return "succeeded" if state.handled else state.look


_STRONGEST = ("failed", "timeout", "cancelled", "running", "waiting", "queued", "pending", MISSED)


def turn_status(looks: set[str]) -> str:
    """How a turn stands, from the looks of its steps: what needs a look first wins."""
    for strong in _STRONGEST:
        if strong in looks:
            return strong
    if not looks:
        return "pending"
    if looks == {"reused"} or looks == {"reused", "skipped"}:
        return "reused"
    return "skipped" if looks == {"skipped"} else "succeeded"
