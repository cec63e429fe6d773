"""What happened → the bytes of server-sent event frames. Pure."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from runs.projections.event_feed import EventFacts, EventPage

HEARTBEAT = b": alive\n\n"


def frame(event: str, data: Any, id: int | None = None) -> bytes:
    """One frame. ``data`` goes out as JSON on one line, so nothing in it can end the frame."""
    number = "" if id is None else f"id: {id}\n"
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    return f"{number}event: {event}\ndata: {text}\n\n".encode("utf-8", "replace")


def retry(milliseconds: int) -> bytes:
    """How long a browser waits before it connects again."""
    return f"retry: {milliseconds}\n\n".encode()


def changes(page: EventPage) -> Iterator[bytes]:
    """One frame that names everything that changed; a page fetches what it shows of it."""
    if page.items:
        paths = list(dict.fromkeys(item.path for item in page.items if item.path))
        data = {"seq": page.last_seq, "paths": paths, "status": page.status}
        yield frame("change", data, page.last_seq)


def entries(page: EventPage) -> Iterator[bytes]:
    """A frame for each entry of the journal, named as its kind."""
    return (frame(item.kind, as_json(item), item.seq) for item in page.items)


def as_json(event: EventFacts) -> dict[str, Any]:
    """An entry with the fields that the JSON answer has too."""
    return {
        "seq": event.seq,
        "kind": event.kind,
        "execution_id": event.execution_id,
        "path": event.path,
        "data": event.data,
        "at": event.at.isoformat().replace("+00:00", "Z"),
    }


def end(page: EventPage) -> bytes:
    """The run is over and everything was sent; the reader closes."""
    return frame("end", {"seq": page.last_seq, "status": page.status}, page.last_seq)


def listing(changed: Iterable[str], new: bool, moved: bool) -> bytes:
    """Which of the listed runs changed, whether there are runs that the list lacks, and whether
    any run's status is another."""
    return frame("change", {"runs": sorted(changed), "new": new, "moved": moved})
