"""The critical path of a run: the steps that it could not have been shorter without. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from runs.projections.graph_shape import Edge, Shape, Shapes
from runs.projections.step_states import StepState


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The drawn steps on it, in the order of time, and the edges that it runs along."""

    steps: tuple[str, ...] = ()
    links: frozenset[Edge] = frozenset()
    took_ms: int = 0


NO_PATH = CriticalPath()


def critical_path(shapes: Shapes, states: Mapping[str, StepState], now: datetime) -> CriticalPath:
    """From the step that ended last back to the one that it waited for longest, and so on.

    A group on it is followed inside: a loop that runs one turn at a time through every turn,
    another one through the turn that ended last. What was reused or skipped took no time.
    """
    worked = {
        path: state
        for path, state in states.items()
        if state.started_at is not None and state.status != "skipped" and not state.reused
    }
    ends = {path: state.finished_at or now for path, state in worked.items()}
    links: set[Edge] = set()
    steps = tuple(_within(shapes, ends, links))
    if not steps:
        return NO_PATH
    began = min(at for step in steps if (at := worked[step].started_at) is not None)
    took = max(ends[step] for step in steps) - began
    return CriticalPath(steps, frozenset(links), round(took.total_seconds() * 1000))


def _within(shapes: Shapes, ends: Mapping[str, datetime], links: set[Edge]) -> list[str]:
    nodes = {shape.path: shape for shape in shapes.nodes if not shape.undoes}
    before: dict[str, list[str]] = {}
    for source, target in shapes.edges:
        if source in nodes and target in nodes:
            before.setdefault(target, []).append(source)
    here = max((path for path in nodes if path in ends), key=ends.__getitem__, default="")
    found: list[list[str]] = []
    seen: set[str] = set()
    while here and here not in seen:
        seen.add(here)
        found.append([here, *_in_group(shapes, nodes[here], ends, links)])
        sources = [one for one in before.get(here, ()) if one in ends]
        source = max(sources, key=ends.__getitem__, default="")
        if source:
            links.add((source, here))
        here = source
    return [path for part in reversed(found) for path in part]


def _in_group(
    shapes: Shapes, group: Shape, ends: Mapping[str, datetime], links: set[Edge]
) -> list[str]:
    ways = []
    for part in shapes.inside.get(group.path, ()):
        along: set[Edge] = set()
        if steps := _within(part.shapes, ends, along):
            ways.append((steps, along))
    if ways and (group.calls or group.at_once != 1):
        ways = [max(ways, key=lambda way: max(ends[step] for step in way[0]))]
    for _, along in ways:
        links |= along
    return [step for steps, _ in ways for step in steps]
