"""Git as the checkpoints use it: plumbing commands that leave index, branch and HEAD alone.

No hook runs, no setting of the user's signs, converts or watches anything, no prompt waits for
somebody, and a command that takes too long is ended with all its children.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NOBODY = {  # who commits snapshots: a commit must not fail because nobody has said his name
    "GIT_AUTHOR_NAME": "Maverick",
    "GIT_AUTHOR_EMAIL": "maverick@localhost",
    "GIT_COMMITTER_NAME": "Maverick",
    "GIT_COMMITTER_EMAIL": "maverick@localhost",
}
NO_REPOSITORY = "the folder is in no git repository"
_ALONE = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.safecrlf": "false",
    "core.splitIndex": "false",
    # As durable as the checkpoint's file: a reference to objects that a power cut has taken
    # would make the user's repository a damaged one.
    "core.fsync": "committed,loose-object",
    "core.fsyncMethod": "batch",
    "commit.gpgSign": "false",
    "submodule.recurse": "false",
    "advice.addEmbeddedRepo": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
# Variables that only say how git looks or works, not on which repository.
_KEPT = {"GIT_EXEC_PATH", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"}


class GitFailed(Exception):
    """Git refused, was not there or took too long; the message says which, in one line."""


@dataclass
class Repository:
    """The repository that a folder stands in, for a limited time."""

    top: Path  # the working tree's uppermost folder
    prefix: str  # of the folder in it: "" or "a/b/"
    deadline: float  # of time.monotonic()

    def git(
        self,
        *arguments: str,
        index: Path | None = None,
        given: bytes = b"",
        fine: Sequence[int] = (0,),
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run git in the uppermost folder, with an index of its own if one is named.

        Raises GitFailed when it ends with a code that is not ``fine``.
        """
        env = {"GIT_INDEX_FILE": str(index)} if index is not None else {}
        return _git(self.top, arguments, env, given, fine, self.deadline)

    def line(self, *arguments: str, fine: Sequence[int] = (0,)) -> str:
        """What a command says, without the line's end."""
        return os.fsdecode(self.git(*arguments, fine=fine).stdout).rstrip("\n")

    def scope(self) -> list[str]:
        """The folder as a pathspec, behind ``--``."""
        return [f":(top,literal){self.prefix}"] if self.prefix else [":(top)"]


def find_repository(folder: Path, seconds: float) -> Repository:
    """The repository whose working tree ``folder`` stands in. Raises GitFailed when there is none."""
    if not any((one / ".git").exists() for one in (folder, *folder.parents)):
        raise GitFailed(NO_REPOSITORY)
    deadline = time.monotonic() + seconds
    asked = ("rev-parse", "--is-inside-work-tree", "--show-toplevel", "--show-prefix")
    try:
        said = os.fsdecode(_git(folder, asked, {}, b"", (0,), deadline).stdout)
    except GitFailed as error:
        if "must be run in a work tree" in str(error):
            raise GitFailed("the folder is in a repository without a working tree") from None
        raise
    _inside, top, prefix = said.split("\n")[:3]
    return Repository(Path(top), prefix, deadline)


def _git(
    folder: Path,
    arguments: Sequence[str],
    env: Mapping[str, str],
    given: bytes,
    fine: Sequence[int],
    deadline: float,
) -> "subprocess.CompletedProcess[bytes]":
    words = ["git", *(word for key, value in _ALONE.items() for word in ("-c", f"{key}={value}"))]
    words += ["--no-pager", *arguments]
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env={**_environment(), **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise GitFailed("git is not installed, or the folder is gone") from None
    except OSError as error:
        raise GitFailed(f"git cannot be started: {error.strerror or error}") from None
    try:
        out, said = process.communicate(given, max(deadline - time.monotonic(), 0.0))
    except BaseException as error:
        # Also when the step is stopped from outside: a git that goes on would write for nobody.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise GitFailed(f"git {arguments[0]} took too long") from None
        raise
    if process.returncode not in fine:
        raise GitFailed(f"git {arguments[0]}: {_one_line(said) or f'exit {process.returncode}'}")
    return subprocess.CompletedProcess(words, process.returncode, out, said)


def _environment() -> dict[str, str]:
    # What a hook's environment says of a repository is not true of the workspace's.
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in _KEPT}
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
    return {**kept, **quiet, **NOBODY, "LC_ALL": "C"}


def _one_line(said: bytes) -> str:
    lines = [line.strip() for line in os.fsdecode(said).splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines[:1]
    return "; ".join(line.removeprefix("fatal: ").removeprefix("error: ") for line in told)[:300]
