"""The groups of a run's graph: loops, sub-workflows, and steps that made calls. Closed, a group is
one node; open, what is inside it is drawn in a frame."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from runs import steppath
from runs.planning.graph import Compiled
from runs.projections.graph_asked import (
    CALLS_AT_ONCE,
    CLOSED,
    MOST_DRAWN,
    STEPS_AT_ONCE,
    TURNS_AT_ONCE,
    Asked,
    Window,
)
from runs.projections.graph_shape import Part, Shape, Shapes, defined_scope, recorded_scope
from runs.projections.step_states import StepState


def shapes_of(
    made: Compiled | None, states: Mapping[str, StepState], asked: Asked = CLOSED
) -> Shapes:
    """What is drawn of a run; without a readable definition, what ran, one after the other."""
    groups = _Groups(made, states, asked)
    shapes = groups.scope("", "")
    shapes.undoing |= groups.undoing
    shapes.left_out = groups.left_out
    return shapes


class _Groups:
    """Walks scope after scope, and opens what is asked for."""

    def __init__(
        self, made: Compiled | None, states: Mapping[str, StepState], asked: Asked
    ) -> None:
        self.made = made
        self.states = states
        self.asked = asked
        self.undoing: set[str] = set()
        self.left_out = False
        self._drawn = 0
        self._calls: dict[str, list[StepState]] = {}  # by who made them, in the order of births
        self._undone: dict[str, list[StepState]] = {}  # what undid a step, by the step
        for state in states.values():
            if state.type == "call":
                self._calls.setdefault(steppath.scope_of(state.path), []).append(state)
            elif made is not None and self._undoes(made, state):
                self.undoing.add(state.path)
                self._undone.setdefault(steppath.scope_of(state.path), []).append(state)
        for calls in self._calls.values():
            calls.sort(key=lambda state: state.position)

    @staticmethod
    def _undoes(made: Compiled, state: StepState) -> bool:
        # Most steps stand at the top or directly in a loop, and nothing there undoes.
        node = made.nodes.get(steppath.pattern(state.path)) if "/" in state.path else None
        return node is not None and bool(node.undoes)

    def scope(self, pattern: str, scope: str) -> Shapes:
        """What stands in ``scope``, opened groups with what is inside them."""
        if self.made is None:
            shapes = recorded_scope(self._inside.get(scope, []), self._inside)
        else:
            shapes = defined_scope(self.made, pattern, scope)
        if not scope and "" in self._calls:
            shapes.nodes += [_call(state) for state in self._calls[""]]
        self._finish(shapes, scope)
        return shapes

    def _finish(self, shapes: Shapes, scope: str) -> None:
        nodes = [self._with_calls(shape) for shape in shapes.nodes]
        for shape in tuple(nodes):
            for state in self._undone.get(shape.path, ()):
                nodes.append(Shape(state.path, state.name, state.type, undoes=shape.path))
                shapes.edges.append((shape.path, state.path))
                shapes.asides.add((shape.path, state.path))
        self._drawn += len(nodes)
        if scope:  # named, where the name alone does not say which turn of which loop is meant
            nodes = [replace(shape, within=scope) for shape in nodes]
        shapes.nodes = nodes
        for place, shape in enumerate(nodes):
            if shape.is_group and self.asked.opens(shape.path):
                self._open(shapes, place)

    def _with_calls(self, shape: Shape) -> Shape:
        calls = self._calls.get(shape.path)
        if not calls or shape.is_group:
            return shape
        children = tuple((state.path, state.name) for state in calls)
        return replace(shape, children=children, members=tuple(self._below(calls)), calls=True)

    def _below(self, calls: list[StepState]) -> Iterator[str]:
        for state in calls:
            yield state.path
            yield from self._below(self._calls.get(state.path, []))

    def _open(self, shapes: Shapes, place: int) -> None:
        shape = shapes.nodes[place]
        window = self._window(shape)
        if self._drawn + self._cost(shape, window) > MOST_DRAWN:
            self.left_out = True
            return
        shapes.nodes[place] = replace(shape, window=window)
        shapes.inside[shape.path] = tuple(self._parts(shape, window))

    def _window(self, shape: Shape) -> Window:
        if shape.repeats:
            inside = max(self._steps_in(shape), 1)
            most = min(TURNS_AT_ONCE, max(STEPS_AT_ONCE // inside, 1))
            return Window.around(self.asked.turn_of(shape.path), self._turns(shape.path), most)
        if shape.calls:
            calls = tuple(path for path, _ in shape.children)
            place = self.asked.call_of(shape.path, calls)
            return Window.around(place, len(calls), CALLS_AT_ONCE)
        return Window(0, 1, 1)

    def _cost(self, shape: Shape, window: Window) -> int:
        """How many nodes the group would add; what is opened inside it is not counted yet."""
        if shape.calls:
            return window.size
        return window.size * self._steps_in(shape)

    def _steps_in(self, shape: Shape) -> int:
        if self.made is None:
            return len(shape.children) or 1
        spec = self.made.scopes.get(steppath.pattern(shape.path))
        return len(spec.nodes) if spec else 0

    def _parts(self, shape: Shape, window: Window) -> Iterator[Part]:
        pattern = steppath.pattern(shape.path)
        if shape.repeats:
            for n in window.range:
                turn = steppath.turn(shape.path, n)
                yield Part(f"turn [{n}]", turn, self.scope(pattern, turn))
        elif shape.calls:
            calls = self._calls[shape.path]
            for n in window.range:
                part = Shapes([_call(calls[n])])
                self._finish(part, shape.path)
                yield Part("", calls[n].path, part)
        else:
            yield Part("", shape.path, self.scope(pattern, shape.path))

    def _turns(self, loop: str) -> int:
        state = self.states.get(loop)
        return max(self._begun.get(loop, 0), state.turns if state else 0)

    @cached_property
    def _begun(self) -> Mapping[str, int]:
        """How many turns of each loop have begun."""
        found: dict[str, int] = {}
        for scope in {steppath.scope_of(path) for path in self.states}:
            while scope:
                loop, turn = steppath.split_turn(scope)
                if turn is not None:
                    found[loop] = max(found.get(loop, 0), turn + 1)
                scope = steppath.scope_of(loop)
        return found

    @cached_property
    def _inside(self) -> Mapping[str, list[StepState]]:
        found: dict[str, list[StepState]] = {}
        for state in self.states.values():
            if state.type != "call":
                found.setdefault(steppath.scope_of(state.path), []).append(state)
        return found


def _call(state: StepState) -> Shape:
    return Shape(state.path, state.name, state.type)
