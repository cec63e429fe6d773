"""Running a program for an agent, a check or an action: followed line by line, and ended whole.

Commands have a guardian (`commands.py`); this adds what its callers share: words instead of a
path, text instead of bytes, an input, a time-out and a question that stops it.
"""

from __future__ import annotations

import codecs
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from runs.commands import Command, GuardianLost, NotStarted

__all__ = ["Command", "Ended", "GuardianLost", "NotStarted", "RunProgram", "run_program"]

TICK_SECONDS = 0.05
LONGEST_LINE = 8 * 1024  # characters; more without a line's end is handed on in parts

TextSink = Callable[[str], None]
How = Literal["exit", "timeout", "stopped"]


@dataclass(frozen=True)
class Ended:
    """How a program ended. ``code`` below 0 is the number of the signal that ended it."""

    code: int
    how: How
    seconds: float

    @property
    def words(self) -> str:
        """`exit code 3`, `ended by SIGKILL`."""
        if self.code >= 0:
            return f"exit code {self.code}"
        names = {int(one): one.name for one in signal.Signals}
        return f"ended by {names.get(-self.code, f'signal {-self.code}')}"


class RunProgram(Protocol):
    """`run_program` as its callers see it, with its stop decided by who hands it over."""

    def __call__(
        self,
        words: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        out: TextSink,
        err: TextSink,
        stdin: str = "",
        timeout: float | None = None,
    ) -> Ended: ...


def run_program(
    words: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    out: TextSink,
    err: TextSink,
    stdin: str = "",
    timeout: float | None = None,
    stopped: Callable[[], bool] | None = None,
    on_process: Callable[[Command], None] | None = None,
) -> Ended:
    """Run it to its end, its time-out (seconds) or a stop; then nothing that it started is left.

    ``out`` and ``err`` get whole lines as they come. ``on_process`` gets the command before it
    begins; its ``stop`` ends it at once, from any thread. Raises NotStarted and GuardianLost.
    """
    began = time.monotonic()
    out_lines, err_lines = _Lines(out), _Lines(err)
    program = _program(words[0], cwd, env)
    with ExitStack() as stack:
        given: int | None = None
        if stdin:
            # A file, not a pipe: a program that never reads its input cannot make us wait.
            file = stack.enter_context(tempfile.TemporaryFile())
            file.write(stdin.encode("utf-8", "replace"))
            file.seek(0)
            given = file.fileno()
        command = stack.enter_context(Command())
        if on_process is not None:
            on_process(command)
        watch = stack.enter_context(_Watch(command, timeout, stopped))
        code = command.run(
            program,
            words,
            folder=cwd,
            env=env,
            out=out_lines.add,
            err=err_lines.add,
            given=given,
        )
    out_lines.end()
    err_lines.end()
    return Ended(code, watch.how, time.monotonic() - began)


class _Watch:
    """A thread that stops a command when its time is over or a question says so."""

    def __init__(
        self, command: Command, timeout: float | None, stopped: Callable[[], bool] | None
    ) -> None:
        self._command, self._timeout, self._stopped = command, timeout, stopped
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch of a program", daemon=True)
        self.how: How = "exit"

    def __enter__(self) -> _Watch:
        if self._timeout is not None or self._stopped is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _look(self) -> None:
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        tick = self._timeout if self._stopped is None else TICK_SECONDS
        while not self._over.wait(tick):
            if self._stopped is not None and self._stopped():
                self.how = "stopped"
            elif deadline is not None and time.monotonic() >= deadline:
                self.how = "timeout"
            else:
                continue
            self._command.stop()
            return


class _Lines:
    """Bytes in any portions → whole lines of text."""

    def __init__(self, sink: TextSink) -> None:
        self._sink = sink
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""

    def add(self, data: bytes, *, last: bool = False) -> None:
        # PostgreSQL's text cannot hold NUL.
        self._text += self._decoder.decode(data, last).replace("\x00", "�")
        whole, end, rest = self._text.rpartition("\n")
        if last or len(rest) > LONGEST_LINE:
            whole, end, rest = self._text, "", ""
        self._text = rest
        for line in (whole + end).splitlines(keepends=True):
            self._sink(line)

    def end(self) -> None:
        self.add(b"", last=True)


def _program(word: str, cwd: Path, env: Mapping[str, str]) -> str:
    """The program's path. One with a slash in it starts at the folder, as in a shell there."""
    if not cwd.is_dir():
        raise NotStarted(f"there is no folder {cwd}")
    if "/" in word:
        return str(cwd / os.path.expanduser(word))
    found = shutil.which(word, path=env.get("PATH"))
    if found is None:
        raise NotStarted(f"there is no program {word!r}")
    return found
