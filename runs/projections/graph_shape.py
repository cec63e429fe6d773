"""Which nodes and edges a run's graph has: what its definition says, before any state."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from runs import steppath
from runs.definition.spec import BranchStep, LoopStep
from runs.planning.graph import Compiled
from runs.projections import words
from runs.projections.step_states import StepState


@dataclass(frozen=True, slots=True)
class Shape:
    """One node before it has a state."""

    path: str
    name: str
    type: str
    at_once: int  # of a loop
    children: tuple[tuple[str, str], ...]  # of a sub-workflow: path and name
    arms: tuple[str, ...] = ()  # of a branch


Edges = list[tuple[str, str]]


def shape_of(made: Compiled) -> tuple[list[Shape], Edges, dict[tuple[str, str], str]]:
    """The definition's nodes in file order, and its edges."""
    shapes: list[Shape] = []
    edges: Edges = []
    labels: dict[tuple[str, str], str] = {}
    leaves: dict[str, list[str]] = {}  # where the edges behind a node begin

    def scope(pattern: str) -> None:
        for node in made.scopes[pattern].nodes.values():
            step = node.step
            children: tuple[tuple[str, str], ...] = ()
            bound = step.max_concurrency if isinstance(step, LoopStep) else 1
            at_once = bound if isinstance(bound, int) else 0  # an expression: not known yet
            if node.type == "subworkflow" and node.path in made.scopes:
                children = tuple(
                    (child.path, child.name) for child in made.scopes[node.path].nodes.values()
                )
            arms = (
                tuple(arm.path for arm in made.scopes[node.path].nodes.values())
                if (isinstance(step, BranchStep))
                else ()
            )
            shapes.append(Shape(node.path, node.name, node.type, at_once, children, arms))
            leaves[node.path] = [node.path]
            for need in node.needs:
                before = steppath.child(pattern, need)
                edges.extend((leaf, node.path) for leaf in leaves.get(before, [before]))
            if isinstance(step, BranchStep):
                scope(node.path)
                leaves[node.path] = []
                for n, arm in enumerate(arms):
                    otherwise = step.otherwise is not None and n == len(arms) - 1
                    edges.append((node.path, arm))
                    labels[node.path, arm] = _arm_label(step, n, otherwise)
                    leaves[node.path] += leaves[arm]
                if step.otherwise is None:
                    leaves[node.path].append(node.path)

    scope("")
    return shapes, list(dict.fromkeys(edges)), labels


def _arm_label(step: BranchStep, n: int, otherwise: bool) -> str:
    if len(step.options) == 1:
        return "no" if otherwise else "yes"
    if otherwise:
        return "else"
    condition = step.options[n].when.strip().removeprefix("${{").removesuffix("}}").strip()
    return words.shorten(condition, 18)


def shape_of_states(
    states: Mapping[str, StepState],
) -> tuple[list[Shape], Edges, dict[tuple[str, str], str]]:
    """Without a readable definition: what ran, one after the other."""
    tops = sorted(
        (s for s in states.values() if not steppath.depth(s.path)), key=lambda s: s.position
    )
    shapes = [Shape(s.path, s.name, s.type, 1, ()) for s in tops]
    return shapes, [(a.path, b.path) for a, b in itertools.pairwise(tops)], {}
