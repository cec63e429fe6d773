"""A step in a few words, the same in every picture."""

from __future__ import annotations

from runs.definition.spec import (
    AgentStep,
    ApprovalStep,
    BranchOption,
    BranchStep,
    CheckpointStep,
    GenerateStep,
    LoopStep,
    PythonStep,
    ShellStep,
    StageCommand,
    StepBase,
    SubworkflowStep,
    ValidateStep,
    WaitStep,
)


def short(text: str, most: int = 60) -> str:
    """A text on one line, cut when it is long."""
    joined = " ".join(text.split())
    return joined if len(joined) <= most else joined[: most - 1] + "…"


def condition(text: str) -> str:
    """A condition without the marks around it."""
    stripped = text.strip()
    if stripped.startswith("${{") and stripped.endswith("}}") and stripped.count("${{") == 1:
        stripped = stripped[3:-2]
    return short(stripped)


def what(step: StepBase) -> str:
    """What a step does: the action it calls, the command it runs, …; may be empty."""
    match step:
        case PythonStep():
            return step.action
        case ShellStep():
            return short(step.run.strip().partition("\n")[0])
        case AgentStep():
            return step.agent
        case GenerateStep():
            return step.generator
        case SubworkflowStep():
            return step.workflow
        case ValidateStep():
            return _stages(step)
        case CheckpointStep():
            return step.checkpoint_id or ""
        case WaitStep():
            return short(str(step.until)) if step.seconds is None else _time(step.seconds)
        case ApprovalStep():
            return short(step.prompt)
        case LoopStep():
            return _loop(step)
    return ""


def _stages(step: ValidateStep) -> str:
    if isinstance(step.stages, str):
        return condition(step.stages)
    return ", ".join(s.name if isinstance(s, StageCommand) else s for s in step.stages)


def _time(seconds: float | str) -> str:
    return short(seconds) if isinstance(seconds, str) else duration(seconds)


def duration(seconds: float) -> str:
    """Seconds as they are written in a file: `1h30m`, `250ms`."""
    left = round(seconds * 1000)
    pieces = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        many, left = divmod(left, size)
        if many:
            pieces.append(f"{many}{unit}")
    return "".join(pieces) or "0s"


def _loop(step: LoopStep) -> str:
    if step.until is not None:
        return f"until {condition(step.until)}, at most {_bound(step.max_iterations)} turns"
    if step.for_each is None:
        return "once"
    over = condition(step.for_each) if isinstance(step.for_each, str) else _items(step.for_each)
    bound = step.max_concurrency
    at_once = {1: "", 0: ", all at once"}.get(bound, "") if isinstance(bound, int) else ""
    if bound not in (0, 1):
        at_once = f", {_bound(bound)} at once"
    return f"for each of {over}{at_once}"


def _items(items: list[object]) -> str:
    return short(", ".join(str(item) for item in items)) or "nothing"


def _bound(bound: int | str) -> str:
    return str(bound) if isinstance(bound, int) else condition(bound)


def notes(step: StepBase) -> list[str]:
    """What else there is to say, each in a few words: when, again, undone, on an error."""
    said = []
    if step.when is not None:
        said.append(f"when {condition(step.when)}")
    if step.retry is not None:
        said.append(f"up to {step.retry.max_attempts} attempts")
    if step.timeout is not None:
        said.append(f"at most {duration(step.timeout)}")
    if step.effect != "idempotent":
        said.append(f"effect {step.effect}")
    if isinstance(step.on_error, str):
        said.append(f"on error: {step.on_error}")
    if step.rollback is not None:
        undo = step.rollback if isinstance(step.rollback, str) else step.rollback.action
        said.append(f"undone by {undo}")
    if isinstance(step, ValidateStep) and (step.on_failure is not None or step.rounds):
        said.append(f"up to {_bound(3 if step.rounds is None else step.rounds)} more rounds")
    return said


def arms(step: BranchStep) -> list[tuple[str, StepBase]]:
    """The arms of a branch with what they are taken for."""
    found: list[tuple[str, StepBase]] = [(_arm(option), option.step) for option in step.options]
    if step.otherwise is not None:
        found.append(("else", step.otherwise))
    return found


def _arm(option: BranchOption) -> str:
    return condition(option.when)
