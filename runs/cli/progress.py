"""Progress while a run goes: entries of its journal → lines, and on a terminal a live foot.

`Journal` is pure: it turns entries into lines and keeps what still runs. The two displays below
print them.
"""

import re
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, Protocol

from runs.cli.printing import STYLES, clean, console, is_terminal, mark, one_line
from runs.projections.words import count

if TYPE_CHECKING:
    from rich.console import RenderableType

Entry = Mapping[str, Any]
MOST_RUNNING = 8  # lines of the foot; a fan-out of 500 would fill the screen


@dataclass(frozen=True, slots=True)
class Line:
    """What one entry says to people."""

    status: str
    text: str
    detail: str = ""


@dataclass
class Journal:
    """What the entries told so far.

    ``run_id`` is for what is to be typed about the run; ``after_failure`` answers what the
    workflow says to the failure of a step, "" when the run fails with it.
    """

    run_id: str = ""
    after_failure: Callable[[str], str] = lambda path: ""
    running: dict[str, float] = field(default_factory=dict)  # path → seconds, by our clock
    done: int = 0
    failed: int = 0
    reused: int = 0
    after: int = 0
    source: str = ""
    _started: dict[str, datetime] = field(default_factory=dict)

    def take(self, entry: Entry) -> Line | None:
        """Note an entry; the line that it is worth, if any."""
        self.after = max(self.after, int(entry.get("seq") or 0))
        kind, path = str(entry["kind"]), str(entry.get("path") or "")
        data = entry.get("data") or {}
        scope, _, what = kind.partition(".")
        if kind == "run.created":
            self.source = str(data.get("source_run_id") or "")
            return None
        if kind == "steps.reused":
            self.reused = int(data.get("count") or 0)
            where = f" from {self.source}" if self.source else ""
            return Line("reused", f"{count(self.reused, 'step')} reused{where}")
        if scope != "step" or not path:
            return None
        if what == "started":
            self._started[path] = _time(entry)
            self.running[path] = time.monotonic()
            return None
        took = self._took(path, entry)
        if what == "queued":
            return None
        self.running.pop(path, None)
        if what == "waiting":
            return Line("waiting", path, self._waits(path, str(data.get("reason") or "")))
        if what in ("approved", "rejected"):
            return Line("approved", path, f"{what} by {data.get('by', '')}")
        if what == "succeeded":
            self.done += 1
            return Line("succeeded", path, took)
        if what == "reused":
            self.reused += 1
            return Line("reused", path, "reused")
        if what == "skipped":
            return Line("skipped", path, _with("skipped", data.get("reason")))
        if what in ("failed", "timeout", "cancelled"):
            self.failed += 1
            word = {"timeout": "timed out"}.get(what, what)
            goes_on = self.after_failure(path) if what != "cancelled" else ""
            if goes_on:
                said = _with(word, _error(data)).removesuffix(".")
                return Line("interrupted", path, f"{said}; {goes_on}")
            return Line(what, path, _with(word, _error(data)))
        if what == "retrying":
            return Line("retry", path, _retry(data))
        if what == "interrupted":
            return Line("interrupted", path, _with("interrupted", data.get("reason")))
        return None

    def _waits(self, path: str, reason: str) -> str:
        word, _, detail = reason.partition(": ")
        if word == "timer":
            return f"waits {detail}"
        if word != "approval":
            return _with("waits", reason)
        typed = f"  [maverick approve {self.run_id} {shlex.quote(path)}]" if self.run_id else ""
        return f"waits for a decision: {one_line(detail)}{typed}"

    def _took(self, path: str, entry: Entry) -> str:
        started = self._started.get(path)
        if started is None:
            return ""
        return seconds(max(0.0, (_time(entry) - started).total_seconds()))


def _time(entry: Entry) -> datetime:
    at = entry["at"]
    return at if isinstance(at, datetime) else datetime.fromisoformat(str(at))


def _with(word: str, more: object) -> str:
    return f"{word}: {one_line(str(more))}" if more else word


