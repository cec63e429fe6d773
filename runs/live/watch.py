"""One watcher a process asks the database what changed and tells every open stream.

Neither a connection nor a query for each stream: the watcher reads the heads of all watched runs
in one query, five times a second and only while somebody listens, and what it finds is handed to
the streams in memory. Why not LISTEN and NOTIFY: `docs/decisions/003`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar
from weakref import WeakKeyDictionary

from django.db import connection

from runs.errors import MaverickError, UnknownRun
from runs.projections.event_feed import (
    EventPage,
    Head,
    newest_run_ids,
    open_counts,
    read_events,
    read_heads,
)

logger = logging.getLogger(__name__)
T = TypeVar("T")
Told = tuple[int, str] | int | None  # journal number and status, the number alone, nothing

# A finished step is to be on an open page within 500 ms: half of that for noticing at worst.
EVERY = 0.2
# While the database does not answer, asking five times a second would only fill the log.
EVERY_WHEN_BROKEN = 2.0
# A stream costs a socket and a few kilobytes; the limit keeps one reader from taking them all.
LIMIT = 200
BATCH = 500  # journal entries read at once

# Two threads, so that a long read of one journal does not hold up the polling. Their database
# connections are given back after each use, so streams hold two at the most, and none when idle.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="live")


class TooManyStreams(MaverickError):
    """This process has as many open streams as it allows."""

    code = "too-many-streams"
    status = 503

    def __init__(self) -> None:
        super().__init__(
            hint="Try again in a few seconds, or ask for the events as JSON.", retry_after=5
        )


class Subscription:
    """What one stream has not heard yet. What piles up for a slow reader is a set of ids."""

    def __init__(self, seen: dict[str, int | None], newest: str | None) -> None:
        self.ids = frozenset(seen)
        self.changed: set[str] = set()
        self.new = False
        self.moved = False  # some run began, parked or ended, and perhaps none of these
        self._seen: dict[str, Told] = dict(seen)
        self._newest = newest  # None: this stream does not ask for new runs
        self._known: frozenset[str] | None = None
        self._counts: dict[str, int] = {}
        self._event = asyncio.Event()

    def told(self, run_id: str) -> Told:
        """The last head of the run that this stream was told."""
        return self._seen.get(run_id)

    @property
    def wants_new(self) -> bool:
        return self._newest is not None

    def offer(self, heads: dict[str, Head], newest: list[str], counts: dict[str, int]) -> None:
        """Take note of what differs from what this stream knows."""
        for run_id in self.ids:
            head = heads.get(run_id)
            now = None if head is None else (head.seq, head.status)
            before = self._seen[run_id]
            if now == before or (now is not None and now[0] == before):
                continue
            self._seen[run_id] = now
            self.changed.add(run_id)
        if self.wants_new:
            if self._known is None:
                # The page's first run is another one: newer ones came while it was on its way, or
                # it shows a part of the list only. What is new in that, the page asks for itself.
                self.new = bool(self._newest and newest) and newest[0] != self._newest
            else:
                # Not "larger than the largest": two processes may make ids within a millisecond.
                self.new = self.new or bool(set(newest) - self._known)
                self.moved = self.moved or counts != self._counts
            self._known, self._counts = frozenset(newest), counts
        if self.changed or self.new or self.moved:
            self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Whether anything changed, waiting up to ``seconds`` for it."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        return True

    def take(self) -> tuple[set[str], bool, bool]:
        """The runs that changed since the last call, whether there are new ones, and whether some
        run's status is another."""
        found = (self.changed, self.new, self.moved)
        self.changed, self.new, self.moved = set(), False, False
        self._event.clear()
        return found


class Watcher:
    """Polls for all subscriptions of one event loop."""

    def __init__(self, every: float = EVERY) -> None:
        self.every = every
        self._open: set[Subscription] = set()
        self._task: asyncio.Task[None] | None = None
        self._reading: dict[tuple[str, int, Told], asyncio.Future[EventPage | None]] = {}

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def watch(
        self, seen: dict[str, int | None], *, newest: str | None = None
    ) -> Iterator[Subscription]:
        """Be told when the runs in ``seen`` go beyond the journal numbers there.

        None as number: told once at the beginning, whatever it is. With ``newest`` (the id of the
        reader's newest run, "0" when there was none, "" for from now on) new runs are told too.
        """
        subscription = Subscription(seen, newest)
        self._open.add(subscription)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._poll())
        try:
            yield subscription
        finally:
            self._open.discard(subscription)

    async def read(self, run_id: str, after: int, told: Told = None) -> EventPage | None:
        """The run's journal behind ``after``; None when the run is gone.

        Streams that are equally far share one read. ``told`` is the head that the stream has
        heard of: one that knows more must not be given a read that began before that.
        """
        key = (run_id, after, told)
        reading = self._reading.get(key)
        if reading is None:
            reading = asyncio.ensure_future(in_thread(lambda: _read(run_id, after)))
            self._reading[key] = reading
            reading.add_done_callback(lambda _: self._reading.pop(key, None))
        # Shielded: a reader that leaves must not cancel the read of the others.
        return await asyncio.shield(reading)

    async def _poll(self) -> None:
        while self._open:
            ids = {run_id for one in self._open for run_id in one.ids}
            with_new = any(one.wants_new for one in self._open)
            pause = self.every
            # Only those that were there when the question was asked get the answer: for a later
            # one its runs would look deleted.
            asked = tuple(self._open)
            try:
                heads, newest, counts = await in_thread(lambda: _ask(ids, with_new))  # noqa: B023
            except Exception:
                # Whatever it is: a poll that ends would leave every open page without news for
                # as long as this process lives.
                logger.exception("Live updates: the database did not answer")
                pause = EVERY_WHEN_BROKEN
            else:
                for one in asked:
                    one.offer(heads, newest, counts)
            await asyncio.sleep(pause)


def _ask(ids: Iterable[str], with_new: bool) -> tuple[dict[str, Head], list[str], dict[str, int]]:
    heads = read_heads(ids) if ids else {}
    return (heads, newest_run_ids(), open_counts()) if with_new else (heads, [], {})


def _read(run_id: str, after: int) -> EventPage | None:
    try:
        return read_events(run_id, after, BATCH)
    except UnknownRun:
        return None


async def in_thread(job: Callable[[], T]) -> T:
    """Run ``job`` in a thread of its own database connection, and give that back."""

    def run() -> T:
        try:
            return job()
        finally:
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(_threads, run)


_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, Watcher] = WeakKeyDictionary()


def watcher() -> Watcher:
    """The watcher of this event loop."""
    loop = asyncio.get_running_loop()
    found = _watchers.get(loop)
    if found is None:
        found = _watchers[loop] = Watcher()
    return found


def refuse_too_many() -> None:
    """Raise TooManyStreams when this process has no stream left. For use in any thread."""
    if sum(len(one) for one in list(_watchers.values())) >= LIMIT:
        raise TooManyStreams
