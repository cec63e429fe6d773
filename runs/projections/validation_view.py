"""What a validation said, stage by stage, as a person reads it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ERRORS = 12  # of one stage that are shown; the JSON has all


@dataclass(frozen=True, slots=True)
class StageError:
    """One thing that a check found."""

    place: str  # file:line, or ""
    message: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the checks."""

    name: str
    state: str  # passed, failed, skipped
    why: str  # why it was skipped
    command: str
    duration_ms: int | None
    errors: tuple[StageError, ...]
    more: int  # errors that are not shown


@dataclass(frozen=True, slots=True)
class Validation:
    """All stages in their order, and what came of them."""

    passed: bool
    checks: int  # how often they were made; 0: not told
    stages: tuple[Stage, ...]


def validation_of(output: Any, error: Any) -> Validation | None:
    """From the output of a `validate` step, or from the error of one that may not fail."""
    told = output
    if not _has_stages(told):
        detail = error.get("detail") if isinstance(error, Mapping) else None
        told = detail.get("result") if isinstance(detail, Mapping) else None
    if not _has_stages(told):
        return None
    results = told["stage_results"]
    names = told.get("stages") or list(results)
    return Validation(
        bool(told.get("passed")),
        told["attempts"] if isinstance(told.get("attempts"), int) else 0,
        tuple(_stage(str(name), results.get(name)) for name in names),
    )


def _has_stages(told: Any) -> bool:
    return isinstance(told, Mapping) and isinstance(told.get("stage_results"), Mapping)


def _stage(name: str, told: Any) -> Stage:
    result: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    errors = result.get("errors")
    found = [one for one in errors if isinstance(one, Mapping)] if isinstance(errors, list) else []
    skipped = str(result.get("skipped") or "")
    took = result.get("duration_ms")
    return Stage(
        name,
        "skipped" if skipped else "passed" if result.get("passed") else "failed",
        skipped,
        str(result.get("command") or ""),
        took if isinstance(took, int) and not skipped else None,
        tuple(_error(one) for one in found[:ERRORS]),
        max(0, len(found) - ERRORS),
    )


def _error(told: Mapping[str, Any]) -> StageError:
    line = told.get("line")
    place = f"{told.get('file') or ''}" + (f":{line}" if line else "")
    return StageError(place, str(told.get("message") or ""))
