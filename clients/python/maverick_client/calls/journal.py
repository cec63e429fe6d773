"""A run's journal as it is written, and waiting for the end."""

import time
from collections.abc import Iterator
from typing import cast

import httpx

from maverick_client.calls.runs import RunCalls
from maverick_client.errors import ApiError, WaitTimeout
from maverick_client.events import frames
from maverick_client.models import RUN_OVER, Event, EventPage, OneRun
from maverick_client.sending import BUSY, part, pause, refusal

# The stream says something at least every 15 seconds; three silences and the line is dead.
_STREAM_SILENCE = 45.0


class JournalCalls(RunCalls):
    """Methods of Client."""

    def events(self, run_id: str, after: int = 0) -> Iterator[Event]:
        """The entries of a run's journal with a number above `after`, as they come, until the
        run is over. A broken stream is taken up again behind the last entry that was seen."""
        failures, streams = 0, True
        while True:
            before = after
            try:
                for event in self._stream(run_id, after) if streams else self._poll(run_id, after):
                    if event is None:
                        return
                    if event["seq"] > after:
                        after = event["seq"]
                        yield event
            except httpx.TransportError as error:
                failures = 1 if after > before else failures + 1
                if failures > self.retries:
                    raise self._unreachable(error) from error
            except ApiError as error:
                if error.status not in (501, *BUSY):
                    raise
                # No streams here, or too many already: the journal comes page by page instead.
                streams = False
            self._sleep(pause(failures))

    def _stream(self, run_id: str, after: int) -> Iterator[Event | None]:
        """The entries that one connection brings; None when the run is over."""
        path = f"runs/{part(run_id)}/events"
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        timeout = httpx.Timeout(10.0, read=_STREAM_SILENCE)
        with self._http.stream(
            "GET", path, params={"after": after}, headers=headers, timeout=timeout
        ) as answer:
            if answer.status_code != 200:
                answer.read()
                raise refusal(answer)
            for frame in frames(answer.iter_lines()):
                if frame.event == "end":
                    yield None
                    return
                entry = frame.json()
                if isinstance(entry, dict) and "kind" in entry and "seq" in entry:
                    yield cast(Event, entry)

    def _poll(self, run_id: str, after: int) -> Iterator[Event | None]:
        page = self.event_page(run_id, after)
        yield from page["items"]
        if page["over"]:
            yield None

    def event_page(self, run_id: str, after: int = 0, limit: int = 500) -> EventPage:
        """The journal behind a number, as it is now."""
        path = f"runs/{part(run_id)}/events"
        params = {"after": after, "limit": limit}
        return cast(EventPage, self._json("GET", path, params=params))

    def wait(self, run_id: str, timeout: float | None = None, *, every: float = 0.3) -> OneRun:
        """The run once it is over. Raises WaitTimeout."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            run = self.get_run(run_id)
            if run["status"] in RUN_OVER:
                return run
            if end is not None and time.monotonic() >= end:
                raise WaitTimeout(f"Run {run_id} is {run['status']} after {timeout:g} s.")
            self._sleep(every)
