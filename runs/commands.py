"""Commands: started, followed and ended through the guardian (`guardian.py` says why)."""

import atexit
import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from runs import conf, environment

GRACE_SECONDS = 1.0  # from SIGTERM to SIGKILL
# The guardian ends everything and says so; this is for one that is stopped or starved.
PATIENCE_SECONDS = 6.0
_READ = 64 * 1024
# What a pipe can hold at most: so much is read of one that is still open when all has ended.
_PIPE = 1024 * 1024

Sink = Callable[[bytes], None]


class NotStarted(Exception):
    """The command could not be started, or was stopped before."""


class GuardianLost(Exception):
    """The guardian was killed, so nobody knows how the command ended."""


class Command:
    """One command; a context manager. Nothing of the command is left when the block is."""

    def __init__(self) -> None:
        self._link, self._theirs = socket.socketpair()
        self._open = True
        self._lock = threading.Lock()

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._theirs.close()
        with contextlib.suppress(OSError):
            self._link.settimeout(PATIENCE_SECONDS)
            while self._link.recv(_READ):  # its end is the guardian's
                pass
        with self._lock:  # not while another thread is about to stop it: the number may be reused
            self._open = False
            self._link.close()

    def stop(self) -> None:
        """End the command and all that came of it, now or as soon as it begins.

        Returns at once; ``run`` returns when all is over. For any thread, at any time.
        """
        with self._lock, contextlib.suppress(OSError):
            if self._open:
                self._link.shutdown(socket.SHUT_WR)

    def run(
        self,
        program: str,
        words: Sequence[str],
        *,
        folder: Path,
        env: Mapping[str, str],
        out: Sink,
        err: Sink,
        given: int | None = None,
    ) -> int:
        """Run it, and hand over what it prints, until it and all that it started is over.

        ``program`` is a path, ``words`` are its name and arguments, ``given`` is a file descriptor
        for its standard input, which it has none of otherwise. What it started in a session
        of its own may live on if the command ends by itself.

        Returns the exit code; negative: the number of the signal that ended it. Raises NotStarted
        and GuardianLost.
        """
        request = _request(program, words, folder, env)
        with contextlib.ExitStack() as stack:
            pipes: dict[int, Sink] = {}
            theirs: list[int] = []
            for sink in (out, err):
                ours, other = os.pipe()
                stack.callback(os.close, ours)
                theirs.append(other)
                pipes[ours] = sink
            try:
                more = [] if given is None else [given]
                _guardian.give(self._theirs.fileno(), *theirs, *more)
            except OSError as error:
                raise NotStarted(str(error)) from None
            finally:
                self._theirs.close()
                for fd in theirs:
                    os.close(fd)
            with contextlib.suppress(OSError):  # stopped meanwhile; the answer will be empty
                self._link.sendall(request)
            return self._follow(pipes)

    def _follow(self, pipes: dict[int, Sink]) -> int:
        said = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._link, selectors.EVENT_READ)
            for fd in pipes:
                selector.register(fd, selectors.EVENT_READ)
            listening = True
            while listening:
                for key, _ in selector.select():
                    if key.fileobj is self._link:
                        part = self._link.recv(_READ)
                        said += part
                        listening = bool(part)
                    elif data := os.read(key.fd, _READ):
                        pipes[key.fd](data)
                    else:
                        selector.unregister(key.fd)
            # All is over, and what it printed is in the pipes. Their end may never come: what
            # lives on in a session of its own can hold them open.
            for fd, sink in pipes.items():
                _rest(fd, sink)
        return _exit_code(said)


def _request(program: str, words: Sequence[str], folder: Path, env: Mapping[str, str]) -> bytes:
    for name in env:
        if not name or "=" in name:
            raise NotStarted(f"{name!r} cannot be the name of an environment variable")
    variables = [f"{name}={value}" for name, value in env.items()]
    texts = [program, str(folder), str(len(words)), *words, *variables]
    if any("\0" in text for text in texts):
        raise NotStarted("it contains a NUL character")
    try:
        body = b"\0".join([*map(os.fsencode, texts), b"end"])
    except UnicodeEncodeError as error:
        raise NotStarted(f"it contains {error.object[error.start]!r}, which is no text") from None
    return len(body).to_bytes(8) + body


def _exit_code(said: bytes) -> int:
    answers = dict(line.split() for line in said.decode().splitlines())
    if "ended" in answers:
        return int(answers["ended"])
    if "failed" in answers:
        raise NotStarted(os.strerror(int(answers["failed"])))
    if "group" not in answers:
        raise NotStarted("it was stopped before it began")
    # The guardian took the command with it on Linux, but not the command's own children.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(int(answers["group"]), signal.SIGKILL)
    raise GuardianLost


def _rest(fd: int, sink: Sink) -> None:
    os.set_blocking(fd, False)
    with contextlib.suppress(BlockingIOError):
        for _ in range(_PIPE // _READ):
            if not (data := os.read(fd, _READ)):
                break
            sink(data)


class Guardian:
    """A process's guardian, started when the first command is."""

    def __init__(self, *more: str) -> None:
        self._more = more
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def give(self, *fds: int) -> None:
        """Have a command guarded that gets these file descriptors. Raises OSError."""
        with self._lock:
            if self._control is not None:
                try:
                    socket.send_fds(self._control, [b"c"], fds)
                    return
                except OSError:  # somebody killed it
                    self._end()
            self._control = self._start()
            socket.send_fds(self._control, [b"c"], fds)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        grace = min(GRACE_SECONDS, conf.lease_seconds() / 4)  # well before a takeover
        script = str(Path(__file__).with_name("guardian.py"))
        told = [str(theirs.fileno()), str(os.getpid()), str(grace), *self._more]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", script, *told],
                cwd="/",
                env=environment.for_commands(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # Whoever kills this process's group must not kill its guardian.
                start_new_session=True,
            )
        return ours

    def end(self) -> None:
        """At the end of the process."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_SECONDS)
        self._control = self._process = None

    def forget(self) -> None:
        """In a forked child: this guardian is the parent's, and the lock may be held for ever."""
        if self._control is not None:
            self._control.close()
        self._lock = threading.Lock()
        self._control = self._process = None


_guardian = Guardian()
atexit.register(_guardian.end)
os.register_at_fork(after_in_child=_guardian.forget)