def _error(data: Mapping[str, Any]) -> str:
    error = data.get("error")
    if isinstance(error, Mapping):
        return str(error.get("message") or error.get("code") or "")
    return str(data.get("reason") or "")


_RETRY = re.compile(r"retry: attempt (\d+) follows; (?:[a-z0-9-]+: )?(.*)", re.DOTALL)


def _retry(data: Mapping[str, Any]) -> str:
    """``retry 2 in 0.5 s: exit code 3``."""
    reason, wait = str(data.get("reason") or ""), data.get("wait_s")
    found = _RETRY.fullmatch(reason)
    word, why = (f"retry {found[1]}", found[2]) if found else ("retry", reason)
    return _with(f"{word} in {seconds(float(wait))}" if wait else word, why)


def seconds(value: float) -> str:
    """``0.2 s``, ``47 s``, ``4 min 58 s``, ``1 h 52 min``."""
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"


class Progress(Protocol):
    """Shows the entries of a journal as they come."""

    journal: Journal

    def feed(self, entries: Iterable[Entry]) -> None:
        """Show new entries."""

    def close(self) -> None:
        """Nothing more comes."""


class PlainProgress:
    """A line for each entry that is worth one."""

    def __init__(self, stream: IO[str], journal: Journal) -> None:
        self.journal = journal
        self._stream: IO[str] | None = stream

    def feed(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            line = self.journal.take(entry)
            if line is not None and self._stream is not None:
                detail = f"  {line.detail}" if line.detail else ""
                sign = mark(line.status, self._stream)
                try:
                    print(clean(f"{sign} {line.text}{detail}"), file=self._stream, flush=True)
                except OSError:
                    # Whoever read this has gone. The run does not end for that.
                    self._stream = None

    def close(self) -> None:
        pass


class LiveProgress:
    """The same lines, coloured, and below them what runs at the moment."""

    def __init__(self, journal: Journal, *, stderr: bool = False) -> None:
        from rich.live import Live

        self.journal = journal
        self._began = time.monotonic()
        self._lock = threading.Lock()  # the foot is drawn by a thread of its own
        self._console = console(stderr=stderr)
        self._live = Live(
            console=self._console,
            get_renderable=self._foot,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=True,  # a warning must not tear the foot apart
        )
        self._live.start()

    def feed(self, entries: Iterable[Entry]) -> None:
        from rich.text import Text

        for entry in entries:
            with self._lock:
                line = self.journal.take(entry)
            if line is None:
                continue
            style = STYLES.get(line.status, "yellow")
            text = Text.assemble(
                (f"{mark(line.status, self._console.file)} ", style),
                clean(line.text),
                ("  " + line.detail if line.detail else "", "dim" if style == "green" else style),
            )
            self._console.print(text, soft_wrap=True)

    def close(self) -> None:
        self._live.stop()

    def _foot(self) -> "RenderableType":
        from rich.text import Text

        now = time.monotonic()
        with self._lock:
            running = list(self.journal.running.items())
            done = self.journal.done + self.journal.reused + self.journal.failed
        foot = Text(no_wrap=True, overflow="ellipsis")
        for path, began in running[:MOST_RUNNING]:
            foot.append(f"{mark('running')} ", style="cyan")
            foot.append(f"{clean(path)}  ")
            foot.append(f"{seconds(now - began)}\n", style="dim")
        if len(running) > MOST_RUNNING:
            foot.append(f"  and {len(running) - MOST_RUNNING} more\n", style="dim")
        foot.append(f"{done} done · {seconds(now - self._began)}", style="dim")
        return foot


def progress(run_id: str, after_failure: Callable[[str], str], *, to_stderr: bool) -> Progress:
    """The display that fits: live where a person looks on, else lines."""
    stream = sys.stderr if to_stderr else sys.stdout
    journal = Journal(run_id, after_failure)
    if is_terminal(stream) and not _dumb():
        return LiveProgress(journal, stderr=to_stderr)
    return PlainProgress(stream, journal)


def _dumb() -> bool:
    import os

    return os.environ.get("TERM", "") in ("dumb", "unknown")
