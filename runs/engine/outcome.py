"""How an attempt at a step ended."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The step did its work. ``output`` is JSON data."""

    output: Any


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


Outcome = Succeeded | Failed | GivenBack
