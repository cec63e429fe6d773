"""The guardian: the small process between a worker and its steps' commands.

A worker that is killed with -9 can end nothing any more, and the step runs again elsewhere: its
first command must not go on beside the second one. So commands are not started by the worker but
by this script, which outlives it by the moment that it takes to end them.

    worker ── control ──▶ guardian of the process ── fork ──▶ guardian of one command ── command

The first is started once a process, because a Python needs 20 ms to start and a fork of this one
takes one. It forks a guardian for each command; that one has a socket to the worker, whose end
says "stop": the worker has closed it, or is gone. Then everything that came of the command is
ended, SIGTERM first, SIGKILL to what is still there after the grace.

On Linux the guardian adopts what its command orphans (PR_SET_CHILD_SUBREAPER) and finds all of it
in /proc; it also watches the worker itself (pidfd), should a forked child of the worker hold the
socket open. Elsewhere it knows the command's process group only.

    python -I -S guardian.py CONTROL-FD WORKER-PID GRACE-SECONDS [portable]

Nothing imports this file; it must load fast and needs nothing but Python.
"""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable

# How long a process may take to vanish after SIGKILL (one that waits for a dead disk never does).
KILL_SECONDS = 2.0
TICK_MS = 20
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_TO_DEFAULT = (*_IGNORED, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Fork a guardian for each command that the worker sends, until the worker is gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    worker, grace, portable = int(sys.argv[2]), float(sys.argv[3]), len(sys.argv) > 4
    # A signal to all processes of a service or a terminal is for the worker to react to.
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for the guardians
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    prctl = None if portable else _linux_prctl()
    alive = _watch(worker) if prctl else None
    if os.getppid() != worker:
        return  # it was gone before it could be watched
    poll = _poll(control.fileno(), alive)
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if alive in ready:
            return
        said, fds, _, _ = socket.recv_fds(control, 1, 4)
        if not said:
            return
        for fd in fds:
            os.set_inheritable(fd, False)
        if os.fork() == 0:
            control.close()
            with contextlib.suppress(OSError):  # the worker does not listen any more
                Guardian(*fds, alive=alive, grace=grace, prctl=prctl).guard()
            os._exit(0)
        for fd in fds:
            os.close(fd)


class Guardian:
    """The guardian of one command."""

    def __init__(
        self,
        link: int,
        out: int,
        err: int,
        given: int | None = None,  # its standard input; without one it has none
        *,
        alive: int | None,
        grace: float,
        prctl: Callable[[int, int], object] | None,
    ) -> None:
        self._link, self._out, self._err = socket.socket(fileno=link), out, err
        self._given = given
        self._alive, self._grace, self._prctl = alive, grace, prctl
        self._command, self._code = 0, 0
        self._ended = False

    def guard(self) -> None:
        """Start the command, wait for its end or the word to stop, leave nothing behind.

        Says ``group PID`` (the command does, before it is one) and ``ended CODE``, or
        ``failed ERRNO``. All is over when the socket is closed.
        """
        request = self._request()
        if request is None:
            return  # stopped before it began
        if self._prctl and self._prctl(_PR_SET_CHILD_SUBREAPER, 1) != 0:
            self._prctl = None  # a sandbox that forbids it: what is orphaned cannot be found
        woken, wake = os.pipe()
        for end in (woken, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        failed = self._start(*request)
        for fd in (self._out, self._err, self._given):
            if fd is not None:
                os.close(fd)
        if failed:
            self._link.sendall(f"failed {failed}\n".encode())
            return
        stopped = self._wait(woken)
        for number, seconds in ((signal.SIGTERM, self._grace), (signal.SIGKILL, KILL_SECONDS)):
            self._end(number, seconds, woken, everything=stopped)
        self._link.sendall(f"ended {self._code}\n".encode())

    def _request(self) -> tuple[str, list[bytes], dict[bytes, bytes], bytes] | None:
        """The program's path, its words, environment and folder; None when the worker stopped."""
        head = self._read(8)
        parts = self._read(int.from_bytes(head)).split(b"\0")
        if not head or parts[-1:] != [b"end"]:
            return None
        path, folder, count = parts[0], parts[1], int(parts[2])
        words, variables = parts[3 : 3 + count], parts[3 + count : -1]
        env = dict(one.split(b"=", 1) for one in variables)
        return os.fsdecode(path), words, env, folder

    def _read(self, size: int) -> bytes:
        parts = b""
        while len(parts) < size:
            part = self._link.recv(size - len(parts))
            if not part:
                return b""
            parts += part
        return parts

    def _start(self, path: str, words: list[bytes], env: dict[bytes, bytes], folder: bytes) -> int:
        """Start the command in a session of its own. Returns an errno, or 0."""
        began, failed = os.pipe()  # closed by a successful exec
        guardian = os.getpid()
        self._command = os.fork()
        if self._command == 0:
            try:
                os.setsid()
                # Before anything of it runs: if the guardian is killed after this, the worker
                # knows what is left.
                with contextlib.suppress(OSError):
                    self._link.sendall(f"group {os.getpid()}\n".encode())
                if self._prctl:  # should the guardian be killed itself
                    self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                    if os.getppid() != guardian:
                        os._exit(1)
                for number in _TO_DEFAULT:
                    signal.signal(number, signal.SIG_DFL)
                if self._given is not None:
                    os.dup2(self._given, 0)
                os.dup2(self._out, 1)
                os.dup2(self._err, 2)
                os.chdir(folder)
                os.execve(path, words, env)  # noqa: S606 it is a shell that the step asks for
            except OSError as error:
                os.write(failed, str(error.errno).encode())
            finally:
                os._exit(127)
        os.close(failed)
        answer = os.read(began, 16)
        os.close(began)
        return int(answer or 0)

    def _wait(self, woken: int) -> bool:
        """Until the command has ended (False) or is to be stopped (True)."""
        poll = _poll(woken, self._link.fileno(), self._alive)
        while True:
            self._reap()
            if self._ended:
                return False
            ready = {fd for fd, _ in poll.poll()}
            if ready - {woken}:
                return True
            _drain(woken)

    def _end(self, number: int, seconds: float, woken: int, *, everything: bool) -> None:
        """Send a signal to all that is left, and wait until nothing is."""
        poll = _poll(woken)
        told: set[int] = set()
        deadline = time.monotonic() + seconds
        while left := self._left(everything):
            for target in left:
                if target not in told or number == signal.SIGKILL:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(target, number)
            told |= left
            if time.monotonic() > deadline:
                return
            poll.poll(TICK_MS)
            _drain(woken)

    def _left(self, everything: bool) -> set[int]:
        """What is alive of the command, as targets of kill(2): its process group is one.

        Not ``everything``: what went into a session of its own meant to stay, as daemons do.
        """
        any_child = self._reap()
        if not self._prctl:
            try:
                os.killpg(self._command, 0)
            except OSError:
                return set()
            return {-self._command}
        return self._family(everything) if any_child else set()

    def _family(self, everything: bool) -> set[int]:
        children: dict[int, list[tuple[int, int, int]]] = {}
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:
                    fields = stat.read().rpartition(b")")[2].split()
            except OSError:
                continue  # gone meanwhile
            parent, group, session = map(int, fields[1:4])
            if fields[0] not in (b"Z", b"X"):
                children.setdefault(parent, []).append((int(name), group, session))
        found, look = set(), [os.getpid()]
        while look:
            for pid, group, session in children.get(look.pop(), ()):
                look.append(pid)
                if group == self._command:
                    found.add(-group)
                elif everything or session == self._command:
                    found.add(pid)
        return found

    def _reap(self) -> bool:
        """Take in children that have ended, orphans among them; whether any is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._command:
                self._code, self._ended = os.waitstatus_to_exitcode(status), True


def _watch(worker: int) -> int | None:
    """Something to poll that is ready when the worker has ended; None where there is no such."""
    try:
        return os.pidfd_open(worker)
    except (AttributeError, OSError):
        return None


def _linux_prctl() -> Callable[[int, int], object] | None:
    if sys.platform != "linux" or not os.path.exists("/proc/self/stat"):
        return None
    try:
        import ctypes

        prctl = ctypes.CDLL(None).prctl
        prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    except (ImportError, OSError, AttributeError):
        return None
    return lambda option, value: prctl(option, value, 0, 0, 0)


def _poll(*fds: int | None) -> select.poll:
    poll = select.poll()
    for fd in fds:
        if fd is not None:
            poll.register(fd, select.POLLIN)
    return poll


def _drain(fd: int) -> None:
    with contextlib.suppress(BlockingIOError):
        os.read(fd, 4096)


if __name__ == "__main__":
    main()
