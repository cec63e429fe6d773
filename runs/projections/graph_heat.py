"""How long the drawn steps took, in five levels, so that the slow ones stand out. Pure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runs.projections.graph_shape import Shape
from runs.projections.step_states import StepState

LEVELS = 5


@dataclass(frozen=True, slots=True)
class Heat:
    """The level of every step that worked, from 1, and what the levels reach from and to."""

    levels: Mapping[str, int] = field(default_factory=dict)
    least_ms: int = 0
    most_ms: int = 0


NO_HEAT = Heat()


def heat_of(shapes: Iterable[Shape], states: Mapping[str, StepState], now: datetime) -> Heat:
    """By logarithms: a step of an hour must not make one of a minute look like one of a second."""
    took: dict[str, int] = {}
    for shape in shapes:
        state = states.get(shape.path)
        # What was reused did no work here, and a branch or a checkpoint takes no time to speak of.
        if state is None or state.reused or shape.type in ("branch", "checkpoint"):
            continue
        ms = state.duration_ms
        if state.status == "running" and state.started_at is not None:
            ms = max(0, round((now - state.started_at).total_seconds() * 1000))
        if ms is not None and state.status != "skipped":
            took[shape.path] = ms
    if not took:
        return NO_HEAT
    least, most = min(took.values()), max(took.values())
    low, span = math.log(least + 1), math.log(most + 1) - math.log(least + 1)
    levels = {
        path: 1 + min(LEVELS - 1, int(LEVELS * (math.log(ms + 1) - low) / span)) if span else 1
        for path, ms in took.items()
    }
    return Heat(levels, least, most)
