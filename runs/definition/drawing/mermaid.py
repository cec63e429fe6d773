"""A workflow as a Mermaid flowchart.

Every text of the author stands in quotes with the signs that Mermaid minds as entities, and ids
are numbers of ours: no name can end a label or become a part of the chart's own language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from runs.definition.drawing.words import arms, notes, what
from runs.definition.spec import BranchStep, LoopStep, StepBase, ValidateStep, WorkflowSpec
from runs.definition.walk import needed

Direction = Literal["TD", "LR"]

# kind → what stands before and after its label
_SHAPES = {
    "python": ("[", "]"),
    "shell": ("[", "]"),
    "agent": ("([", "])"),
    "generate": ("([", "])"),
    "validate": ("{{", "}}"),
    "subworkflow": ("[[", "]]"),
    "branch": ("{", "}"),
    "checkpoint": ("[(", ")]"),
    "wait": ("((", "))"),
    "approval": ("[/", "/]"),
}
_SIGNS = {
    "#": "#35;",
    '"': "#quot;",
    "<": "#lt;",
    ">": "#gt;",
    "&": "#amp;",
    "`": "#96;",
    "%": "#37;",  # `%%{init…}%%` is an order to Mermaid, wherever it stands
    "$": "#36;",  # `$$` begins a formula
}


def mermaid(spec: WorkflowSpec, direction: Direction = "TD") -> str:
    """The chart, as it stands between ```` ```mermaid ```` and ```` ``` ````."""
    chart = _Chart()
    chart.line(f"flowchart {direction}")
    chart.line('start(["start"])')
    firsts, lasts = chart.steps(spec.steps)
    chart.line('done(["end"])')
    for first in firsts:
        chart.edge("start", first)
    for last in lasts:
        chart.edge(*last, "done")
    return "\n".join([*chart.lines, *chart.edges]) + "\n"


def escaped(text: str) -> str:
    """A text that may stand in the quotes of a label."""
    return "".join(_SIGNS.get(sign, sign if sign.isprintable() else " ") for sign in text)


_End = tuple[str, str]  # the id that an edge starts from, and what is written on the edge


@dataclass
class _Chart:
    lines: list[str] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)
    depth: int = 0
    count: int = 0

    def line(self, text: str) -> None:
        self.lines.append("  " * (self.depth + (1 if self.lines else 0)) + text)

    def edge(self, start: str, *rest: str, dotted: bool = False) -> None:
        """An edge from `start` to the last of `rest`; before it, what is written on it."""
        label, end = (rest[0], rest[-1]) if len(rest) > 1 else ("", rest[0])
        arrow = "-.->" if dotted else "-->"
        written = f'|"{escaped(label)}"|' if label else ""
        self.edges.append(f"  {start} {arrow}{written} {end}")

    def steps(self, steps: Sequence[StepBase]) -> tuple[list[str], list[_End]]:
        """Draw a list; answers the ids that it begins with, and where it can be left."""
        positions = {step.name: number for number, step in enumerate(steps)}
        drawn = [self.step(step) for step in steps]
        followed: set[int] = set()
        firsts = []
        for number, (node, _) in enumerate(drawn):
            before = needed(steps, number, positions)
            if not before:
                firsts.append(node)
            for other in before:
                followed.add(other)
                for end in drawn[other][1]:
                    self.edge(*end, node)
        lasts = [end for n, (_, ends) in enumerate(drawn) if n not in followed for end in ends]
        return firsts, lasts

    def step(self, step: StepBase) -> tuple[str, list[_End]]:
        """Draw a step with what is inside it; answers its id and where it can be left."""
        self.count += 1
        node = f"s{self.count}"
        target = what(step)
        words = [step.name, f"{step.type}{' ' + target if target else ''}", *notes(step)]
        label = "<br/>".join(escaped(word) for word in words)
        if isinstance(step, LoopStep):
            self.line(f'subgraph {node} ["{label}"]')
            self.depth += 1
            self.steps(step.steps)
            self.depth -= 1
            self.line("end")
        else:
            opening, closing = _SHAPES[step.type]
            self.line(f'{node}{opening}"{label}"{closing}')
        ends: list[_End] = [(node, "")]
        if isinstance(step, BranchStep):
            ends = self.arms(step, node)
        if isinstance(step, ValidateStep) and step.on_failure is not None:
            mend, leaving = self.step(step.on_failure)
            self.edge(node, "not passed", mend)
            for end in leaving:
                self.edge(end[0], end[1] or "again", node)
        if isinstance(step.on_error, StepBase):
            handler, leaving = self.step(step.on_error)
            self.edge(node, "on error", handler, dotted=True)
            ends += leaving
        return node, ends

    def arms(self, step: BranchStep, node: str) -> list[_End]:
        ends: list[_End] = []
        for condition, arm in arms(step):
            first, leaving = self.step(arm)
            self.edge(node, condition, first)
            ends += leaving
        if step.otherwise is None:
            ends.append((node, "none"))
        return ends
