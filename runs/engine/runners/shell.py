"""`type: shell`: run a command, stream what it prints, fail when it does."""

import codecs
import shutil
import signal
from pathlib import Path
from typing import Any

from runs import environment
from runs.commands import Command, GuardianLost, NotStarted
from runs.definition.spec import ShellStep
from runs.engine.context import StepContext
from runs.errors import CommandFailed

KEPT_CHARACTERS = 64 * 1024  # of stdout and of stderr, the end of each, in the output


class _Stream:
    """What a command prints on one of its two streams: to the log, and the end of it kept."""

    def __init__(self, name: str, context: StepContext) -> None:
        self._name, self._context = name, context
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text, self.cut = "", False

    def add(self, data: bytes, *, last: bool = False) -> None:
        """Some bytes, which may end in the middle of a character."""
        text = self._decoder.decode(data, last)
        self._context.buffer.add(text, self._name)
        self._text += text
        # More than is kept: `end_of` needs some to see what is a secret at the cut.
        most = KEPT_CHARACTERS + self._context.state.masker.longest
        if len(self._text) > 2 * most:
            self._text, self.cut = self._text[-most:], True

    def end(self) -> str:
        """The last characters, masked."""
        self.add(b"", last=True)
        masker = self._context.state.masker
        text = masker.end_of(self._text, KEPT_CHARACTERS, cut=self.cut)
        self.cut = self.cut or len(self._text) > KEPT_CHARACTERS
        return text.replace("\x00", "�").rstrip("\n")


def run_shell(context: StepContext, given: Any) -> dict[str, Any]:
    """Run the command in the workspace; output ``{exit_code, stdout, stderr, truncated}``.

    Raises CommandFailed when it cannot start or its exit code is not zero.
    """
    step = context.job.node.step
    assert isinstance(step, ShellStep)
    folder = _folder(context, given)
    program, words = _shell(step, given, folder)
    env = _env(context, given)
    out, err = _Stream("stdout", context), _Stream("stderr", context)
    try:
        with Command() as command:
            # Before anything is started: a stop that comes now has something to stop.
            context.watched.kill = command.stop
            code = command.run(program, words, folder=folder, env=env, out=out.add, err=err.add)
    except NotStarted as error:
        raise CommandFailed(f"The command could not be started: {error}.") from None
    except GuardianLost:
        raise CommandFailed(
            "The process that watches over the command was killed, and the command with it.",
            hint="The machine may be short of memory.",
        ) from None
    stdout, stderr = out.end(), err.end()
    if code != 0:
        last = (stderr or stdout).strip().splitlines()
        raise CommandFailed(
            f"{_how(code)}{': ' + last[-1][:300] if last else ''}",
            exit_code=code,
            stdout=stdout[-4000:],
            stderr=stderr[-4000:],
        )
    return {"exit_code": 0, "stdout": stdout, "stderr": stderr, "truncated": out.cut or err.cut}


def _shell(step: ShellStep, given: Any, folder: Path) -> tuple[str, list[str]]:
    """The path of the program that reads `run`, and its words."""
    shell = step.shell or ("bash" if shutil.which("bash") else "sh")
    program = shutil.which(str(folder / shell) if "/" in shell else shell)
    if program is None:
        raise CommandFailed(f"The shell {shell!r} is not on this machine.")
    flags = ["-e", "-o", "pipefail", "-c"] if Path(shell).name == "bash" else ["-e", "-c"]
    return program, [shell, *flags, given["run"]]


def _folder(context: StepContext, given: Any) -> Path:
    folder = (context.workspace / str(given.get("cwd") or ".")).resolve()
    if not folder.is_dir():
        raise CommandFailed(f"The folder {given.get('cwd') or folder} does not exist.")
    return folder


def _env(context: StepContext, given: Any) -> dict[str, str]:
    own = {
        "MAVERICK_RUN_ID": context.run_id,
        "MAVERICK_EXECUTION_ID": context.execution_id,
        "MAVERICK_STEP": context.path,
        "MAVERICK_ATTEMPT": str(context.attempt),
    }
    asked = {key: "" if v is None else str(v) for key, v in (given.get("env") or {}).items()}
    return environment.for_commands() | own | asked


def _how(code: int) -> str:
    if code > 0:
        return f"exit code {code}"
    named = {int(one): one.name for one in signal.Signals}
    return f"ended by {named.get(-code, f'signal {-code}')}"
