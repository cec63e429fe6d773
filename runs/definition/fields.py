"""The parts that steps and inputs are made of: short forms, durations, retries, declarations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from runs.definition.durations import parse_duration
from runs.expressions import ExpressionError, whole

Effect = Literal["pure", "idempotent", "once", "ask"]
InputType = Literal["string", "integer", "boolean", "float", "object", "array"]

NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
WORKFLOW_NAME_PATTERN = r"^[a-z][a-z0-9-]{0,63}$"

# A year: longer is a slip of the pen, and a timer that long helps nobody.
MAX_SECONDS = 366 * 24 * 3600.0

DURATION_PATTERN = r"^\s*(\d+(\.\d+)?|(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+)\s*$"

Seconds = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(ge=0, le=MAX_SECONDS),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": DURATION_PATTERN},
            ],
            "description": 'Seconds, or a text such as "30s", "5m", "1h30m".',
        }
    ),
]
PositiveSeconds = Annotated[Seconds, Field(gt=0)]


def _text(value: Any) -> Any:
    """A YAML truth value where a condition is expected: `when: true` is the text "true"."""
    return ("true" if value else "false") if isinstance(value, bool) else value


Condition = Annotated[
    str,
    BeforeValidator(_text),
    Field(min_length=1),
    WithJsonSchema({"type": ["string", "boolean"]}),
]


def has_expression(value: Any) -> bool:
    """Is it a text with an expression in it, to be evaluated when the step runs?"""
    return isinstance(value, str) and "${{" in value


def _duration_or_expression(value: Any) -> Any:
    if has_expression(value):
        return value
    seconds = parse_duration(value)
    if seconds > MAX_SECONDS:
        raise ValueError("a duration is at most 366 days")
    return seconds


def whole_number(value: Any, least: int) -> int:
    """A count, as it stands in a file or as an expression answered it. Raises ValueError."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 1_000_000:
        raise ValueError(f"must be a whole number, {least} or more")
    return value


def _is_whole(text: str) -> bool:
    try:
        return whole(text) is not None
    except ExpressionError:
        return True  # it cannot be read; that is told where expressions are looked at


def _count_or_expression(least: int) -> BeforeValidator:
    def check(value: Any) -> Any:
        if has_expression(value):
            if not _is_whole(value):
                raise ValueError("must be a number, or one expression and nothing around it")
            return value
        if isinstance(value, float):
            raise ValueError(f"must be a whole number, {least} or more")
        return whole_number(value, least)

    return BeforeValidator(check)


def _count_schema(least: int) -> WithJsonSchema:
    count = {"type": "integer", "minimum": least}
    return WithJsonSchema({"anyOf": [count, {"type": "string", "pattern": r"\$\{\{"}]})


def parse_moment(value: Any) -> datetime:
    """A moment from ISO 8601 text; without a zone it is UTC. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except (AttributeError, TypeError, ValueError):
        raise ValueError("a moment is written like '2026-03-01T09:30:00Z'") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _moment_or_expression(value: Any) -> Any:
    if not has_expression(value):
        parse_moment(value)
    return value


# A text in these holds `${{ }}` and is evaluated when the step starts.
DurationOrExpression = Annotated[
    float | str,
    BeforeValidator(_duration_or_expression),
    WithJsonSchema({"type": ["number", "string"], "description": 'Seconds, or "30s", "1h30m".'}),
]
CountFrom0 = Annotated[int | str, _count_or_expression(0), _count_schema(0)]
CountFrom1 = Annotated[int | str, _count_or_expression(1), _count_schema(1)]
MomentOrExpression = Annotated[str, BeforeValidator(_moment_or_expression)]


class Frozen(BaseModel):
    # `extra` is ignored: build.py has already told about every unknown key, with its line.
    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="ignore", defer_build=True)


class Mark(Frozen):
    """A place in a file. Both numbers begin with 1."""

    line: int
    column: int


START = Mark(line=1, column=1)


class Retry(Frozen):
    """How often a failed attempt is repeated, and how long to wait before.

    The wait before attempt n (n ≥ 2) is `backoff * factor ** (n - 2)` seconds, at most
    `max_backoff`. `on` names error codes; empty means any error that may be retried.
    """

    max_attempts: int = Field(ge=1, le=100, strict=True)
    backoff: Seconds = 1.0
    factor: float = Field(default=2.0, ge=1, le=100)
    max_backoff: Seconds = 300.0
    on: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        """`retry: 3`; `backoff: {initial, factor, max}`; `on: one-code`."""
        if isinstance(value, int) and not isinstance(value, bool):
            return {"max_attempts": value}
        if not isinstance(value, Mapping):
            return value
        flat = dict(value)
        backoff = flat.get("backoff")
        if isinstance(backoff, Mapping):
            unknown = sorted(set(map(str, backoff)) - {"initial", "factor", "max"})
            if unknown:
                raise ValueError(f"backoff has initial, factor and max, not {', '.join(unknown)}")
            flat["backoff"] = backoff.get("initial", 1.0)
            for ours, theirs in (("factor", "factor"), ("max_backoff", "max")):
                if theirs in backoff:
                    flat[ours] = backoff[theirs]
        if isinstance(flat.get("on"), str):
            flat["on"] = (flat["on"],)
        return flat


class InputSpec(Frozen):
    """One declared input. `default` counts only when `has_default` is true."""

    name: str = Field(pattern=NAME_PATTERN)
    type: InputType
    required: bool = Field(default=True, strict=True)
    default: Any = None
    has_default: bool = False
    description: str = ""
    secret: bool = Field(default=False, strict=True)
    enum: list[Any] | None = None

    @field_validator("description", mode="before")
    @classmethod
    def _null_is_empty(cls, value: Any) -> Any:
        return "" if value is None else value


class RollbackCall(Frozen):
    """What undoes a step that succeeded, when the run fails later: an action and its arguments.

    Expressions in `kwargs` also see `output`, the step's own.
    """

    action: str = Field(min_length=1)
    kwargs: dict[str, Any] = Field(default_factory=dict)


class StageCommand(Frozen):
    """A stage of a validation with its own command. `timeout` in seconds."""

    name: str = Field(min_length=1, max_length=64)
    run: str = Field(min_length=1)
    timeout: PositiveSeconds | None = None
    cwd: str | None = None
