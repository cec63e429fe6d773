"""Children started, watched, started again when they die, and all stopped at the end."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

FIRST_DELAY, LONGEST_DELAY = 0.2, 10.0  # seconds before a dead child is started again
LIVED_WELL = 10.0  # a child that lived as long has not failed at its start
GRACE = 4.0  # seconds between TERM and KILL
LOG_LIMIT = 10_000_000


@dataclass
class Child:
    """One process that is to be there."""

    name: str
    command: Sequence[str]
    env: dict[str, str]
    log: Path
    fds: tuple[int, ...] = ()
    once: bool = False  # not started again
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    delay: float = FIRST_DELAY
    due: float = 0.0

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.process = subprocess.Popen(
                self.command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                pass_fds=self.fds,
                start_new_session=True,  # Ctrl-C is the parent's; and its group can be killed
            )
        finally:
            os.close(handle)
        self.started = time.monotonic()

    def signal(self, number: int) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        except ProcessLookupError:
            pass


def _say_nothing(line: str) -> None:
    return None


@dataclass
class Supervisor:
    """Watches from the main thread. Nothing here sleeps through a signal."""

    say: Callable[[str], None] = _say_nothing
    children: list[Child] = field(default_factory=list)
    _stop: bool = False
    _wake: tuple[int, int] = (-1, -1)

    def listen(self) -> None:
        """From here on SIGINT, SIGTERM and SIGHUP ask for the end."""
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def stopping(self) -> bool:
        return self._stop

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._stop = True

    def wait(self, seconds: float) -> None:
        """Until a signal comes (a child's end is one), or the time is over."""
        select.select([self._wake[0]], [], [], max(0.0, seconds))
        try:
            os.read(self._wake[0], 4096)
        except BlockingIOError:
            pass

    def add(self, child: Child) -> None:
        self.children.append(child)
        child.start()

    def look_after(self) -> float:
        """Start again what has died; say in how many seconds to look again."""
        now, next_look = time.monotonic(), 5.0
        for child in list(self.children):
            if child.process is None:
                if now >= child.due:
                    child.start()
                else:
                    next_look = min(next_look, child.due - now)
                continue
            code = child.process.poll()
            if code is None:
                continue
            if child.once:
                if code:
                    self.say(f"{child.name} ended {_how(code)}; see {child.log}")
                self.children.remove(child)
                continue
            # What the dead process had started goes with it: a step's command must not go on
            # beside the worker that takes the step over.
            _kill_group(child.process.pid)
            lived = now - child.started
            child.delay = FIRST_DELAY if lived > LIVED_WELL else min(child.delay * 2, LONGEST_DELAY)
            child.process, child.due = None, now + child.delay
            next_look = min(next_look, child.delay)
            self.say(f"{child.name} ended {_how(code)} and is started again; see {child.log}")
        return next_look

    def stop_all(self) -> None:
        """TERM, some seconds, KILL."""
        self._stop = True
        for child in self.children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while self._living() and time.monotonic() < deadline:
            self.wait(min(0.2, deadline - time.monotonic()))
        for child in self.children:
            child.signal(signal.SIGKILL)
        for child in self.children:
            if child.process is not None:
                child.process.wait()
                _kill_group(child.process.pid)

    def _living(self) -> bool:
        return any(c.process is not None and c.process.poll() is None for c in self.children)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _how(code: int) -> str:
    if code < 0:
        try:
            return f"by {signal.Signals(-code).name}"
        except ValueError:
            return f"by signal {-code}"
    return f"with code {code}"
