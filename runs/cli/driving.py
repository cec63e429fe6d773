"""From a started run to its end: here in this process, or by watching others drive it."""

import contextlib
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

from runs.cli.backend import Backend, Json
from runs.cli.printing import STYLES, mark, one_line, output_lines, print_json, say
from runs.cli.progress import progress, seconds
from runs.cli.refusals import FAILED, INTERRUPTED, OK
from runs.steppath import name_of, pattern

if TYPE_CHECKING:
    from runs.cli.here import Here

POLL = 0.1


def drive_here(side: "Here", run_id: str, *, as_json: bool, threads: int, typed: str = "") -> int:
    """Do the run's steps in this process, show them, and say how it ended.

    ``typed`` is what the person called the workflow: the hint to resume says the same.
    """
    from runs.engine.here import run_here

    shown = progress(run_id, after_failure(side, run_id), to_stderr=as_json)
    looked = 0.0

    def look() -> None:
        nonlocal looked
        if asked_to_stop.is_set():
            raise KeyboardInterrupt
        now = time.monotonic()
        if now - looked >= POLL:
            looked = now
            show()

    def show() -> None:
        over = False
        while not over:
            events, over = side.new_events(run_id, shown.journal.after)
            shown.feed(events)
            over = over or not events

    interrupted = False
    asked_to_stop = threading.Event()
    try:
        with signals_set(asked_to_stop):
            run_here(run_id, threads=threads, on_tick=look)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        try:
            show()
        finally:
            shown.close()
    return end(side, run_id, as_json=as_json, interrupted=interrupted, typed=typed)


@contextlib.contextmanager
def signals_set(event: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM set the event; a second one stops at once.

    Python raises KeyboardInterrupt between any two instructions. In the middle of a query that
    leaves a connection on which the interruption could not be recorded any more.
    """

    def ask(number: int, frame: FrameType | None) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    before = {}
    with contextlib.suppress(ValueError):  # not in the main thread: no signals come here
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def watch(
    side: Backend,
    run_id: str,
    *,
    as_json: bool,
    told: Callable[[Backend, Json, bool], Json] | None = None,
) -> int:
    """Follow a run that others drive, and say how it ended; ``told`` may say more of its end."""
    shown = progress(run_id, after_failure(side, run_id), to_stderr=as_json)
    try:
        for event in side.follow(run_id):
            shown.feed([event])
    except KeyboardInterrupt:
        shown.close()
        say(
            f"maverick: No longer watching. The run goes on; `maverick runs cancel {run_id}` "
            "stops it.",
            err=True,
        )
        if as_json:
            print_json(side.get_run(run_id), last_line=True)
        return INTERRUPTED
    finally:
        shown.close()
    return end(side, run_id, as_json=as_json, told=told)


def after_failure(side: Backend, run_id: str) -> Callable[[str], str]:
    """What the workflow says to the failure of a step, for its path; the graph is asked once."""
    known: dict[str, str] | None = None

    def said(path: str) -> str:
        nonlocal known
        if known is None:
            known = _said_to_failures(side.graph(run_id))
        return known.get(pattern(path), "")

    return said


def _said_to_failures(graph: Json) -> dict[str, str]:
    """By pattern: in another turn of a loop the workflow says the same."""
    words = {"continue": "the run goes on"}
    found = {pattern(n["path"]): words.get(n["on_error"], "") for n in graph["nodes"]}
    for edge in graph["edges"]:
        if edge["kind"] == "on_error":
            found[pattern(edge["source"])] = f"{name_of(edge['target'])} handles it"
    return found


def end(
    side: Backend,
    run_id: str,
    *,
    as_json: bool,
    interrupted: bool = False,
    typed: str = "",
    told: Callable[[Backend, Json, bool], Json] | None = None,
) -> int:
    """The last words, and the exit code. With --json the run is the last line of stdout."""
    run = side.get_run(run_id)
    summary(side, run, err=as_json or told is not None, interrupted=interrupted, typed=typed)
    if told is not None:
        run = told(side, run, as_json)
    if as_json:
        print_json(run, last_line=True)
    if interrupted:
        return INTERRUPTED
    return OK if run["status"] == "succeeded" else FAILED


def summary(
    side: Backend, run: Json, *, err: bool, interrupted: bool = False, typed: str = ""
) -> None:
    """How a run ended, what it gave, and what can be done about it."""
    stream = sys.stderr if err else sys.stdout
    counts, status = run["counts"], run["status"]
    took = f" in {seconds(run['duration_ms'] / 1000)}" if run["duration_ms"] is not None else ""
    # In a run that succeeded every failure was handled, or was one that might be.
    words = {"failed": "failed and handled"} if status == "succeeded" else {}
    parts = [
        f"{counts[word]} {words.get(word, word)}"
        for word in ("succeeded", "failed", "skipped")
        if counts[word]
    ]
    if counts["reused"]:
        parts.insert(1 if counts["succeeded"] else 0, f"{counts['reused']} of them reused")
    left = counts["pending"] + counts["running"]
    if left:
        parts.append(f"{left} not done")
    word = "interrupted" if interrupted else status
    line = f"{mark(status, stream)} {run['workflow']} {word}{took}"
    say(line + (f": {', '.join(parts)}" if parts else ""), style=STYLES.get(status, ""), err=err)
    if run["status_reason"] and status != "succeeded":
        say(f"  reason  {one_line(run['status_reason'], 500)}", err=err)
    say(f"  run     {run['id']}", err=err)
    for output in output_lines(run):
        say(output, err=err)
    if status in ("failed", "cancelled", "timeout"):
        # A dot: the call of an agent's reasoner, which has no file to go on with.
        if not side.remote and "." not in run["workflow"]:
            say(f"  resume  maverick run {shlex.quote(typed or run['workflow'])} --resume", err=err)
        say(f"  restart maverick restart {run['id']}", err=err)
    url = side.page_url(run["id"])
    if url:
        say(f"  page    {url}", err=err)


def detached(side: Backend, run: Json, *, as_json: bool) -> int:
    """Started, and left to workers."""
    if not side.remote:
        from runs.projections.cli_tables import somebody_works

        if not somebody_works():
            say(
                "maverick: No worker is running; the run waits until `maverick up` starts some.",
                err=True,
            )
    if as_json:
        print_json(run, last_line=True)
    else:
        say(f"{run['id']} {run['status']}")
        say(f"  watch   maverick runs watch {run['id']}")
        url = side.page_url(run["id"])
        if url:
            say(f"  page    {url}")
    return OK
