"""What steps print: buffered, cut at a limit, written in chunks."""

import threading
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError

from runs.canonical import storable
from runs.masking import Masker, StreamMasker
from runs.models import LogChunk

# A step that prints 100 MB keeps the first mebibyte; the rest is counted, not kept.
MOST_BYTES = 1024 * 1024

Piece = tuple[str, str, str, datetime]  # stream, level, masked text, when


class LogBuffer:
    """The log of one attempt. Thread-safe: a runner adds, the heartbeat flushes.

    Secrets are taken out of each stream before it is cut into chunks: one that a command prints
    in two pieces would otherwise be written in two pieces.
    """

    def __init__(self, execution_id: str, attempt: int, masker: Masker) -> None:
        self._execution_id, self._attempt, self._masker = execution_id, attempt, masker
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._pending: list[Piece] = []
        self._streams: dict[str, tuple[StreamMasker, str]] = {}  # and the level it spoke at last
        self._kept = 0
        self.dropped = 0

    def add(self, text: str, stream: str = "log", level: str = "info") -> None:
        """Add some text, one line or many."""
        with self._lock:
            if self._kept >= MOST_BYTES:
                self.dropped += len(text)
                return
            masked, _ = self._streams.get(stream) or (StreamMasker(self._masker), "")
            self._streams[stream] = masked, level
            self._keep(masked.feed(text), stream, level)

    def _keep(self, text: str, stream: str, level: str) -> None:
        room = MOST_BYTES - self._kept
        self.dropped += max(len(text) - room, 0)
        text = text[:room]
        if text:
            self._kept += len(text)
            # A file name that is not UTF-8, a NUL: the database refuses them.
            self._pending.append((stream, level, storable(text), datetime.now(UTC)))

    def close(self) -> None:
        """The streams have ended. Write what is left, and say how much was dropped."""
        with self._lock:
            for stream, (masked, level) in self._streams.items():
                self._keep(masked.end(), stream, level)
            if self.dropped:
                note = f"… {self.dropped} more characters were not kept (limit {MOST_BYTES})."
                self._pending.append(("log", "warning", note, datetime.now(UTC)))
        self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        with self._writing:
            with self._lock:
                pending, self._pending = self._pending, []
            if not pending:
                return
            try:
                LogChunk.objects.bulk_create([self._chunk(*one) for one in _joined(pending)])
            except DatabaseError:
                with self._lock:
                    self._pending = pending + self._pending  # for the next flush
                raise

    def _chunk(self, stream: str, level: str, text: str, at: datetime) -> Any:
        return LogChunk(
            execution_id=self._execution_id,
            attempt=self._attempt,
            stream=stream,
            level=level,
            text=text,
            at=at,
        )


def _joined(pending: list[Piece]) -> list[Piece]:
    """Neighbours of one stream become one chunk: a chatty command writes few rows."""
    joined: list[Piece] = []
    for stream, level, text, at in pending:
        if joined and joined[-1][0] == stream and joined[-1][1] == level and stream != "log":
            joined[-1] = (stream, level, joined[-1][2] + text, joined[-1][3])
        else:
            joined.append((stream, level, text, at))
    return joined
