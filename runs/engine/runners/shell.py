"""`type: shell`: run a command, stream what it prints, fail when it does."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from runs import environment
from runs.definition.spec import ShellStep
from runs.engine.context import StepContext
from runs.errors import CommandFailed

KEPT_CHARACTERS = 64 * 1024  # of stdout and of stderr, the end of each, in the output
_READ = 64 * 1024
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _Tail:
    """The last characters of a stream."""

    def __init__(self) -> None:
        self.text, self.cut = "", False

    def add(self, text: str) -> None:
        self.text += text
        if len(self.text) > 2 * KEPT_CHARACTERS:
            self.text, self.cut = self.text[-KEPT_CHARACTERS:], True

    def end(self) -> str:
        if len(self.text) > KEPT_CHARACTERS:
            self.text, self.cut = self.text[-KEPT_CHARACTERS:], True
        return self.text


def _die_with_parent() -> None:
    # A worker that is killed with -9 must not leave its command behind: the step runs again
    # elsewhere, and two of them would work in one workspace.
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def run_shell(context: StepContext, given: Any) -> dict[str, Any]:
    """Run the command in the workspace; output ``{exit_code, stdout, stderr, truncated}``.

    Raises CommandFailed when it cannot start or its exit code is not zero.
    """
    step = context.job.node.step
    assert isinstance(step, ShellStep)
    process = _start(context, step, given)
    context.watched.kill = lambda: _kill_group(process)
    out, err = _Tail(), _Tail()
    readers = [
        _read(process.stdout, out, context, "stdout"),
        _read(process.stderr, err, context, "stderr"),
    ]
    try:
        code = process.wait()
    finally:
        _kill_group(process)  # what it left in the background would keep the pipes open
        for reader in readers:
            reader.join(timeout=5)
    stdout, stderr = out.end().rstrip("\n"), err.end().rstrip("\n")
    if code != 0:
        said = (stderr or stdout).strip().splitlines()
        what = f"exit code {code}" if code > 0 else f"ended by {signal.Signals(-code).name}"
        raise CommandFailed(
            f"{what}{': ' + said[-1][:300] if said else ''}",
            exit_code=code,
            stdout=stdout[-4000:],
            stderr=stderr[-4000:],
        )
    return {"exit_code": 0, "stdout": stdout, "stderr": stderr, "truncated": out.cut or err.cut}


def _start(context: StepContext, step: ShellStep, given: Any) -> subprocess.Popen[bytes]:
    cwd = (context.workspace / str(given.get("cwd") or ".")).resolve()
    if not cwd.is_dir():
        raise CommandFailed(f"The folder {given.get('cwd') or cwd} does not exist.")
    shell = step.shell or ("bash" if shutil.which("bash") else "sh")
    if shutil.which(shell) is None:
        raise CommandFailed(f"The shell {shell!r} is not on this machine.")
    flags = ["-e", "-o", "pipefail", "-c"] if Path(shell).name == "bash" else ["-e", "-c"]
    env = environment.for_commands()
    env |= {
        "MAVERICK_RUN_ID": context.run_id,
        "MAVERICK_EXECUTION_ID": context.execution_id,
        "MAVERICK_STEP": context.path,
        "MAVERICK_ATTEMPT": str(context.attempt),
    }
    env |= {key: "" if v is None else str(v) for key, v in (given.get("env") or {}).items()}
    try:
        return subprocess.Popen(
            [shell, *flags, given["run"]],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    except (OSError, ValueError) as error:
        raise CommandFailed(f"The command could not be started: {error}.") from None


def _read(
    stream: IO[bytes] | None, tail: _Tail, context: StepContext, name: str
) -> threading.Thread:
    assert stream is not None

    def pump() -> None:
        with contextlib.suppress(ValueError, OSError):
            while data := os.read(stream.fileno(), _READ):
                text = data.decode("utf-8", "replace").replace("\x00", "�")
                tail.add(text)
                context.buffer.add(text, name, "info")

    thread = threading.Thread(target=pump, name=f"{name} of {context.path}", daemon=True)
    thread.start()
    return thread


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
