"""What steps print: buffered, cut at a limit, written in chunks."""

import threading
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError

from runs.masking import Masker
from runs.models import LogChunk

# A step that prints 100 MB keeps the first mebibyte; the rest is counted, not kept.
MOST_BYTES = 1024 * 1024


class LogBuffer:
    """The log of one attempt. Thread-safe: a runner's readers add, the heartbeat flushes."""

    def __init__(self, execution_id: str, attempt: int, masker: Masker) -> None:
        self._execution_id, self._attempt, self._masker = execution_id, attempt, masker
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._pending: list[tuple[str, str, str, datetime]] = []
        self._kept = 0
        self.dropped = 0

    def add(self, text: str, stream: str = "log", level: str = "info") -> None:
        """Add some text, one line or many."""
        if not text:
            return
        with self._lock:
            room = MOST_BYTES - self._kept
            if room <= 0:
                self.dropped += len(text)
                return
            if len(text) > room:
                self.dropped += len(text) - room
                text = text[:room]
            self._kept += len(text)
            # PostgreSQL's text cannot hold NUL.
            self._pending.append((stream, level, text.replace("\x00", "�"), datetime.now(UTC)))

    def close(self) -> None:
        """Write what is left, and say how much was dropped."""
        if self.dropped:
            note = f"… {self.dropped} more characters were not kept (limit {MOST_BYTES})."
            with self._lock:
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
            text=self._masker.text(text),
            at=at,
        )


def _joined(
    pending: list[tuple[str, str, str, datetime]],
) -> list[tuple[str, str, str, datetime]]:
    """Neighbours of one stream become one chunk: a chatty command writes few rows."""
    joined: list[tuple[str, str, str, datetime]] = []
    for stream, level, text, at in pending:
        if joined and joined[-1][0] == stream and joined[-1][1] == level and stream != "log":
            joined[-1] = (stream, level, joined[-1][2] + text, joined[-1][3])
        else:
            joined.append((stream, level, text, at))
    return joined
