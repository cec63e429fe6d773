"""The steps of a definition as a comparison needs them, and two definitions put into one order."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runs.definition.spec import AgentStep, GenerateStep, SubworkflowStep
from runs.planning.fields import Fields, fields_read, passed_on, touched
from runs.planning.graph import Compiled, Node
from runs.planning.turns import looks_at_index


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one definition."""

    definition: str  # digests
    condition: str
    needs: tuple[str, ...]
    position: int
    in_order: bool = False  # a loop whose turns rest on each other
    by_index: bool = False  # a loop whose turns look at their number
    undoes: bool = False


Scopes = Mapping[str, Mapping[str, Step]]  # pattern of a scope → its steps by name


def scopes_of(compiled: Compiled | None) -> Scopes:
    """Every scope of a definition; nothing when its text no longer loads."""
    if compiled is None:
        return {}
    found: dict[str, dict[str, Step]] = {}
    for pattern, scope in (*compiled.scopes.items(), *compiled.undoing.items()):
        steps = {name: _step(node, scope.nodes) for name, node in scope.nodes.items()}
        found.setdefault(pattern, {}).update(steps)
    return found


def _step(node: Node, beside: Mapping[str, Node]) -> Step:
    # What mended a failure gives the output in its place.
    needs = dict.fromkeys(
        one
        for need in node.needs
        for one in (need, beside[need].handler)
        if one and one != node.name
    )
    loop = node.loop
    return Step(
        node.digest,
        node.condition,
        tuple(needs),
        node.position,
        in_order=loop is not None and loop.for_each is None,
        by_index=loop is not None and loop.for_each is not None and looks_at_index(loop),
        undoes=bool(node.undoes),
    )


def merged(
    a: Mapping[str, Step], b: Mapping[str, Step], recorded: Mapping[str, int]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every step of a scope with what it needs in either definition, each after what it needs.

    ``recorded`` has the steps that were executed and their places; those that no definition has
    any more stand one behind the other.
    """
    places = {
        **recorded,
        **{name: step.position for name, step in a.items()},
        **{name: step.position for name, step in b.items()},
    }
    needs: dict[str, dict[str, None]] = {}
    before = ""
    for name in sorted(places, key=lambda one: (places[one], one)):
        steps = [step for step in (a.get(name), b.get(name)) if step is not None]
        said = {need: None for step in steps for need in step.needs if need in places}
        if not steps and before:
            said = {before: None}
        needs[name], before = said, name
    yield from _in_order(needs, places)


def _in_order(
    needs: Mapping[str, Mapping[str, None]], places: Mapping[str, int]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    waits = {name: len(said) for name, said in needs.items()}
    behind: dict[str, list[str]] = {}
    for name, said in needs.items():
        for need in said:
            behind.setdefault(need, []).append(name)
    ready = [(places[name], name) for name, count in waits.items() if not count]
    heapq.heapify(ready)
    done: set[str] = set()
    while len(done) < len(needs):
        if not ready:
            # Two definitions that say the opposite of each other: the file's order then.
            rest = min((places[name], name) for name in needs if name not in done)
            heapq.heappush(ready, rest)
        _, name = heapq.heappop(ready)
        if name in done:
            continue
        done.add(name)
        yield name, tuple(needs[name])
        for other in behind.get(name, ()):
            waits[other] -= 1
            if not waits[other]:
                heapq.heappush(ready, (places[other], other))


def readers(compiled: Compiled | None, inputs: Fields, context: Fields) -> dict[str, str]:
    """The patterns of steps that read a field of the inputs or of the context that differs, and
    which: ``{"plan": "input `topic` changed"}``."""
    if compiled is None or not (inputs or context):
        return {}
    found: dict[str, str] = {}
    changed: dict[str, Fields] = {"": inputs}
    in_run = frozenset(("context", *field) for field in context)
    model = any(field[:1] == ("model",) for field in context)
    for pattern, scope in compiled.scopes.items():
        fields = changed.get(pattern, frozenset())
        for node in scope.nodes.values():
            inner = fields
            if isinstance(node.step, SubworkflowStep):
                inner = passed_on(node.step, fields)
            changed[node.path] = inner
            field = touched(fields_read(node.step), fields) if fields else None
            if field is not None:
                found[node.path] = f"input `{'.'.join(field)}` changed"
                continue
            field = touched(fields_read(node.step, "run"), in_run) if in_run else None
            if field is not None:
                found[node.path] = f"context `{'.'.join(field[1:])}` changed"
            elif model and isinstance(node.step, AgentStep | GenerateStep):
                found[node.path] = "context `model` changed"
    return found
