"""Steps of a run by what their paths contain, those inside closed groups too. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runs import steppath
from runs.planning.graph import Compiled
from runs.projections import words
from runs.projections.step_states import StepState

MOST = 30  # hits that are listed; the number of all of them is told


@dataclass(frozen=True, slots=True)
class Hit:
    """One step that was found."""

    path: str
    type: str
    status: str
    word: str
    time: str


@dataclass(frozen=True, slots=True)
class Found:
    """The first of them, and how many there are."""

    hits: tuple[Hit, ...]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.hits)


def search(made: Compiled | None, states: Mapping[str, StepState], text: str) -> Found:
    """Steps whose path or type contains ``text``: names that begin with it first, then in order."""
    wanted = text.strip().lower()
    if not wanted:
        return Found((), 0)
    hits = [
        state
        for state in (*states.values(), *_unborn(made, states))
        if wanted in state.path.lower() or wanted == state.type
    ]
    hits.sort(
        key=lambda one: (
            not one.name.lower().startswith(wanted),
            steppath.depth(one.path),
            steppath.sort_key(one.path),
        )
    )
    return Found(tuple(_hit(state) for state in hits[:MOST]), len(hits))


def _hit(state: StepState) -> Hit:
    word = words.status(state.look, state.handled)
    return Hit(state.path, state.type, state.look, word, words.clock(state.duration_ms))


def _unborn(made: Compiled | None, states: Mapping[str, StepState]) -> Iterator[StepState]:
    """Steps of the definition that have no execution; of a loop's, only those of begun turns do."""
    if made is None:
        return
    for path, node in made.nodes.items():
        container = steppath.scope_of(path)
        looped = False
        while container:
            looped = looped or made.nodes[container].loop is not None
            container = steppath.scope_of(container)
        if path not in states and not looped and not node.undoes:
            yield StepState.unborn(path, node.name, node.type, node.position)
