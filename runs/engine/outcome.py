"""How an attempt at a step ended."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The step did its work. ``output`` is JSON data."""

    output: Any
    code_version: str = ""  # what the code that did it says of itself
    usage: dict[str, Any] | None = None  # of an agent: model, tokens_in, tokens_out, cost


@dataclass(frozen=True, slots=True)
class Failed:
    """The step did not do its work."""

    code: str
    message: str
    hint: str = ""
    permanent: bool = False  # another attempt could not help
    detail: Any = None

    @property
    def error(self) -> dict[str, Any]:
        """As stored with the execution."""
        error = {"code": self.code, "message": self.message, "hint": self.hint}
        return error if self.detail is None else {**error, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The worker stops before the step has ended; somebody else shall do it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Parked:
    """The step waits, for a time or for somebody's decision, and holds no worker meanwhile."""

    reason: str  # one stable word, then a detail
    due: float | None = None  # seconds from now; None: until somebody decides
    data: Any = None  # what is known so far, kept with the attempt
    call: str = ""  # of an agent, to go out when it is recorded that the step waits for it


Outcome = Succeeded | Failed | GivenBack | Parked
