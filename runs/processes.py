"""Running a program: followed line by line, stopped with everything that came of it.

What the engine starts for an agent or a check goes through here, so that a time-out, a stop and
the death of the worker mean the same everywhere.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Protocol

GRACE_SECONDS = 1.0  # from SIGTERM to SIGKILL
TICK_SECONDS = 0.05
LONGEST_LINE = 8 * 1024  # characters; more without a line's end is handed on in parts
_READ = 64 * 1024
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

Sink = Callable[[str], None]
End = Literal["exit", "timeout", "stopped"]


@dataclass(frozen=True)
class Ended:
    """How a program ended. ``code`` below 0 is the number of the signal that ended it."""

    code: int
    how: End
    seconds: float

    @property
    def words(self) -> str:
        """`exit code 3`, `ended by SIGKILL`."""
        if self.code >= 0:
            return f"exit code {self.code}"
        names = {int(one): one.name for one in signal.Signals}
        return f"ended by {names.get(-self.code, f'signal {-self.code}')}"


class RunProgram(Protocol):
    """`run_program`, or what an engine puts in its place."""

    def __call__(
        self,
        words: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        out: Sink,
        err: Sink,
        stdin: str = "",
        timeout: float | None = None,
    ) -> Ended: ...


def run_program(
    words: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    out: Sink,
    err: Sink,
    stdin: str = "",
    timeout: float | None = None,
    stopped: Callable[[], bool] = lambda: False,
    on_process: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> Ended:
    """Run it to its end, its time-out (seconds) or a stop; then nothing of its group is left.

    ``out`` and ``err`` get whole lines as they come, each from a thread of its own. Raises OSError
    when it cannot start (FileNotFoundError: no such program), ValueError for words with NUL.
    """
    began = time.monotonic()
    with tempfile.TemporaryFile() as given:
        # A file, not a pipe: a program that never reads its input cannot make us wait.
        given.write(stdin.encode("utf-8", "replace"))
        given.seek(0)
        process = subprocess.Popen(
            list(words),
            cwd=cwd,
            env=dict(env),
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    readers: list[threading.Thread] = []
    try:
        if on_process is not None:
            on_process(process)
        readers = [_follow(process.stdout, out), _follow(process.stderr, err)]
        deadline = None if timeout is None else began + timeout
        how = _wait(process, deadline, stopped)
        if how != "exit":
            _signal(process, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
    finally:
        # Also what it left in the background: that would hold the pipes open, and go on working
        # in the workspace beside the next attempt.
        _signal(process, signal.SIGKILL)
        process.wait()
        for reader in readers:
            reader.join(timeout=5)
    return Ended(process.returncode, how, time.monotonic() - began)


def _wait(
    process: subprocess.Popen[bytes], deadline: float | None, stopped: Callable[[], bool]
) -> End:
    while True:
        try:
            process.wait(TICK_SECONDS)
            return "exit"
        except subprocess.TimeoutExpired:
            if stopped():
                return "stopped"
            if deadline is not None and time.monotonic() > deadline:
                return "timeout"


def _follow(stream: IO[bytes] | None, sink: Sink) -> threading.Thread:
    assert stream is not None

    def pump() -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = ""
        with stream, contextlib.suppress(ValueError, OSError):
            while data := os.read(stream.fileno(), _READ):
                text += decoder.decode(data).replace("\x00", "�")
                whole, end, rest = text.rpartition("\n")
                for line in whole.split("\n") if end else []:
                    sink(f"{line}\n")
                text = rest
                if len(text) > LONGEST_LINE:
                    sink(text)
                    text = ""
        text += decoder.decode(b"", True)
        if text:
            sink(text)

    thread = threading.Thread(target=pump, name="reader of a program", daemon=True)
    thread.start()
    return thread


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _die_with_parent() -> None:
    # A worker that is killed with -9 must not leave its program behind: the step runs again
    # elsewhere, and two of them would work in one workspace.
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
