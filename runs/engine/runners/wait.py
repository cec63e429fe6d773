"""`type: wait`: a timer. The run waits; no worker does."""

from datetime import UTC, datetime
from typing import Any

from runs.definition.durations import parse_duration
from runs.engine.context import StepContext
from runs.engine.outcome import Parked
from runs.engine.retry import since_given_up
from runs.errors import StepFailure

MAX_WAIT_SECONDS = 366 * 24 * 3600.0


class BadTime(StepFailure):
    """The time to wait for is not one."""

    code = "bad-time"
    permanent = True


def run_wait(context: StepContext, given: Any) -> Any:
    """Park until the time has come; the output is ``{until, seconds}``.

    ``given`` has ``seconds`` (a number or a text such as "5m") or ``until`` (ISO 8601, UTC where
    it names no zone). A time that has passed already does not wait. Raises BadTime.
    """
    now = datetime.now(UTC)
    first = since_given_up(context.job.tries)[0].get("parked")
    if first is not None:  # its worker died between claiming it again and settling it
        until = datetime.fromisoformat(first["until"])
    elif given.get("until") is not None:
        until = _moment(given["until"])
    else:
        until = datetime.fromtimestamp(now.timestamp() + _seconds(given["seconds"]), UTC)
    left = (until - now).total_seconds()
    if left > MAX_WAIT_SECONDS:
        raise BadTime(f"{until.isoformat()} is more than a year away.")
    output = {"until": until.isoformat(), "seconds": max(0.0, round(left, 3))}
    if left <= 0:
        return first or output
    return Parked(f"timer: until {until.isoformat(timespec='seconds')}", left, output)


def _seconds(value: Any) -> float:
    try:
        seconds = float(parse_duration(value))
    except (TypeError, ValueError) as error:
        raise BadTime(f"{value!r} is not a time to wait: {error}.") from None
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise BadTime(f"{value!r} is not between 0 and a year.")
    return seconds


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise BadTime(
            f"{value!r} is not a moment.", hint="Write it as 2026-01-31T09:00:00Z."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
