"""A run's graph as a restart would leave it: what is reused, runs, or is not known yet. Pure."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from runs import steppath
from runs.planning.plan import Action
from runs.planning.preview import Preview, PreviewItem
from runs.projections import words
from runs.projections.graph_node_view import NodeView, size_of
from runs.projections.graph_shape import Shape

AGAIN = "again"  # a turn that runs; beside it "reused" and "unknown"
_LOOKS = {Action.REUSE: "reused", Action.RUN: AGAIN, Action.UNKNOWN: "unknown"}
_WORDS = {"reuse": "reused", "run": "will run", "unknown": "not known yet"}
_SHORT = (  # of a reason: how it begins, and what a node has room for
    ("input and definition are unchanged", "unchanged"),
    ("skipped last time; what", "stays skipped"),
    ("skipped last time", "asked again"),
    ("it has the effect `once`", "receipt kept"),
    ("it failed and the run went on", "kept"),
    ("only ", "kept"),
    ("depends on ", "runs again"),
    ("never ran", "never ran"),
    ("chosen", "chosen"),
    ("checked before", "checked again"),
    ("the source run succeeded", "runs again"),
    ("reuse is", "runs again"),
    ("comes after", "runs again"),
)


@dataclass(frozen=True, slots=True)
class PlanView:
    """The decisions, ready to be asked by path."""

    items: Mapping[str, PreviewItem]
    turns: Mapping[str, Mapping[int, str]]  # loop → turn → what happens in it
    fresh: Mapping[
        str, tuple[int, str]
    ]  # loop → turns that had not begun, and what happens in them


def plan_view(preview: Preview, loops: Set[str]) -> PlanView:
    """The decisions of ``preview``; ``loops`` are the paths that are drawn with turns."""
    turns: dict[str, dict[int, set[Action]]] = {}
    for item in preview.items:
        loop, bracket, rest = item.path.partition("[")
        while bracket:
            if loop in loops:
                if not item.is_container:
                    turn = int(rest[: rest.index("]")])
                    turns.setdefault(loop, {}).setdefault(turn, set()).add(item.action)
                break
            more, bracket, rest = rest.partition("[")
            loop = f"{loop}[{more}"
    return PlanView(
        {item.path: item for item in preview.items},
        {loop: {n: _turn(seen) for n, seen in found.items()} for loop, found in turns.items()},
        {
            more.path: (more.turns, AGAIN if more.run else _LOOKS[Action.UNKNOWN])
            for more in preview.not_begun
            if more.turns
        },
    )


def _turn(seen: Set[Action]) -> str:
    strongest = next(a for a in (Action.RUN, Action.UNKNOWN, Action.REUSE) if a in seen)
    return _LOOKS[strongest]


def preview_node(node: NodeView, shape: Shape, plan: PlanView) -> NodeView:
    """``node``, as it was recorded, with what the plan says of it."""
    item = plan.items.get(shape.path)
    action, meta = _decided(shape, item, plan)
    if shape.repeats:
        fresh = plan.fresh.get(shape.path, (0, ""))
        turns = _turns(node.turns, plan.turns.get(shape.path, {}), action, fresh)
    else:
        turns = tuple(_member(plan.items.get(path), action) for path in shape.members)
    rows = tuple(
        replace(row, status=_row(plan.items.get(path), action), time="")
        for row, (path, _) in zip(node.rows, shape.children, strict=False)
    )
    said = ""
    if turns:
        again = turns.count(AGAIN)
        if again > 0 and shape.repeats:
            meta = f"{again} of {words.count(len(turns), 'turn')} {'runs' if again == 1 else 'run'}"
        said = turns_sentence(turns)
    took = item.expected_ms if item is not None and action != "reuse" else None
    time = f"~{words.clock(took)}" if took and node.shape not in ("pill", "hexagon") else ""
    return replace(
        node,
        decision=action,
        word=_WORDS.get(action, "left out"),
        status="reused" if action == "reuse" else "pending",
        meta=meta,
        time=time,
        since=None,
        until=None,
        turns=turns,
        rows=rows,
        sentence=said,
        handled=False,
        size=size_of(shape, node.shape, "reused", node.name, meta, said, rows),
        inside=frozenset(),
    )


def _decided(shape: Shape, item: PreviewItem | None, plan: PlanView) -> tuple[str, str]:
    if item is not None:
        return item.action.value, _short(item)
    around = plan.items.get(steppath.parent_of(shape.path))
    if around is None:
        return "", "left out"
    if around.action is Action.REUSE:
        return "reuse", "stays out"
    return "unknown", "not known yet"


def _short(item: PreviewItem) -> str:
    if item.action is Action.UNKNOWN:
        if "condition does not hold" in item.because:
            return "will be skipped"
        return "if its condition holds" if "condition decides" in item.because else "not known yet"
    if "the checkpoint keeps" in item.because and item.action is Action.REUSE:
        return "kept"
    for begins, short in _SHORT:
        if item.because.startswith(begins):
            return short
    return words.shorten(item.because.replace("`", ""), 26)


def _turns(
    before: Sequence[str], known: Mapping[int, str], action: str, fresh: tuple[int, str]
) -> tuple[str, ...]:
    otherwise = fresh[1] or {"reuse": "reused"}.get(action, "unknown")
    return tuple(known.get(n, otherwise) for n in range(max(len(before), len(known) + fresh[0])))


def _member(item: PreviewItem | None, around: str) -> str:
    """What happens to a step of a sub-workflow, as a cell of its bar."""
    if item is None:
        return "reused" if around == "reuse" else "unknown"
    return _LOOKS[item.action]


def _row(item: PreviewItem | None, around: str) -> str:
    if item is None:
        return "reused" if around == "reuse" else "pending"
    return "reused" if item.action is Action.REUSE else "pending"


def turns_sentence(turns: Sequence[str]) -> str:
    """``11 reused · 1 run``."""
    parts = (
        (turns.count("reused"), "reused"),
        (turns.count(AGAIN), "run"),
        (turns.count("unknown"), "unknown"),
    )
    return " · ".join(f"{number:,} {word}" for number, word in parts if number)
