"""What is inside the groups of a graph: the bar of a closed one, what a filter finds in it, and
which failures there are to jump to. Pure."""

from collections.abc import Iterable, Mapping

from runs import steppath
from runs.projections.graph_shape import Shape
from runs.projections.step_states import StepState

_BAD = frozenset({"failed", "timeout"})


def bars_of(shapes: Iterable[Shape], states: Mapping[str, StepState]) -> dict[str, tuple[str, ...]]:
    """For every group without turns, the status of each step or call that it holds."""
    return {
        shape.path: tuple(_look(states.get(path)) for path in shape.members)
        for shape in shapes
        if shape.members and not shape.repeats
    }


def _look(state: StepState | None) -> str:
    if state is None:
        return "pending"
    # A failure that the group went on from.
    return "succeeded" if state.handled else state.look


def looks_inside(
    shapes: Iterable[Shape], states: Mapping[str, StepState]
) -> dict[str, frozenset[str]]:
    """For every closed group, the statuses of all that is in it, however deep."""
    drawn = {shape.path: shape for shape in shapes}
    holders: dict[str, str] = {"": ""}

    def holder(scope: str) -> str:
        """The drawn node that holds what stands in ``scope``, or ""."""
        known = holders.get(scope)
        if known is None:
            container = steppath.split_turn(scope)[0]
            shape = drawn.get(container)
            if shape is None:
                known = holder(steppath.scope_of(container))
            else:
                known = container if shape.is_group and shape.window is None else ""
            holders[scope] = known
        return known

    found: dict[str, set[str]] = {}
    for path, state in states.items():
        if path not in drawn and (group := holder(steppath.scope_of(path))):
            found.setdefault(group, set()).add(state.look)
    return {group: frozenset(looks) for group, looks in found.items()}


def failures(states: Mapping[str, StepState]) -> tuple[str, ...]:
    """The steps that failed and that the run did not go on from, the innermost ones, in order.

    A loop that failed because a step in it did is not one of them: the step is.
    """
    bad = {path for path, one in states.items() if one.status in _BAD and not one.handled}
    outer = {container for path in bad for container in _around(path)}
    found = [path for path in bad - outer if _counts(path, states)]
    return tuple(sorted(found, key=lambda path: (_places(path, states), steppath.sort_key(path))))


def next_of(paths: tuple[str, ...], after: str) -> str:
    """The one behind ``after``, which may stand around it; from the last on to the first."""
    if not paths:
        return ""
    for place, path in enumerate(paths):
        if path == after:
            return paths[(place + 1) % len(paths)]
    inside = (path for path in paths if after and path.startswith(steppath.below(after)))
    return next(inside, paths[0])


def _around(path: str) -> Iterable[str]:
    while path := steppath.parent_of(path):
        yield path


def _counts(path: str, states: Mapping[str, StepState]) -> bool:
    """Whether what is around it failed too; else somebody there has dealt with it."""
    return all(
        states[one].status != "succeeded" and not states[one].handled
        for one in _around(path)
        if one in states
    )


def _places(path: str, states: Mapping[str, StepState]) -> tuple[tuple[int, int], ...]:
    """Where it stands: the position and the turn of all that is around it, and its own."""
    found: list[tuple[int, int]] = []
    for container in reversed(tuple(_around(path))):
        inner = path[len(container) :]
        turn = inner[1:].partition("]")[0] if inner.startswith("[") else ""
        state = states.get(container)
        found.append((state.position if state else 0, int(turn) if turn.isdecimal() else 0))
    state = states.get(path)
    return (*found, (state.position if state else 0, 0))
