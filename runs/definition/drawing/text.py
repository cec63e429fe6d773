"""A workflow as a tree of text: numbers, names, what is inside what, what needs what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runs.definition.drawing.words import arms, notes, what
from runs.definition.spec import BranchStep, LoopStep, StepBase, ValidateStep, WorkflowSpec

_TEE, _LAST, _DOWN = "├─ ", "└─ ", "│  "
_PLAIN = str.maketrans({"├": "|", "└": "`", "│": "|", "─": "-", "…": "."})


def tree(spec: WorkflowSpec, *, ascii_only: bool = False) -> str:
    """The whole workflow. `ascii_only`: for terminals that show nothing else."""
    lines = [f"{spec.name}  {spec.description}".rstrip()]
    for one in spec.inputs.values():
        default = f" = {one.default!r}" if one.has_default else ""
        needed = " (required)" if one.required else ""
        lines.append(f"  input {one.name}: {one.type}{default}{needed}")
    lines += _list(spec.steps, "", "")
    lines += [f"  output {name}" for name in spec.outputs]
    text = "\n".join(lines)
    return text.translate(_PLAIN) if ascii_only else text


def _list(
    steps: Sequence[StepBase], indent: str, number: str, *, more: bool = False
) -> Iterator[str]:
    """`more`: other lines follow at this indentation."""
    for at, step in enumerate(steps):
        last = at == len(steps) - 1 and not more
        needs = "" if step.needs is None else f"needs {', '.join(step.needs) or 'nothing'}"
        yield from _step(step, indent, f"{number}{at + 1}", is_last=last, needs=needs)


def _step(
    step: StepBase, indent: str, label: str, *, is_last: bool, needs: str = "", role: str = ""
) -> Iterator[str]:
    target = what(step)
    role = f"{role}: " if role else ""
    line = f"{role}{label} {step.name}  [{step.type}{' ' + target if target else ''}]"
    said = "; ".join(part for part in (needs, *notes(step)) if part)
    yield indent + (_LAST if is_last else _TEE) + line + (f"  {said}" if said else "")
    below = indent + ("   " if is_last else _DOWN)
    inside = list(_inside(step))
    if isinstance(step, LoopStep):
        yield from _list(step.steps, below, f"{label}.", more=bool(inside))
    for at, (role, arm) in enumerate(inside):
        last = at == len(inside) - 1
        yield from _step(arm, below, f"{label}{_letters(at)}", is_last=last, role=role)


def _inside(step: StepBase) -> Iterator[tuple[str, StepBase]]:
    if isinstance(step, BranchStep):
        for condition, arm in arms(step):
            yield condition if condition == "else" else f"if {condition}", arm
    if isinstance(step, ValidateStep) and step.on_failure is not None:
        yield "while not passed", step.on_failure
    if isinstance(step.on_error, StepBase):
        yield "on error", step.on_error


def _letters(at: int) -> str:
    """0 → a, 25 → z, 26 → aa."""
    rest, letter = divmod(at, 26)
    return (_letters(rest - 1) if rest else "") + chr(ord("a") + letter)
