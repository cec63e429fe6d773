"""Server-sent events: bytes of a stream → the journal's entries."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of a stream."""

    event: str
    id: str
    data: str
    retry_ms: int | None = None

    def json(self) -> Any:
        """The data, read as JSON; None when it is none."""
        try:
            return json.loads(self.data)
        except ValueError:
            return None


def frames(lines: Iterable[str]) -> Iterator[Frame]:
    """The messages in the lines of a stream (the WHATWG rules, without a browser)."""
    event, ident, data, retry = "", "", list[str](), None
    for line in lines:
        line = line.rstrip("\r\n")
        if not line:
            if data or retry is not None:
                yield Frame(event or "message", ident, "\n".join(data), retry)
            event, data, retry = "", [], None
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                event = value
            case "data":
                data.append(value)
            case "id" if "\0" not in value:
                ident = value
            case "retry" if value.isdigit():
                retry = int(value)
