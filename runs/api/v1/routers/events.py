"""A run's journal: as JSON behind a number, or as a stream."""

from typing import Annotated

from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string
from ninja import Query, Router

from runs.api.v1.routes import route
from runs.api.v1.schemas.base import reply
from runs.api.v1.schemas.events import EventPageOut
from runs.projections.event_feed import read_events

router = Router()

# By name, as messages to workers are: API and live streams are two faces that do not import each
# other, and this route is the one place where the first hands over to the second.
STREAM = "runs.live.stream.event_stream"
MOST = 2**31 - 1


@router.get(
    "/{run_id}/events",
    **route(
        "listEvents",
        EventPageOut,
        summary="A run's journal",
        tag="Events",
        refusals=(401, 404, 422, 503),
    ),
)
def list_all(
    request: HttpRequest,
    run_id: str,
    after: Annotated[int, Query(0, ge=0, le=MOST)],
    limit: Annotated[int, Query(500, ge=1, le=1000)],
) -> HttpResponseBase:
    """Entries behind the number `after`, in order. Ask again with `last_seq` until `over`.

    With `Accept: text/event-stream` the answer is a stream: one frame for each entry (`id` its
    number, `event` its kind, `data` the entry as JSON), a comment every 15 seconds, and
    `event: end` when the run is over. `Last-Event-ID` goes on where a reader was.
    """
    if "text/event-stream" in request.headers.get("Accept", ""):
        stream: HttpResponseBase = import_string(STREAM)(request, run_id, after)
        return stream
    return reply(EventPageOut, read_events(run_id, after, limit))
