"""Programs that actions run: streamed to the step's log, ended with the step."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runs import environment
from runs.actions import StepContext
from runs.errors import StepCancelled, StepFailure
from runs.masking import MASK
from runs.processes import GuardianLost, NotStarted, run_program

MOST_KEPT = 4 * 1024 * 1024  # characters of each stream
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


class ProgramFailed(StepFailure):
    """A program that an action needs could not be run, or took too long."""

    code = "program-failed"


@dataclass(frozen=True)
class Ran:
    """How a program ended, and what it printed (credentials in addresses masked)."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """Its last words: what it says when something went wrong."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1][:300] if lines else f"exit code {self.code}"


def run(
    context: StepContext,
    words: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
    stdin: str = "",
    timeout: float | None = None,
) -> Ran:
    """Run a program in the workspace; what it prints goes to the log.

    ``env`` is added to its environment, the names in ``without`` are not in it. Raises ProgramFailed when it cannot start or takes longer than ``timeout`` (seconds), and
    StepCancelled when the step is stopped.
    """
    out, err = _Kept(context), _Kept(context)
    around = {k: v for k, v in environment.for_commands().items() if k not in without}
    asked = threading.Event()
    try:
        with context.stops_by(asked.set):
            ended = run_program(
                words,
                cwd=cwd or context.workspace,
                env={**around, **(env or {})},
                out=out.add,
                err=err.add,
                stdin=stdin,
                timeout=timeout,
                stopped=asked.is_set,
            )
    except NotStarted as error:
        raise ProgramFailed(f"{words[0]} could not be started: {error}.") from None
    except GuardianLost:
        raise ProgramFailed(f"{words[0]} was killed from outside.") from None
    if ended.how == "stopped":
        raise StepCancelled(f"{words[0]} was stopped.")
    if ended.how == "timeout":
        raise ProgramFailed(f"{words[0]} took longer than {timeout:g} s.")
    return Ran(ended.code, out.text, err.text)


def without_credentials(text: str) -> str:
    """A text without the users and passwords that addresses in it may have."""
    return _CREDENTIALS.sub(f"{MASK}@", text)


class _Kept:
    def __init__(self, context: StepContext) -> None:
        self._context = context
        self._parts: list[str] = []
        self._size = 0

    def add(self, text: str) -> None:
        text = without_credentials(text)
        self._context.log(text)
        if self._size < MOST_KEPT:
            self._parts.append(text)
            self._size += len(text)

    @property
    def text(self) -> str:
        return "".join(self._parts)
