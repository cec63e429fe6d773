"""The streams: catch up from where the reader was, then follow until the run is over."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import Error as DatabaseError
from django.db import connections
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.views.decorators.http import require_GET

from runs.errors import MaverickError, Refused
from runs.ids import RUN_ID
from runs.live import frames
from runs.live.watch import Told, Watcher, refuse_too_many, watcher
from runs.projections.api_runs import require_run
from runs.projections.event_feed import EventPage

HEARTBEAT_EVERY = 15.0  # proxies commonly close what was silent for 30 or 60 seconds
RETRY_MS = 2000
# A stream ends after an hour and the browser comes back: so a login that has ended since, or a
# token taken away, does not go on listening for days.
LONGEST = 3600.0
MAX_IDS = 500
_LISTED = re.compile(rf"({RUN_ID})(?:@(\d{{1,9}}))?", re.ASCII)

Render = Callable[[EventPage], Iterator[bytes]]


class NeedsAsgi(MaverickError):
    """Streams need the ASGI server."""

    code = "streams-need-asgi"
    status = 501


def event_stream(request: HttpRequest, run_id: str, after: int | None = None) -> HttpResponseBase:
    """A run's journal as a stream, one frame for each entry.

    The API's route calls this by name after it has checked who asks. Raises UnknownRun,
    TooManyStreams, Refused.
    """
    return _run_stream(request, run_id, after, frames.entries)


@require_GET
def run_page_stream(request: HttpRequest, run_id: str) -> HttpResponseBase:
    """What changed in a run, for its open page."""
    if not request.user.is_authenticated:
        return _plain("A login is needed.", 401)
    try:
        return _run_stream(request, run_id, None, frames.changes)
    except MaverickError as error:
        return _refusal(error)


@require_GET
def run_list_stream(request: HttpRequest) -> HttpResponseBase:
    """Which of `?ids=run_a@7,run_b` changed (beyond the journal number behind the `@`, which no id
    has), and whether the newest run is another one than `?newest=run_b` (else: from now on)."""
    if not request.user.is_authenticated:
        return _plain("A login is needed.", 401)
    seen: dict[str, int | None] = {}
    for part in filter(None, request.GET.get("ids", "").split(",")):
        found = _LISTED.fullmatch(part)
        if found is None or len(seen) >= MAX_IDS:
            return _plain(f"ids: at most {MAX_IDS} run ids, commas between them.", 422)
        seen[found[1]] = None if found[2] is None else int(found[2])
    try:
        _refuse(request)
    except MaverickError as error:
        return _refusal(error)
    return _response(_list_frames(seen, request.GET.get("newest", "")))


def _run_stream(
    request: HttpRequest, run_id: str, after: int | None, render: Render
) -> HttpResponseBase:
    # What a browser heard last is newer than the number in the address it was given.
    text = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    if re.fullmatch(r"\d{1,9}", text):
        after = int(text)
    elif text:
        raise Refused(
            f"{text[:40]!r} is no journal number.",
            hint="`after` and `Last-Event-ID` are whole numbers from 0.",
        )
    require_run(run_id)
    _refuse(request)
    return _response(_run_frames(run_id, after or 0, render))


def _refuse(request: HttpRequest) -> None:
    if not isinstance(request, ASGIRequest):
        raise NeedsAsgi(hint="Ask for the events as JSON, with `?after=`.")
    refuse_too_many()


async def _run_frames(run_id: str, after: int, render: Render) -> AsyncIterator[bytes]:
    await _give_connection_back()
    live = watcher()
    until = time.monotonic() + LONGEST
    last = after
    # Watched before the first read: what happens in between is told, not missed.
    with live.watch({run_id: None}) as news:
        yield frames.retry(RETRY_MS)
        while time.monotonic() < until:
            news.take()
            page = await _read(live, run_id, last, news.told(run_id))
            if page is None:  # deleted
                return
            for part in render(page):
                yield part
            behind = page.last_seq > last
            last = page.last_seq
            if page.over:
                yield frames.end(page)
                return
            if behind:
                continue  # until a read finds nothing; the next may be there already
            if not await news.wait(HEARTBEAT_EVERY):
                yield frames.HEARTBEAT


async def _read(live: Watcher, run_id: str, after: int, told: Told) -> EventPage | None:
    while True:
        try:
            return await live.read(run_id, after, told)
        except DatabaseError:
            # runs.live.watch asks the same database and logs that it is away. Ending the stream
            # would only make every open page ask again at once.
            await asyncio.sleep(RETRY_MS / 1000)


async def _list_frames(seen: dict[str, int | None], newest: str) -> AsyncIterator[bytes]:
    await _give_connection_back()
    until = time.monotonic() + LONGEST
    with watcher().watch(seen, newest=newest) as news:
        yield frames.retry(RETRY_MS)
        while time.monotonic() < until:
            if await news.wait(HEARTBEAT_EVERY):
                yield frames.listing(*news.take())
            else:
                yield frames.HEARTBEAT


async def _give_connection_back() -> None:
    # The request's own thread has a connection since the login was checked. Django would keep it
    # until the response ends, which for a stream is an hour: 200 readers, 200 connections.
    await sync_to_async(connections.close_all, thread_sensitive=True)()


def _response(content: AsyncIterator[bytes]) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        content,
        content_type="text/event-stream; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",  # nginx would collect frames
            # And so would GZipMiddleware, whose compressor keeps a few hundred bytes back.
            "Content-Encoding": "identity",
        },
    )


def _refusal(error: MaverickError) -> HttpResponse:
    response = _plain(error.message, error.status)
    if "retry_after" in error.extra:
        response["Retry-After"] = str(error.extra["retry_after"])
    return response


def _plain(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
